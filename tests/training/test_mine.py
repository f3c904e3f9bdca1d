"""Which windows become negatives."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from qa.reader import Reader, Reading
from tests.training.examples import HARBOUR, MILL, example
from training.mine import mine
from training.settings import MININGS, Settings

QUESTION = "When was the harbour of Aktau opened?"
DECOY = "The harbour of Aktau was drawn by Per Holm. " * 3
SAYS_SO = "Aktau has a harbour since eighteen hundred and ninety-seven. " * 3


class Scorer:
    """Gives each text its score."""

    def read(self, question: str, passages: list[str]) -> list[Reading]:
        return [Reading(0, 3, self._score(text), 0.0) for text in passages]

    def _score(self, text: str) -> float:
        return {"was opened in 1897": 5.0, "drawn by": 3.0, "eighteen hundred": 8.0}.get(
            next((words for words in ("was opened in 1897", "drawn by", "eighteen hundred") if words in text), ""), -9.0
        )


@pytest.mark.parametrize(("ceiling", "kept"), [(False, ["eighteen", "drawn"]), (True, ["drawn"])])
def test_windows_that_take_the_reader_in_are_kept_up_to_the_score_of_the_right_one(ceiling, kept):
    examples = [
        example(QUESTION, "1897"),
        *(example(f"Who? {i}", None, context=text) for i, text in enumerate((DECOY, SAYS_SO, MILL))),
    ]
    mining = replace(MININGS["once"], questions={"squad2_dev": 9}, ceiling=ceiling)
    found = mine(examples, cast("Reader", Scorer()), replace(Settings(), held_out=10**9), mining)
    assert [any(word in text for word in kept) for _, text in found[QUESTION]] == [True] * len(kept)
    assert not any("1897" in text or HARBOUR in text for _, text in found[QUESTION])
