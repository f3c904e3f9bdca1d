"""Citations that answer the same question with different figures, dates or names.

Precision comes first: a conflict is reported only where both quotes speak of the same thing in the same words. The
question says what is compared: a number of something, the date of something that happens once, or the name of
someone or something of which there can be only one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cache, cached_property
from itertools import combinations, pairwise

from qa.answers import Citation, Conflict, ConflictSide, Quote
from qa.scope import COUNTRIES, keys_of, scope_of
from qa.terms import QuestionTerms, cover, question_terms, split_words
from qa.values import YEAR, Value, find_dates, find_figures

LEAST_CONFIDENCE = 0.1
"""Citations below it may not answer the question at all, so they contradict nothing."""
LEAST_SHARE = 0.8
"""Share of the question's content words that both quotes must have."""

_DATE_QUESTION = re.compile(
    r"^\W*(?:when|since when)\b|\b(?:what|which)(?: \w+){0,2} (?:year|date|day|month|decade|century)\b", re.IGNORECASE
)
_NUMBER_QUESTION = re.compile(
    r"\bhow (?:many|much|long|old|tall|high|deep|far|large|big|wide|fast|heavy)\b"
    r"|\b(?:what|which)\b.{0,40}\b(?:percentage|percent|share|proportion|number|population|price|cost|rate|size|height|"
    r"length|depth|width|area|weight|speed|age|amount|total|budget|distance|temperature|growth)\b",
    re.IGNORECASE,
)
_NAME_QUESTION = re.compile(
    r"^\W*(?:who|whom|whose|which)\b|\bwhat (?:city|company)\b"
    r"|\bwhat\b.{0,60}\b(?:name|called|named|nickname|title|capital)\b",
    re.IGNORECASE,
)
# Words that say what kind of value is wanted, not of what.
_FOCUS = """percentage percent share proportion number population price cost rate size height length depth width area
    weight speed age amount total year date day month decade century name called named old tall high deep far large big
    wide fast heavy long go went have has make made take took come came get got much many"""
# What does not change from year to year.
_STATIC = re.compile(
    r"\b(?:tall|high|height|deep|depth|wide|width|long|length|far|distance|area|large|old)\b", re.IGNORECASE
)
# What happens once: its date is a fact that two texts cannot both give differently.
_ONCE = """die born found open complete establish sign build create invent discover become sink adopt ratify pass enact
    publish release launch introduce begin end start finish first last move form incorporate"""
# What only one can be or do: two names for it contradict each other.
_ONLY_ONE = """win found invent discover write compose direct design build paint lead command head chair succeed
    replace kill assassinate own capital president king queen ceo mayor director author first last largest called name
    nickname headquarters captain"""
_TITLES = frozenset(
    """mr mrs ms dr sir dame lord lady president king queen prince princess captain general colonel major admiral
    professor prof pope saint st bishop emperor chancellor minister prime senator judge chairman chairwoman director
    ceo the a an""".split()
)
_SEVERAL = re.compile(
    r"\b(?:which|what) (?!(?:is|was|does|has)\b)(?:\w+ )?(?!(?:is|was|does|has)\b)\w*[^\Wsui]s\b(?!['’])"
    r"|\b(?:who|what|which) (?:are|were)\b",
    re.IGNORECASE,
)
_CODE = re.compile(r"((?:[A-Z]\w+ )?[A-Z]\w+)[-–‑](\d{2,})\b")
_GENERIC = "operation project mount lake new san fort port exercise river city university"
_NEUTRAL = "new more other different separate full whole such of the a an all about people"


def find_conflicts(question: str, citations: Sequence[Citation]) -> tuple[Conflict, ...]:
    """Return the pairs of citations that answer the question differently, best-ranked first.

    Each disagreement is reported once, by the best-ranked citations that show it.

    Args:
        question: As it was asked.
        citations: Best first, each with its span where a reader marked one.
    """
    kind = _kind(question)
    if kind is None:
        return ()
    asked = _Asked(question, kind, question_terms(question))
    statements = [_Statement(c, asked) for c in citations if c.confidence >= LEAST_CONFIDENCE]
    found: list[tuple[_Statement, _Statement]] = []
    for left, right in combinations(statements, 2):
        known = any(_agree(left, a) and _agree(right, b) or _agree(left, b) and _agree(right, a) for a, b in found)
        if not known and _disagree(left, right, asked):
            found.append((left, right))
    return tuple(Conflict(kind, left.side(), right.side()) for left, right in found)


def _kind(question: str) -> str | None:
    if _DATE_QUESTION.search(question):
        return "date"
    if _NUMBER_QUESTION.search(question):
        return "number"
    return "name" if _NAME_QUESTION.search(question) and not _SEVERAL.search(question) else None


@dataclass(frozen=True)
class _Asked:
    """A question, and what is asked for."""

    text: str
    kind: str
    terms: QuestionTerms

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of all its words, irregular forms as their base."""
        return keys_of(self.text)

    @cached_property
    def subject(self) -> QuestionTerms:
        """Its content words without those that only say what kind of value is wanted."""
        kept = tuple(word for word in self.terms.content if word.key not in _stems(_FOCUS))
        return QuestionTerms(kept, self.terms.names, self.terms.numbers, self.terms.codes)

    @cached_property
    def counted(self) -> frozenset[str]:
        """The keys of what "how many" asks to count."""
        match = re.search(r"\bhow many ((?:[\w-]+ ){1,5})", self.text, re.IGNORECASE)
        return frozenset(word.key for word in split_words(match[1])) if match else frozenset()

    def has(self, words: str) -> frozenset[str]:
        """Return which of the words it has, by key."""
        return _stems(words) & self.keys


@cache
def _stems(words: str) -> frozenset[str]:
    return frozenset(word.key for word in split_words(words))


class _Statement:
    """A citation, read as a statement of the value asked for."""

    def __init__(self, citation: Citation, asked: _Asked) -> None:
        self.citation = citation
        self.text = citation.quote.text
        offset = citation.quote.start
        span = citation.span
        inside = span is not None and offset <= span.start and span.end <= citation.quote.end
        self.span = (span.start - offset, span.end - offset) if span is not None and inside else None
        self.values = find_dates(self.text) if asked.kind == "date" else _figures(self.text, asked.text)
        self.value = self._value(asked) if asked.kind != "name" else None
        self.code = self._code(asked) if asked.kind == "name" else None
        self.name = self._name(asked) if asked.kind == "name" else ()
        context = f"{citation.document.title or ''}\n{' '.join(citation.section)}\n{citation.passage.text}"
        self.covers = self._covers(asked, context)
        self.keys = keys_of(self.text)
        self.context_keys = keys_of(context)

    def _value(self, asked: _Asked) -> Value | None:
        """Return the value that the span marks, or the only one in the quote."""
        candidates = [value for value in self.values if not self._is_asked(value, asked)]
        if self.span is not None:
            start, end = self.span
            candidates = [value for value in candidates if value.start < end and start < value.end]
        if asked.counted:
            candidates = [v for v in candidates if v.unit == "count" and self._counts(v, asked.counted)]
        return candidates[0] if len(candidates) == 1 else None

    def _is_asked(self, value: Value, asked: _Asked) -> bool:
        numbers = {number.key for number in asked.terms.numbers}
        return bool(numbers & {word.key for word in split_words(self.text[value.start : value.end])})

    def _counts(self, value: Value, counted: frozenset[str]) -> bool:
        """Return whether the figure counts what was asked for: its noun follows, or none does."""
        after = re.split(r"[.,;:!?()]", self.text[value.end :])[0]
        words = split_words(after)[:4]
        return not words or any(word.key in counted for word in words)

    def forenames(self, asked: _Asked) -> frozenset[str]:
        """Return the keys of capitalised words inside a sentence that stand right before a name of the question."""
        names = {name.key for name in asked.terms.names}
        words = split_words(self.text)
        return frozenset(
            first.key
            for first, name in pairwise(words)
            if name.key in names
            and first.key not in names | _stems(" ".join(_TITLES))
            and first.text[0].isupper()
            and self.text[first.end : name.start] == " "
            and self.text[: first.start].rstrip()[-1:] not in ("", ".", "!", "?")
        )

    def modifiers(self, asked: _Asked) -> frozenset[str]:
        """Return the keys of the words between the figure and what it counts that the question does not have."""
        if self.value is None or not asked.counted:
            return frozenset()
        between: set[str] = set()
        for word in split_words(self.text[self.value.end :])[:4]:
            if word.key in asked.counted:
                return frozenset(between - _stems(_NEUTRAL))
            between.add(word.key)
        return frozenset()

    def _code(self, asked: _Asked) -> re.Match[str] | None:
        """Return the only name in the quote that carries a number of the question, such as "Unity-2024" for 2024."""
        numbers = {number.text for number in asked.terms.numbers}
        codes = [m for m in _CODE.finditer(self.text) if m[2] in numbers and not keys_of(m[1]) <= asked.keys]
        return codes[0] if len({code[1] for code in codes}) == 1 else None

    def _name(self, asked: _Asked) -> tuple[str, ...]:
        """Return the keys of the name that the span is, or nothing where it is no single name."""
        if self.code is not None:
            return tuple(word.key for word in split_words(self.code[1]))
        if self.span is None:
            return ()
        words = split_words(self.text[slice(*self.span)])
        kept = [w for w in words if w.text.casefold() not in _TITLES and w.key not in asked.keys]
        names = [w for w in kept if w.text[0].isupper() or w.is_number]
        has_list = re.search(r",|\band\b|;", self.text[slice(*self.span)])
        is_role = re.search(r"\b(?:of|'s|’s)\b", self.text[slice(*self.span)])
        if not any(w.text[0].isupper() for w in names) or 2 * len(names) < len(kept) or has_list or is_role:
            return ()
        return tuple(w.key for w in names if not w.is_number)

    def _covers(self, asked: _Asked, context: str) -> bool:
        """Return whether the quote speaks of what the question asks about."""
        reach = context if asked.kind == "name" and self.name and asked.terms.numbers else self.text
        subject = asked.subject
        reached = keys_of(reach)
        found = [word for word in subject.content if keys_of(word.text) & reached]
        around = cover(subject, f"{context}\n{self.text}")
        share = len(found) / len(subject.content) if subject.content else 1.0
        return share >= LEAST_SHARE and not around.missing

    def side(self) -> ConflictSide:
        """Return the side of a conflict that this is: the words of the value, or of the name."""
        if self.value is not None:
            start, end = self.value.start, self.value.end
        elif self.code is not None:
            start, end = self.code.span()
        else:
            assert self.span is not None, "a side has a value, a code or a span"
            start, end = self.span
        offset = self.citation.quote.start
        return ConflictSide(self.citation.rank, Quote(self.text[start:end], offset + start, offset + end))


def _figures(text: str, question: str) -> list[Value]:
    """Return the figures of a quote; a number without a unit is in years where the question is "how old"."""
    figures = find_figures(text)
    if not re.search(r"\bhow old\b", question, re.IGNORECASE):
        return figures
    return [replace(f, low=f.low * YEAR, high=f.high * YEAR, unit="time") if f.unit == "count" else f for f in figures]


def _agree(a: _Statement, b: _Statement) -> bool:
    if a.value is not None and b.value is not None:
        return a.value.is_compatible(b.value)
    return a is b or (bool(a.name) and _same_name(a.name, b.name))


def _disagree(left: _Statement, right: _Statement, asked: _Asked) -> bool:
    if not (left.covers and right.covers) or _overlap(left.citation, right.citation):
        return False
    if asked.kind == "name":
        return _names_differ(left, right, asked)
    return _values_differ(left, right, asked)


def _overlap(a: Citation, b: Citation) -> bool:
    return a.document.id == b.document.id and a.quote.start < b.quote.end and b.quote.start < a.quote.end


def _values_differ(left: _Statement, right: _Statement, asked: _Asked) -> bool:
    a, b = left.value, right.value
    if a is None or b is None or a.unit != b.unit or a.is_compatible(b):
        return False
    if any(a.is_compatible(value) for value in right.values) or any(b.is_compatible(value) for value in left.values):
        return False  # the other quote gives this value too, perhaps for something else
    once = bool(_STATIC.search(asked.text))
    if asked.kind == "date":
        event = asked.has(_ONCE)
        once = bool(event) and event <= left.keys and event <= right.keys
        if not once:
            return False
    if left.modifiers(asked) != right.modifiers(asked):
        return False
    if left.forenames(asked) - right.context_keys or right.forenames(asked) - left.context_keys:
        return False  # "Milutin Tesla" need not be the Tesla of the other quote
    scopes = [scope_of(s.text, v.start, v.end, asked=asked.keys) for s, v in ((left, a), (right, b))]
    return not scopes[0].clashes(scopes[1], once=once)


def _names_differ(left: _Statement, right: _Statement, asked: _Asked) -> bool:
    role = asked.has(_ONLY_ONE)
    if not role or not left.name or not right.name or _same_name(left.name, right.name):
        return False
    if any(set(a.name) <= b.keys for a, b in ((left, right), (right, left))):
        return False  # one quote has both names
    if not all(role & (s.context_keys if asked.terms.numbers else s.keys) for s in (left, right)):
        return False
    if _stems(" ".join(sorted(COUNTRIES))) & {*left.name, *right.name}:
        return False
    scopes = [scope_of(s.text, *(s.span or (0, 0)), asked=asked.keys) for s in (left, right)]
    mine, theirs = scopes[0].placed, scopes[1].placed
    aspects = [{label for label in scope.aspects if not label.startswith("time:")} for scope in scopes]
    return not (mine - theirs and theirs - mine) and aspects[0] == aspects[1]


def _same_name(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Return whether two names can be of one person or thing: shorter, spelt otherwise, or initials."""
    if set(a) <= set(b) or set(b) <= set(a) or a[-1] == b[-1]:
        return True
    shared = set(a) & set(b)
    if shared and not shared <= _stems(_GENERIC):
        return True
    initials = ["".join(word[0] for word in name) for name in (a, b)]
    if "".join(a) == initials[1] or "".join(b) == initials[0]:
        return True
    mine, theirs = (" ".join(word for word in name if word not in shared) for name in (a, b))
    return SequenceMatcher(a=mine, b=theirs).ratio() > 0.75
