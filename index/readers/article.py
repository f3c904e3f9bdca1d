"""One file, in this process: from its path to a document."""

from __future__ import annotations

import hashlib
import os
import stat
from importlib import import_module
from pathlib import Path

from index.documents import Document
from index.errors import ArticleError
from index.readers.content import Content
from index.readers.find import absolute
from index.readers.formats import HARMLESS_BYTES, is_harmless, may_be_harmless, pick_format
from index.readers.limits import DEFAULT_LIMITS, MB, ReadLimits

JOINERS = "\u200c\u200d"
"""Invisible, but part of how Persian and Indian words are spelled."""
NAMES = {"text": "text", "markdown": "Markdown", "html": "HTML page", "pdf": "PDF", "word": "Word document"}
MAX_METADATA = 2000
"""Letters of a title or of the names of the authors."""


def document_id(source: str) -> str:
    """Return the id of the article at an absolute POSIX path: 16 hex digits, whatever the file holds."""
    return hashlib.sha256(source.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def read_article(path: Path, *, limits: ReadLimits = DEFAULT_LIMITS) -> Document:
    """Read one article in this process, by what the file holds; its suffix is a hint.

    Of the limits only the size is kept here; time and memory are kept by ``read_articles``.

    Raises:
        ArticleError: The file is no article, or cannot be read; the reason says which.
    """
    path = absolute(path)
    data = load(path, limits)
    return make_document(path, data, read_content(data, path))


def read_harmless(path: Path, limits: ReadLimits) -> Document | None:
    """Read a small plain text in UTF-8, on which no reader can hang or explode; None where the file is anything else.

    Raises:
        ArticleError: As ``read_article``.
    """
    path = absolute(path)
    try:
        size = path.stat().st_size
    except (OSError, UnicodeEncodeError):
        size = 0
    if size > HARMLESS_BYTES or (size and not may_be_harmless(path)):
        return None
    data = load(path, limits)
    return make_document(path, data, read_content(data, path)) if is_harmless(data, path) else None


def make_document(path: Path, data: bytes, content: Content) -> Document:
    """Return the document of a file and what was found in it.

    Raises:
        ArticleError: The text is blank, or cannot be written to any file.
    """
    if not content.text or content.text.isspace():
        raise ArticleError(path, "empty: no text in it", skipped=True)
    if not content.text.isascii():
        try:
            content.text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ArticleError(path, f"broken text: half a character at {error.start}") from error
    source = path.as_posix()
    return Document(
        id=document_id(source),
        source=source,
        sha256=hashlib.sha256(data).hexdigest(),
        media_type=content.media_type,
        title=_clean(content.title),
        author=_clean(content.author),
        date=_clean(content.date),
        url=_clean(content.url),
        language=_clean(content.language),
        text=content.text,
        pages=content.pages,
        sections=content.sections,
        boilerplate=content.boilerplate,
    )


def _clean(words: str | None) -> str | None:
    """Return metadata as one line of reasonable length, without what cannot be shown or stored."""
    if words is None:
        return None
    shown = "".join(
        character if character.isprintable() or character in JOINERS else " " for character in words[:MAX_METADATA]
    )
    return " ".join(shown.split()) or None


def load(path: Path, limits: ReadLimits) -> bytes:
    """Return the bytes of a regular file that is neither empty nor too large; never waits on a pipe or device.

    Raises:
        ArticleError: It is none, or cannot be opened.
    """
    try:
        path.as_posix().encode("utf-8")
        size = _size(path)
        if size > limits.max_bytes:
            raise ArticleError(path, f"larger than {limits.max_bytes / MB:g} MB (limit)", skipped=True)
        with open(path, "rb", opener=_open_without_waiting) as file:
            data = file.read(size + 1)
    except UnicodeEncodeError as error:
        raise ArticleError(path, "its name is not valid UTF-8; rename it") from error
    except FileNotFoundError as error:
        raise ArticleError(path, "no such file or folder") from error
    except PermissionError as error:
        raise ArticleError(path, "no permission to read it") from error
    except OSError as error:
        raise ArticleError(path, f"cannot be read ({error.strerror or error})") from error
    if not data:
        raise ArticleError(path, "empty", skipped=True)
    if len(data) != size:
        raise ArticleError(path, "it changed while it was read; try again")
    return data


def _open_without_waiting(name: str, flags: int) -> int:
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


def _size(path: Path) -> int:
    """Return the size of a regular file."""
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise ArticleError(path, "a folder that cannot be listed")
    if not stat.S_ISREG(status.st_mode):
        raise ArticleError(path, "not a regular file (a pipe, socket or device)", skipped=True)
    return status.st_size


def read_content(data: bytes, path: Path) -> Content:
    """Return the article in the bytes, by the reader of their format, imported only now.

    Raises:
        ArticleError: It is no article, or its reader fails on it, in whatever way.
    """
    kind = pick_format(data, path)
    reader = getattr(import_module(f"index.readers.{kind}"), f"read_{kind}")
    try:
        content: Content = reader(data, path)
    except (ArticleError, MemoryError):
        raise
    except RecursionError as error:
        raise ArticleError(path, f"broken {NAMES[kind]}: nested too deeply") from error
    except Exception as error:  # the one place where whatever a format's library raises becomes ours
        detail = " ".join(str(error).split())[:200]
        raise ArticleError(path, f"broken {NAMES[kind]}: {type(error).__name__}: {detail}") from error
    return content
