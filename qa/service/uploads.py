"""Articles that come over HTTP: kept in one folder under a safe name, then indexed."""

from __future__ import annotations

import re
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from index import DocumentInfo, FileReport, FileStatus, build_index, remove_documents
from qa.service.errors import ServiceError

if TYPE_CHECKING:
    from index import Encoder

SUFFIXES = (".txt", ".md", ".html", ".htm", ".pdf", ".docx")
_MOST_CHARACTERS = 120
_COPIED_AT_ONCE = 1 << 20
_UNSAFE = re.compile(r"[^\w .,()+&'-]+")


def safe_name(given: str) -> str:
    """Return the file name that an upload is kept under: one part, no separator, not hidden, an article's suffix.

    Raises:
        ServiceError: Nothing is left of the name, or it is no article's.

    Example:
        >>> safe_name("../../etc/Annual report.PDF")
        'Annual report.pdf'
    """
    last = unicodedata.normalize("NFC", given).replace("\\", "/").rpartition("/")[2]
    stem, dot, suffix = _UNSAFE.sub("_", last).rpartition(".")
    suffix = (dot + suffix).strip().casefold()
    if suffix not in SUFFIXES:
        raise ServiceError(415, "unsupported_media_type", f"Articles end in {', '.join(SUFFIXES)}.")
    stem = stem.strip(" ._")[:_MOST_CHARACTERS].strip(" ._")
    while len(stem.encode()) > 2 * _MOST_CHARACTERS:  # a file system counts bytes
        stem = stem[:-1]
    if not stem:
        raise ServiceError(422, "invalid_name", "The file has no name.")
    return stem + suffix


class Uploads:
    """The folder of uploaded articles and the index they go into.

    Its methods block and must not run at the same time.
    """

    def __init__(
        self, index_path: Path, folder: Path | None, *, most_bytes: int, encoder: Encoder | None = None
    ) -> None:
        """Keep where things go.

        Args:
            index_path: Folder of the index.
            folder: Where the articles are kept; None means ``uploads`` in the index's folder.
            most_bytes: Largest article.
            encoder: What to embed with, where the index was made with an encoder that it does not carry.
        """
        self._index_path = index_path
        self._folder = folder or index_path / "uploads"
        self._most_bytes = most_bytes
        self._encoder = encoder

    def add(self, name: str, content: BinaryIO) -> FileReport:
        """Keep an article under a safe name and index it; one of that name gives way to it.

        Where it cannot be indexed, everything is as it was.

        Raises:
            ServiceError: It cannot be read, or is too large.
            PassageIndexError: It cannot be indexed now.
        """
        target = self._folder / safe_name(name)
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".incoming-", dir=self._folder) as folder:
            incoming = Path(folder) / target.name
            self._copy(content, incoming)
            try:
                with _replaced(target, incoming, before=Path(folder) / "before"):
                    return self._index(target)
            except ServiceError:
                if target.exists():
                    self._index(target)
                raise

    def remove(self, info: DocumentInfo) -> None:
        """Take an article out of the index, and delete its file where it was uploaded.

        Raises:
            KeyError: It is in the index no longer.
            PassageIndexError: It cannot be removed now.
        """
        remove_documents(self._index_path, [info.id])
        source = Path(info.source)
        if source.parent == self._folder.absolute() and not source.is_symlink():
            source.unlink(missing_ok=True)

    def _index(self, target: Path) -> FileReport:
        report = build_index([target], self._index_path, encoder=self._encoder)
        file = next(file for file in report.files if file.path.name == target.name)
        if file.status not in (FileStatus.INDEXED, FileStatus.UNCHANGED):
            raise ServiceError(422, "unreadable_article", f"The article cannot be read: {file.reason}.")
        return file

    def _copy(self, content: BinaryIO, target: Path) -> None:
        written = 0
        with target.open("xb") as file:
            while block := content.read(_COPIED_AT_ONCE):
                written += len(block)
                if written > self._most_bytes:
                    message = f"The article is larger than {self._most_bytes:,} bytes."
                    raise ServiceError(413, "too_large", message)
                file.write(block)


@contextmanager
def _replaced(target: Path, incoming: Path, *, before: Path) -> Iterator[None]:
    """Put a file in the place of another, and take it back where what follows fails."""
    if target.is_symlink():
        raise ServiceError(422, "invalid_name", "The name is taken by something that is no article.")
    if target.exists():
        shutil.copy2(target, before)
    incoming.replace(target)
    try:
        yield
    except BaseException:
        if before.exists():
            before.replace(target)
        else:
            target.unlink(missing_ok=True)
        raise
