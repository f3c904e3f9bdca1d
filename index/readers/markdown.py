"""Markdown: the file's text as it is, with its front matter and headings understood."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from index.boilerplate import find_boilerplate, find_byline, find_title
from index.documents import Span
from index.readers.content import Content, Heading, sections_of
from index.readers.decoding import decode

FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
MAX_FRONT_MATTER = 64_000
ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*")
SETEXT = re.compile(r" {0,3}(=+|-{2,})[ \t]*")
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
NOT_A_PARAGRAPH = re.compile(r"\s*(?:[-*+>|#]|\d+[.)]\s|$)| {4}|\t")


def read_markdown(data: bytes, path: Path) -> Content:
    """Return the article in a Markdown file; its text is exactly the decoded file, front matter included.

    Front matter gives title, author, date, url and language, and is marked as boilerplate.
    """
    text = decode(data, path)
    front, fields = _front_matter(text)
    headings = list(_headings(text, front.end))
    byline = find_byline(text[front.end :])
    first = next((h.title for h in headings if h.level == 1), None)
    marked = tuple(Span(s.start + front.end, s.end + front.end) for s in find_boilerplate(text[front.end :]))
    return Content(
        text=text,
        media_type="text/markdown",
        title=_field(fields, "title") or first or find_title(text[front.end :]),
        author=_field(fields, "author", "authors", "by") or byline.author,
        date=_field(fields, "date", "published", "pubdate") or byline.date,
        url=_field(fields, "url", "canonical_url", "canonical", "source", "link") or byline.url,
        language=_field(fields, "language", "lang"),
        sections=sections_of(headings, len(text)),
        boilerplate=((front, *marked) if front.end else marked),
    )


def _front_matter(text: str) -> tuple[Span, Mapping[str, object]]:
    """Return where the front matter lies and what it says; an empty span where there is none."""
    match = FRONT_MATTER.match(text, 0, MAX_FRONT_MATTER)
    if match is None:
        return Span(0, 0), {}
    import yaml

    try:
        fields = yaml.safe_load(match[1])
    except (yaml.YAMLError, ValueError, RecursionError):
        return Span(0, 0), {}
    if not isinstance(fields, dict):
        return Span(0, 0), {}
    return Span(0, match.end()), {str(name).lower(): value for name, value in fields.items()}


def _field(fields: Mapping[str, object], *names: str) -> str | None:
    """Return the first of the named fields that is filled, as the article gives it."""
    for name in names:
        value = fields.get(name)
        parts = value if isinstance(value, list) else [value]
        words = ", ".join(_words(part) for part in parts[:20] if part not in (None, ""))
        if words:
            return words
    return None


def _words(value: object) -> str:
    """Return a scalar as text; of a mapping, such as an author with a name, its name."""
    if isinstance(value, dict):
        value = value.get("name", "")
    if isinstance(value, list | dict):
        return ""
    return " ".join(str(value).split())


def _headings(text: str, start: int) -> Iterator[Heading]:
    """Yield the headings outside code fences, in order."""
    fence = ""
    previous = Span(start, start)
    for line in re.finditer(r"[^\r\n]*(?:\r\n|\r|\n|\Z)", text[start:]):
        words = line[0].rstrip("\r\n")
        opened = FENCE.fullmatch(words)
        if fence:
            if opened and opened[1].startswith(fence) and not opened[2].strip():
                fence = ""
            continue
        above = text[previous.start : previous.end]
        if opened:
            fence = opened[1]
        elif atx := ATX.fullmatch(words):
            yield Heading(len(atx[1]), plain(atx[2] or ""), start + line.start())
        elif (setext := SETEXT.fullmatch(words)) and not NOT_A_PARAGRAPH.match(above):
            yield Heading(1 if setext[1][0] == "=" else 2, plain(above), previous.start)
        previous = Span(start + line.start(), start + line.start() + len(words))


def plain(words: str) -> str:
    """Return a line of Markdown without its links, images, emphasis and code marks."""
    words = re.sub(r"!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])", r"\1", words)
    words = re.sub(r"(\*\*|__|\*|`|~~)(?=\S)(.+?)(?<=\S)\1", r"\2", words)
    return " ".join(words.split())
