"""From the bytes of a text file to its text, never by way of silent mojibake."""

from __future__ import annotations

import codecs
import re
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

CONTROLS = re.compile(r"[\x00-\x06\x0e-\x1a\x7f]")
"""Control characters that no text holds; bell to carriage return and escape are found in logs and old files."""
MAX_CONTROLS = 0.01
WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
SAMPLE = 64_000


def decode(data: bytes, path: Path, *, declared: str | None = None) -> str:
    """Return the text of the bytes: by byte order mark, as declared, as UTF-8, or as what they look most like.

    Line endings are kept; a byte order mark is left out.

    Args:
        data: The whole file.
        path: Named in the error.
        declared: The encoding that the file itself states, as HTML does; not trusted where the bytes contradict it.

    Raises:
        ArticleError: The bytes are no text, or mix encodings.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _check(_decode_marked(data[len(mark) :], encoding, path), path)
    for encoding in (declared, "utf-8") if declared else ("utf-8",):
        try:
            return _check(data.decode(encoding), path) if b"\0" not in data else _decode_wide(data, path)
        except UnicodeDecodeError:
            continue
    return _check(_decode_legacy(data, path), path)


def _decode_marked(data: bytes, encoding: str, path: Path) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].decode(encoding, "replace").count("\n") + 1
        reason = f"marked as {encoding.upper()}, but is not from line {line} on ({error.reason})"
        raise ArticleError(path, reason) from error


def _decode_wide(data: bytes, path: Path) -> str:
    """Decode bytes with NULs in them: UTF-16 or UTF-32 without a mark, or no text at all."""
    for encoding in WIDE:
        size = 4 if "32" in encoding else 2
        try:
            sample = data[: SAMPLE - SAMPLE % size].decode(encoding)
            if _is_text(sample):
                return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ArticleError(path, "binary data, not text (NUL bytes)")


def _is_text(sample: str) -> bool:
    """Return whether a decoded sample reads like text rather than like bytes paired at random."""
    letters = sum(character.isalnum() or character in " \r\n\t.,-'\"" for character in sample)
    common = sum(sample.count(character) for character in " \n。、")
    return not CONTROLS.search(sample) and letters >= 0.8 * len(sample) and common >= len(sample) / 200


def _decode_legacy(data: bytes, path: Path) -> str:
    """Decode bytes that are not UTF-8: nearly UTF-8 is refused, all else is guessed."""
    from index.readers.guessing import guess_encoding, is_mixed

    if b"\0" in data:
        return _decode_wide(data, path)
    if is_mixed(data):
        raise ArticleError(path, _mixed_reason(data))
    encoding = guess_encoding(data)
    if encoding is None:
        raise ArticleError(path, "binary data, or text in an unknown encoding; save it as UTF-8")
    return data.decode(encoding)


def _mixed_reason(data: bytes) -> str:
    """Say where bytes that are nearly UTF-8 stop being so."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        if error.end == len(data) and error.reason == "unexpected end of data":
            return "truncated: it ends in the middle of a UTF-8 character"
        return f"mixed encodings: UTF-8, but not on line {line}; save it as UTF-8"
    return "mixed encodings; save it as UTF-8"


def _check(text: str, path: Path) -> str:
    """Return the text unless it is binary data that happens to decode."""
    if "\x1b$" in text and text.isascii():
        return _decode_escaped(text, path)
    if "\0" in text:
        raise ArticleError(path, "binary data, not text (NUL bytes)")
    controls = sum(1 for _ in CONTROLS.finditer(text, 0, SAMPLE))
    if controls > MAX_CONTROLS * min(len(text), SAMPLE):
        raise ArticleError(path, "binary data, not text (control characters)")
    return text


def _decode_escaped(text: str, path: Path) -> str:
    """Decode the Japanese and Korean encodings that switch alphabets by escape sequences."""
    for encoding in ("iso2022_jp_2", "iso2022_kr"):
        try:
            return text.encode("ascii").decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ArticleError(path, "text in an unknown encoding with escape sequences; save it as UTF-8")
