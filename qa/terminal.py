"""How an answer looks on a terminal."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from qa.answers import Answer, Citation, Conflict, Quote
from qa.terms import question_terms, split_words

_WIDEST = 100
_INDENT = "   "


def answer_lines(answer: Answer, *, threshold: float = 0.0, explain: bool = False) -> Iterator[str]:
    """Yield the lines of an answer: quotes, highlighted, each with its citation.

    Args:
        answer: What to show.
        threshold: Citations after the first below this confidence are only counted.
        explain: Whether every score follows.
    """
    keys = {word.key for word in question_terms(answer.question).content}
    if answer.answered:
        shown = [c for c in answer.citations if c.rank == 1 or c.confidence >= threshold]
    else:
        yield click.style("The articles do not answer this.", bold=True) + f" {answer.reason}"
        shown = list(answer.nearest) if explain else list(answer.nearest[:3])
        if shown:
            yield ""
            yield click.style("Nearest passages, which are not an answer:", dim=True)
    for citation in shown:
        yield ""
        yield from _citation_lines(citation, keys, dim=not answer.answered)
        if explain:
            yield from _explanation_lines(citation)
    for conflict in answer.conflicts:
        yield ""
        yield _conflict_line(conflict)
    hidden = len(answer.citations) - len(shown) if answer.answered else 0
    if hidden:
        yield ""
        less = f"{hidden} less certain passage{'s' * (hidden > 1)} not shown; --explain or --json shows all."
        yield click.style(less, dim=True)


def _citation_lines(citation: Citation, keys: set[str], *, dim: bool) -> Iterator[str]:
    for i, line in enumerate(_wrapped_quote(citation, keys, dim=dim)):
        yield (click.style(f"{citation.rank:>2} ", bold=True) if i == 0 else _INDENT) + line
    for part in _place(citation):
        yield _INDENT + click.style(textwrap.shorten(part, _width(), placeholder=" …"), fg="cyan", dim=dim)
    certainty = f"confidence {citation.confidence:.0%}"
    if citation.duplicates:
        certainty += f" · {citation.duplicates} more alike"
    yield _INDENT + click.style(certainty, dim=True)


def _place(citation: Citation) -> list[str]:
    """Return title, headings, and file with page and offsets of a quote."""
    document = citation.document
    headings = [heading for heading in citation.section if heading != document.title]
    page = f", page {citation.page}" if citation.page else ""
    name = Path(document.source).name or document.id
    file = f"{name}{page}, characters {citation.quote.start}-{citation.quote.end}"
    return [part for part in (document.title, " › ".join(headings), file) if part]


def _width() -> int:
    return min(_WIDEST, shutil.get_terminal_size().columns) - len(_INDENT)


def _wrapped_quote(citation: Citation, keys: set[str], *, dim: bool) -> list[str]:
    """Return the quote's lines: the answer's words in reverse, the question's words bold."""
    quote = citation.quote
    lines = []
    position = 0
    for line in textwrap.wrap(quote.text, _width(), break_long_words=False, break_on_hyphens=False) or [""]:
        styled = []
        for word in line.split():
            position = quote.text.index(word, position)
            styled.append(_styled(word, quote.start + position, citation.span, keys, dim=dim))
            position += len(word)
        lines.append(" ".join(styled))
    return lines


def _styled(word: str, start: int, span: Quote | None, keys: set[str], *, dim: bool) -> str:
    if dim:
        return click.style(word, dim=True)
    if span is not None and start < span.end and span.start < start + len(word):
        return click.style(word, fg="green", bold=True)
    if any(w.key in keys for w in split_words(word)):
        return click.style(word, bold=True)
    return word


def _explanation_lines(citation: Citation) -> Iterator[str]:
    scores = citation.explanation
    if scores is None:
        return
    parts = [
        f"rank score {scores.score:.3f}",
        f"reader {_number(scores.reader)}",
        f"cosine {_number(scores.dense)}",
        f"BM25 {_number(scores.lexical)}",
        f"fused {scores.fused:.4f}",
        f"question words {scores.coverage:.0%}",
    ]
    if scores.missing:
        parts.append(f"missing: {', '.join(scores.missing)}")
    yield _INDENT + click.style(" | ".join(parts), dim=True)
    yield _INDENT + click.style(citation.link, dim=True)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _conflict_line(conflict: Conflict) -> str:
    sides = [f"[{side.rank}] “{' '.join(side.value.text.split())}”" for side in (conflict.left, conflict.right)]
    return click.style(f"The articles disagree on a {conflict.kind}: ", fg="yellow", bold=True) + " against ".join(
        sides
    )


def table_lines(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table, columns as wide as their widest cell."""
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    for row in (header, *rows):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        yield click.style(line, bold=True) if row is header else line
