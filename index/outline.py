"""What stands in an article: its parts under their headings, and in them the pieces that are not cut."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from index.documents import Document, Span
from index.headings import Heading, find_headings
from index.lines import read_lines, starts_item
from index.sentences import mostly_lower, split_line
from index.tables import is_row, is_rule

# A word is what stands between blanks; scripts without blanks count two signs as one, endless words their length.
_CJK = (
    "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\U00020000-\U0002ffff"
)
_WORD = re.compile(rf"[{_CJK}]{{1,2}}|[^\s{_CJK}]{{1,24}}")
_QUESTION = re.compile(r"(?:Q|Question)\s?\d*\s?[:.]\s", re.IGNORECASE)
_ANSWER = re.compile(r"(?:A|Answer)\s?\d*\s?[:.]\s", re.IGNORECASE)
_TERM = re.compile(r"\w[^:.!?]{0,60}:\s+\S")
_WEAK_REACH = 4000  # a line that only looks like a heading (a caption) must not name the rest of the article


@dataclass(frozen=True, slots=True)
class Unit:
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
class Part:
    """What stands under one heading, up to the next heading or boilerplate."""

    path: tuple[str, ...]
    units: list[Unit] = field(default_factory=list)
    follows: bool = False  # nothing but blanks between the part before and this one


def count_words(text: str) -> int:
    """Return the size of a text in words, as passages are measured."""
    return sum(1 for _ in _WORD.finditer(text))


def read_parts(document: Document, *, most_words: int, piece: int) -> list[Part]:
    """Return the article's own text in parts, cut at headings and boilerplate, in reading order.

    Args:
        document: The article.
        most_words: A sentence above this is cut between words.
        piece: Words of what such a sentence is cut into.
    """
    starts = frozenset(section.start for section in document.sections)
    lines = list(_without(read_lines(document.text, starts), document.boilerplate, document.text))
    headings = find_headings(document, lines)
    kinds = _kinds(document.text, lines, headings)
    outline = _Outline([gap.start for gap in document.boilerplate])
    has_capitals = not mostly_lower(document.text)
    for line, heading, (kind, group) in zip(lines, headings, kinds, strict=True):
        part = outline.part_of(line, heading, group)
        if heading or kind in ("row", "rule"):
            spans: Iterable[Span] = (line,)
        else:
            spans = split_line(document.text, line, has_capitals=has_capitals)
        for span in spans:
            part.units.extend(_units(document.text, span, kind, group, most_words=most_words, piece=piece))
    return [part for part in outline.parts if part.units]


class _Outline:
    """The parts so far, and the headings that stand above the next line."""

    def __init__(self, gaps: Sequence[int]) -> None:
        self.parts: list[Part] = []
        self._above: list[Heading] = []
        self._gaps = gaps
        self._passed = 0

    def part_of(self, line: Span, heading: Heading | None, group: int) -> Part:
        """Return the part of a line: a new one after boilerplate, at a heading, or far below a weak heading."""
        gaps = self._passed
        while self._passed < len(self._gaps) and self._gaps[self._passed] < line.start:
            self._passed += 1
        units = self.parts[-1].units if self.parts else []
        weak = self._above[-1] if self._above and not self._above[-1].is_marked else None
        has_faded = bool(weak and units and line.start - weak.span.end > _WEAK_REACH and units[-1].group != group)
        if heading:
            self._above = [h for h in self._above if h.level < heading.level] + [heading] * (heading.level > 0)
        elif has_faded:
            self._above = [h for h in self._above if h.is_marked]
        path = tuple(h.title for h in self._above)
        has_text = bool(units) and units[-1].kind != "heading"
        if not self.parts or self._passed > gaps:
            self.parts.append(Part(path))
        elif (heading and has_text) or (has_faded and not heading):
            self.parts.append(Part(path, follows=True))
        elif heading:
            self.parts[-1].path = path
        return self.parts[-1]


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


def _units(text: str, span: Span, kind: str, group: int, *, most_words: int, piece: int) -> Iterator[Unit]:
    """Yield the unit of a sentence; one beyond the limit is cut between words."""
    words = count_words(text[span.start : span.end])
    if words <= most_words:
        yield Unit(span.start, span.end, words, group, kind)
        return
    start, size, end = span.start, 0, span.start
    for match in _WORD.finditer(text, span.start, span.end):
        if size == piece:
            yield Unit(start, end, size, group, kind)
            start, size = match.start(), 0
        size, end = size + 1, match.end()
    yield Unit(start, end, size, group, kind)
