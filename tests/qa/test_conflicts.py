from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from index import DocumentInfo
from qa.answers import Citation, CitedPassage, Quote
from qa.assistant import Assistant
from qa.conflicts import find_conflicts
from tests.shipped import shipped_index

__all__ = ["shipped_index"]

PAIRS = [json.loads(line) for line in Path(__file__).with_name("conflict_pairs.jsonl").read_text("utf-8").splitlines()]


def cite(rank: int, quote: str, span: str | None, *, confidence: float = 0.8, start: int = 100) -> Citation:
    at = quote.index(span) if span else 0
    return Citation(
        rank=rank,
        confidence=confidence,
        quote=Quote(quote, start, start + len(quote)),
        span=Quote(span, start + at, start + at + len(span)) if span else None,
        passage=CitedPassage(quote, start, start + len(quote), rank),
        document=DocumentInfo(id=f"{rank:016x}", source=f"/articles/{rank}.txt"),
        page=None,
        section=(),
        link="",
    )


def conflicts_of(pair: dict[str, Any]) -> tuple[Any, ...]:
    sides = [
        cite(rank, pair[side]["quote"], pair[side]["span"]) for rank, side in enumerate(("left", "right"), start=1)
    ]
    return find_conflicts(pair["question"], sides)


@pytest.mark.parametrize(("half", "least_recall"), [("development", 0.8), ("held-out", 0.6)])
def test_precision_comes_first_on_the_written_pairs(half, least_recall, record_property):
    pairs = [pair for pair in PAIRS if pair["half"] == half]
    found = [pair for pair in pairs if conflicts_of(pair)]
    right = [pair for pair in found if pair["conflict"]]
    recall = len(right) / sum(pair["conflict"] for pair in pairs)
    record_property("precision", len(right) / len(found))
    record_property("recall", recall)
    assert [pair["id"] for pair in found if not pair["conflict"]] == []
    assert recall >= least_recall


def test_half_of_the_pairs_are_hard_non_conflicts():
    assert len(PAIRS) >= 60
    for half in ("development", "held-out"):
        pairs = [pair for pair in PAIRS if pair["half"] == half]
        assert sum(not pair["conflict"] for pair in pairs) >= len(pairs) / 2


def test_each_disagreement_is_reported_once_with_both_sides():
    quotes = [
        ("The mast is 38 m tall.", "38 m"),
        ("The mast is 45 m tall.", "45 m"),
        ("At 38 m, the mast is tall.", "38 m"),
    ]
    (conflict,) = find_conflicts("How tall is the mast?", [cite(i, *q) for i, q in enumerate(quotes, start=1)])
    assert conflict.kind == "number"
    assert (conflict.left.rank, conflict.right.rank) == (1, 2)
    assert (conflict.left.value.text, conflict.right.value.text) == ("38 m", "45 m")


def test_values_without_a_span_are_located_in_the_document():
    sides = [cite(i, f"The mast is {height} tall.", None) for i, height in ((1, "38 m"), (2, "45 m"))]
    (conflict,) = find_conflicts("How tall is the mast?", sides)
    assert conflict.right.value == Quote("45 m", 112, 116)


@pytest.mark.parametrize("question", ["Why is the mast tall?", "Is the mast 38 m tall?", "mast", "", "?"])
def test_other_questions_have_no_conflicts(question):
    assert not find_conflicts(question, [cite(1, "It is 38 m tall.", "38 m"), cite(2, "It is 45 m tall.", "45 m")])


def test_an_unsure_citation_contradicts_nothing():
    sides = [cite(1, "The mast is 38 m tall.", "38 m"), cite(2, "The mast is 45 m tall.", "45 m", confidence=0.05)]
    assert not find_conflicts("How tall is the mast?", sides)


@pytest.mark.parametrize(
    ("other", "conflicts"), [("On that day in 1879, Milutin Tesla died.", 0), ("Tesla died in 1879.", 1)]
)
def test_another_forename_may_be_another_person(other, conflicts):
    sides = [cite(1, "Tesla died in 1943.", "1943"), cite(2, other, "1879")]
    assert len(find_conflicts("In what year did Tesla die?", sides)) == conflicts


def test_one_citation_or_none_has_no_conflict():
    assert find_conflicts("How tall is the mast?", []) == ()
    assert find_conflicts("How tall is the mast?", [cite(1, "The mast is 38 m tall.", "38 m")]) == ()


def test_the_shipped_article_names_one_exercise_in_two_ways():
    pair = next(pair for pair in PAIRS if "Solidarity-2024" in pair["right"]["quote"])
    for question in (pair["question"], "What was the 2024 exercise led by Kazakhstan called?"):
        for spans in ((pair["left"]["span"], pair["right"]["span"]), (None, None)):
            quotes = (pair["left"]["quote"], pair["right"]["quote"])
            sides = [cite(rank, *side) for rank, side in enumerate(zip(quotes, spans, strict=True), start=1)]
            (conflict,) = find_conflicts(question, sides)
            assert conflict.kind == "name"
            assert {conflict.left.value.text, conflict.right.value.text} == {"Unity-2024", "Solidarity-2024"}


def test_a_question_for_several_names_has_no_conflict():
    sides = [
        cite(1, "Kazakhstan led the exercise Unity-2024.", "Unity-2024"),
        cite(2, "Kazakhstan led the exercise Solidarity-2024.", "Solidarity-2024"),
    ]
    assert find_conflicts("Which exercise did Kazakhstan lead in 2024?", sides)
    assert not find_conflicts("Which exercises did Kazakhstan lead in 2024?", sides)


def test_the_figure_asked_for_is_found_in_a_wide_span():
    sides = [
        cite(1, "They opened 12 new posts and sent 3,600 scholars.", "12 new posts and sent 3,600 scholars"),
        cite(2, "They opened 15 posts.", "15 posts"),
    ]
    (conflict,) = find_conflicts("How many posts were opened?", sides)
    assert (conflict.left.value.text, conflict.right.value.text) == ("12", "15")


@pytest.mark.slow
def test_the_assistant_tells_of_the_conflict_in_the_shipped_articles_and_of_no_other(shipped_index):
    agreed = ("How many consular posts were opened?", "How much foreign investment did Kazakhstan attract in 2023?")
    with Assistant.open(shipped_index) as assistant:
        (conflict,) = assistant.ask("Which exercise did Kazakhstan lead in 2024?").conflicts
        assert {conflict.left.value.text, conflict.right.value.text} == {"Unity-2024", "Solidarity-2024"}
        assert all(assistant.ask(question).conflicts == () for question in agreed)


@pytest.mark.slow
def test_the_conflict_shows_in_other_words_too(shipped_index):
    with Assistant.open(shipped_index) as assistant:
        (conflict,) = assistant.ask("What was the 2024 exercise led by Kazakhstan called?").conflicts
        assert {conflict.left.value.text, conflict.right.value.text} == {"Unity-2024", "Solidarity-2024"}
