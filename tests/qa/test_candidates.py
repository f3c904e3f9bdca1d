"""Candidates: what a passage says, read whole and by its quote alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import pytest

from index import Document
from qa.candidates import Candidate, Search, make_candidates, read_quotes
from qa.from_texts import GivenTexts
from qa.reader import Reader, Reading
from qa.terms import question_terms

TEXT = "The harbour was opened in 1897. Echelon-2025 tested the railways. Search-2025 was a rescue drill."


@dataclass(frozen=True)
class Marker:
    """Marks the same words wherever they stand, with one margin for the passage and another for a shorter text."""

    words: str
    passage: float
    quote: float

    def read(self, question: str, passages: list[str], *, titles: list[str] | None = None) -> list[Reading]:
        return [self._read(text) for text in passages]

    def _read(self, text: str) -> Reading:
        start = text.find(self.words)
        margin = self.passage if text == TEXT else self.quote
        if start < 0:
            return Reading(0, 7, margin, 0.0)
        return Reading(start, start + len(self.words), margin, 0.0)


def candidate(question: str, reader: Marker | None) -> Candidate:
    hits = GivenTexts([Document(id="a", text=TEXT)]).search(question)
    search = Search(question, question_terms(question), hits, {}, ())
    (made,) = make_candidates(search, hits, cast("Reader | None", reader))
    return made


def read_alone(question: str, reader: Marker) -> Candidate:
    (found,) = read_quotes(question, [candidate(question, reader)], cast("Reader", reader))
    return found


def test_the_quote_holds_the_words_that_the_reader_marks():
    found = candidate("When was the harbour opened?", Marker("1897", 5.0, 5.0))
    assert found.hit.text[found.quote.start : found.quote.end] == "The harbour was opened in 1897."
    assert found.answer == "1897"


def test_without_a_reader_the_words_of_the_question_choose_the_quote():
    found = candidate("railways tested", None)
    assert found.hit.text[found.quote.start : found.quote.end] == "Echelon-2025 tested the railways."
    assert found.span is None


@pytest.mark.parametrize(("passage", "quote", "gain"), [(5.0, 2.0, -3.0), (1.0, 2.5, 1.5)])
def test_the_gain_of_the_quote_is_its_margin_over_that_of_the_passage(passage, quote, gain):
    found = read_alone("When was the harbour opened?", Marker("1897", passage, quote))
    assert (found.features["reader"], found.features["quote_gain"]) == (passage, gain)
    assert found.answer == "1897"


def test_a_quote_that_lacks_the_marked_words_is_marked_by_its_own_reading():
    question = "What did Echelon-2025 test?"
    marker = Marker("rescue drill", 1.0, 1.0)
    assert candidate(question, marker).span is None
    assert read_alone(question, marker).answer == "echelon"


def test_a_candidate_that_was_not_read_stays_as_it_is():
    found = candidate("railways tested", None)
    assert read_quotes("railways tested", [found], cast("Reader", Marker("1897", 1.0, 1.0))) == [found]
