"""Candidates: what a passage says, read whole and by its quote alone."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import cast

import pytest

from index import Document
from qa.candidates import Candidate, Search, make_candidate, with_quote_read
from qa.from_texts import GivenTexts
from qa.reader import Reader, Reading
from qa.reading import PassageReading
from qa.terms import question_terms

QUOTE = "The harbour was opened in 1897."
TEXT = f"{QUOTE} Echelon-2025 tested the railways. Search-2025 was a rescue drill."


@dataclass(frozen=True)
class Marker:
    """Marks the same words wherever they stand, with one margin for the passage and another for a shorter text."""

    words: str
    passage: float
    quote: float
    threads: int = 1
    asked: list[str] = field(default_factory=list)

    def submit(self, question: str, passage: str, title: str = "") -> Future[Reading]:
        self.asked.append(passage)
        done: Future[Reading] = Future()
        done.set_result(self._read(passage))
        return done

    def _read(self, text: str) -> Reading:
        start = text.find(self.words)
        margin = self.passage if text.startswith(TEXT) else self.quote
        if start < 0:
            return Reading(0, 7, margin, 0.0)
        return Reading(start, start + len(self.words), margin, 0.0)


def search_for(question: str, *texts: str) -> Search:
    hits = GivenTexts([Document(id=f"a{i}", text=text) for i, text in enumerate(texts)]).search(question)
    return Search(question, question_terms(question), hits, {}, ())


def start_reading(search: Search, reader: Marker) -> PassageReading:
    return PassageReading(search, cast("Reader", reader), lambda c: c.features["reader"], quotes=1)


def candidate(question: str, reader: Marker | None) -> Candidate:
    search = search_for(question, TEXT)
    if reader is None:
        return make_candidate(search, search.hits[0], None)
    return start_reading(search, reader).read(search.hits)[0]


def read_alone(question: str, reader: Marker) -> Candidate:
    search = search_for(question, TEXT)
    reading = start_reading(search, reader)
    (found,) = reading.read_quotes(reading.read(search.hits))
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


@pytest.mark.parametrize(("alone", "agrees"), [("in 1897", 4 / 7), ("1897", 1.0), ("harbour", 0.0)])
def test_both_readings_agree_as_far_as_they_mark_the_same_words(alone, agrees):
    passage, quote = Marker("1897", 5.0, 5.0), Marker(alone, 5.0, 5.0)
    found = with_quote_read(candidate("When?", passage), quote.submit("When?", QUOTE).result())
    assert found.features["quote_agrees"] == pytest.approx(agrees)
    assert found.answer == "1897"


def test_a_quote_that_lacks_the_marked_words_is_marked_by_its_own_reading():
    question = "What did Echelon-2025 test?"
    marker = Marker("rescue drill", 1.0, 1.0)
    assert candidate(question, marker).span is None
    assert read_alone(question, marker).answer == "echelon"


def test_a_candidate_that_was_not_read_stays_as_it_is():
    found = candidate("railways tested", None)
    marker = Marker("1897", 1.0, 1.0)
    assert start_reading(search_for("railways tested", TEXT), marker).read_quotes([found]) == [found]
    assert marker.asked == []


@pytest.mark.parametrize(("threads", "ahead"), [(1, 0), (2, 1)])
def test_a_free_thread_reads_a_quote_ahead_and_none_is_read_twice(threads, ahead):
    search = search_for("When was the harbour opened?", TEXT, "The harbour is deep. Ships call.")
    marker = Marker("1897", 5.0, 1.0, threads)
    reading = start_reading(search, marker)
    read = reading.read(search.hits)
    assert [c.hit for c in read] == list(search.hits)
    assert len(marker.asked) == 2 + ahead
    assert len(reading.read_quotes(read)) == 2
    assert sorted(marker.asked) == sorted({*(hit.text for hit in search.hits), *(c.quoted for c in read)})


@pytest.mark.parametrize(
    ("question", "opposite", "unnegated"),
    [("When was the harbour opened?", 0, 0), ("When was the harbour closed?", 1, 0), ("Why not in 1897?", 0, 1)],
)
def test_features_tell_the_opposite_and_the_negation(question, opposite, unnegated):
    features = candidate(question, Marker("1897", 5.0, 5.0)).features
    assert (features["opposite"], features["unnegated"]) == (opposite, unnegated)
