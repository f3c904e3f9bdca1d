"""Sentences of a text, by rules that were measured against other splitters (``benchmarks/sentences.py``).

A stop ends a sentence unless what stands before it (an abbreviation, an initial, a list number) or after it (a
lower-case word) says otherwise. Brackets are not cut open. Works on tokenised text (``stops like this .``), on text
without capitals, and on scripts whose stops need no blank after them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.documents import Span
from index.lines import read_lines

_ESCAPED = r"\"'”’»)\]}›」』）】"
_STOP = re.compile(
    rf"(?<![.!?…])[.!?…]++(?:[{_ESCAPED}]|\[[\d, ]{{1,12}}\])*+(?=\s)(?:\s(?:''|[)\]”’])(?=\s))?"
    rf"|[。！？｡]++[{_ESCAPED}]*+"
    r"|[؟۔।॥։።។]++(?=\s)"
    r"|(?<=\S)\s(?=\s{0,4}(?:[•‣◦▪●]|\*\s+[A-Z][a-z])\s*\S)"  # a list whose line ends were lost
)
_NEXT = re.compile(r"(\s*)[\"'“‘«(\[{„¿¡`*_]*\s?(?P<first>\S)(?P<rest>\w{0,20})")
_BRACKETS = re.compile(r"\([^()\n]{0,250}\)|\[[^\[\]\n]{0,250}\]")
_OPENERS = re.compile(r"[\"'“‘«(\[{/—]")
_NUMBER = re.compile(r"[(\[]?(\d{1,3}|[A-Za-z]|[ivxlcIVXLC]{1,6})[.)\]]")
_INITIALS = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]")
_CAPITAL = re.compile(r"[A-ZÀ-ÖØ-ÞΑ-ΩА-Я]")
_LOOK_BACK = 30
_LOWER_SHARE = 0.005

_NEVER_LAST = frozenset(
    "mr mrs ms messrs mme mlle dr prof gen col lt cmdr sgt capt maj adm brig cpl pvt rev hon sen rep gov pres st mt ft "
    "fr msgr supt insp vs e.g i.e viz cf al.g".split()
)
_BEFORE_NUMBERS = frozenset(
    "no nos fig figs eq eqs eqn sec sect vol vols p pp ch chap art arts para paras tab ref refs ex op app cl "
    "c ca approx est b d r".split()
)
_SELDOM_LAST = frozenset(
    "al inc ltd co corp bros jr sr ave blvd rd dept univ assn ed eds trans dist jan feb mar apr jun jul aug sep sept "
    "oct nov dec mon tue tues wed thu thur thurs fri sat sun resp incl excl max min avg tel ext ph.d b.sc m.sc "
    "u.s u.k u.n a.m p.m b.c a.d".split()
)
_STARTERS = frozenset(
    "a an the this that these those it its he she his her they their them we our you your i there here in on at by "
    "for from with as if when while where after before since during until although though because however but and "
    "or so yet then thus therefore hence moreover furthermore meanwhile also another other both each every some many "
    "most all no not none one two three what why how who which according despite under over between among through "
    "today now later once only even such to of".split()
)


def split_sentences(text: str) -> list[Span]:
    """Return the sentences of a text, in order, without the blanks around them.

    Every code point that is not blank lies in exactly one sentence. A heading, a list item or a table row is a
    sentence or more of its own.

    Example:
        >>> text = "Dr. Ito left at 5 p.m. on Monday. It rained."
        >>> [text[s.start : s.end] for s in split_sentences(text)]
        ['Dr. Ito left at 5 p.m. on Monday.', 'It rained.']
    """
    has_capitals = not mostly_lower(text)
    return [sentence for line in read_lines(text) for sentence in split_line(text, line, has_capitals=has_capitals)]


def mostly_lower(text: str) -> bool:
    """Return whether the text was written without capitals, so that they cannot tell where a sentence starts."""
    sample = text[:100_000]
    return len(_CAPITAL.findall(sample)) < _LOWER_SHARE * len(sample)


def split_line(text: str, line: Span, *, has_capitals: bool = True) -> Iterator[Span]:
    """Yield the sentences of one line."""
    brackets = _BRACKETS.finditer(text, line.start, line.end)
    bracket = next(brackets, None)
    start = line.start
    for stop in _STOP.finditer(text, line.start, line.end):
        if stop.start() < start:  # the blank before a bullet, passed over with the full stop before it
            continue
        while bracket and bracket.end() <= stop.start():
            bracket = next(brackets, None)
        if bracket and bracket.start() < stop.start() and stop.end() < bracket.end():
            continue
        following = _NEXT.match(text, stop.end(), line.end)
        if following and _ends_sentence(text, start, stop, following, has_capitals=has_capitals):
            yield Span(start, stop.start() if stop[0].isspace() else stop.end())
            start = stop.end() + len(following[1])
    yield Span(start, line.end)


def _ends_sentence(text: str, start: int, stop: re.Match[str], following: re.Match[str], *, has_capitals: bool) -> bool:
    """Return whether a stop ends the sentence that began at ``start``."""
    if stop[0][0] not in ".!?…":
        return True
    if _NUMBER.fullmatch(text, start, min(stop.end(), start + 8)):
        return False
    first, word = following["first"], following["first"] + following["rest"]
    if first in ")]},;:%" or (has_capitals and first.islower()):
        return False
    if stop[0][0] in "!?…" or stop[0].startswith(".."):
        return True
    before = _word_before(text[max(start, stop.start() - _LOOK_BACK) : stop.start()])
    return not before or not _is_abbreviation(before, word)


def _word_before(text: str) -> str:
    """Return the word that a text ends with; none where it ends with a blank, as tokenised text does."""
    if not text or text[-1].isspace():
        return ""
    return _OPENERS.split(text.split()[-1])[-1]


def _is_abbreviation(before: str, word: str) -> bool:
    """Return whether the word before a stop is shortened, so that the stop does not end the sentence there."""
    known = before.lower()
    is_starter = word.lower() in _STARTERS
    if known in _NEVER_LAST:
        return True
    if len(before) == 1 and before.isupper():
        return not is_starter
    if known in _BEFORE_NUMBERS:
        return word[0].isdigit() or (len(word) < 3 and not is_starter)
    if known in _SELDOM_LAST or _INITIALS.fullmatch(before):
        return not is_starter
    return False
