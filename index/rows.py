"""The rows of the database: each carries a checksum of its own, read back before anything in it is believed."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from index.documents import Document, DocumentInfo, Page, Passage, Section, Span

PIECE = 4000
"""Code points of a document's text in one row, so that a passage is read without the whole article."""

PIECE_BITS = 20
"""Rows of text that one document may have, as a power of two."""

INFO_FIELDS = ("id", "source", "media_type", "sha256", "title", "author", "date", "url", "language")


class DamagedRowError(Exception):
    """A row is missing or is not what was written; the store says in which file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """An article as the store knows it.

    Attributes:
        key: Its number in the store; a changed article gets a new one.
        info: What is known of it besides its text.
        length: Code points of its text.
        first: Id of its first passage; the others follow without a gap.
        count: Number of its passages.
        plan: Digest of the encoder and settings that made its passages and vectors.
        live: Whether it is published; False while a run is still preparing it.
    """

    key: int
    info: DocumentInfo
    length: int
    first: int
    count: int
    plan: str
    live: bool

    @property
    def passage_ids(self) -> range:
        """The ids of its passages."""
        return range(self.first, self.first + self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPassage:
    """A passage with what a hit needs to show: its text, the pages it touches, its article."""

    passage: Passage
    text: str
    pages: tuple[Page, ...]
    owner: StoredDocument


def checksum(*values: object) -> int:
    """Return the CRC-32 of a row's values; bytes count as they are, all else by its ``repr``."""
    parts = [value if isinstance(value, bytes) else repr(value).encode("utf-8", "surrogatepass") for value in values]
    return zlib.crc32(b"\0".join(parts))


def require(row: Sequence[Any] | None, what: str) -> Sequence[Any]:
    """Return the row's values without the checksum, which is its last; refuse a missing or damaged row."""
    if row is None:
        raise DamagedRowError(f"{what} is missing")
    if checksum(*row[:-1]) != row[-1]:
        raise DamagedRowError(f"{what} is damaged")
    return row[:-1]


def document_row(document: StoredDocument) -> tuple[object, ...]:
    """Return ``key, id, live, body, crc``."""
    info = {name: getattr(document.info, name) for name in INFO_FIELDS}
    body = {
        "info": info,
        "length": document.length,
        "first": document.first,
        "count": document.count,
        "plan": document.plan,
    }
    values = (document.key, document.info.id, int(document.live), json.dumps(body, ensure_ascii=False))
    return (*values, checksum(*values))


def read_document_row(row: Sequence[Any]) -> StoredDocument:
    """Return the article of a row of ``documents``."""
    key, _, live, text = require(row, f"row {row[0]} of documents")
    body = json.loads(text)
    info = DocumentInfo(**body.pop("info"))
    return StoredDocument(key=key, info=info, live=bool(live), **body)


def layout_row(key: int, document: Document) -> tuple[object, ...]:
    """Return ``key, body, crc``: pages, sections and boilerplate, which a search never reads."""
    body = json.dumps(
        {
            "pages": [(page.number, page.start, page.end) for page in document.pages],
            "sections": [(section.path, section.start, section.end) for section in document.sections],
            "boilerplate": [(span.start, span.end) for span in document.boilerplate],
        },
        ensure_ascii=False,
    )
    return (key, body, checksum(key, body))


def read_layout(info: DocumentInfo, text: str, body: str) -> Document:
    """Return the whole article from its parts."""
    layout = json.loads(body)
    return Document(
        **{name: getattr(info, name) for name in INFO_FIELDS},
        text=text,
        pages=tuple(Page(*page) for page in layout["pages"]),
        sections=tuple(Section(tuple(path), start, end) for path, start, end in layout["sections"]),
        boilerplate=tuple(Span(*span) for span in layout["boilerplate"]),
    )


def text_rows(key: int, text: str) -> list[tuple[object, ...]]:
    """Return ``piece, body, crc`` for each piece of the text, in order."""
    rows: list[tuple[object, ...]] = []
    for number, start in enumerate(range(0, len(text), PIECE)):
        values = ((key << PIECE_BITS) + number, text[start : start + PIECE].encode())
        rows.append((*values, checksum(*values)))
    return rows


def passage_row(passage: Passage, key: int, pages: Sequence[Page]) -> tuple[object, ...]:
    """Return ``id, document, start, end, body, crc``."""
    touched = [
        (page.number, page.start, page.end) for page in pages if page.start < passage.end and passage.start < page.end
    ]
    body = json.dumps([passage.section, passage.context, touched], ensure_ascii=False)
    values = (passage.id, key, passage.start, passage.end, body)
    return (*values, checksum(*values))


def vector_row(passage_id: int, vector: bytes) -> tuple[object, ...]:
    """Return ``passage, vector, crc``."""
    return (passage_id, vector, checksum(passage_id, vector))
