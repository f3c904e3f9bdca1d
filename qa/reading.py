"""Reads the passages that a search brought, several at once, and the quotes of the best once more, alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, as_completed

from index import Hit
from qa.candidates import Candidate, Search, make_candidate, with_quote_read
from qa.reader import Reader, Reading


class PassageReading:
    """The reading of one question's passages; no quote is read twice.

    A thread that has no passage left reads ahead: the quotes of the best passages so far, while the others read the
    last passages. What is found does not depend on it.
    """

    def __init__(self, search: Search, reader: Reader, rank: Callable[[Candidate], float], *, quotes: int) -> None:
        """Read for a search.

        Args:
            search: The question and its hits.
            reader: Reads them.
            rank: Gives the order of the candidates, the highest first.
            quotes: How many of the best have their quotes read.
        """
        self._search, self._reader, self._rank, self._quotes = search, reader, rank, quotes
        self._candidates: list[Candidate] = []
        self._alone: dict[int, Future[Reading]] = {}

    def read(self, hits: Sequence[Hit]) -> list[Candidate]:
        """Read some of the hits; return all candidates so far, in the order of reading."""
        question = self._search.question
        jobs = {self._reader.submit(question, hit.text, hit.document.title or ""): hit for hit in hits}
        made: dict[int, Candidate] = {}
        for job in as_completed(jobs):
            hit = jobs[job]
            made[hit.passage.id] = make_candidate(self._search, hit, job.result())
            if 0 < len(jobs) - len(made) < self._reader.threads:
                self._read_ahead([*self._candidates, *made.values()])
        self._candidates += [made[hit.passage.id] for hit in hits]
        return list(self._candidates)

    def read_quotes(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Return the candidates with their quotes read alone, where they were read."""
        read = [candidate for candidate in candidates if candidate.reading is not None]
        jobs = {candidate.hit.passage.id: self._submit_quote(candidate) for candidate in read}
        return [
            with_quote_read(c, jobs[c.hit.passage.id].result()) if c.hit.passage.id in jobs else c for c in candidates
        ]

    def _read_ahead(self, candidates: Sequence[Candidate]) -> None:
        for candidate in sorted(candidates, key=self._rank, reverse=True)[: self._quotes]:
            if candidate.reading is not None:
                self._submit_quote(candidate)

    def _submit_quote(self, candidate: Candidate) -> Future[Reading]:
        key = candidate.hit.passage.id
        if key not in self._alone:
            self._alone[key] = self._reader.submit(self._search.question, candidate.quoted)
        return self._alone[key]
