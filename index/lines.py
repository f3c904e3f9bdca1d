"""The lines of a text as a person reads them: lines that were only wrapped count as one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from index.documents import Span

_BREAKS = r"\n\r\v\f\x1c-\x1e\x85\u2028\u2029"
_LINE = re.compile(rf"([^{_BREAKS}]*)(?:\r\n|[{_BREAKS}]|\Z)")
_MARKER = re.compile(
    r"[-*•‣◦▪●–—·]\s|[#>|]|\(?\d{1,3}(\.\d{1,3})*[.)]\s|\(?[a-zA-Z][.)]\s|\(?[ivxlcIVXLC]{1,6}[.)]\s|[QA]\s?[:.]\s"
    r"|[=*_~-]{3,}|```"
)
_ENDED = re.compile(r"[.!?:;…。！？؟।][\"'”’»)\]]*$")
_MIN_WRAP, _MAX_WRAP, _FILLED = 30, 140, 0.75


def read_lines(text: str, starts: Collection[int] = ()) -> list[Span]:
    """Return the lines that are not blank, in order, stripped; a line that was wrapped at a width is one line.

    A break inside a paragraph counts as wrapping where the lines are as long as wrapped lines are, and the line
    above fills the width without ending a sentence, or the line below goes on in lower case. A line that begins at
    one of ``starts`` is never the rest of the one above.
    """
    lines: list[Span] = []
    for block in read_blocks(text):
        width = max(map(len, block))
        joined = block[0]
        for above, below in zip(block, block[1:], strict=False):
            if below.start not in starts and _is_wrapped(text, above, below, width):
                joined = Span(joined.start, below.end)
            else:
                lines.append(joined)
                joined = below
        lines.append(joined)
    return lines


def read_blocks(text: str) -> Iterator[list[Span]]:
    """Yield the runs of lines between blank lines; each line is stripped."""
    block: list[Span] = []
    for match in _LINE.finditer(text):
        if words := match[1].strip():
            start = match.start() + len(match[1]) - len(match[1].lstrip())
            block.append(Span(start, start + len(words)))
        elif block:
            yield block
            block = []
    if block:
        yield block


def starts_item(line: str) -> bool:
    """Return whether a line starts with a list marker, a heading mark, a table bar or ``Q:``."""
    return _MARKER.match(line) is not None


def _is_wrapped(text: str, above: Span, below: Span, width: int) -> bool:
    """Return whether the line below goes on with the sentence of the line above."""
    if len(above) < _MIN_WRAP or text[above.start] in "#|" or starts_item(text[below.start : below.start + 12]):
        return False
    if text[below.start].islower() and not _ENDED.search(text[max(above.start, above.end - 4) : above.end]):
        return True
    return width <= _MAX_WRAP and len(above) >= _FILLED * width
