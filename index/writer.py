"""Writing ``articles.db``: articles are prepared in batches, then published in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from index.documents import Document, Passage
from index.manifest import DATABASE, Manifest
from index.rows import (
    PIECE_BITS,
    StoredDocument,
    checksum,
    document_row,
    layout_row,
    passage_row,
    read_document_row,
    text_rows,
    vector_row,
)
from index.store import APPLICATION_ID, Snapshot, connect, named_errors

SCHEMA = f"""
PRAGMA application_id = {APPLICATION_ID};
CREATE TABLE manifest (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL, format INTEGER NOT NULL,
    body TEXT NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE documents (key INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, live INTEGER NOT NULL,
    body TEXT NOT NULL, crc INTEGER NOT NULL);
CREATE INDEX documents_by_id ON documents (id);
CREATE TABLE layouts (key INTEGER PRIMARY KEY, body TEXT NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE texts (piece INTEGER PRIMARY KEY, body BLOB NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE passages (id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL, start INTEGER NOT NULL,
    stop INTEGER NOT NULL, body TEXT NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE vectors (passage INTEGER PRIMARY KEY, vector BLOB NOT NULL, crc INTEGER NOT NULL);
"""
_PAGE_BYTES = 8192  # five vectors of 384 numbers, or two pieces of English text, fill such a page


@dataclass(frozen=True, slots=True)
class Prepared:
    """An article ready to be stored: its passages in reading order and the bytes of a float32 vector for each."""

    document: Document
    passages: Sequence[Passage]
    vectors: Sequence[bytes]


class Writer:
    """The one connection that writes; its holder holds the write lock."""

    def __init__(self, folder: Path) -> None:
        """Open the database of the folder for writing, and make it first where there is none."""
        self.path = folder / DATABASE
        with named_errors(self.path):
            if not self.path.exists():
                _create(self.path)
            self._connection = connect(self.path, writing=True)
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA secure_delete = ON")  # a removed article's text leaves the file

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[Snapshot]:
        """Give a view of what is there, prepared rows included."""
        with named_errors(self.path):
            yield Snapshot(self._connection, self.path)

    def stage(self, batch: Iterable[Prepared], *, plan: str) -> list[StoredDocument]:
        """Store articles that no reader sees yet, all or none of the batch; return them with their ids."""
        with self._transaction():
            return [self._insert(prepared, plan) for prepared in batch]

    def discard(self, documents: Iterable[StoredDocument]) -> None:
        """Take away prepared articles that are of no use."""
        with self._transaction():
            for document in documents:
                self._delete(document)

    def publish(
        self, manifest: Manifest, *, added: Iterable[StoredDocument] = (), removed: Iterable[StoredDocument] = ()
    ) -> None:
        """Make ``added`` visible, take ``removed`` away and write the manifest, all at once."""
        with self._transaction():
            for document in removed:
                self._delete(document)
            for document in added:
                row = document_row(replace(document, live=True))
                self._connection.execute(
                    "UPDATE documents SET live = ?, body = ?, crc = ? WHERE key = ?", (*row[2:], row[0])
                )
            values = (manifest.revision, manifest.format, manifest.to_json())
            self._connection.execute(
                "INSERT OR REPLACE INTO manifest (id, revision, format, body, crc) VALUES (1, ?, ?, ?, ?)",
                (*values, checksum(*values)),
            )

    def tidy(self) -> None:
        """Move the log into the database file, as far as readers allow."""
        with named_errors(self.path):
            self._connection.execute("PRAGMA busy_timeout = 100")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _insert(self, prepared: Prepared, plan: str) -> StoredDocument:
        document = StoredDocument(
            key=self._next("documents"),
            info=prepared.document.info,
            length=len(prepared.document.text),
            first=self._next("passages"),
            count=len(prepared.passages),
            plan=plan,
            live=False,
        )
        passages = [
            passage_row(replace(passage, id=id_), document.key, prepared.document.pages)
            for id_, passage in zip(document.passage_ids, prepared.passages, strict=True)
        ]
        vectors = [vector_row(id_, vector) for id_, vector in zip(document.passage_ids, prepared.vectors, strict=True)]
        connection = self._connection
        connection.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?)", document_row(document))
        connection.execute("INSERT INTO layouts VALUES (?, ?, ?)", layout_row(document.key, prepared.document))
        connection.executemany("INSERT INTO texts VALUES (?, ?, ?)", text_rows(document.key, prepared.document.text))
        connection.executemany("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)", passages)
        connection.executemany("INSERT INTO vectors VALUES (?, ?, ?)", vectors)
        return document

    def _next(self, table: str) -> int:
        """Return a number that no row of the table ever had."""
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
        return (row[0] if row else 0) + 1

    def _delete(self, document: StoredDocument) -> None:
        key = document.key
        base = key << PIECE_BITS
        first, end = document.first, document.first + document.count
        execute = self._connection.execute
        execute("DELETE FROM documents WHERE key = ?", (key,))
        execute("DELETE FROM layouts WHERE key = ?", (key,))
        execute("DELETE FROM texts WHERE piece >= ? AND piece < ?", (base, base + (1 << PIECE_BITS)))
        execute("DELETE FROM passages WHERE id >= ? AND id < ?", (first, end))
        execute("DELETE FROM vectors WHERE passage >= ? AND passage < ?", (first, end))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with named_errors(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def staged(self) -> list[StoredDocument]:
        """Return the articles that a run has prepared and not published."""
        with named_errors(self.path):
            rows = self._connection.execute("SELECT key, id, live, body, crc FROM documents WHERE live = 0")
            return [read_document_row(row) for row in rows]


def _create(path: Path) -> None:
    """Make an empty database under another name and rename it, so that a half-made one is never found."""
    fresh = path.with_name(path.name + ".new")
    for leftover in ("", "-wal", "-shm", "-journal"):
        path.with_name(fresh.name + leftover).unlink(missing_ok=True)
    connection = sqlite3.connect(fresh, isolation_level=None)
    try:
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        connection.executescript(SCHEMA)
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()
    fresh.replace(path)
