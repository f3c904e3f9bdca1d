"""The data that every stage speaks: documents, passages, spans.

All offsets are half-open ranges of code points of ``Document.text``, which is the
article's own text and is never edited.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range ``start, end`` of code points of a document's text."""

    start: int
    end: int

    def __post_init__(self) -> None:
        """Refuse a range that runs backwards or starts before the text."""
        if not 0 <= self.start <= self.end:
            raise ValueError(f"not a span: start {self.start}, end {self.end}")

    def __len__(self) -> int:
        """Return the number of code points."""
        return self.end - self.start

    def overlaps(self, other: Span) -> bool:
        """Return whether the two ranges share a code point."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a paginated article: its number, from 1, and where its text lies."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Section:
    """A part of an article under a heading: the headings above it, outermost first, and where it lies."""

    path: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentInfo:
    """What is known of an article besides its text.

    Attributes:
        id: 16 hex digits made from ``source``: the same file keeps its id when it is edited.
        source: The absolute path of the file, in POSIX form.
        media_type: Such as ``text/plain`` or ``application/pdf``.
        sha256: Of the file's bytes, in hex.
        title: The article's own title, or None where the file does not tell.
        author: As the article gives it.
        date: As the article gives it; ISO 8601 where the file states it so.
        url: Where the article was published.
        language: A BCP 47 tag, where the file states one.
    """

    id: str
    source: str = ""
    media_type: str = "text/plain"
    sha256: str = ""
    title: str | None = None
    author: str | None = None
    date: str | None = None
    url: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(DocumentInfo):
    """An article: what is known of it, and its text.

    Attributes:
        text: The article's own text, never edited.
        pages: In reading order; empty where the format has no pages.
        sections: Headings that the format marks (HTML, Word, Markdown); plain text gets its headings from
            ``passages``.
        boilerplate: Spans of ``text`` that are not the article's own words (menus, ``6 min read``), in order,
            disjoint; passages leave them out.
    """

    text: str
    pages: tuple[Page, ...] = ()
    sections: tuple[Section, ...] = ()
    boilerplate: tuple[Span, ...] = field(default=())

    @property
    def info(self) -> DocumentInfo:
        """The same article without its text."""
        return DocumentInfo(
            id=self.id,
            source=self.source,
            media_type=self.media_type,
            sha256=self.sha256,
            title=self.title,
            author=self.author,
            date=self.date,
            url=self.url,
            language=self.language,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A slice of a document that is retrieved as one piece.

    Attributes:
        id: Given by the store, unique in the index and never used again; 0 before it is stored.
        document_id: The document it is a slice of.
        start: First code point, in ``Document.text``.
        end: One past the last code point.
        section: The headings above it, outermost first.
        context: Words that the passage is found by but that are not in it: the title, the headings, a table's column
            names. Searched and embedded with the text, never quoted.
    """

    id: int = 0
    document_id: str
    start: int
    end: int
    section: tuple[str, ...] = ()
    context: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage that a retriever found.

    Attributes:
        rank: From 1, best first; equal scores are ordered by passage id.
        score: The fused score, higher is better; only comparable within one query.
        dense: Cosine of query and passage, -1 to 1, or None where the dense retriever did not return it.
        lexical: BM25 score, 0 or more, or None where the lexical retriever did not return it.
        passage: Where it lies.
        text: The passage's text, ``Document.text[passage.start:passage.end]``.
        document: The article it is from.
        pages: The pages that the passage touches.
    """

    rank: int
    score: float
    dense: float | None
    lexical: float | None
    passage: Passage
    text: str
    document: DocumentInfo
    pages: tuple[Page, ...] = ()
