"""Quotes that say the same in the same words, and which of their articles is cited."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.candidates import Candidate, Ranked
from qa.opposites import is_negated
from qa.terms import split_words

ALIKE = 0.8
"""Least share of their words that two quotes with the same answer have in common to count as one."""


def fold_alike(ranked: Sequence[Ranked]) -> list[list[Ranked]]:
    """Return the entries in groups of alike quotes, in the order of the best of each.

    Quotes are alike where they have the same words, or nearly all of them with the same words marked as the answer,
    the same numbers, and both or neither a negation.
    """
    groups: list[tuple[_Quote, list[Ranked]]] = []
    for entry in ranked:
        quote = _Quote(entry.candidate)
        alike = next((entries for head, entries in groups if head.is_alike(quote)), None)
        if alike is None:
            groups.append((quote, [entry]))
        else:
            alike.append(entry)
    return [entries for _, entries in groups]


def newest(alike: Sequence[Ranked]) -> Ranked:
    """Return the entry of the newest article: by date where one has a date, else of the editions of the best's.

    Editions are articles whose names differ in their numbers only, such as "report 9.txt" and "report 10.txt".
    """
    dated = [entry for entry in alike if (entry.candidate.hit.document.date or "")[:4].isdecimal()]
    if dated:
        return max(dated, key=lambda entry: entry.candidate.hit.document.date or "")
    names = [re.split(r"(\d+)", entry.candidate.hit.document.source) for entry in alike]
    editions = [(entry, name) for entry, name in zip(alike, names, strict=True) if name[::2] == names[0][::2]]
    return max(editions, key=lambda edition: [int(number) for number in edition[1][1::2]])[0]


class _Quote:
    """What is compared of a quote."""

    def __init__(self, candidate: Candidate) -> None:
        words = split_words(candidate.quoted)
        self.text = [word.key for word in words] or [candidate.quoted]
        self.keys = frozenset(self.text)
        self.told = (candidate.answer, is_negated(candidate.quoted), {word.key for word in words if word.is_number})

    def is_alike(self, other: _Quote) -> bool:
        common = len(self.keys & other.keys)
        return self.text == other.text or (self.told == other.told and common >= ALIKE * len(self.keys | other.keys))
