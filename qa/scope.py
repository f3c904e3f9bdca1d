"""What a quote speaks of besides its figure: whose, when, which part, planned or done.

Two quotes with different figures contradict each other only where all of this is the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from index import Span, split_sentences
from qa.terms import Word, split_words
from qa.values import find_dates

COUNTRIES = frozenset(
    """afghanistan albania algeria andorra angola argentina armenia australia austria azerbaijan bahamas bahrain
    bangladesh barbados belarus belgium belize benin bhutan bolivia botswana brazil britain brunei bulgaria
    burundi cambodia cameroon canada chad chile china colombia congo croatia cuba cyprus czechia denmark
    dominica ecuador egypt england eritrea estonia eswatini ethiopia fiji finland france gabon gambia georgia
    germany ghana greece grenada guatemala guinea guyana haiti honduras hungary iceland india indonesia iran
    iraq ireland israel italy jamaica japan jordan kazakhstan kenya kiribati korea kosovo kuwait kyrgyzstan laos
    latvia lebanon lesotho liberia libya lithuania luxembourg madagascar malawi malaysia maldives mali malta
    mauritania mauritius mexico micronesia moldova monaco mongolia montenegro morocco mozambique myanmar namibia
    nepal netherlands nicaragua niger nigeria norway oman pakistan palau palestine panama paraguay peru
    philippines poland portugal qatar romania russia rwanda samoa scotland senegal serbia seychelles singapore
    slovakia slovenia somalia spain sudan suriname sweden switzerland syria taiwan tajikistan tanzania thailand
    togo tonga tunisia turkey turkmenistan tuvalu uganda ukraine uruguay uzbekistan vanuatu venezuela vietnam
    wales yemen zambia zimbabwe eu us usa uk un nato africa asia europe america beijing moscow washington""".split()
)
"""Lower-case names that are names at the start of a sentence too."""
_CLASSES: Mapping[str, Mapping[str, str]] = {
    "direction": {
        "up": "rise rose risen increase grow grew gain jump climb surge",
        "down": "fall fell fallen decrease decline drop lose lost shrink shrank cut reduce plunge",
    },
    "certainty": {
        "planned": "plan expect project forecast target aim propose intend schedule promise will would could might "
        "should",
        "denied": "not never no without deny denied false wrong myth",
        "claimed": "allege claim rumour legend reputedly supposedly traditionally",
    },
    "order": {
        "first": "first initial original",
        "second": "second",
        "third": "third",
        "fourth": "fourth fifth sixth seventh",
        "last": "last final latest",
        "before": "previous former earlier old",
        "again": "again another further additional reopen rebuild rebuilt",
    },
    "part": {
        "half": "half",
        "rest": "remaining rest other",
        "mean": "average mean median typical",
        "whole": "total overall altogether combined worldwide global",
        "most": "maximum record peak",
        "least": "minimum",
        "men": "men male boy",
        "women": "women woman female girl",
        "children": "child children",
        "adults": "adult",
        "urban": "urban city",
        "rural": "rural",
        "imports": "import",
        "exports": "export",
        "foreign": "overseas abroad",
        "domestic": "domestic",
        "north": "north northern",
        "south": "south southern",
        "east": "east eastern",
        "west": "west western",
        "upper": "upper",
        "lower": "lower",
        "career": "career",
        "season": "season league",
        "killed": "kill dead",
        "injured": "injure wound",
        "net": "net",
        "gross": "gross",
    },
    "rate": {
        "year": "annual yearly",
        "month": "monthly",
        "week": "weekly",
        "day": "daily",
        "each": "each every apiece",
    },
}
_IRREGULAR = {
    form: base
    for base, forms in {
        "lead": "led leader leadership",
        "win": "won winner",
        "write": "wrote written writer",
        "build": "built builder",
        "become": "became",
        "begin": "began begun",
        "sink": "sank sunk",
        "die": "death dead killed kill kills",
        "born": "birth",
        "own": "owner",
        "found": "founder",
        "design": "architect designer",
        "discover": "discovery discoverer",
        "speak": "spoke spoken speaker",
        "grow": "grew grown growth",
        "rise": "rose risen",
        "fall": "fell fallen",
    }.items()
    for form in forms.split()
}
_RATE = re.compile(r"\b(?:per|an?|each|every)[ -](year|month|week|day|hour|minute|capita|person|head)\b", re.IGNORECASE)
_SPAN_OF_TIME = re.compile(
    r"\b(?:over|in|within|during|for) (?:the )?(?:past |last |next )?\w+ (?:years|months|weeks)\b", re.I
)
_PLACING = frozenset("in at from to with of for on across between near among against under into".split())
_REPORTING = frozenset("said says say according reported reports told estimated".split())
_CALENDAR = frozenset(
    """january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday spring summer autumn winter""".split()
)
_CAPITALISED = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a quote speaks of.

    Attributes:
        years: When, as the dates stand in the text, by their first and last year.
        placed: Keys of names after a preposition: whose, where, with whom.
        named: Keys of all other names.
        aspects: The labels that say which part, how often, planned or done, such as ``part:half``.
    """

    years: frozenset[tuple[float, float]]
    placed: frozenset[str]
    named: frozenset[str]
    aspects: frozenset[str]

    def clashes(self, other: Scope, *, once: bool) -> bool:
        """Return whether the two may speak of different things.

        Args:
            other: The other quote's.
            once: Whether what is asked for is fixed for good (a height, a birth), so that a year, place or person that
                only one of them names does not set them apart.
        """
        if self.aspects != other.aspects:
            return True
        mine, theirs = self.placed | self.named, other.placed | other.named
        if (mine - theirs and theirs - mine) or (self.years - other.years and other.years - self.years):
            return True
        return not once and (mine != theirs or self.years != other.years)


def scope_of(text: str, start: int, end: int, *, asked: frozenset[str]) -> Scope:
    """Return what a text speaks of, its value and the question's own words aside.

    Args:
        text: The quote.
        start: Where its value begins.
        end: Where it ends.
        asked: Keys of the question's words.
    """
    words = split_words(text)
    outside = [word for word in words if word.end <= start or word.start >= end]
    placed, named = _names(text, outside, asked)
    dates = [date for date in find_dates(text) if not (date.start < end and start < date.end)]
    return Scope(
        years=frozenset(
            (d.low, d.high) for d in dates if not any(w.key in asked for w in split_words(text[d.start : d.end]))
        ),
        placed=placed,
        named=named,
        aspects=frozenset(_aspects(text, _sentence(text, start), outside, asked)),
    )


def _sentence(text: str, start: int) -> Span:
    """Return the sentence that a place of the text is in."""
    return next((s for s in split_sentences(text) if s.start <= start < s.end), Span(0, len(text)))


def keys_of(text: str) -> frozenset[str]:
    """Return the keys of a text's words, and those of the verbs that irregular forms belong to.

    Example:
        >>> sorted(keys_of("It won."))
        ['it', 'win', 'won']
    """
    words = split_words(text)
    return frozenset(w.key for w in words) | frozenset(_IRREGULAR.get(w.text.casefold(), w.key) for w in words)


@cache
def _labels() -> dict[str, str]:
    """Return the label of each stem."""
    return {
        word.key: f"{kind}:{label}"
        for kind, labels in _CLASSES.items()
        for label, members in labels.items()
        for word in split_words(members)
    }


def _aspects(text: str, sentence: Span, words: list[Word], asked: frozenset[str]) -> set[str]:
    words = [word for word in words if sentence.start <= word.start < sentence.end]
    text = text[sentence.start : sentence.end]
    labels = _labels()
    asked_labels = {labels[key] for key in asked if key in labels and not labels[key].startswith("certainty:")}
    found = {labels[w.key] for w in words if w.key in labels and not keys_of(w.text) & asked}
    found |= {
        f"time:{w.key}" for w in words if w.text[0].isupper() and w.text.casefold() in _CALENDAR and w.key not in asked
    }
    found |= {f"rate:{match[1].casefold()}" for match in _RATE.finditer(text)}
    if _SPAN_OF_TIME.search(text):
        found.add("rate:span")
    if re.search(r"\bnot\b.*\buntil\b", text, re.IGNORECASE | re.DOTALL):
        found.discard("certainty:denied")
    return {label for label in found - asked_labels if not label.startswith("direction")} | _direction(
        found - asked_labels
    )


def _direction(labels: set[str]) -> set[str]:
    """Return only that something fell: that it rose is often left unsaid."""
    return labels & {"direction:down"}


def _names(text: str, words: list[Word], asked: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    placed: set[str] = set()
    named: set[str] = set()
    all_words = split_words(text)
    for word in words:
        if not _is_name(text, word) or word.key in asked or _is_reported(text, word):
            continue
        (placed if _is_placed(text, word, all_words) else named).add(word.key)
    return frozenset(placed), frozenset(named)


def _is_name(text: str, word: Word) -> bool:
    if not word.text[0].isupper() or word.text.casefold() in _CALENDAR or word.text == "I":
        return False
    lead = text[: word.start].rstrip(" \"'“”‘’([*-–—•|")
    if lead and lead[-1] not in ".!?:\n":
        return True
    name = word.text.casefold().replace("’", "'").removesuffix("'s")
    return (
        name in COUNTRIES
        or text[word.end : word.end + 2] in ("'s", "’s")
        or bool(re.match(r" [A-Z]", text[word.end :]))
    )


def _is_reported(text: str, word: Word) -> bool:
    around = (
        split_words(text[max(0, word.start - 40) : word.start])[-4:] + split_words(text[word.end : word.end + 30])[:2]
    )
    return any(w.text.casefold() in _REPORTING for w in around)


def _is_placed(text: str, word: Word, words: list[Word]) -> bool:
    """Return whether a preposition stands before the name, or before the capitalised words it belongs to."""
    before = [w for w in words if w.end <= word.start]
    while before and (before[-1].text[0].isupper() or before[-1].text in ("the", "a", "an")):
        if text[before[-1].end : word.start].strip(" '’") and before[-1].text[0].isupper():
            break
        before.pop()
    return bool(before) and before[-1].text.casefold() in _PLACING
