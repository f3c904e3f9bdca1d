"""Near misses made from questions that are answered."""

from __future__ import annotations

import random

import pytest

from tests.training.examples import HARBOUR, MILL, example
from training.augment import NamePool, ask_opposite, ask_otherwise, swap_question


def test_a_question_is_asked_for_an_opposite_that_the_window_does_not_hold():
    asked = {ask_opposite("Which port is the largest?", HARBOUR, random.Random(i)) for i in range(20)}
    assert asked == {"Which port is the smallest?"}


def test_no_opposite_is_asked_for_that_the_window_holds_too():
    assert ask_opposite("What came after the storm?", HARBOUR + " Before the storm?", random.Random(2)) is None


def test_some_of_the_other_questions_are_negated():
    asked = [ask_opposite("Who did Ada Lund meet?", HARBOUR, random.Random(i)) for i in range(400)]
    assert set(asked) == {None, "Who did not Ada Lund meet?"}
    assert 0.08 < sum(a is not None for a in asked) / 400 < 0.25


@pytest.mark.parametrize("window", [HARBOUR + " It was never closed.", HARBOUR + " It isn't deep."])
def test_a_window_that_negates_is_not_asked_for_a_negation(window):
    assert all(ask_opposite("Who did Ada Lund meet?", window, random.Random(i)) is None for i in range(100))


def test_a_number_is_swapped_for_one_that_the_window_does_not_hold():
    question = example("Who opened the harbour in 1897?", "Ada Lund")
    swapped = swap_question(question, HARBOUR, NamePool([question]), random.Random(2))
    assert swapped is not None
    assert swapped.startswith("Who opened the harbour in ")
    assert "1897" not in swapped


def test_a_name_is_swapped_for_one_of_another_question():
    asked = example("Where did Ada Lund ship coal?", "Baku")
    other = example("What did the sheep of Per Holm see?", "tea", context=MILL)
    pool = NamePool([asked, other])
    swapped = {swap_question(asked, HARBOUR, pool, random.Random(i)) for i in range(30)}
    assert "Where did Per Holm ship coal?" in swapped
    assert swapped <= {"Where did Per Holm ship coal?", None}


def test_keywords_and_typos_keep_the_subject():
    asked = {ask_otherwise("When was the harbour opened?", random.Random(i)) for i in range(60)}
    assert {"harbour opened", "when was the harbour opened"} <= asked
    assert "When was the harbour opened?" not in asked
