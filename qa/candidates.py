"""A retrieved passage, read: what is known of it before anything is decided."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from index import Hit, Span
from qa.definitions import asked_term, find_definition
from qa.opposites import count_opposites, is_negated
from qa.quotes import choose_quote, words_in
from qa.reader import Reading
from qa.terms import Coverage, QuestionTerms, cover_words, split_words


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that could answer.

    Attributes:
        hit: From the retriever.
        reading: What the reader found in it, or None where it was not read.
        coverage: How much of the question the passage has.
        quote: The sentences to quote, in code points of the passage's text.
        features: What ranking and confidence are computed from, see :func:`make_candidate`.
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
    def quoted(self) -> str:
        """The text of the quote."""
        return self.hit.text[self.quote.start : self.quote.end]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A candidate with its place among the others.

    Attributes:
        candidate: The passage, read.
        features: Of the candidate, with those that compare it to the others.
        score: What it was ordered by.
        confidence: Probability that it answers.
    """

    candidate: Candidate
    features: Mapping[str, float]
    score: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Search:
    """A question and what the search for it brought.

    Attributes:
        question: What is asked.
        terms: Of the question.
        hits: The passages found, best first.
        rarity: Weight of each content word's key.
        unknown: Keys of content words that no passage of the collection has.
    """

    question: str
    terms: QuestionTerms
    hits: Sequence[Hit]
    rarity: Mapping[str, float]
    unknown: Collection[str]

    @property
    def most_dense(self) -> float:
        """The largest cosine among the hits, minus infinity where none is known."""
        return _most(hit.dense for hit in self.hits)

    @property
    def most_lexical(self) -> float:
        """The largest BM25 score among the hits, minus infinity where none is known."""
        return _most(hit.lexical for hit in self.hits)


def make_candidate(search: Search, hit: Hit, found: Reading | None) -> Candidate:
    """Return one of a search's hits as a candidate.

    A passage that defines the term asked for quotes the definition; another one the sentences of the reader's best
    span, or without one those that have most of the question's words. Its features are:

    * ``dense``: cosine of question and passage (0 where unknown);
    * ``lexical``: BM25 score as a share of the best among the hits, 0 to 1;
    * ``dense_first``, ``lexical_first``: 1 where the retriever put it first;
    * ``coverage``: share of the question's content words that the passage has, weighted by rarity;
    * ``quote_coverage``: the same of the quote alone;
    * ``defines``: 1 where the question asks what something is and a sentence opens by saying so: that is its quote;
    * ``missing_name``, ``missing_number``, ``other_code``: how many the passage lacks;
    * ``unknown_name``: how many of its missing names no passage of the collection has;
    * ``unknown_word``: share of the content words that no passage has, the same for all candidates;
    * ``opposite``: how many words of the question the quote lacks while it has their opposite;
    * ``unnegated``: 1 where the question is negated and the quote is not;
    * ``reader``: margin of the best span over no answer, in logits;
    * ``probability``: of the best span among all spans and no answer, by the reader's softmax;
    * ``span_gap``: its score less that of the next best span apart from it, in logits, at most 10;
    * ``quote_gain``, ``quote_agrees``: 0 until the quote is read alone, see :func:`with_quote_read`.

    ``reader``, ``probability`` and ``span_gap`` are 0 where the passage was not read.

    Args:
        search: That brought it.
        hit: The passage.
        found: What the reader found in it; None where it was not read.
    """
    reading = found if found is not None and found.start < found.end else None  # else nothing can be marked
    terms, rarity = search.terms, search.rarity
    words = split_words(hit.text)
    coverage = cover_words(terms, [*split_words(hit.passage.context), *words], rarity)
    span = Span(reading.start, reading.end) if reading is not None else None
    definition = find_definition(hit.text, asked_term(search.question))
    quote = definition or choose_quote(hit.text, words, terms, span, rarity=rarity)
    quoted = hit.text[quote.start : quote.end]
    missing = coverage.missing_names
    features = {
        "dense": hit.dense or 0.0,
        "lexical": (hit.lexical or 0.0) / search.most_lexical if search.most_lexical > 0 else 0.0,
        "dense_first": float(hit.dense is not None and hit.dense == search.most_dense),
        "lexical_first": float(hit.lexical is not None and hit.lexical == search.most_lexical),
        "coverage": coverage.share,
        "quote_coverage": cover_words(terms, words_in(words, quote), rarity).share,
        "defines": float(definition is not None),
        "missing_name": float(len(missing)),
        "missing_number": float(len(coverage.missing_numbers)),
        "other_code": float(len(coverage.other_codes)),
        "unknown_name": float(sum(name.key in search.unknown and name.text in missing for name in terms.names)),
        "unknown_word": float(len(search.unknown)) / max(1, len(terms.content)),
        "opposite": float(count_opposites(search.question, quoted)),
        "unnegated": float(is_negated(search.question) and not is_negated(quoted)),
        "reader": reading.score if reading else 0.0,
        "probability": reading.probability if reading else 0.0,
        "span_gap": min(10.0, reading.span_score - reading.second_score) if reading else 0.0,
        "quote_gain": 0.0,
        "quote_agrees": 0.0,
    }
    return Candidate(hit, reading, coverage, quote, features)


def with_quote_read(candidate: Candidate, alone: Reading) -> Candidate:
    """Return the candidate with its quote read once more, alone.

    A passage on the right subject takes a reader in; the sentence that is to be quoted, without the others around it,
    does so less. The feature ``quote_gain`` is by how much its margin over no answer is above the passage's, in
    logits; ``quote_agrees`` is how far both readings mark the same words, intersection over union, 0 to 1. Where the
    passage's best span lies outside the quote, the words marked are those found in the quote.
    """
    reading, start = candidate.reading, candidate.quote.start
    again = Span(start + alone.start, start + alone.end)
    features = {
        **candidate.features,
        "quote_gain": alone.score - candidate.features["reader"],
        "quote_agrees": _overlap(candidate.span, again) if candidate.span is not None else 0.0,
    }
    if candidate.span is None and alone.start < alone.end:
        reading = replace(alone, start=again.start, end=again.end)
    return replace(candidate, reading=reading, features=features)


def _overlap(one: Span, other: Span) -> float:
    """Return the intersection of two spans over their union, of which the first is not empty."""
    common = min(one.end, other.end) - max(one.start, other.start)
    return max(0, common) / (max(one.end, other.end) - min(one.start, other.start))


def _most(scores: Iterable[float | None]) -> float:
    return max((score for score in scores if score is not None), default=-math.inf)
