"""Headings of a plain text: which lines they are, and how deep they stand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.documents import Document, Span
from index.lines import starts_item

_MARKDOWN = re.compile(r"(#{1,6})\s+(?P<title>.*?)[\s#]*")
_ROMAN = re.compile(r"(?=[IVXLC])(?:X{0,3}(?:IX|IV|V?I{0,3}))[.)]\s+\S.*")
_DECIMAL = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,4})[.)]?\s+[^\W\d_].*")
_ENDS_OPEN = re.compile(r"[.!:;,…。！](?:[\"'”’»)\]])?$")
_PAIR = re.compile(r"[QA]\s?[:.]\s|(?:Question|Answer)\s?\d*\s?:")
_DATUM = re.compile(
    r"(?:authors?|by|writer|editor|source|date|published|updated|licen[cs]e|doi|url|isbn|keywords|tags|category|title"
    r"|subject|from|to)\s?:|[^\s:]+(?:\s[^\s:]+)?:\s*(?-i:[^\sA-Z])",
    re.IGNORECASE,
)
_MAX_WORDS, _MAX_CHARS, _MAX_MARKED = 14, 110, 200
_MIN_BODY_WORDS = 9
_SMALL = frozenset(
    "a an and as at but by for from in into nor of off on onto or over per so than the to up via vs with".split()
)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading.

    Attributes:
        level: How deep it stands: 1 is the outermost, 0 the article's title.
        title: Its words.
        span: Its line.
        is_marked: Whether the format or a number says that it is one; otherwise it only looks like one.
    """

    level: int
    title: str
    span: Span
    is_marked: bool = True


def find_headings(document: Document, lines: Sequence[Span]) -> list[Heading | None]:
    """Return, for each line, the heading that it is, or None.

    Where the reader gave sections, their first lines are the headings; otherwise the lines themselves tell: Markdown
    marks, numbers (``II. ...``, ``1.2 ...``), and short lines without a stop that stand above a paragraph, a list or
    a table.
    """
    if document.sections:
        return _given(document, lines)
    text = document.text
    words = [text[line.start : min(line.end, line.start + _MAX_MARKED + 1)] for line in lines]
    has_roman = any(_ROMAN.fullmatch(line) for line in words)
    found: list[Heading | None] = []
    for i, line in enumerate(lines):
        below = (
            text[lines[i + 1].start : lines[i + 1].end] if i + 1 < len(lines) and len(words[i]) <= _MAX_CHARS else ""
        )
        above = words[i - 1] if i else ""
        level = _level(words[i], above, below, has_roman=has_roman)
        if level is None:
            found.append(None)
            continue
        title = _title(words[i])
        is_marked = any(pattern.fullmatch(words[i]) for pattern in (_MARKDOWN, _ROMAN, _DECIMAL))
        found.append(Heading(0 if title == document.title else level, title, line, is_marked))
    return found


def _given(document: Document, lines: Sequence[Span]) -> list[Heading | None]:
    """Return the headings that the reader found, on the lines where their sections start."""
    starts = {section.start: section for section in document.sections if section.path}
    pending = sorted(starts)
    found: list[Heading | None] = []
    position = 0
    for line in lines:
        heading = None
        while position < len(pending) and pending[position] < line.end:
            section = starts[pending[position]]
            heading = Heading(len(section.path), section.path[-1], line)
            position += 1
        found.append(heading)
    return found


def _title(line: str) -> str:
    match = _MARKDOWN.fullmatch(line)
    return match["title"] if match else line


def _level(line: str, above: str, below: str, *, has_roman: bool) -> int | None:
    """Return how deep a line stands as a heading, or None where it is none."""
    if match := _MARKDOWN.fullmatch(line):
        is_item = len(line) > _MAX_MARKED or _ENDS_OPEN.search(match["title"]) or match["title"][:1] in ",;:."
        return None if is_item else len(match[1])
    if not below or len(line) > _MAX_CHARS or len(line.split()) > _MAX_WORDS or _ENDS_OPEN.search(line):
        return None
    if _ROMAN.fullmatch(line):
        return None if _ROMAN.match(below) else 1
    if match := _DECIMAL.fullmatch(line):
        if _DECIMAL.match(above) or (_DECIMAL.match(below) and not below.startswith(match[1])):
            return None  # one of a list
        return match[1].count(".") + 1 + has_roman
    if starts_item(line) or _PAIR.match(line) or "|" in line or not _looks_like_title(line):
        return None
    return 1 if _stands_above(line, below) else None


def _looks_like_title(line: str) -> bool:
    """Return whether the line starts like a title: a capital or a figure, and few words or most of them capital."""
    words = [word for word in line.split() if word.lower() not in _SMALL]
    letters = [word for word in words if word[0].isalpha()]
    if not letters or letters[0][0].islower() or _DATUM.match(line):
        return False
    capital = sum(not word[0].islower() for word in letters)
    return capital >= 0.6 * len(letters) or (len(words) <= 7 and "," not in line)


def _stands_above(line: str, below: str) -> bool:
    """Return whether the next line is what a heading stands above: a paragraph, a list, a table or ``Q:``."""
    if starts_item(below) or _PAIR.match(below):
        return True
    return len(below.split(None, _MIN_BODY_WORDS)) > max(_MIN_BODY_WORDS, len(line.split()))
