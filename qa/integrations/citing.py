"""What the integrations share: a citation as flat metadata, and a tool's own document as a text to cite from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from index import Document
from qa.answers import Answer, Citation


def citation_metadata(citation: Citation, *, answers: bool) -> dict[str, Any]:
    """Return a citation as flat, plain data for the metadata of a tool's document.

    Offsets are code points of the article; ``passage_start`` and ``passage_end`` are those of the document's text,
    the others lie within.

    Args:
        citation: What to tell.
        answers: Whether the assistant answered with it; False for the nearest passages of an abstention.
    """
    document, span = citation.document, citation.span
    return {
        "source": document.source,
        "title": document.title,
        "author": document.author,
        "date": document.date,
        "url": document.url,
        "document_id": document.id,
        "sha256": document.sha256,
        "page": citation.page,
        "section": list(citation.section),
        "link": citation.link,
        "rank": citation.rank,
        "confidence": citation.confidence,
        "answers": answers,
        "quote": citation.quote.text,
        "quote_start": citation.quote.start,
        "quote_end": citation.quote.end,
        "span": span.text if span else None,
        "span_start": span.start if span else None,
        "span_end": span.end if span else None,
        "passage_start": citation.passage.start,
        "passage_end": citation.passage.end,
    }


def passage_id(citation: Citation) -> str:
    """Return an id for a cited passage: the same for the same characters of the same article."""
    return f"{citation.document.id}:{citation.passage.start}-{citation.passage.end}"


def shown(answer: Answer, *, nearest: bool) -> tuple[Citation, ...]:
    """Return what a retriever gives: the citations, and where it abstains nothing, or the nearest if wanted."""
    return answer.citations if answer.answered or not nearest else answer.nearest


def given_document(place: int, text: str, metadata: Mapping[str, Any]) -> Document:
    """Return a tool's own document as a text to cite from; its place among the documents given is its id.

    Title, author, date and address are taken from the metadata where they stand there under these names.
    """
    source, url = _text(metadata, "source") or _text(metadata, "file_path"), _text(metadata, "url")
    if url is None and source is not None and source.startswith(("http://", "https://")):
        url = source
    return Document(
        id=str(place),
        text=text,
        source=_absolute(source or ""),
        title=_text(metadata, "title"),
        author=_text(metadata, "author"),
        date=_text(metadata, "date"),
        url=url,
    )


def _text(metadata: Mapping[str, Any], name: str) -> str | None:
    value = metadata.get(name)
    return value if isinstance(value, str) and value else None


def _absolute(source: str) -> str:
    """Return a file's absolute path; anything else as it is."""
    if not source or "://" in source:
        return source
    path = Path(source)
    return path.resolve().as_posix() if path.is_file() else source
