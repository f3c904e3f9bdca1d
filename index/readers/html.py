"""HTML: the main text of a page, rendered with its headings, lists and tables."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING

from index.boilerplate import find_boilerplate, find_byline
from index.errors import ArticleError
from index.readers.content import Content, sections_of
from index.readers.decoding import decode
from index.readers.page_metadata import read_metadata
from index.readers.rendering import render

if TYPE_CHECKING:
    from lxml.html import HtmlElement

META_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)", re.IGNORECASE)
XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
LABELS = {
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "big5": "big5hkscs",
    "utf-16": "utf-8",
    "utf-16le": "utf-8",
    "utf-16be": "utf-8",
}
"""What browsers take a declared label to mean, where Python takes it more narrowly."""
SNIFFED = 4096
MAX_DEPTH = 500
"""Browsers stop at 512; what is nested deeper is no page but an attack."""


def read_html(data: bytes, path: Path) -> Content:
    """Return the main text of a web page, without its menus, frames and scripts.

    Headings, list items and table rows are lines of the text (``| a | b |``); blocks are parted by a blank line.

    Raises:
        ArticleError: The page has no main text, or is nested too deeply.
    """
    from trafilatura import bare_extraction

    tree = _parse(decode(data, path, declared=declared_encoding(data)), path)
    body = getattr(
        bare_extraction(_keep_lines(deepcopy(tree)), include_comments=False, include_tables=True), "body", None
    )
    rendered = render(body) if body is not None else None
    if rendered is None or not rendered.text:
        raise ArticleError(path, "no main text (only menus, frames or scripts)", skipped=True)
    text = rendered.text
    byline = find_byline(text)
    page = read_metadata(tree, rendered.headings[0].title if rendered.headings else None)
    return Content(
        text=text,
        media_type="text/html",
        title=page.title,
        author=page.author or byline.author,
        date=page.date or byline.date,
        url=page.url,
        language=page.language,
        sections=sections_of(rendered.headings, len(text)),
        boilerplate=find_boilerplate(text),
    )


def declared_encoding(data: bytes) -> str | None:
    """Return the encoding that the page's ``meta`` element states, as browsers take it, in Python's name."""
    import codecs

    match = META_CHARSET.search(data, 0, SNIFFED)
    if match is None:
        return None
    label = match[1].decode("ascii").lower()
    try:
        return codecs.lookup(LABELS.get(label, label)).name
    except LookupError:
        return None


def _parse(text: str, path: Path) -> HtmlElement:
    """Return the tree of a page, unless it is nested so deeply that no page is."""
    from lxml import etree
    from lxml.html import HTMLParser, document_fromstring

    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        tree = document_fromstring(XML_DECLARATION.sub("", text).encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise ArticleError(path, "no main text (an empty page)", skipped=True) from error
    problems = {error.type_name for error in parser.error_log}
    if "ERR_NO_MEMORY" in problems:
        raise MemoryError
    if "ERR_RESOURCE_LIMIT" in problems or _depth(tree) > MAX_DEPTH:
        raise ArticleError(path, f"its elements are nested more than {MAX_DEPTH} deep")
    return tree


def _keep_lines(tree: HtmlElement) -> HtmlElement:
    """Make the line ends of preformatted text, such as a poem's, line breaks like any other."""
    from lxml.etree import SubElement

    for element in tree.iter("pre"):
        if len(element) == 0 and element.text:
            element.text, *lines = element.text.splitlines()
            for line in lines:
                SubElement(element, "br").tail = line
    return tree


def _depth(tree: HtmlElement) -> int:
    """Return how deep the deepest element is."""
    from lxml import etree

    depth = deepest = 0
    for event, _element in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest
