"""From the bytes of a text file to its text, never by way of silent mojibake."""

from __future__ import annotations

import codecs
from pathlib import Path

from index.errors import ArticleError

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""UTF-32 before UTF-16, whose mark is the beginning of the other."""


def decode(data: bytes, path: Path) -> str:
    """Return the text of the bytes: by byte order mark, as UTF-8, or as the encoding they look most like.

    Line endings are kept; a byte order mark is left out.

    Raises:
        ArticleError: The bytes are no text, or mix encodings.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _decode_strictly(data[len(mark) :], encoding, path)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _decode_legacy(data, error, path)
    return text


def _decode_strictly(data: bytes, encoding: str, path: Path) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        reason = f"marked as {encoding.upper()} but byte {error.start} is not ({error.reason})"
        raise ArticleError(path, reason) from error


def _decode_legacy(data: bytes, error: UnicodeDecodeError, path: Path) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(data).best()
    if best is None:
        raise ArticleError(path, "binary data, not text") from error
    return str(best)
