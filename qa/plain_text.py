"""An answer as plain text, for programs that show nothing else: quotes, numbered, each with its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index import DocumentInfo
    from qa.answers import Answer, Citation, Conflict


def answer_text(answer: Answer) -> str:
    """Return the quotes with their citations, or the sentence that the articles do not answer.

    Blanks inside a quote are run together; ``quote.text`` has it code point for code point.
    """
    if answer.answered:
        lines = [line for citation in answer.citations for line in _citation_lines(citation)]
        return "\n".join([*lines, *(_conflict_line(conflict) for conflict in answer.conflicts)])
    lines = [f"The articles do not answer this. {answer.reason or ''}".rstrip()]
    if answer.nearest:
        lines += ["Nearest passages, which are NOT an answer:"]
        lines += [line for citation in answer.nearest[:3] for line in _citation_lines(citation)]
    return "\n".join(lines)


def _citation_lines(citation: Citation) -> Iterator[str]:
    yield f"[{citation.rank}] “{one_line(citation.quote.text)}”"
    place = place_of(citation.document, citation.section, citation.page)
    offsets = f"characters {citation.quote.start}-{citation.quote.end} of article {citation.document.id}"
    yield f"    {place}, {offsets} (confidence {citation.confidence:.0%})"


def _conflict_line(conflict: Conflict) -> str:
    sides = [f"[{side.rank}] “{one_line(side.value.text)}”" for side in (conflict.left, conflict.right)]
    return f"The articles disagree on a {conflict.kind}: {' against '.join(sides)}"


def place_of(document: DocumentInfo, section: Sequence[str], page: int | None) -> str:
    """Return title or file name, headings and page, as far as they are known."""
    name = document.title or Path(document.source).name or f"text {document.id}"
    parts = [one_line(part) for part in (name, *section)]
    return " › ".join(dict.fromkeys(parts)) + (f", page {page}" if page else "")


def one_line(text: str) -> str:
    """Return the text with every run of blanks as one space."""
    return " ".join(text.split())
