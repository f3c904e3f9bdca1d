"""A retrieved passage, read: what is known of it before anything is decided."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from index import Hit, Span
from qa.definitions import asked_term, find_definition
from qa.quotes import choose_quote
from qa.reader import Reader, Reading
from qa.terms import Coverage, QuestionTerms, cover


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that could answer.

    Attributes:
        hit: From the retriever.
        reading: What the reader found in it, or None where it was not read.
        coverage: How much of the question the passage has.
        quote: The sentences to quote, in code points of the passage's text.
        features: What ranking and confidence are computed from, see :func:`find_candidates`.
    """

    hit: Hit
    reading: Reading | None
    coverage: Coverage
    quote: Span
    features: Mapping[str, float]

    @property
    def span(self) -> Span | None:
        """The answer's words in the passage's text, or None where none are marked inside the quote."""
        reading = self.reading
        is_quoted = reading is not None and self.quote.start <= reading.start < reading.end <= self.quote.end
        return Span(reading.start, reading.end) if reading is not None and is_quoted else None

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


def find_candidates(
    question: str,
    terms: QuestionTerms,
    hits: Sequence[Hit],
    *,
    rarity: Mapping[str, float],
    unknown: Collection[str],
) -> list[Candidate]:
    """Return the passages as candidates that are not read yet, in the order given.

    Their features are:

    * ``dense``: cosine of question and passage (0 where unknown);
    * ``lexical``: BM25 score as a share of the best among the hits, 0 to 1;
    * ``dense_first``, ``lexical_first``: 1 where the retriever put it first;
    * ``coverage``: share of the question's content words that the passage has, weighted by rarity;
    * ``quote_coverage``: the same of the quote alone;
    * ``defines``: 1 where the question asks what something is and a sentence opens by saying so: that is its quote;
    * ``missing_name``, ``missing_number``, ``other_code``: how many the passage lacks;
    * ``unknown_name``: how many of its missing names no passage of the collection has;
    * ``unknown_word``: share of the content words that no passage has, the same for all candidates;
    * ``reader``, ``probability``, ``span_gap``: 0 until it is read, see :func:`read_candidates`.

    Args:
        question: What is asked.
        terms: Of the question.
        hits: The passages.
        rarity: Weight of each content word's key.
        unknown: Keys of content words that no passage of the collection has.
    """
    most_dense, most_lexical = _most(h.dense for h in hits), _most(h.lexical for h in hits)
    term = asked_term(question)
    candidates = []
    for hit in hits:
        coverage = cover(terms, hit.text, hit.passage.context, rarity)
        unknown_names = [name for name in terms.names if name.key in unknown and name.text in coverage.missing_names]
        definition = find_definition(hit.text, term)
        quote = definition or choose_quote(hit.text, terms, None, rarity=rarity)
        features = {
            "dense": hit.dense or 0.0,
            "lexical": (hit.lexical or 0.0) / most_lexical if most_lexical > 0 else 0.0,
            "dense_first": float(hit.dense is not None and hit.dense == most_dense),
            "lexical_first": float(hit.lexical is not None and hit.lexical == most_lexical),
            "coverage": coverage.share,
            "quote_coverage": _quote_coverage(hit, quote, terms, rarity),
            "defines": float(definition is not None),
            "missing_name": float(len(coverage.missing_names)),
            "missing_number": float(len(coverage.missing_numbers)),
            "other_code": float(len(coverage.other_codes)),
            "unknown_name": float(len(unknown_names)),
            "unknown_word": float(len(unknown)) / max(1, len(terms.content)),
            "reader": 0.0,
            "probability": 0.0,
            "span_gap": 0.0,
        }
        candidates.append(Candidate(hit, None, coverage, quote, features))
    return candidates


def read_candidates(
    question: str,
    terms: QuestionTerms,
    candidates: Sequence[Candidate],
    reader: Reader,
    *,
    rarity: Mapping[str, float],
) -> list[Candidate]:
    """Return the candidates, read: each but a definition quotes the sentences of its best span.

    Their features then also have:

    * ``reader``: margin of the best span over no answer, in logits;
    * ``probability``: of the best span among all spans and no answer, by the reader's softmax;
    * ``span_gap``: its score less that of the next best span apart from it, in logits, at most 10.
    """
    titles = [candidate.hit.document.title or "" for candidate in candidates]
    readings = reader.read(question, [candidate.hit.text for candidate in candidates], titles=titles)
    read = []
    for candidate, reading in zip(candidates, readings, strict=True):
        if reading.start >= reading.end:  # nothing in the passage can be marked
            read.append(candidate)
            continue
        hit = candidate.hit
        quote = candidate.quote
        if not candidate.features["defines"]:
            quote = choose_quote(hit.text, terms, Span(reading.start, reading.end), rarity=rarity)
        features = {
            **candidate.features,
            "quote_coverage": _quote_coverage(hit, quote, terms, rarity),
            "reader": reading.score,
            "probability": reading.probability,
            "span_gap": min(10.0, reading.span_score - reading.second_score),
        }
        read.append(replace(candidate, reading=reading, quote=quote, features=features))
    return read


def _quote_coverage(hit: Hit, quote: Span, terms: QuestionTerms, rarity: Mapping[str, float]) -> float:
    return cover(terms, hit.text[quote.start : quote.end], rarity=rarity).share


def _most(scores: Iterable[float | None]) -> float:
    return max((score for score in scores if score is not None), default=-math.inf)
