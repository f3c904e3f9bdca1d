r"""Which of the encodings older than UTF-8 a text is in.

charset-normalizer finds the script; among the Latin ones, which share most bytes, it is the alphabets of the
languages that decide: ``\xa3`` is ``£`` in English text, ``Ł`` in Polish.
"""

from __future__ import annotations

import re
import unicodedata

CANDIDATES = (
    "cp1252 cp1250 cp1251 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp874 koi8_r koi8_u cp866 mac_cyrillic "
    "gb18030 big5hkscs cp932 euc_jp cp949 iso8859_2 iso8859_5 iso8859_7 iso8859_15 mac_roman"
).split()
"""Those that browsers know, in Python's names."""

WESTERN = ("àâæçéèêëîïôœùûüÿ", "äöüßéà", "áéíóúñüàèìòùïçºª", "ãõáéíóúâêôàç", "åäöæøéü", "áðéíóúýþæö")
ALPHABETS = {
    "cp1252": WESTERN,
    "iso8859_15": WESTERN,
    "cp1250": ("ąćęłńóśźż", "áčďéěíňóřšťúůýžľĺŕôä", "áéíóöőúüű", "ăâîşţ", "čćđšž", "äöüßéá"),
    "iso8859_2": ("ąćęłńóśźż", "áčďéěíňóřšťúůýžľĺŕôä", "áéíóöőúüű", "ăâîşţ", "čćđšž"),
    "cp1254": ("çğıöşüâîûi̇",),
    "cp1257": ("āčēģīķļņšūžõäöü", "ąčęėįšųūž", "õäöüšž"),
    "mac_roman": WESTERN,
}
"""Letters beyond ASCII of languages written in each, the likelier encoding first."""

SIGNS = frozenset("’‘“”„‚–—…•«»‹›€£¥¢©®™°§¡¿·½¼¾²³±×÷´\u00a0\u00ad")
SEQUENCE = rb"(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})"
VALID_UTF8 = re.compile(SEQUENCE)
UTF8_RUN = re.compile(SEQUENCE + rb"(?:[\x00-\x7f]{0,200}" + SEQUENCE + rb"){11}")
"""A dozen UTF-8 characters with nothing else between but ASCII."""
HIGH = re.compile(rb"[\x80-\xff]")
UTF8_LATIN = re.compile(rb"[\xc3-\xc5][\x80-\xbf]|\xe2\x80[\x90-\xba]|\xe2\x82\xac")
MIXED_WORD = re.compile(r"[A-Za-z](?=[^\W\d_A-Za-z])|(?<=[^\W\d_A-Za-z])[A-Za-z]")
SAMPLE = 200_000


def is_mixed(data: bytes) -> bool:
    """Return whether bytes that are not UTF-8 are so nearly: a stray byte, a cut end, two encodings in one file.

    Chinese, Japanese and Thai encodings hold valid UTF-8 sequences by chance: measured, at most 0.42 of the others,
    and never a dozen in a row.
    """
    valid = len(VALID_UTF8.findall(data))
    invalid = len(HIGH.findall(VALID_UTF8.sub(b"", data)))
    if valid * 2 >= invalid or UTF8_RUN.search(data):
        return True
    return UTF8_LATIN.search(data) is not None and guess_encoding(data) in ALPHABETS


def guess_encoding(data: bytes) -> str | None:
    """Return the encoding that the bytes are most likely in, or None where they look like no text in any."""
    from charset_normalizer import from_bytes

    best = from_bytes(data, cp_isolation=CANDIDATES).best()
    scores = {name: score for name in ALPHABETS if (score := _latin_score(data, name)) > 0.5}
    latin = max(scores, key=lambda name: scores[name], default=None)
    if best is None or best.encoding in ALPHABETS:
        return latin
    mostly_ascii = len(HIGH.findall(data, 0, SAMPLE)) < 0.1 * min(len(data), SAMPLE)
    misread = (mostly_ascii and scores.get(latin or "") == 1.0) or _mixes_scripts(str(best))
    return latin if misread else best.encoding


def _mixes_scripts(text: str) -> bool:
    """Return whether letters beyond ASCII stand inside ASCII words, as in a Latin text misread."""
    sample = text[:SAMPLE]
    foreign = sum(character.isalpha() and not character.isascii() for character in sample)
    return foreign > 0 and len(MIXED_WORD.findall(sample)) >= foreign / 2


def _latin_score(data: bytes, encoding: str) -> float:
    """Return the share of characters beyond ASCII that the best fitting of the encoding's alphabets has."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return 0.0
    beyond = [character for character in unicodedata.normalize("NFC", text[:SAMPLE].lower()) if ord(character) > 127]
    if not beyond:
        return 0.0
    best = max(sum(c in alphabet or c in SIGNS for c in beyond) for alphabet in ALPHABETS[encoding])
    return best / len(beyond)
