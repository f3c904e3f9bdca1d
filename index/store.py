"""``articles.db``: the articles, passages and vectors, and which of them make up the published revision.

SQLite in WAL mode. A run prepares new articles as rows that are not ``live``; one last transaction takes the old ones
away, makes the new ones live and writes the manifest, which names the derived files. So a reader, and a process that is
killed, sees the old revision or the new one. Every row carries its checksum (``rows``).
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from index.documents import Document, Page, Passage
from index.errors import (
    CorruptIndexError,
    IncompatibleIndexError,
    IndexLockedError,
    IndexNotFoundError,
    PassageIndexError,
)
from index.manifest import DATABASE, FORMAT, Manifest
from index.rows import (
    PIECE,
    PIECE_BITS,
    DamagedRowError,
    StoredDocument,
    StoredPassage,
    read_document_row,
    read_layout,
    require,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

APPLICATION_ID = 0x61727471  # "artq"
_BUSY_SECONDS = 30.0
_IN = 500


class Snapshot:
    """What the database holds at one instant, read through one transaction."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        """Read through the connection, which has a transaction open."""
        self._connection = connection
        self._path = path

    def revision(self) -> int:
        """Return the published revision, 0 where nothing was published yet."""
        row = self._connection.execute("SELECT revision FROM manifest WHERE id = 1").fetchone()
        return int(row[0]) if row else 0

    def manifest(self) -> Manifest | None:
        """Return the published manifest, None where nothing was published yet.

        Raises:
            IncompatibleIndexError: A newer program wrote it.
        """
        row = self._connection.execute("SELECT revision, format, body, crc FROM manifest WHERE id = 1").fetchone()
        if row is None:
            if self._connection.execute("SELECT 1 FROM documents WHERE live = 1").fetchone():
                raise DamagedRowError("the manifest is missing")
            return None
        revision, found, body = require(row, "the manifest")
        if found != FORMAT:
            raise IncompatibleIndexError(
                f"{self._path} has format {found}, this program reads format {FORMAT}; "
                "update article-qa, or build the index again with: qa index --rebuild"
            )
        manifest = Manifest.from_json(body)
        if manifest.revision != revision:
            raise DamagedRowError("the manifest is damaged")
        return manifest

    def documents(self, *, live: bool = True) -> list[StoredDocument]:
        """Return the articles, ordered by source: the published ones, or those that a run has prepared so far."""
        rows = self._connection.execute("SELECT key, id, live, body, crc FROM documents")
        found = [document for document in map(read_document_row, rows) if document.live == live]
        if live and (manifest := self.manifest()) is not None and manifest.documents != len(found):
            raise DamagedRowError(f"{len(found)} articles are there, {manifest.documents} were written")
        return sorted(found, key=lambda document: document.info.source)

    def find_document(self, document_id: str) -> StoredDocument | None:
        """Return a published article by its id, None where there is none."""
        query = "SELECT key, id, live, body, crc FROM documents WHERE id = ?"
        rows = self._connection.execute(query, (document_id,)).fetchall()
        for document in map(read_document_row, rows):
            if document.live:
                return document
        # A damaged lookup table must not hide an article, so the slow way has the last word.
        return next((document for document in self.documents() if document.info.id == document_id), None)

    def documents_by_key(self, keys: Iterable[int]) -> dict[int, StoredDocument]:
        """Return the articles with these keys."""
        rows = self._rows("SELECT key, id, live, body, crc FROM documents WHERE key IN ({})", keys)
        return {key: read_document_row(_there(rows, key, "documents")) for key in rows.wanted}

    def whole(self, document: StoredDocument) -> Document:
        """Return an article with its text, pages and sections."""
        row = self._connection.execute("SELECT key, body, crc FROM layouts WHERE key = ?", (document.key,)).fetchone()
        _, body = require(row, f"row {document.key} of layouts")
        return read_layout(document.info, self.text(document.key, 0, document.length), body)

    def text(self, key: int, start: int, end: int) -> str:
        """Return code points ``start`` to ``end`` of an article's text, reading only the rows that hold them."""
        first, last = start // PIECE, max(start, end - 1) // PIECE
        base = key << PIECE_BITS
        query = "SELECT piece, body, crc FROM texts WHERE piece BETWEEN ? AND ? ORDER BY piece"
        rows = self._connection.execute(query, (base + first, base + last)).fetchall()
        if [row[0] for row in rows] != list(range(base + first, base + last + 1)):
            raise DamagedRowError(f"text of article {key} is missing")
        text = "".join(require(row, f"row {row[0]} of texts")[1].decode() for row in rows)
        return text[start - first * PIECE : end - first * PIECE]

    def passages(self, ids: Iterable[int]) -> dict[int, StoredPassage]:
        """Return the passages with these ids, each with its text."""
        import json

        query = "SELECT id, document, start, stop, body, crc FROM passages WHERE id IN ({})"
        rows = self._rows(query, ids)
        parts = {id_: require(_there(rows, id_, "passages"), f"row {id_} of passages") for id_ in rows.wanted}
        owners = self.documents_by_key({part[1] for part in parts.values()})
        found = {}
        for id_, (_, key, start, end, body) in parts.items():
            section, context, pages = json.loads(body)
            passage = Passage(
                id=id_,
                document_id=owners[key].info.id,
                start=start,
                end=end,
                section=tuple(section),
                context=context,
            )
            found[id_] = StoredPassage(
                passage=passage,
                text=self.text(key, start, end),
                pages=tuple(Page(*page) for page in pages),
                owner=owners[key],
            )
        return found

    def vectors(self, ids: Sequence[int], dim: int) -> NDArray[np.float32]:
        """Return the vectors of these passages, one row each, in the order given."""
        import numpy as np

        rows = self._rows("SELECT passage, vector, crc FROM vectors WHERE passage IN ({})", ids)
        parts = [require(_there(rows, id_, "vectors"), f"row {id_} of vectors")[1] for id_ in rows.wanted]
        if any(len(part) != 4 * dim for part in parts):
            raise DamagedRowError(f"a vector does not have {dim} dimensions")
        return np.frombuffer(b"".join(parts), dtype=np.float32).reshape(len(parts), dim)

    def _rows(self, query: str, ids: Iterable[int]) -> _Rows:
        wanted = [int(id_) for id_ in ids]
        found: dict[int, Sequence[Any]] = {}
        for start in range(0, len(wanted), _IN):
            some = wanted[start : start + _IN]
            for row in self._connection.execute(query.format(",".join("?" * len(some))), some):
                found[row[0]] = row
        return _Rows(wanted, found)

    def problems(self) -> list[str]:
        """Return what SQLite's own check of the file finds."""
        rows = self._connection.execute("PRAGMA quick_check").fetchall()
        return [str(row[0]) for row in rows if row[0] != "ok"]


class _Rows:
    """The ids asked for, in order, and the rows found."""

    def __init__(self, wanted: list[int], found: dict[int, Sequence[Any]]) -> None:
        self.wanted = wanted
        self.found = found


def _there(rows: _Rows, id_: int, table: str) -> Sequence[Any]:
    row = rows.found.get(id_)
    if row is None:
        raise DamagedRowError(f"row {id_} of {table} is missing")
    return row


class Store:
    """The database of an index, for reading: snapshots from any thread."""

    def __init__(self, folder: Path) -> None:
        """Open the database of the index at ``folder``.

        Raises:
            IndexNotFoundError: There is no index.
            CorruptIndexError: There was one, and its database is gone.
        """
        self.folder = folder
        self.path = folder / DATABASE
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._closed = False
        require_database(folder)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Give a consistent view of the database; what goes wrong in it is named as our own errors.

        Raises:
            CorruptIndexError: A row read inside is damaged or missing.
        """
        with named_errors(self.path):
            connection = self._take()
            try:
                connection.execute("BEGIN")
                yield Snapshot(connection, self.path)
            except BaseException:
                connection.close()
                raise
            connection.execute("COMMIT")
            self._give(connection)

    def newest(self) -> int:
        """Return the revision published last."""
        with self.snapshot() as snapshot:
            return snapshot.revision()

    def close(self) -> None:
        """Close the connections that are idle; those in use are closed when they are given back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise ValueError("the index is closed")
            if self._idle:
                return self._idle.pop()
        return connect(self.path, writing=False)

    def _give(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            if not self._closed and not _is_immutable(connection):
                self._idle.append(connection)
                return
        connection.close()


def require_database(folder: Path) -> None:
    """Refuse a folder that holds no index.

    Raises:
        IndexNotFoundError: There is no index.
        CorruptIndexError: There was one, and its database is gone.
    """
    if (folder / DATABASE).is_file():
        return
    if (folder / "vectors").is_dir() or (folder / "lexical").is_dir():
        raise CorruptIndexError(
            f"{folder / DATABASE} is missing and the rest cannot be used without it; "
            f"build the index again with: qa index ARTICLES --index {folder}"
        )
    what = "is a file, not the folder of an index" if folder.is_file() else "there is no index here"
    raise IndexNotFoundError(f"{folder}: {what}; build one with: qa index ARTICLES --index {folder}")


def connect(path: Path, *, writing: bool) -> sqlite3.Connection:
    """Open the database; a reader without the right to write opens it read-only."""
    where = f"file:{quote(str(path.absolute()))}"
    may_write = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    modes = ["mode=rw"] if writing or may_write else ["mode=ro", "immutable=1"]
    for mode in modes:
        connection = sqlite3.connect(
            f"{where}?{mode}", uri=True, isolation_level=None, check_same_thread=False, timeout=_BUSY_SECONDS
        )
        try:
            if not writing:
                connection.execute("PRAGMA query_only = ON")
            if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                raise sqlite3.DatabaseError("it is not the database of an index")
            connection.execute("SELECT count(*) FROM manifest").fetchone()
            return connection
        except sqlite3.OperationalError:
            connection.close()
            if mode == modes[-1]:
                raise
        except BaseException:
            connection.close()
            raise
    raise AssertionError(modes)


def _is_immutable(connection: sqlite3.Connection) -> bool:
    """Return whether the connection would not notice a new revision (no WAL can be shared in a read-only folder)."""
    try:
        return bool(connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal")
    except sqlite3.Error:
        return True


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite and the rows report into errors that say what to do."""
    mend = f"restore it from a copy, or build the index again with: qa index ARTICLES --index {path.parent} --rebuild"
    try:
        yield
    except (DamagedRowError, UnicodeDecodeError) as error:
        raise CorruptIndexError(f"{path} is damaged: {error}; {mend}") from error
    except sqlite3.ProgrammingError:
        raise
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise IndexLockedError(f"{path} is being written by another process; try again") from error
        if name == "SQLITE_FULL":
            raise PassageIndexError(f"{path} cannot be written: the disk is full; free some space") from error
        if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
            raise PassageIndexError(f"{path} cannot be opened or written ({error}); check its permissions") from error
        raise CorruptIndexError(f"{path} is damaged: {error}; {mend}") from error
