"""Opposites and negations: what a near miss turns round."""

from __future__ import annotations

import pytest

from qa.opposites import OPPOSITES, count_opposites, is_negated


@pytest.mark.parametrize(
    ("question", "quote", "count"),
    [
        ("What is the largest port?", "The smallest port is Kuryk.", 1),
        ("What is the smallest port?", "The LARGEST port is Aktau.", 1),
        ("What is the largest port?", "The largest port is Aktau, the smallest is Kuryk.", 0),
        ("What is the largest port?", "The port of Aktau handles oil.", 0),
        ("Who lost before the war?", "Baku won after the war.", 2),
        ("", "", 0),
    ],
)
def test_opposites_that_the_quote_has_in_place_of_the_questions_words(question, quote, count):
    assert count_opposites(question, quote) == count


def test_opposites_are_mutual_and_in_lower_case():
    for word, others in OPPOSITES.items():
        assert word == word.lower()
        assert word not in others
        assert all(word in OPPOSITES[other] for other in others)


@pytest.mark.parametrize(
    ("text", "is_so"),
    [
        ("Who did not sign?", True),
        ("Who didn’t sign?", True),
        ("Which port is NEVER closed?", True),
        ("Who noted it?", False),
        ("What is a knot?", False),
    ],
)
def test_a_negation_is_a_word_of_its_own(text, is_so):
    assert is_negated(text) is is_so
