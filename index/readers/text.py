"""Plain text: the decoded file, nothing else."""

from __future__ import annotations

from pathlib import Path

from index.boilerplate import find_boilerplate, find_byline, find_title
from index.readers.content import Content
from index.readers.decoding import decode


def read_text(data: bytes, path: Path) -> Content:
    """Return the article in a text file; its text is exactly the decoded file, a byte order mark aside."""
    text = decode(data, path)
    byline = find_byline(text)
    return Content(
        text=text,
        media_type="text/plain",
        title=find_title(text),
        author=byline.author,
        date=byline.date,
        url=byline.url,
        boilerplate=find_boilerplate(text),
    )
