"""Which spans of a text copied from a web page are not the article."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from index.documents import Span


@dataclass(frozen=True, slots=True)
class Byline:
    """Who wrote the article, when, and where it was published, as its own lines tell."""

    author: str | None = None
    date: str | None = None
    url: str | None = None


_CHROME = re.compile(
    r"top of page|bottom of page|search|comments|ree|[—•\s]*\d+ min read|skip to content", re.IGNORECASE
)


def find_boilerplate(text: str) -> tuple[Span, ...]:
    """Return the spans that are not the article's own words, in order, disjoint."""
    return tuple(s for s in _lines(text) if _CHROME.fullmatch(text, s.start, s.end))


def find_byline(text: str) -> Byline:
    """Return what the lines around the headline say of author and date."""
    match = re.search(r"Writer: (.+)", text[:3000])
    return Byline(author=match[1].strip() if match else None)


def find_title(text: str) -> str | None:
    """Return the headline of the article, or None where no line looks like one."""
    for line in _lines(text[:3000]):
        words = text[line.start : line.end]
        if words and not _CHROME.fullmatch(words):
            return words if len(words) < 200 and words[-1] not in ".!" else None
    return None


def _lines(text: str) -> Iterator[Span]:
    """Yield the lines that are not blank, stripped of blanks at both ends."""
    for match in re.finditer(r"[^\r\n]*\S", text):
        start = match.end() - len(match[0].lstrip())
        yield Span(start, match.end())
