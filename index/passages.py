"""Articles to passages: whole sentences under their headings, lists, table rows and Q/A pairs kept together."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from index.documents import Document, Passage, Span
from index.headings import Heading, find_headings
from index.lines import read_lines, starts_item
from index.sentences import mostly_lower, split_line
from index.tables import cells, describe_row, is_row, is_rule

# A word is what stands between blanks; scripts without blanks count two signs as one, endless words their length.
_CJK = (
    "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\U00020000-\U0002ffff"
)
_WORD = re.compile(rf"[{_CJK}]{{1,2}}|[^\s{_CJK}]{{1,24}}")
_QUESTION = re.compile(r"(?:Q|Question)\s?\d*\s?[:.]\s", re.IGNORECASE)
_ANSWER = re.compile(r"(?:A|Answer)\s?\d*\s?[:.]\s", re.IGNORECASE)
_TERM = re.compile(r"\w[^:.!?]{0,60}:\s+\S")
_CONTEXT_CHARS = 600
_WEAK_REACH = 4000  # a line that only looks like a heading (a caption) must not name the rest of the article


@dataclass(frozen=True, slots=True)
class PassageSettings:
    """How articles are cut; kept in the index, since another cut means other passages.

    Attributes:
        max_words: Most words of a passage of several sentences; one longer sentence is a passage of its own.
        min_words: A passage that has so many words ends at the next paragraph.
        overlap: Sentences repeated at the start of the next passage of the same paragraph, where they fit.
        tiny_words: Passages below this are joined with a neighbour where one fits.
        hard_words: A single sentence is cut between words above this.
    """

    max_words: int = 120
    min_words: int = 60
    overlap: int = 1
    tiny_words: int = 15
    hard_words: int = 400

    def __post_init__(self) -> None:
        """Refuse sizes that cannot be met."""
        if self.max_words < 1 or self.overlap < 0 or self.min_words < 0:
            raise ValueError(f"not passage settings: {self}")

    def to_dict(self) -> dict[str, int]:
        """Return the settings by name."""
        return asdict(self)

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> PassageSettings:
        """Return the settings that ``to_dict`` gave; a name it does not know is an error."""
        return cls(**settings)


@dataclass(frozen=True, slots=True)
class _Unit:
    """A piece that is not cut: a sentence, a table row, a heading line.

    Attributes:
        words: Its size.
        group: Units of one paragraph, list, table or pair share a number.
        kind: What it is.
    """

    start: int
    end: int
    words: int
    group: int
    kind: str = "prose"


@dataclass(slots=True)
class _Part:
    """What stands under one heading, up to the next heading or boilerplate."""

    path: tuple[str, ...]
    units: list[_Unit]
    follows: bool = False  # nothing but blanks between the part before and this one


def split_passages(document: Document, *, settings: PassageSettings | None = None) -> list[Passage]:
    """Cut a document into passages of whole sentences, in reading order.

    Every passage is a slice of the article, and every code point that is neither blank nor boilerplate lies in one.
    A heading lies in the passage of the text below it. Boilerplate lies in none.

    Args:
        document: The article to cut. Blank text yields no passages.
        settings: Sizes; None takes the defaults.

    Example:
        >>> tea = Document(id="tea", title="Tea", text="Steep it. Pour it. Drink it.")
        >>> cut = split_passages(tea, settings=PassageSettings(max_words=4, overlap=0, tiny_words=0))
        >>> [tea.text[p.start : p.end] for p in cut]
        ['Steep it. Pour it.', 'Drink it.']
    """
    settings = settings or PassageSettings()
    drafts = [draft for part in _parts(document, settings) for draft in _pack(part, settings)]
    return [_passage(document, draft) for draft in _join_tiny(drafts, settings)]


def count_words(text: str) -> int:
    """Return the size of a text in words, as passages are measured."""
    return sum(1 for _ in _WORD.finditer(text))


def _parts(document: Document, settings: PassageSettings) -> list[_Part]:
    """Return the article's text, cut at headings and boilerplate, as units."""
    starts = frozenset(section.start for section in document.sections)
    lines = list(_without(read_lines(document.text, starts), document.boilerplate, document.text))
    headings = find_headings(document, lines)
    has_capitals = not mostly_lower(document.text)
    kinds = _kinds(document.text, lines, headings)
    parts = [_Part((), [])]
    above: list[Heading] = []
    gaps = iter(document.boilerplate)
    gap = next(gaps, None)
    for i, (line, heading) in enumerate(zip(lines, headings, strict=True)):
        crossed = False
        while gap and gap.start < line.start:
            crossed, gap = True, next(gaps, None)
        weak = above[-1] if above and not above[-1].is_marked else None
        if weak and not heading and line.start - weak.span.end > _WEAK_REACH and kinds[i][1] != kinds[i - 1][1]:
            above = [h for h in above if h.is_marked]
            parts.append(_Part(tuple(h.title for h in above), [], follows=True))
        last = parts[-1]
        only_headings = not last.units or last.units[-1].kind == "heading"
        if heading:
            above = [h for h in above if h.level < heading.level] + [heading] * (heading.level > 0)
        path = tuple(h.title for h in above)
        if crossed:
            parts.append(_Part(path, []))
        elif heading and not only_headings:
            parts.append(_Part(path, [], follows=True))
        elif heading:
            last.path = path
        kind, group = kinds[i]
        if heading or kind in ("row", "rule"):
            spans: Iterator[Span] = iter((line,))
        else:
            spans = split_line(document.text, line, has_capitals=has_capitals)
        parts[-1].units.extend(_units(document.text, spans, kind, group, settings))
    return [part for part in parts if part.units]


def _without(lines: Sequence[Span], boilerplate: Sequence[Span], text: str) -> Iterator[Span]:
    """Yield the lines less the boilerplate in them."""
    gaps = list(boilerplate)
    position = 0
    for line in lines:
        start = line.start
        while position < len(gaps) and gaps[position].end <= start:
            position += 1
        ahead = position
        while ahead < len(gaps) and gaps[ahead].start < line.end:
            yield from _stripped(text, start, min(max(start, gaps[ahead].start), line.end))
            start = max(start, gaps[ahead].end)
            ahead += 1
        if start < line.end:
            yield from _stripped(text, start, line.end)


def _stripped(text: str, start: int, end: int) -> Iterator[Span]:
    words = text[start:end]
    if bare := words.strip():
        start += len(words) - len(words.lstrip())
        yield Span(start, start + len(bare))


def _kinds(text: str, lines: Sequence[Span], headings: Sequence[Heading | None]) -> list[tuple[str, int]]:
    """Return what each line is, and the number of the group that it belongs to."""
    kinds: list[tuple[str, int]] = []
    group = 0
    above = ""
    for line, heading in zip(lines, headings, strict=True):
        words = text[line.start : line.end]
        kind = "heading" if heading else _kind(words, above)
        together = (
            (kind == above == "item")
            or (kind in ("row", "rule") and above in ("row", "rule"))
            or (kind == above == "term")
            or (kind == "answer" and above in ("question", "answer"))
            or (kind == "item" and above == "lead-in")
        )
        group += not together
        if above == "lead-in" and not together and kinds:
            kinds[-1] = ("prose", kinds[-1][1])
        kinds.append((kind, group))
        above = kind
    return kinds


def _kind(line: str, above: str) -> str:
    if is_row(line):
        return "rule" if is_rule(line) else "row"
    if _QUESTION.match(line):
        return "question"
    if _ANSWER.match(line) or above in ("question", "answer"):
        return "answer"
    if starts_item(line):
        return "item"
    if line.endswith(":"):
        return "lead-in"
    return "term" if _TERM.match(line) else "prose"


def _units(text: str, spans: Iterator[Span], kind: str, group: int, settings: PassageSettings) -> Iterator[_Unit]:
    """Yield the units of a line; one beyond the hard limit is cut between words."""
    for span in spans:
        words = count_words(text[span.start : span.end])
        if words <= max(settings.hard_words, settings.max_words):
            yield _Unit(span.start, span.end, words, group, kind)
            continue
        start, size, end = span.start, 0, span.start
        for match in _WORD.finditer(text, span.start, span.end):
            if size == settings.max_words:
                yield _Unit(start, end, size, group, kind)
                start, size = match.start(), 0
            size, end = size + 1, match.end()
        yield _Unit(start, end, size, group, kind)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A passage to be: its units, in order, and whether text of its part may be joined to it."""

    path: tuple[str, ...]
    units: tuple[_Unit, ...]
    columns: _Unit | None = None
    follows: bool = False

    @property
    def words(self) -> int:
        return sum(unit.words for unit in self.units)


def _pack(part: _Part, settings: PassageSettings) -> Iterator[_Draft]:
    """Yield the passages of a part: its headings go with what follows, tables and pairs stand alone."""
    follows = part.follows
    for run in _runs(part.units, settings):
        is_table = any(unit.kind == "row" for unit in run)
        cut = _cut_table(run, settings) if is_table else _cut(run, settings)
        columns = next((unit for unit in run if unit.kind == "row"), None) if is_table else None
        for units in cut:
            yield _Draft(part.path, tuple(units), columns, follows)
            follows = True


def _runs(units: Sequence[_Unit], settings: PassageSettings) -> Iterator[list[_Unit]]:
    """Yield runs of units that may share passages: a table, a pair, or prose up to a paragraph that fills one."""
    run: list[_Unit] = []
    size = 0
    for i, unit in enumerate(units):
        above = units[i - 1] if i else None
        if above and unit.group != above.group and above.kind != "heading":
            alone = {unit.kind, above.kind} & {"row", "rule"} or unit.kind == "question" or above.kind == "answer"
            if alone or size >= settings.min_words:
                yield run
                run, size = [], 0
        run.append(unit)
        size += unit.words
    if run:
        yield run


def _cut(run: list[_Unit], settings: PassageSettings) -> Iterator[list[_Unit]]:
    """Yield passages of about equal size, none above ``max_words`` that has more than one unit."""
    size = sum(unit.words for unit in run)
    repeated = min(settings.overlap * size / len(run), settings.max_words / 3)
    target = size / max(1, math.ceil((size - repeated) / (settings.max_words - repeated)))
    passage: list[_Unit] = []
    words = fresh = 0
    for unit in run:
        full = words + unit.words > settings.max_words or fresh + unit.words / 2 > target
        if fresh and full and (passage[-1].kind != "heading" or words > settings.max_words):
            yield passage
            passage = _shared(passage, unit, settings)
            words, fresh = sum(u.words for u in passage), 0
        passage.append(unit)
        words += unit.words
        fresh += unit.words
    if passage:
        yield passage


def _shared(passage: list[_Unit], following: _Unit, settings: PassageSettings) -> list[_Unit]:
    """Return the sentences of a full passage that the next one repeats."""
    room = min(settings.max_words - following.words, settings.max_words // 3)
    shared: list[_Unit] = []
    for unit in reversed(passage[1:]):
        room -= unit.words
        if (
            len(shared) == settings.overlap
            or room < 0
            or unit.group != following.group
            or unit.kind not in ("prose", "answer")
        ):
            break
        shared.insert(0, unit)
    return shared


def _cut_table(run: list[_Unit], settings: PassageSettings) -> Iterator[list[_Unit]]:
    """Yield passages of whole rows; the context counts double, since each row is told again in words."""
    passage: list[_Unit] = []
    words = 0
    for unit in run:
        if passage and words + unit.words > settings.max_words // 2 and passage[-1].kind == unit.kind == "row":
            yield passage
            passage, words = [], 0
        passage.append(unit)
        words += unit.words
    yield passage


def _join_tiny(drafts: Sequence[_Draft], settings: PassageSettings) -> list[_Draft]:
    """Join passages of a few words with the one below, else the one above, where nothing lies between."""
    limit = settings.max_words + settings.tiny_words
    joined: list[_Draft] = []
    for draft in drafts:
        above = joined[-1] if joined else None
        if above and draft.follows and not above.columns and not draft.columns:
            is_tiny = min(above.words, draft.words) < settings.tiny_words
            if is_tiny and above.words + draft.words <= limit and above.units[-1].end <= draft.units[0].start:
                path = _common(above.path, draft.path) if above.words >= settings.tiny_words else draft.path
                joined[-1] = replace(above, path=path, units=above.units + draft.units)
                continue
        joined.append(draft)
    return joined


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Return the headings that two passages share."""
    shared = [a for a, b in zip(one, other, strict=False) if a == b]
    return tuple(shared) or one


def _passage(document: Document, draft: _Draft) -> Passage:
    words = [document.title or "", *draft.path]
    if draft.columns:
        columns = cells(document.text[draft.columns.start : draft.columns.end])
        rows = [unit for unit in draft.units if unit.kind == "row" and unit is not draft.columns]
        words.extend(describe_row(columns, document.text[row.start : row.end]) for row in rows)
    context = "\n".join(word for word in words if word)
    return Passage(
        document_id=document.id,
        start=draft.units[0].start,
        end=draft.units[-1].end,
        section=draft.path,
        context=context[:_CONTEXT_CHARS],
    )
