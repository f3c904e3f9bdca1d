"""Does a quote say the opposite of what is asked? Words with an opposite, and negations."""

from __future__ import annotations

import re

_PAIRS = """
able/unable above/below absent/present absorb/emit accept/reject accepted/rejected active/passive add/remove
added/removed admit/deny admitted/denied advantage/disadvantage advantages/disadvantages agree/refuse agreed/refused
alive/dead allow/forbid allowed/forbidden ally/enemy appointed/dismissed armed/unarmed arrive/depart arrived/departed
artificial/natural ascend/descend attack/defend attacked/defended attract/repel began/ended begin/end before/after
best/worst better/worse biggest/smallest bottom/top bought/sold boys/girls brother/sister built/demolished buy/sell
buyer/seller cause/prevent caused/prevented causes/prevents cheap/expensive close/open closed/opened cold/hot
common/rare complex/simple compulsory/voluntary connect/disconnect cool/heat cooled/heated cooling/heating
create/destroy created/destroyed dangerous/safe daughter/son day/night decrease/increase decreased/increased
decreases/increases decreasing/increasing defeat/victory defeats/victories dependent/independent direct/indirect
discourage/encourage divide/multiply domestic/foreign downstream/upstream dry/wet earlier/later earliest/latest
early/late east/west eastern/western easternmost/westernmost empty/full employed/unemployed employee/employer
end/start ended/started enemy/friend equal/unequal even/odd exclude/include excluded/included export/import
exported/imported exports/imports exterior/interior external/internal fail/succeed failed/succeeded failure/success
fair/unfair fall/rise falling/rising false/true fast/slow faster/slower father/mother female/male fewer/more few/many
least/most final/initial first/last float/sink forget/remember formal/informal forward/backward freeze/melt
front/back future/past gain/lose gained/lost global/local greater/smaller fewest/most guilty/innocent happy/unhappy
hard/soft hated/loved heaviest/lightest heavy/light high/low higher/lower highest/lowest hired/fired
horizontal/vertical husband/wife illegal/legal immortal/mortal impossible/possible improve/worsen improved/worsened
inside/outside invisible/visible irregular/regular joined/left junior/senior king/queen known/unknown larger/smaller
largest/smallest less/more likely/unlikely limited/unlimited long/short longer/shorter longest/shortest lose/win
loser/winner loss/profit lost/won lower/raise lowered/raised lower/upper maximum/minimum major/minor majority/minority
man/woman men/women narrow/wide necessary/unnecessary negative/positive new/old newest/oldest north/south
northern/southern northernmost/southernmost official/unofficial older/younger oldest/youngest oppose/support
opposed/supported optional/mandatory parents/children peace/war permanent/temporary poor/rich popular/unpopular
poverty/wealth private/public pull/push received/sent receive/send rose/fell rural/urban same/different shallow/deep
shortest/tallest singular/plural stable/unstable strong/weak stronger/weaker strongest/weakest student/teacher
successful/unsuccessful summer/winter sunrise/sunset thick/thin thickest/thinnest
"""
_WORD = re.compile(r"\w+")
_NEGATION = re.compile(r"\b(?:no|not|never|none|nor|neither|without|cannot|except)\b|n['’]t\b", re.IGNORECASE)


def _both_ways(pairs: str) -> dict[str, tuple[str, ...]]:
    out: dict[str, tuple[str, ...]] = {}
    for pair in pairs.split():
        one, other = pair.split("/")
        out[one] = (*out.get(one, ()), other)
        out[other] = (*out.get(other, ()), one)
    return out


OPPOSITES = _both_ways(_PAIRS)
"""The opposites of a word, all in lower case."""


def count_opposites(question: str, quote: str) -> int:
    """Return how many words of the question the quote lacks while it has their opposite.

    Example:
        >>> count_opposites("What is the largest port?", "The smallest port is Kuryk.")
        1
    """
    asked, said = _words(question), _words(quote)
    return sum(not said.isdisjoint(OPPOSITES.get(word, ())) for word in asked - said)


def is_negated(text: str) -> bool:
    """Return whether a text has a word that negates.

    Example:
        >>> is_negated("Who didn't sign?")
        True
    """
    return _NEGATION.search(text) is not None


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower()))
