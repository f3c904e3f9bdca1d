"""What an answer is: verbatim quotes with citations, or an abstention with its reason.

``Answer.to_dict`` is the one JSON shape of the command line, HTTP, MCP and Python.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from index import DocumentInfo

SHAPE_VERSION = 1
"""Raised when a key of the JSON shape changes its meaning or goes away; new keys do not raise it."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A slice of a document: its text and where it lies, in code points of ``Document.text``."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class CitedPassage(Quote):
    """The passage that a quote is taken from, with the passage's id in its index."""

    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a passage was cited: every score on the way, as ``ask --explain`` prints them.

    Attributes:
        score: What candidates are ordered by; higher is better, only comparable within one question.
        fused: The retriever's fused score.
        dense: Cosine of question and passage, or None.
        lexical: BM25 score, or None.
        reader: The reader's margin of the best span over no answer, in logits, or None without a reader.
        coverage: Share of the question's content words that the passage has, weighted by rarity, 0 to 1.
        missing: Names, numbers and years of the question that the passage lacks.
    """

    score: float
    fused: float
    dense: float | None
    lexical: float | None
    reader: float | None
    coverage: float
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A quote with its proof.

    Attributes:
        rank: From 1, best first.
        confidence: Calibrated probability that the quote answers the question, 0 to 1.
        quote: The answering sentence or sentences.
        span: The exact words of the answer inside the quote, or None where no reader marked them.
        passage: The passage around the quote.
        document: The article.
        page: The page that the quote starts on, or None where the format has no pages.
        section: The headings above the quote, outermost first.
        link: A link that opens the article, at the quote where the format allows it.
        duplicates: How many other articles have a quote that is alike; the newest is cited.
        explanation: The scores behind it.
    """

    rank: int
    confidence: float
    quote: Quote
    span: Quote | None
    passage: CitedPassage
    document: DocumentInfo
    page: int | None
    section: tuple[str, ...]
    link: str
    duplicates: int = 0
    explanation: Explanation | None = None

    def to_dict(self, *, explain: bool = False) -> dict[str, Any]:
        """Return the citation as plain data; with the scores where ``explain`` is true."""
        document = asdict(self.document)
        plain = {
            "rank": self.rank,
            "confidence": self.confidence,
            "quote": asdict(self.quote),
            "span": asdict(self.span) if self.span else None,
            "passage": asdict(self.passage),
            "document": document,
            "page": self.page,
            "section": list(self.section),
            "link": self.link,
            "duplicates": self.duplicates,
        }
        if explain and self.explanation:
            plain["explanation"] = asdict(self.explanation)
        return plain


@dataclass(frozen=True, slots=True)
class ConflictSide:
    """One side of a conflict: the rank of the citation, and the figure, name or date it gives."""

    rank: int
    value: Quote


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two citations that answer the same question differently.

    Attributes:
        kind: ``number``, ``date`` or ``name``.
        left: The better-ranked side.
        right: The other side.
    """

    kind: str
    left: ConflictSide
    right: ConflictSide


@dataclass(frozen=True, slots=True)
class IndexState:
    """Which state of the index answered: its revision and how many documents and passages it held."""

    revision: int
    documents: int
    passages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to a question, or an abstention: a value, never an exception.

    Attributes:
        question: As it was asked.
        answered: False where the articles do not answer it.
        confidence: Calibrated probability that the first citation (or, where it abstains, the nearest passage) answers
            the question, 0 to 1.
        reason: Why it abstains, in a sentence; None where it answers.
        citations: Best first; empty where it abstains.
        nearest: Where it abstains, the closest passages, which are *not* an answer.
        conflicts: Citations that disagree on a figure, a date or a name.
        index: The state of the index that answered.
        timings_ms: Milliseconds spent in each step. The only part that differs from one run to the next.
    """

    question: str
    answered: bool
    confidence: float
    reason: str | None
    citations: tuple[Citation, ...]
    nearest: tuple[Citation, ...]
    conflicts: tuple[Conflict, ...]
    index: IndexState
    timings_ms: dict[str, float] = field(default_factory=dict, compare=False)

    def to_dict(self, *, explain: bool = False) -> dict[str, Any]:
        """Return the answer as plain data, ready for ``json.dumps``."""
        return {
            "version": SHAPE_VERSION,
            "question": self.question,
            "answered": self.answered,
            "confidence": self.confidence,
            "reason": self.reason,
            "citations": [citation.to_dict(explain=explain) for citation in self.citations],
            "nearest": [citation.to_dict(explain=explain) for citation in self.nearest],
            "conflicts": [asdict(conflict) for conflict in self.conflicts],
            "index": asdict(self.index),
            "timings_ms": self.timings_ms,
        }
