"""Is an answer right? One answer beside its question."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from qa.question_sets import Question

DEPTH = 5
"""How many passages of an answer are judged."""

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = frozenset(("a", "an", "the"))

TextOf = Callable[[Mapping[str, Any]], str | None]
"""Returns the text of an article from the ``document`` of a citation, or None where it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An answer beside its question.

    Attributes:
        question: What was asked.
        answered: Whether an answer was given.
        confidence: The answer's, 0 to 1.
        supports: For each of the first passages, whether it supports the question; all False for unanswerable ones.
        has_quote: Whether the first citation is right and its quote contains a gold answer.
        quote_words: Words in the first quote, 0 without one.
        span_f1: Token F1 of the first span with the closest gold answer, 0 to 1.
        exact_match: Whether the first span is a gold answer, punctuation, case and articles aside.
        slices: How many quotes and passages were compared with their article.
        true_slices: How many of them stand there word for word.
        quote: The first quote's text, or None.
        source: The file it is from, or None.
    """

    question: Question
    answered: bool
    confidence: float
    supports: tuple[bool, ...]
    has_quote: bool
    quote_words: int
    span_f1: float
    exact_match: bool
    slices: int
    true_slices: int
    quote: str | None
    source: str | None

    @property
    def is_right(self) -> bool:
        """Whether the first citation supports the question."""
        return self.supports[:1] == (True,)


def judge(question: Question, answer: Mapping[str, Any], *, text_of: TextOf | None = None) -> Judged:
    """Compare one answer with its question.

    The ranked list is ``citations`` where it answered and ``nearest`` where it abstained, so that passages are judged
    apart from the decision.

    Raises:
        KeyError: The answer lacks a part.
    """
    ranked = answer["citations"] if answer["answered"] else answer["nearest"]
    counts = question.answerable and question.is_scored
    hits = tuple(counts and supports(question, citation) for citation in ranked[:DEPTH])
    first = ranked[0] if ranked else None
    quote = first["quote"]["text"] if first else None
    span = (first["span"] or first["quote"])["text"] if first else None
    golds = question.answers if counts else ()
    checks = [_is_slice(citation, part, text_of) for citation in ranked for part in ("quote", "passage")]
    return Judged(
        question=question,
        answered=bool(answer["answered"]),
        confidence=float(answer["confidence"]),
        supports=hits,
        has_quote=quote is not None and hits[:1] == (True,) and any(_flat(gold) in _flat(quote) for gold in golds),
        quote_words=len(quote.split()) if quote is not None else 0,
        span_f1=max((token_f1(span, gold) for gold in golds), default=0.0) if span is not None else 0.0,
        exact_match=span is not None and any(_words(span) == _words(gold) for gold in golds),
        slices=sum(check is not None for check in checks),
        true_slices=sum(check is True for check in checks),
        quote=quote,
        source=first["document"]["source"] if first else None,
    )


def supports(question: Question, citation: Mapping[str, Any]) -> bool:
    """Return whether a citation's passage holds the answer, in the right article and paragraph.

    With evidence, the passage must contain one of its sentences, or lie in one and hold an answer. Otherwise it must
    touch the gold paragraph, where that is known, and contain one of the answers.
    """
    passage = citation["passage"]
    if not question.is_about(citation["document"]["source"]):
        return False
    text = _flat(passage["text"])
    if question.evidence:
        has_answer = any(_flat(answer) in text for answer in question.answers)
        return any(sentence in text or (text in sentence and has_answer) for sentence in map(_flat, question.evidence))
    paragraph = question.paragraph
    if paragraph and not (passage["start"] < paragraph.end and paragraph.start < passage["end"]):
        return False
    return any(answer and answer in text for answer in map(_flat, question.answers))


def _is_slice(citation: Mapping[str, Any], part: str, text_of: TextOf | None) -> bool | None:
    text = text_of(citation["document"]) if text_of else None
    if text is None:
        return None
    piece = citation[part]
    return bool(text[piece["start"] : piece["end"]] == piece["text"])


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().lower()


def _words(text: str) -> list[str]:
    return [word for word in text.lower().translate(_PUNCTUATION).split() if word not in _ARTICLES]


def token_f1(prediction: str, gold: str) -> float:
    """Return the harmonic mean of token precision and recall, as SQuAD counts it.

    ``F1 = 2 * |P & G| / (|P| + |G|)`` over the multisets of lower-case words without punctuation and articles; where
    one of them is empty, 1 if both are, else 0.

    Example:
        >>> token_f1("in the Caspian Sea", "Caspian Sea")
        0.8
    """
    predicted, wanted = _words(prediction), _words(gold)
    if not predicted or not wanted:
        return float(predicted == wanted)
    shared = (Counter(predicted) & Counter(wanted)).total()
    return 2 * shared / (len(predicted) + len(wanted))
