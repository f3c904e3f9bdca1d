"""Broken, hostile and odd files, made by code: what each is called, holds, and must end as.

``CASES`` maps a file name to an ``OddFile``; ``write_all`` puts them in a folder. Files that need the file system
(a pipe, a link, a missing permission) are made by the tests themselves.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import sqlite3
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROSE = (
    "The tea road ran from Kyakhta over the steppe to the markets of Nizhny Novgorod. Caravans took a year for it. "
    "In 1727 a treaty between the two empires opened the town to merchants from both sides of the border.\n"
)
PAGE = f"<html><head><title>Tea</title></head><body><article><h1>Tea</h1><p>{PROSE * 3}</p></article></body></html>"
READ, SKIPPED, FAILED = "read", "skipped", "failed"


@dataclass(frozen=True)
class OddFile:
    """What a file holds, what it must end as, and words that its reason (or its text) must contain."""

    data: Callable[[], bytes] | bytes
    status: str
    words: str

    def bytes(self) -> bytes:
        return self.data if isinstance(self.data, bytes) else self.data()


def write_all(folder: Path) -> None:
    for name, odd in CASES.items():
        (folder / name).write_bytes(odd.bytes())


@cache
def pdf(pages: int = 3, *, password: str | None = None, text: bool = True, **info: str) -> bytes:
    """A PDF of a few pages, with text or with a picture on each."""
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    stream = io.BytesIO()
    encryption = None if password is None else StandardEncryption(password, ownerPassword="owner", strength=128)
    canvas = Canvas(stream, encrypt=encryption, invariant=1)
    for name, value in info.items():
        getattr(canvas, f"set{name.title()}")(value)
    for number in range(1, pages + 1):
        if text:
            canvas.drawString(72, 700, f"Page {number} says that the tea road ran over the steppe.")
        else:
            canvas.drawInlineImage(_image(), 72, 400, 200, 200)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def _image() -> object:
    from PIL import Image

    return Image.new("L", (20, 20), 128)


def _pdf_with_broken_page() -> bytes:
    """Three pages, of which the second has content that does not unpack."""
    from pypdf import PdfReader, PdfWriter
    from pypdf.generic import NameObject, StreamObject

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf())))
    broken = StreamObject()
    broken.set_data(b"this is no deflated data")
    broken[NameObject("/Filter")] = NameObject("/NoSuchDecode")
    writer.pages[1][NameObject("/Contents")] = writer._add_object(broken)
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def _pdf_of(content: bytes, *, filters: bytes = b"") -> bytes:
    """A PDF of one page with such a content stream, written by hand."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), filters, content),
    ]
    out = io.BytesIO(b"")
    out.write(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start)
    return out.getvalue()


@cache
def pdf_bomb(megabytes: int = 100) -> bytes:
    """A page whose content unpacks, twice over, to so many MB of blanks."""
    packer = zlib.compressobj(9)
    once = b"".join(packer.compress(b" " * 1_000_000) for _ in range(megabytes)) + packer.flush()
    return _pdf_of(zlib.compress(once, 9), filters=b"/Filter [/FlateDecode /FlateDecode]")


def slow_pdf(lines: int = 2_000_000) -> bytes:
    """A page that draws so many lines of text that reading it takes minutes."""
    content = b"BT /F1 12 Tf " + b"1 0 0 1 72 700 Tm (tea) Tj " * lines + b" ET"
    return _pdf_of(zlib.compress(content), filters=b"/Filter /FlateDecode")


@cache
def docx(build: Callable[..., None] | None = None) -> bytes:
    """A Word document with a heading and a paragraph, or what ``build`` makes of an empty one."""
    import docx as word

    document = word.Document()
    if build is None:
        document.add_heading("Tea", 1)
        document.add_paragraph(PROSE)
    else:
        build(document)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _docx_with(part: str, content: bytes) -> bytes:
    """The Word document with one part replaced, or left out where the content is empty."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(docx())) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name != part:
                new.writestr(name, old.read(name))
        if content:
            new.writestr(part, content)
    return out.getvalue()


@cache
def _docx_bomb() -> bytes:
    return _docx_with("word/media/image1.bin", b"\0" * 100_000_000)


def _lying_bomb() -> bytes:
    """A Word document whose directory declares a large part to be small."""
    data = bytearray(_docx_with("word/document.xml", b"<a>" + b" " * 5_000_000))
    real, lie = struct.pack("<L", 5_000_003), struct.pack("<L", 1000)
    return bytes(data.replace(real, lie))


def _entity_bomb() -> bytes:
    lines = ['<!ENTITY a0 "tea">'] + [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)]
    return f"<?xml version='1.0'?><!DOCTYPE d [{''.join(lines)}]><w:document xmlns:w='x'>&a9;</w:document>".encode()


def _zip(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def _encrypted_zip() -> bytes:
    """The Word document with every part flagged as encrypted."""
    data = bytearray(docx())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(mark, at + 4)
    return bytes(data)


def _ole(*, encrypted: bool) -> bytes:
    name = "EncryptedPackage" if encrypted else "WordDocument"
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1000 + name.encode("utf-16-le") + b"\0" * 1000


def _tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo("a.txt")
        member.size = 3
        archive.addfile(member, io.BytesIO(b"tea"))
    return out.getvalue()


def _database() -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.execute("create table tea (name)")
    return connection.serialize()


def _page_with(body: str, head: str = "") -> bytes:
    return f"<html><head>{head}</head><body>{body}</body></html>".encode()


RUSSIAN = "Чайный путь шёл из Кяхты через степь к ярмаркам Нижнего Новгорода. Караваны шли по нему целый год.\n"
JAPANESE = "お茶の道はキャフタから草原を越えて市場まで続いていた。隊商は一年をかけて旅をした。\n"
CHINESE = "茶叶之路从恰克图穿过草原，一直通到市场。商队要走一年的时间才能到达目的地。\n"
FRENCH = "La route du thé traversait la steppe, « très loin », disait-on déjà à l’époque des caravanes.\n"
POLISH = "Droga herbaciana wiodła przez step. Źródła mówią, że karawany szły nią przez cały rok, aż do Łodzi.\n"

CASES: dict[str, OddFile] = {
    # text: encodings
    "utf8.txt": OddFile(PROSE.encode(), READ, "Kyakhta"),
    "utf8_bom.txt": OddFile(b"\xef\xbb\xbf" + PROSE.encode(), READ, "The tea road"),
    "utf16_bom.txt": OddFile(RUSSIAN.encode("utf-16"), READ, "Кяхты"),
    "utf16_be_no_bom.txt": OddFile(PROSE.encode("utf-16-be"), READ, "Kyakhta"),
    "utf16_le_no_bom_cyrillic.txt": OddFile(RUSSIAN.encode("utf-16-le"), READ, "Кяхты"),
    "utf32_bom.txt": OddFile(RUSSIAN.encode("utf-32"), READ, "Кяхты"),
    "utf32_no_bom.txt": OddFile(PROSE.encode("utf-32-le"), READ, "Kyakhta"),
    "utf16_cut.txt": OddFile(RUSSIAN.encode("utf-16")[:-1], FAILED, "UTF-16"),
    "windows_1252.txt": OddFile(FRENCH.encode("cp1252"), READ, "à l’époque"),
    "windows_1250.txt": OddFile(POLISH.encode("cp1250"), READ, "Źródła"),
    "windows_1251.txt": OddFile(RUSSIAN.encode("cp1251"), READ, "Кяхты"),
    "koi8_r.txt": OddFile(RUSSIAN.encode("koi8-r"), READ, "Кяхты"),
    "dos_866.txt": OddFile(RUSSIAN.encode("cp866"), READ, "Кяхты"),
    "shift_jis.txt": OddFile(JAPANESE.encode("shift_jis"), READ, "キャフタ"),
    "euc_jp.txt": OddFile(JAPANESE.encode("euc_jp"), READ, "キャフタ"),
    "iso_2022_jp.txt": OddFile(JAPANESE.encode("iso2022_jp"), READ, "キャフタ"),
    "gb18030.txt": OddFile(CHINESE.encode("gb18030"), READ, "恰克图"),
    "mixed_encodings.txt": OddFile(FRENCH.encode() + FRENCH.encode("cp1252"), FAILED, "line 2"),
    "mixed_cyrillic.txt": OddFile(RUSSIAN.encode() + RUSSIAN.encode("cp1251"), FAILED, "mixed encodings"),
    "cut_in_a_character.txt": OddFile(RUSSIAN.encode()[:61], FAILED, "truncated"),
    "bom_but_broken.txt": OddFile(b"\xef\xbb\xbftea\n\xff\xff tea", FAILED, "marked as UTF-8"),
    # text: what is in it
    "empty.txt": OddFile(b"", SKIPPED, "empty"),
    "blank.txt": OddFile(b" \r\n\t\n \xc2\xa0\n", SKIPPED, "empty"),
    "only_bom.txt": OddFile(b"\xef\xbb\xbf", SKIPPED, "empty"),
    "nul_bytes.txt": OddFile(PROSE.encode() + b"\0\0\0" + PROSE.encode(), FAILED, "NUL bytes"),
    "zeros.txt": OddFile(b"\0" * 5000, FAILED, "binary data"),
    "random.txt": OddFile(bytes(n * n * 7919 % 256 for n in range(4096)), FAILED, "binary data"),
    "control_characters.txt": OddFile(b"\x01\x02\x03tea\x04\x05" * 50, FAILED, "control characters"),
    "no_line_break.txt": OddFile(PROSE.strip().encode(), READ, "both sides"),
    "old_mac_lines.txt": OddFile(PROSE.replace("\n", "\r").encode(), READ, "border.\r"),
    "no_suffix": OddFile(PROSE.encode(), READ, "Kyakhta"),
    "Dr. Smith on tea": OddFile(PROSE.encode(), READ, "Kyakhta"),
    "script_no_suffix": OddFile(b"#!/bin/sh\necho the tea road ran over the steppe\n", SKIPPED, "a script"),
    "numbers_no_suffix": OddFile(b"1,2,3,4\n5,6,7,8\n" * 20, SKIPPED, "no prose"),
    "one_long_word.txt": OddFile(b"tea" * 100_000, READ, "teatea"),
    # markdown
    "front_matter.md": OddFile(f"---\ntitle: Tea\nlang: en\n---\n{PROSE}".encode(), READ, "Kyakhta"),
    "broken_front_matter.md": OddFile(f"---\ntitle: [Tea\n---\n{PROSE}".encode(), READ, "title: [Tea"),
    "yaml_bomb.md": OddFile(
        b"---\na: &a [x,x,x,x,x,x,x,x,x]\n"
        + b"".join(b"%c: &%c [%s]\n" % (c, c, b",".join([b"*%c" % (c - 1)] * 9)) for c in range(98, 110))
        + b"title: *m\n---\n"
        + PROSE.encode(),
        READ,
        "Kyakhta",
    ),
    "unclosed_fence.md": OddFile(f"# Tea\n```\n# not a heading\n{PROSE}".encode(), READ, "not a heading"),
    # wrong suffixes
    "page.txt": OddFile(PAGE.encode(), READ, "Kyakhta"),
    "page.pdf": OddFile(PAGE.encode(), READ, "Kyakhta"),
    "pdf.txt": OddFile(pdf, READ, "Page 1 says"),
    "docx.pdf": OddFile(docx, READ, "Kyakhta"),
    "text.docx": OddFile(PROSE.encode(), READ, "Kyakhta"),
    "picture.txt": OddFile(b"\x89PNG\r\n\x1a\n" + b"\0" * 100, SKIPPED, "PNG image"),
    "zeros.pdf": OddFile(b"\0" * 5000, FAILED, "named .pdf"),
    # html
    "page.html": OddFile(PAGE.encode(), READ, "Kyakhta"),
    "charset_meta.html": OddFile(
        _page_with(f"<p>{RUSSIAN * 5}</p>", "<meta charset='windows-1251'>").decode().encode("cp1251"), READ, "Кяхты"
    ),
    "charset_unknown.html": OddFile(_page_with(f"<p>{PROSE}</p>", "<meta charset='klingon'>"), READ, "Kyakhta"),
    "charset_wrong.html": OddFile(_page_with(f"<p>{RUSSIAN * 3}</p>", "<meta charset='ascii'>"), READ, "Кяхты"),
    "utf16.html": OddFile(PAGE.encode("utf-16"), READ, "Kyakhta"),
    "frames.html": OddFile(b"<html><frameset><frame src=a><frame src=b></frameset></html>", SKIPPED, "no main text"),
    "scripts.html": OddFile(_page_with("<script>var tea = 'the tea road';</script>"), SKIPPED, "no main text"),
    "deep.html": OddFile(b"<div>" * 200_000 + b"tea" + b"</div>" * 200_000, FAILED, "nested"),
    "deep_lists.html": OddFile(_page_with("<ul><li>tea " * 3000 + PROSE), FAILED, "nested"),
    "unclosed.html": OddFile(f"<html><body><p><b>{PROSE * 3}<table><tr><td>".encode(), READ, "Kyakhta"),
    "nul.html": OddFile(PAGE.encode().replace(b"merchants", b"merch\0nts"), FAILED, "NUL bytes"),
    # pdf
    "good.pdf": OddFile(pdf, READ, "Page 3 says"),
    "before_header.pdf": OddFile(lambda: b"HTTP/1.1 200 OK\r\n\r\n" + pdf(), READ, "Page 3 says"),
    "encrypted.pdf": OddFile(lambda: pdf(password="secret"), FAILED, "encrypted PDF"),
    "encrypted_for_owner.pdf": OddFile(lambda: pdf(password=""), READ, "Page 1 says"),
    "scanned.pdf": OddFile(lambda: pdf(text=False), FAILED, "scanned"),
    "truncated.pdf": OddFile(lambda: pdf()[:600], FAILED, "broken PDF"),
    "half.pdf": OddFile(lambda: pdf(40)[: len(pdf(40)) // 2], FAILED, "broken PDF"),
    "cut_in_a_page.pdf": OddFile(lambda: _pdf_of(b"BT /F1 12 Tf (tea road) Tj ET")[:-500], FAILED, "truncated"),
    "garbage_after_end.pdf": OddFile(lambda: pdf() + b"\0" * 3000, READ, "Page 3 says"),
    "archive.zip": OddFile(lambda: _zip({"a.txt": PROSE.encode()}), SKIPPED, "a zip archive"),
    "header_only.pdf": OddFile(b"%PDF-1.7\n", FAILED, "broken PDF"),
    "garbage.pdf": OddFile(b"%PDF-1.4\n" + bytes(range(256)) * 40, FAILED, "broken PDF"),
    "bomb.pdf": OddFile(pdf_bomb, FAILED, "bomb"),
    "broken_page.pdf": OddFile(_pdf_with_broken_page, FAILED, "page 2 of 3"),
    # word
    "good.docx": OddFile(docx, READ, "Kyakhta"),
    "truncated.docx": OddFile(lambda: docx()[:5000], FAILED, "truncated"),
    "no_document.docx": OddFile(lambda: _docx_with("word/document.xml", b""), FAILED, "word/document.xml is missing"),
    "broken_xml.docx": OddFile(lambda: _docx_with("word/document.xml", b"<w:document><w:body>"), FAILED, "broken Word"),
    "no_types.docx": OddFile(lambda: _docx_with("[Content_Types].xml", b""), FAILED, "broken"),
    "flipped.docx": OddFile(lambda: docx()[:3000] + b"\xff" * 64 + docx()[3064:], FAILED, "broken"),
    "bomb.docx": OddFile(_docx_bomb, FAILED, "zip bomb"),
    "lying_bomb.docx": OddFile(_lying_bomb, FAILED, "broken"),
    "entity_bomb.docx": OddFile(lambda: _docx_with("word/document.xml", _entity_bomb()), FAILED, "broken"),
    "encrypted_office.docx": OddFile(_ole(encrypted=True), FAILED, "encrypted"),
    "encrypted_zip.docx": OddFile(_encrypted_zip, FAILED, "encrypted"),
    "old.doc": OddFile(_ole(encrypted=False), SKIPPED, "old Word"),
    # no articles
    "rich.rtf": OddFile(b"{\\rtf1\\ansi The tea road}", SKIPPED, "Rich Text"),
    "book.epub": OddFile(lambda: _zip({"mimetype": b"application/epub+zip"}), SKIPPED, "EPUB"),
    "letter.odt": OddFile(
        lambda: _zip({"mimetype": b"application/vnd.oasis.opendocument.text"}), SKIPPED, "OpenDocument"
    ),
    "sheet.xlsx": OddFile(lambda: _zip({"xl/workbook.xml": b"<x/>"}), SKIPPED, "Excel"),
    "photo.jpg": OddFile(b"\xff\xd8\xff\xe0" + b"\0" * 100, SKIPPED, "JPEG"),
    "archive.tar": OddFile(_tar, SKIPPED, "tar archive"),
    "archive.gz": OddFile(lambda: gzip.compress(PROSE.encode()), SKIPPED, "gzip"),
    "archive.bz2": OddFile(lambda: bz2.compress(PROSE.encode()), SKIPPED, "bzip2"),
    "program": OddFile(b"\x7fELF\2\1\1" + b"\0" * 100, SKIPPED, "executable"),
    "program.exe": OddFile(b"MZ\x90\0\3" + b"\0" * 100, SKIPPED, "executable"),
    "articles.db": OddFile(_database, SKIPPED, "SQLite"),
    "table.csv": OddFile(b"town,year\nKyakhta,1727\n", SKIPPED, ".csv"),
    "data.json": OddFile(json.dumps({"text": PROSE}).encode(), SKIPPED, ".json"),
    "code.py": OddFile(b"print('the tea road')\n", SKIPPED, ".py"),
    "drawing.svg": OddFile(b"<svg xmlns='http://www.w3.org/2000/svg'/>", SKIPPED, ".svg"),
    "feed": OddFile(f"<?xml version='1.0'?><rss><item>{PROSE}</item></rss>".encode(), SKIPPED, "markup"),
}
