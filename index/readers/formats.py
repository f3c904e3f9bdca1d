"""Which format a file is in: by what it holds, its suffix a hint; all but articles are refused by name."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from pathlib import Path
from typing import Literal

from index.errors import ArticleError

Format = Literal["text", "markdown", "html", "pdf", "word"]

TEXT_SUFFIXES = frozenset({".txt", ".text", ".rst", ".asc"})
MARKDOWN_SUFFIXES = frozenset({".md", ".markdown", ".mdown", ".mkd"})
HTML_SUFFIXES = frozenset({".html", ".htm", ".xhtml", ".xht"})
PACKED_SUFFIXES = frozenset({".pdf", ".docx", ".docm", ".dotx"})
SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9_+-]{0,9}|\.7z")
HEAD = 4096
HARMLESS_BYTES = 1_000_000

MAGIC = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"8BPS", "a Photoshop image"),
    (b"\0\0\1\0", "an icon"),
    (b"ID3", "an MP3 recording"),
    (b"OggS", "an Ogg recording"),
    (b"fLaC", "a FLAC recording"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"{\\rtf", "Rich Text; save it as .docx"),
    (b"%!PS", "PostScript; convert it to PDF"),
    (b"AT&TFORM", "DjVu; convert it to PDF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x7fELF", "an executable"),
    (b"\xfe\xed\xfa", "an executable"),
    (b"\xcf\xfa\xed\xfe", "an executable"),
    (b"\xca\xfe\xba\xbe", "an executable"),
    (b"\0asm", "an executable"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"PAR1", "a Parquet table"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
    (b"OTTO", "a font"),
    (b"\0\1\0\0", "a font"),
    (b"\x80\x02}", "a pickle"),
)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
ZIP_KINDS = {
    "application/epub+zip": "an EPUB book",
    "application/vnd.oasis.opendocument": "an OpenDocument file; save it as .docx",
}
WHOLE_PAGE = re.compile(r"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]", re.IGNORECASE)
PREAMBLE = re.compile(r"(?:\s+|<\?xml[^>]*\?>|<!--.*?-->)*", re.DOTALL)
XML_ROOT = re.compile(r"<(?:!doctype\s+)?([A-Za-z][\w:.-]*)", re.IGNORECASE)
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
WORD = re.compile(r"[^\W\d_]{2,}")
"""A run of letters."""


def pick_format(data: bytes, path: Path) -> Format:
    """Return the format of a file.

    Raises:
        ArticleError: It is no article (skipped), or not what its suffix promises.
    """
    head = data[:HEAD]
    suffix = path.suffix.lower() if SUFFIX.fullmatch(path.suffix) else ""
    if _is_pdf(head, suffix):
        return "pdf"
    if head.startswith(ZIP):
        return _zip_format(data, path)
    _refuse_binary(data, path)
    if suffix in PACKED_SUFFIXES and _opening(head) is None:
        raise ArticleError(path, f"broken: it is named {suffix}, but holds neither that nor text")
    return _text_format(head, path, suffix)


def _is_pdf(head: bytes, suffix: str) -> bool:
    """Return whether a PDF begins here; some have other bytes before the header."""
    return head.lstrip()[:5] == b"%PDF-" or (suffix == ".pdf" and b"%PDF-" in head[:1024])


def _refuse_binary(data: bytes, path: Path) -> None:
    """Refuse what is known by its first bytes to be no article."""
    if data.startswith(OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise ArticleError(path, "encrypted Office document: it opens with a password only")
        raise ArticleError(path, "not an article type (old Word or Office format; save it as .docx)", skipped=True)
    kind = next((kind for magic, kind in MAGIC if data.startswith(magic)), None)
    if data.startswith(b"MZ") and b"\0" in data[:HEAD]:
        kind = "an executable"
    elif data.startswith(b"BM") and b"\0" in data[:32]:
        kind = "a BMP image"
    elif data.startswith(b"RIFF") and b"\0" in data[:32]:
        kind = "a picture or recording"
    elif data[4:8] == b"ftyp":
        kind = "a video or picture"
    elif data[257:262] == b"ustar":
        kind = "a tar archive"
    if kind:
        raise ArticleError(path, f"not an article type ({kind})", skipped=True)


def _zip_format(data: bytes, path: Path) -> Format:
    """Tell a Word document from the many other formats that are zip archives."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            kind = archive.read("mimetype")[:60].decode("ascii", "replace") if "mimetype" in names else ""
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError) as error:
        raise ArticleError(path, f"broken Word document or zip archive (truncated?): {error}") from error
    if "word/document.xml" in names:
        return "word"
    kinds = [name for prefix, name in ZIP_KINDS.items() if kind.startswith(prefix)]
    if "xl/workbook.xml" in names:
        kinds.append("an Excel workbook")
    if "ppt/presentation.xml" in names:
        kinds.append("a PowerPoint presentation; save it as PDF")
    if path.suffix.lower() in PACKED_SUFFIXES and not kinds:
        raise ArticleError(path, "broken Word document: word/document.xml is missing")
    raise ArticleError(path, f"not an article type ({(kinds or ['a zip archive'])[0]})", skipped=True)


def _text_format(head: bytes, path: Path, suffix: str) -> Format:
    """Tell the formats that are text from each other."""
    opening = _opening(head) or ""
    body = opening[_preamble_end(opening) :]
    if WHOLE_PAGE.match(body) and (not suffix or suffix in TEXT_SUFFIXES | MARKDOWN_SUFFIXES | PACKED_SUFFIXES):
        return "html"
    if suffix in HTML_SUFFIXES:
        return "html"
    if suffix in MARKDOWN_SUFFIXES:
        return "markdown"
    if suffix in TEXT_SUFFIXES:
        return "text"
    if suffix and suffix not in PACKED_SUFFIXES:
        raise ArticleError(path, f"not an article type ({suffix})", skipped=True)
    if opening.startswith("#!") or (body.startswith("<") and XML_ROOT.match(body)) or not _is_prose(opening):
        raise ArticleError(path, f"not an article type ({_what(opening)})", skipped=True)
    return "text"


def _preamble_end(opening: str) -> int:
    match = PREAMBLE.match(opening)
    return match.end() if match else 0


def _what(opening: str) -> str:
    if not opening:
        return "binary data"
    if opening.startswith("#!"):
        return "a script"
    return "markup" if opening.lstrip().startswith("<") else "no prose, and no suffix that says text"


def _opening(head: bytes) -> str | None:
    """Return the beginning of a text in any encoding, as far as ASCII tells; None where it is no text."""
    for encoding in ("utf-16", "utf-8-sig"):
        if encoding == "utf-8-sig" or head[:2] in (b"\xff\xfe", b"\xfe\xff"):
            text = head.decode(encoding, "replace")
            break
    if "\0" in text:
        text = text.replace("\0", "") if text.count("\0") in range(len(text) // 3, len(text)) else ""
    controls = len(CONTROLS.findall(text))
    return text if text and controls <= len(text) / 100 else None


def _is_prose(opening: str) -> bool:
    """Return whether a text of unknown type reads like an article: words and blanks, few signs."""
    words = sum(len(word) for word in WORD.findall(opening))
    return words >= 0.6 * len("".join(opening.split())) and not re.search(r"[{};]\s*$", opening, re.MULTILINE)


def is_harmless(data: bytes, path: Path) -> bool:
    """Return whether a file is a small plain text in UTF-8, which no reader can hang on or explode."""
    if len(data) > HARMLESS_BYTES or b"\0" in data or not may_be_harmless(path):
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return pick_format(data, path) in ("text", "markdown")


def may_be_harmless(path: Path) -> bool:
    """Return whether a file is named as plain text."""
    return path.suffix.lower() in TEXT_SUFFIXES | MARKDOWN_SUFFIXES
