"""What a reader finds in the bytes of one file, before it is made a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.documents import Page, Section, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """An article as its format gives it; the attributes are those of ``Document``."""

    text: str
    media_type: str
    title: str | None = None
    author: str | None = None
    date: str | None = None
    url: str | None = None
    language: str | None = None
    pages: tuple[Page, ...] = ()
    sections: tuple[Section, ...] = ()
    boilerplate: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading in a text: its level from 1, its words, and where its line begins."""

    level: int
    title: str
    start: int


def sections_of(headings: Sequence[Heading], length: int) -> tuple[Section, ...]:
    """Return one section per heading, each from its heading to the next one, under the path of those above it.

    Sections are disjoint and in order; text before the first heading lies in none.
    """
    sections: list[Section] = []
    above: list[Heading] = []
    for number, heading in enumerate(headings):
        above = [h for h in above if h.level < heading.level] + [heading]
        end = headings[number + 1].start if number + 1 < len(headings) else length
        sections.append(Section(tuple(h.title for h in above), heading.start, end))
    return tuple(sections)
