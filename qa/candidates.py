"""A retrieved passage, read: what is known of it before anything is decided."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from index import Hit, Span
from qa.reader import Reader, Reading
from qa.terms import Coverage, QuestionTerms, cover


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that could answer.

    Attributes:
        hit: From the retriever.
        reading: What the reader found in it, or None without a reader.
        coverage: How much of the question the passage has.
        features: What ranking and confidence are computed from, see :func:`read_candidates`.
    """

    hit: Hit
    reading: Reading | None
    coverage: Coverage
    features: Mapping[str, float]

    @property
    def span(self) -> Span | None:
        """The answer's words in the passage's text, or None."""
        reading = self.reading
        return Span(reading.start, reading.end) if reading and reading.start < reading.end else None

    @property
    def whole(self) -> Span:
        """All of the passage's text, as a span of it."""
        return Span(0, len(self.hit.text))

    @property
    def answer(self) -> str:
        """What tells this answer from another: the marked words, or without a reader the passage's id."""
        span = self.span
        if span is None:
            return str(self.hit.passage.id)
        return self.hit.text[span.start : span.end].casefold().strip(" .,;:\"'“”‘’()")


def read_candidates(
    question: str,
    terms: QuestionTerms,
    hits: Sequence[Hit],
    reader: Reader | None,
    *,
    rarity: Mapping[str, float],
    unknown: Collection[str],
) -> list[Candidate]:
    """Read the passages and return them as candidates, in the order given.

    The features of a candidate are:

    * ``reader``: margin of the best span over no answer, in logits (0 without a reader);
    * ``probability``: of the best span among all spans and no answer, by the reader's softmax;
    * ``span_gap``: its score less that of the next best span apart from it, in logits, at most 10;
    * ``dense``: cosine of question and passage (0 where unknown);
    * ``lexical``: BM25 score as a share of the best among the hits, 0 to 1;
    * ``dense_first``, ``lexical_first``: 1 where the retriever put it first;
    * ``coverage``: weighted share of the question's content words;
    * ``missing_name``, ``missing_number``, ``other_code``: how many the passage lacks;
    * ``unknown_name``: how many of its missing names no passage of the collection has;
    * ``unknown_word``: share of the question's content words that no passage has, the same for all its candidates.

    Args:
        question: What is asked.
        terms: Of the question.
        hits: The passages.
        reader: Reads them, or None.
        rarity: Weight of each content word's key.
        unknown: Keys of content words that no passage of the collection has.
    """
    readings: Sequence[Reading | None] = [None] * len(hits)
    if reader is not None:
        titles = [hit.document.title or "" for hit in hits]
        readings = reader.read(question, [hit.text for hit in hits], titles=titles)
    most = {"dense": _most(h.dense for h in hits), "lexical": _most(h.lexical for h in hits)}
    candidates = []
    for hit, reading in zip(hits, readings, strict=True):
        coverage = cover(terms, hit.text, hit.passage.context, rarity)
        unknown_names = [name for name in terms.names if name.key in unknown and name.text in coverage.missing_names]
        features = {
            "reader": reading.score if reading else 0.0,
            "probability": reading.probability if reading else 0.0,
            "span_gap": min(10.0, reading.span_score - reading.second_score) if reading else 0.0,
            "dense": hit.dense or 0.0,
            "lexical": (hit.lexical or 0.0) / most["lexical"] if most["lexical"] > 0 else 0.0,
            "dense_first": float(hit.dense is not None and hit.dense == most["dense"]),
            "lexical_first": float(hit.lexical is not None and hit.lexical == most["lexical"]),
            "coverage": coverage.share,
            "missing_name": float(len(coverage.missing_names)),
            "missing_number": float(len(coverage.missing_numbers)),
            "other_code": float(len(coverage.other_codes)),
            "unknown_name": float(len(unknown_names)),
            "unknown_word": float(len(unknown)) / max(1, len(terms.content)),
        }
        candidates.append(Candidate(hit, reading, coverage, features))
    return candidates


def _most(scores: Iterable[float | None]) -> float:
    return max((score for score in scores if score is not None), default=-math.inf)
