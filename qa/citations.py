"""From a hit and a quote to a citation with its proof, and the proof made again from the source file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote as percent_encode

from index import ArticleError, Document, DocumentInfo, Hit, Page, Span
from qa.answers import Citation, CitedPassage, Explanation, Quote

_FRAGMENT_WORDS = 8


def make_citation(
    hit: Hit,
    quote: Span,
    span: Span | None,
    *,
    rank: int,
    confidence: float,
    duplicates: int = 0,
    explanation: Explanation | None = None,
) -> Citation:
    """Return the citation of a quote.

    Args:
        hit: The passage it is from.
        quote: In code points of the passage's text.
        span: The answer's exact words, in code points of the passage's text, or None.
        rank: From 1.
        confidence: Probability that the quote answers.
        duplicates: How many other articles have a quote that is alike.
        explanation: The scores behind it.
    """
    quoted = _slice(hit, quote)
    page = page_at(hit.pages, quoted.start)
    return Citation(
        rank=rank,
        confidence=confidence,
        quote=quoted,
        span=_slice(hit, span) if span is not None else None,
        passage=CitedPassage(hit.text, hit.passage.start, hit.passage.end, hit.passage.id),
        document=hit.document,
        page=page,
        section=hit.passage.section,
        link=deep_link(hit.document, quoted.text, page),
        duplicates=duplicates,
        explanation=explanation,
    )


def _slice(hit: Hit, span: Span) -> Quote:
    start = hit.passage.start
    return Quote(hit.text[span.start : span.end], start + span.start, start + span.end)


def page_at(pages: Sequence[Page], position: int) -> int | None:
    """Return the number of the page that a code point of the document lies on, or None where it lies on none."""
    return next((page.number for page in pages if page.start <= position < page.end), None)


def deep_link(document: DocumentInfo, quote: str, page: int | None) -> str:
    """Return a link that opens the article at the quote.

    A published article gets a text fragment (``#:~:text=``, as browsers scroll to), a PDF its page, any other file
    its ``file:`` address.
    """
    if document.url and document.url.startswith(("http://", "https://")):
        return f"{document.url.partition('#')[0]}#:~:text={_text_fragment(quote)}"
    try:
        address = Path(document.source).as_uri()
    except ValueError:  # a source that is no absolute path: a document that was not read from a file
        return document.source
    return f"{address}#page={page}" if page else address


def _text_fragment(quote: str) -> str:
    words = quote.split()
    if len(words) <= 2 * _FRAGMENT_WORDS:
        return _encode(" ".join(words))
    return f"{_encode(' '.join(words[:_FRAGMENT_WORDS]))},{_encode(' '.join(words[-_FRAGMENT_WORDS:]))}"


def _encode(words: str) -> str:
    return percent_encode(words, safe="").replace("-", "%2D")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPassage:
    """A passage that was found; nothing says that it answers."""

    rank: int
    score: float
    dense: float | None
    lexical: float | None
    passage: CitedPassage
    section: tuple[str, ...]
    document: DocumentInfo
    pages: tuple[Page, ...]
    link: str

    @classmethod
    def of(cls, hit: Hit) -> FoundPassage:
        """Return what is told of a hit."""
        place = hit.passage
        page = page_at(hit.pages, place.start)
        return cls(
            rank=hit.rank,
            score=hit.score,
            dense=hit.dense,
            lexical=hit.lexical,
            passage=CitedPassage(hit.text, place.start, place.end, place.id),
            section=place.section,
            document=hit.document,
            pages=hit.pages,
            link=deep_link(hit.document, hit.text, page),
        )


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether a quote of an answer stands in the source file, word for word.

    Attributes:
        rank: Of the citation.
        part: ``quote``, ``span`` or ``passage``.
        text: The quoted text.
        source: The article's file.
        proved: Whether the text stands there at its offsets (and on its page).
        reason: What is wrong where it is not proved, else None.
    """

    rank: int
    part: str
    text: str
    source: str
    proved: bool
    reason: str | None


def verify_answer(answer: Mapping[str, Any]) -> list[Proof]:
    """Prove every quote of an answer again from the source files on disk.

    Each article is read anew by the reader that read it for the index; nothing of the index is used.

    Args:
        answer: The plain data of an answer, as ``Answer.to_dict`` gives it.

    Raises:
        ValueError: The data is no answer: the message names what is missing.
    """
    documents: dict[str, Document | str] = {}
    proofs = []
    try:
        for citation in (*answer["citations"], *answer["nearest"]):
            source = citation["document"]["source"]
            if source not in documents:
                documents[source] = _read_again(source)
            for part in ("quote", "span", "passage"):
                if citation[part] is not None:
                    reason = _why_unproved(citation, citation[part], documents[source], is_quote=part == "quote")
                    proofs.append(Proof(citation["rank"], part, citation[part]["text"], source, reason is None, reason))
    except (KeyError, TypeError) as error:
        raise ValueError(f"this is not an answer in the JSON shape of `ask --json`: {error!r}") from error
    return proofs


def _read_again(source: str) -> Document | str:
    from index import read_article  # the readers take a fifth of the time of importing this package

    try:
        return read_article(Path(source))
    except ArticleError as error:
        return error.reason


def _why_unproved(
    citation: Mapping[str, Any], part: Mapping[str, Any], document: Document | str, *, is_quote: bool
) -> str | None:
    if isinstance(document, str):
        return f"the source file cannot be read: {document}"
    if document.text[part["start"] : part["end"]] != part["text"] or not part["text"]:
        changed = document.sha256 != citation["document"]["sha256"]
        where = f"characters {part['start']} to {part['end']}"
        return f"the text does not stand at {where}" + (
            "; the file has changed since it was indexed" if changed else ""
        )
    if is_quote:
        page = page_at(document.pages, part["start"])
        if page != citation["page"]:
            return f"the quote stands on page {page}, not {citation['page']}"
    return None


def unproved(proofs: Sequence[Proof]) -> list[Proof]:
    """Return the proofs that failed."""
    return [proof for proof in proofs if not proof.proved]
