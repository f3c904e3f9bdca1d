"""PDF: the text of every page, with where each page lies in it."""

from __future__ import annotations

import io
import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from index.documents import Page
from index.errors import ArticleError
from index.readers.content import Content

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

PAGE_BREAK = "\n\f\n"
END, TAIL = b"%%EOF", 64_000
"""What a whole PDF ends with, and how much some programs write after it; pypdf reads on without, and loses pages."""
NOT_A_TITLE = re.compile(
    r"(?:untitled|title|microsoft word - .*|.*\.(?:docx?|pdf|tex|dvi|indd|qxd|rtf|odt))", re.IGNORECASE
)
UNDRAWN = re.compile("[\ufffd\ue000-\uf8ff]|\\(cid:\\d+\\)")
MAX_UNDRAWN = 0.3


def read_pdf(data: bytes, path: Path) -> Content:
    """Return the text of a PDF, pages parted by a form feed on a line of its own.

    Raises:
        ArticleError: It is encrypted, broken, has no text, or some of its pages cannot be read; the reason names them.
    """
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    reader = _open(data, path)
    texts = _page_texts(reader, path)
    text = PAGE_BREAK.join(texts)
    if len(UNDRAWN.findall(text)) > MAX_UNDRAWN * len(text.split()):
        raise ArticleError(path, "no readable text: its fonts do not tell which letters they draw")
    return replace(_metadata(reader), text=text, pages=_pages(texts))


def _open(data: bytes, path: Path) -> PdfReader:
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    if END not in data[-TAIL:]:
        raise ArticleError(path, "broken PDF (truncated: its end is missing)")
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise ArticleError(path, "encrypted PDF: it opens with a password only")
        if not len(reader.pages):
            raise ArticleError(path, "broken PDF: it has no pages")
    except (DependencyError, NotImplementedError) as error:
        raise ArticleError(path, f"encrypted PDF: {error}") from error
    except PyPdfError as error:
        raise ArticleError(path, f"broken PDF: {error}") from error
    return reader


def _page_texts(reader: PdfReader, path: Path) -> list[str]:
    """Return the text of each page; pages that cannot be read are an error that lists them."""
    texts: list[str] = []
    broken: dict[int, str] = {}
    scanned = 0
    for number, page in enumerate(reader.pages, 1):
        try:
            text = _whole(page.extract_text())
        except (MemoryError, ArticleError):
            raise
        except Exception as error:  # pypdf raises nearly anything on a broken page
            broken[number] = _cause(error)
            text = ""
        scanned += not text.strip() and number not in broken and _has_images(page)
        texts.append(text)
    if broken:
        numbers = ", ".join(map(str, list(broken)[:20]))
        raise ArticleError(
            path, f"broken PDF: cannot read page {numbers} of {len(texts)} ({next(iter(broken.values()))})"
        )
    if scanned > len(texts) / 2 or not any(text.strip() for text in texts):
        blank = sum(not text.strip() for text in texts)
        raise ArticleError(
            path, f"no text on {blank} of {len(texts)} pages (scanned?); run text recognition over it first"
        )
    return texts


def _cause(error: Exception) -> str:
    """Say in a few words why a page cannot be read."""
    if type(error).__name__ == "LimitReachedError":
        return "it unpacks to far more than a page: a PDF bomb?"
    return f"{type(error).__name__}: {' '.join(str(error).split())[:150]}"


def _whole(text: str) -> str:
    """Return the text with lone surrogates and NULs, which no file could hold, as the replacement character."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "\ufffd")


def _has_images(page: PageObject) -> bool:
    try:
        return bool(page.images)
    except Exception:  # as above; a page whose pictures cannot be listed has some
        return True


def _pages(texts: list[str]) -> tuple[Page, ...]:
    pages: list[Page] = []
    start = 0
    for number, text in enumerate(texts, 1):
        pages.append(Page(number, start, start + len(text)))
        start += len(text) + len(PAGE_BREAK)
    return tuple(pages)


def _metadata(reader: PdfReader) -> Content:
    """Return title, author, date and language as the PDF states them, with no text yet."""
    content = Content(text="", media_type="application/pdf")
    try:
        info = reader.metadata
        language = _line(reader.root_object.get("/Lang"))
        if info is None:
            return replace(content, language=language)
        title, author, created = _line(info.title), _line(info.author), info.creation_date
    except Exception:  # as above; an article without metadata is still one
        return content
    return replace(
        content,
        title=None if title is None or NOT_A_TITLE.fullmatch(title) else title,
        author=author,
        date=created.date().isoformat() if created else None,
        language=language,
    )


def _line(value: object) -> str | None:
    return " ".join(_whole(str(value)).split()) or None if value else None
