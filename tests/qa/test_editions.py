"""Alike quotes: which count as one, and whose article is cited."""

from __future__ import annotations

import pytest

from index import Document
from qa.candidates import Ranked, Search, make_candidate
from qa.editions import fold_alike, newest
from qa.from_texts import GivenTexts
from qa.reader import Reading
from qa.terms import question_terms

TOLL = "The toll of the old stone bridge at Arlen is nine crowns for a cart."


def entries(*texts: str, marked: str = "", names: tuple[str, ...] = ()) -> list[Ranked]:
    """Return an entry for each text, in their order, with the same words marked in each that has them."""
    sources = names or "abcdef"
    documents = [Document(id=str(i), text=text, source=sources[i]) for i, text in enumerate(texts)]
    hits = sorted(GivenTexts(documents).search("toll bridge"), key=lambda hit: hit.document.id)
    search = Search("toll bridge", question_terms("toll bridge"), hits, {}, ())
    made = []
    for hit in hits:
        at = hit.text.find(marked)
        reading = Reading(at, at + len(marked), 1.0, 0.0) if marked and at >= 0 else None
        made.append(Ranked(candidate=make_candidate(search, hit, reading), features={}, score=0.0, confidence=0.5))
    return made


def sizes(*texts: str, marked: str = "") -> list[int]:
    return [len(group) for group in fold_alike(entries(*texts, marked=marked))]


def test_quotes_with_the_same_words_are_one_whatever_their_blanks_case_and_marks():
    assert sizes(TOLL, TOLL.replace(" at", "  AT").rstrip(".") + "!") == [2]


def test_nearly_the_same_words_are_one_where_the_same_answer_is_marked():
    other = TOLL.replace("old stone", "stone")
    assert sizes(TOLL, other, marked="nine crowns") == [2]
    assert sizes(TOLL, other) == [1, 1]


@pytest.mark.parametrize(
    "other",
    [
        TOLL.replace("a cart", "2 carts"),
        TOLL.replace("is nine", "is not nine"),
        TOLL.replace("nine crowns", "ten crowns"),
        "The toll is nine crowns.",
    ],
)
def test_another_number_a_negation_or_other_words_stay_apart(other):
    assert sizes(TOLL, other, marked="nine crowns") == [1, 1]


def test_groups_stand_in_the_order_of_their_best():
    groups = fold_alike(entries("The ferry is cheap.", TOLL, "The ferry is cheap!"))
    assert [[entry.candidate.hit.document.id for entry in group] for group in groups] == [["0", "2"], ["1"]]


def test_the_newest_of_editions_is_found_by_number_and_not_by_letters():
    alike = entries(TOLL, TOLL, TOLL, names=("report 9.txt", "report 10.txt", "zebra 99.txt"))
    assert newest(alike).candidate.hit.document.source == "report 10.txt"
