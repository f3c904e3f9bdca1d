"""From the tree of an article to its text, with the place of every heading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.readers.content import Heading

if TYPE_CHECKING:
    from lxml.etree import _Element


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text and the headings in it."""

    text: str
    headings: tuple[Heading, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, list item or table row: its words, the level of a heading or 0, and what it belongs to.

    Blocks of one list or table (the same ``group``) stand on lines of their own; all others are parted by a blank line.
    """

    words: str
    level: int = 0
    group: int = 0


def join_blocks(blocks: Iterator[Block]) -> Rendered:
    """Return the blocks as one text, blank ones left out."""
    parts: list[str] = []
    headings: list[Heading] = []
    length, last = 0, 0
    for block in blocks:
        if not block.words:
            continue
        gap = "" if not parts else "\n" if block.group and block.group == last else "\n\n"
        if block.level:
            headings.append(Heading(block.level, " ".join(block.words.split()), length + len(gap)))
        parts += [gap, block.words]
        length += len(gap) + len(block.words)
        last = block.group
    return Rendered("".join(parts), tuple(headings))


def table_row(cells: list[str]) -> str:
    """Return a row of a table as a line, ``| a | b |``; empty where every cell is."""
    words = [_one_line(cell) for cell in cells]
    return f"| {' | '.join(words)} |" if any(words) else ""


def render(body: _Element) -> Rendered:
    """Return the text of a trafilatura body: ``head``, ``p``, ``list``, ``table``, ``quote`` and ``code`` elements."""
    return join_blocks(_blocks(body, [0]))


def _blocks(parent: _Element, groups: list[int]) -> Iterator[Block]:
    """Yield the blocks under an element; ``groups`` counts the lists and tables seen."""
    loose = [parent.text or ""]
    for element in parent:
        if element.tag in BLOCKS and not _is_inline(element, parent):
            yield Block(_tidy("".join(loose)))
            loose = [element.tail or ""]
            yield from _block(element, groups)
        else:
            loose += [_inline(element), element.tail or ""]
    yield Block(_tidy("".join(loose)))


def _is_inline(element: _Element, parent: _Element) -> bool:
    """Return whether an element is code in the middle of a sentence."""
    return element.tag == "code" and parent.tag == "p" and "\n" not in "".join(map(str, element.itertext()))


def _block(element: _Element, groups: list[int]) -> Iterator[Block]:
    if element.tag == "head":
        rend = element.get("rend") or ""
        yield Block(_one_line(_inline(element)), level=int(rend[1]) if re.fullmatch(r"h[1-6]", rend) else 2)
    elif element.tag == "list":
        groups[0] += 1
        group = groups[0]
        for item in element.iter("item"):
            words = _one_line(_inline(item, within="list"))
            yield Block(f"- {words}" if words else "", group=group)
    elif element.tag == "table":
        yield from _rows(element, groups)
    elif element.tag == "code":
        yield Block("".join(map(str, element.itertext())).strip("\r\n"))
    else:
        yield from _blocks(element, groups)


def _rows(table: _Element, groups: list[int]) -> Iterator[Block]:
    """Yield the rows of a table; under a row of column names, the line that Markdown draws there."""
    groups[0] += 1
    group = groups[0]
    for number, row in enumerate(table.iter("row")):
        cells = list(row.iter("cell"))
        yield Block(table_row([_inline(cell) for cell in cells]), group=group)
        if number == 0 and all(cell.get("role") == "head" for cell in cells):
            yield Block("|" + "---|" * len(cells), group=group)


def _inline(element: _Element, *, within: str = "") -> str:
    """Return the words in an element; a list nested in an item is left to be rendered on its own lines."""
    if element.tag == "lb":
        return BREAK
    parts = [element.text or ""]
    for child in element:
        if not (within and child.tag == within):
            space = " " if child.tag in BLOCKS and child.tag != "code" else ""
            parts += [space, _inline(child, within=within), space]
        parts.append(child.tail or "")
    return "".join(parts)


def _one_line(words: str) -> str:
    return " ".join(words.replace(BREAK, " ").split())


def _tidy(words: str) -> str:
    """Return a paragraph with the line breaks that the page asks for; those of its source are blanks."""
    lines = (" ".join(line.split()) for line in words.split(BREAK))
    return "\n".join(line for line in lines if line)


BREAK = "\0"
"""A line break in a paragraph, which no text has in it otherwise."""
BLOCKS = frozenset({"head", "p", "list", "item", "table", "row", "cell", "quote", "code", "div", "section"})
