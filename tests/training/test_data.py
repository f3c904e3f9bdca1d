"""Groups of windows from lines of the training file."""

from __future__ import annotations

import random
from collections import Counter

from tests.training.examples import HARBOUR, MILL, example
from training.data import build_groups, cut_around, holds_answer, sentence_spans
from training.settings import Settings

EXAMPLES = [
    example("Who opened the harbour in 1897?", "Ada Lund"),
    example("Where is the largest port?", "Aktau"),
    example("Who closed the harbour?", None),
    example("When was the mill sold?", "1921", context=MILL),
]


def groups(**options):
    return build_groups(EXAMPLES, Settings(), random.Random(4), {}, **options)


def test_every_answer_lies_in_its_window_at_its_place():
    windows = [group.windows[0] for _ in range(5) for group in groups() if group.windows[0].answers]
    assert windows
    assert {w.text[a:b] for w in windows for a, b in w.answers} <= {"Ada Lund", "Aktau", "1921"}


def test_a_question_that_people_wrote_to_have_no_answer_comes_as_often_as_asked():
    assert Counter(group.kind for group in groups(near_copies=3))["squad2_dev/near"] == 3


def test_near_misses_that_were_made_have_no_answer():
    made = [g for g in groups(opposite=1.0) if g.kind in ("swap", "opposite")]
    assert {g.kind for g in made} >= {"opposite"}
    assert all(window.answers == () for group in made for window in group.windows)


def test_a_window_is_whole_sentences_around_the_answer():
    place = HARBOUR.index("Coal")
    a, b = cut_around(HARBOUR, place, place + 4, 14, random.Random(1))
    ends = sentence_spans(HARBOUR)
    assert (a, b) == (ends[2][0], ends[2][1])


def test_an_answer_is_found_whatever_its_case_and_blanks():
    assert holds_answer("by  ada\nLUND.", ["Ada Lund"])
    assert not holds_answer("by Ada", ["Ada Lund"])
