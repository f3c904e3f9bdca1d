"""Word (.docx): paragraphs, lists and tables in the order of the body, then the footnotes."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from index.boilerplate import find_boilerplate, find_byline
from index.errors import ArticleError
from index.readers.content import Content, sections_of
from index.readers.limits import MB
from index.readers.rendering import Block, join_blocks, table_row

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from lxml.etree import _Element

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
WRAPPERS = frozenset(W + name for name in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag"))
LIBRARY = "python-docx"
"""The author of a document that a library made: neither it nor the date are the article's."""
MAX_UNPACKED = 300 * MB
MAX_PART = 150 * MB
MAX_RATIO = 300


def read_word(data: bytes, path: Path) -> Content:
    """Return the text of a Word document, headings as sections, table rows as ``| a | b |`` lines.

    Raises:
        ArticleError: It is encrypted, broken, or unpacks to far more than it should.
    """
    _refuse_bomb(data, path)
    import docx

    document = docx.Document(io.BytesIO(data))
    styles = {style.style_id: (style.name or "") for style in document.styles}
    rendered = join_blocks(_document_blocks(document, styles))
    byline = find_byline(rendered.text)
    properties = document.core_properties
    created = properties.created
    return Content(
        text=rendered.text,
        media_type="application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        title=_line(properties.title) or (rendered.headings[0].title if rendered.headings else None),
        author=_author(properties.author) or byline.author,
        date=byline.date or (created.date().isoformat() if created and properties.author != LIBRARY else None),
        language=_line(properties.language),
        sections=sections_of(rendered.headings, len(rendered.text)),
        boilerplate=find_boilerplate(rendered.text),
    )


def _refuse_bomb(data: bytes, path: Path) -> None:
    """Refuse an archive that is damaged, encrypted, or unpacks to more than any article."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if any(part.flag_bits & 1 for part in parts):
                raise ArticleError(path, "encrypted Word document")
            unpacked = sum(part.file_size for part in parts)
            largest = max((part.file_size for part in parts), default=0)
            if unpacked > MAX_UNPACKED or largest > MAX_PART or unpacked > MAX_RATIO * len(data) + MB:
                raise ArticleError(path, f"unpacks to {unpacked / MB:,.0f} MB from {len(data) / MB:.3g} (a zip bomb?)")
            damaged = archive.testzip()
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, zlib.error) as error:
        raise ArticleError(path, f"broken Word document (truncated?): {error}") from error
    if damaged:
        raise ArticleError(path, f"broken Word document: {damaged} is damaged")


def _document_blocks(document: WordDocument, styles: dict[str, str]) -> Iterator[Block]:
    yield from _blocks(document.element.body, styles, [0])
    for relation in document.part.rels.values():
        if relation.reltype.endswith(("/footnotes", "/endnotes")) and not relation.is_external:
            from lxml import etree

            parser = etree.XMLParser(resolve_entities=False, no_network=True)
            for note in etree.fromstring(relation.target_part.blob, parser):
                if note.get(W + "type") is None:
                    yield from _blocks(note, styles, [0])


def _blocks(parent: _Element, styles: dict[str, str], groups: list[int]) -> Iterator[Block]:
    """Yield the paragraphs and table rows under an element, in order; ``groups`` counts lists and tables."""
    in_list = False
    for element in parent:
        if element.tag == W + "p":
            block, is_item = _paragraph(element, styles)
            groups[0] += is_item and not in_list
            in_list = is_item
            yield Block(block.words, level=block.level, group=groups[0] if is_item else 0)
        elif element.tag == W + "tbl":
            groups[0] += 1
            in_list = False
            for row in _under(element, W + "tr"):
                yield Block(table_row([_cell(cell) for cell in _under(row, W + "tc")]), group=groups[0])
        elif element.tag in WRAPPERS:
            yield from _blocks(element, styles, groups)


def _paragraph(element: _Element, styles: dict[str, str]) -> tuple[Block, bool]:
    """Return a paragraph as a block, and whether it is an item of a list."""
    words = "\n".join(" ".join(line.split()) for line in _words(element).split("\n")).strip()
    properties = element.find(W + "pPr")
    if properties is None:
        return Block(words), False
    style_id = properties.find(W + "pStyle")
    style = styles.get(style_id.get(W + "val", ""), "") if style_id is not None else ""
    if match := re.fullmatch(r"(?:heading (\d)|title)", style, re.IGNORECASE):
        return Block(" ".join(words.split()), level=int(match[1] or 1)), False
    is_item = properties.find(W + "numPr") is not None or style.lower().startswith("list ")
    return Block(f"- {words}" if is_item and words else words), is_item


def _words(element: _Element) -> str:
    """Return the words of a paragraph, inserted ones included, deleted ones not."""
    parts: list[str] = []
    for child in element:
        if child.tag == W + "t":
            parts.append(child.text or "")
        elif child.tag == W + "tab":
            parts.append("\t")
        elif child.tag in {W + "br", W + "cr"}:
            parts.append("\n")
        elif child.tag == W + "noBreakHyphen":
            parts.append("-")
        elif child.tag == W + "p":
            parts += ["\n", _words(child)]
        elif child.tag not in {FALLBACK, W + "pPr", W + "rPr", W + "del", W + "moveFrom"}:
            parts.append(_words(child))
    return "".join(parts)


def _cell(element: _Element) -> str:
    return " ".join(_words(paragraph) for paragraph in element.iter(W + "p"))


def _under(parent: _Element, tag: str) -> Iterator[_Element]:
    """Yield the children with a tag, those inside content controls and insertions included."""
    for element in parent:
        if element.tag == tag:
            yield element
        elif element.tag in WRAPPERS:
            yield from _under(element, tag)


def _author(value: str | None) -> str | None:
    """Return the author, unless it is the name that a library leaves there."""
    author = _line(value)
    return None if author == LIBRARY else author


def _line(value: str | None) -> str | None:
    return " ".join(value.split()) or None if value else None
