"""Assistant: the only file that knows the order of the steps.

check -> retrieve -> read -> rank -> decide -> cite.
"""

from __future__ import annotations

import dataclasses
import math
import time
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from index import Filters, Hit, PassageIndex
from qa.answers import Answer, Citation, Conflict, Explanation, IndexState
from qa.candidates import Candidate, Ranked, Search, make_candidate
from qa.citations import make_citation
from qa.confidence import CALIBRATION_FILE, SHIPPED, Calibration, compared
from qa.editions import fold_alike, newest
from qa.errors import InvalidQuestionError
from qa.locations import index_to_ask
from qa.reader import Reader, open_reader
from qa.reading import PassageReading
from qa.settings import Settings
from qa.terms import QuestionTerms, question_terms

PASSAGES_READ = 10
"""How many passages are read at most: see the curve of latency and quality in docs/evaluation.md."""
FIRST_READ = 5
"""How many are read before the rest is: where one of these answers for sure, the rest is left unread."""
SURE = 0.4
"""The confidence at which the rest is left unread: see the same curve."""
QUOTES_READ = 2
"""How many of the best passages have their quotes read once more, alone."""
_ATTEMPTS = 3


class Assistant:
    """Answers questions from an index with verbatim, cited quotes, or abstains.

    Safe to use from several threads. Close it, or use it as a context manager.

    Example:
        >>> with Assistant.open("my-index") as assistant:  # doctest: +SKIP
        ...     answer = assistant.ask("what is Caspian Wind-2025")
        >>> answer.citations[0].quote.text  # doctest: +SKIP
    """

    def __init__(
        self,
        passages: PassageIndex,
        reader: Reader | None,
        calibration: Calibration,
        settings: Settings | None = None,
    ) -> None:
        """Take ready parts; :meth:`open` builds them."""
        self.passages = passages
        self.calibration = calibration
        self._reader = reader
        self._settings = settings or Settings()

    @classmethod
    def open(cls, path: Path | str | None = None, *, settings: Settings | None = None) -> Assistant:
        """Open an index and everything that answering needs.

        Args:
            path: The folder of the index. None: the setting's, or the default index, or that of the shipped articles,
                which is built where there is none yet.
            settings: None: from the environment.

        Raises:
            PassageIndexError: There is no index, or it cannot be used.
            ModelNotFoundError: There is no reader where the settings point.
        """
        settings = settings or Settings.from_env()
        folder = index_to_ask(Path(path) if path is not None else settings.index)
        import numpy as np  # noqa: F401 - first: two threads that import it at the same time can fail

        with ThreadPoolExecutor(1) as pool:  # a cold start loads reader and encoder at once
            opening = pool.submit(open_reader, settings.reader, threads=settings.thread_count)
            passages = PassageIndex.open(folder, threads=settings.thread_count)
            try:
                passages.warm_up()
                reader = opening.result()
            except BaseException:
                passages.close()
                raise
        return cls(passages, reader, _calibration_for(settings.reader, folder), settings)

    def ask(
        self, question: str, *, k: int | None = None, risk: float | None = None, filters: Filters | None = None
    ) -> Answer:
        """Return the cited answer, or an abstention with its reason.

        The same question on the same revision gives the same answer, its ``timings_ms`` aside.

        Args:
            question: In the user's words.
            k: Most citations; None takes the setting.
            risk: Largest share of wrong answers among the answers given; None takes the setting.
            filters: Which articles to answer from; None means all.

        Raises:
            InvalidQuestionError: The question is blank or too long.
            SettingsError: ``k`` is below 1, or ``risk`` is not between 0 and 1.
        """
        settings = dataclasses.replace(
            self._settings,
            k=self._settings.k if k is None else k,
            risk=self._settings.risk if risk is None else risk,
        )
        watch = _Stopwatch()
        ranked, state = self._consider(question, filters, watch, first=max(FIRST_READ, settings.k), quotes=QUOTES_READ)
        threshold = self.calibration.threshold(settings.risk)
        confidence = ranked[0].confidence if ranked else 0.0
        answered = bool(ranked) and confidence >= threshold
        citations = _cite(ranked, settings.k)
        conflicts = _conflicts(question, citations) if answered and len(citations) > 1 else ()
        watch.lap("cite")
        return Answer(
            question=question,
            answered=answered,
            confidence=confidence,
            reason=None if answered else _why_not(ranked, threshold, settings.risk),
            citations=citations if answered else (),
            nearest=() if answered else citations,
            conflicts=conflicts,
            index=state,
            timings_ms=watch.laps(),
        )

    def ask_many(
        self,
        questions: Iterable[str],
        *,
        k: int | None = None,
        risk: float | None = None,
        filters: Filters | None = None,
    ) -> Iterator[Answer]:
        """Answer questions one after the other, as :meth:`ask` does each."""
        for question in questions:
            yield self.ask(question, k=k, risk=risk, filters=filters)

    def search(self, question: str, *, k: int = 10, filters: Filters | None = None) -> list[Hit]:
        """Return the passages found for a question, best first, without reading or deciding."""
        return self.passages.search(self._checked(question), k=k, filters=filters)

    def consider(self, question: str, *, filters: Filters | None = None) -> list[Ranked]:
        """Return the candidates of a question, best first, as a calibration needs them."""
        return self._consider(question, filters, _Stopwatch(), first=PASSAGES_READ, quotes=PASSAGES_READ)[0]

    @property
    def threshold(self) -> float:
        """The least confidence of an answer at the risk that is set; above 1 where none can be given."""
        return self.calibration.threshold(self._settings.risk)

    def close(self) -> None:
        """Close the index."""
        self.passages.close()

    def __enter__(self) -> Self:
        """Return the assistant itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the index."""
        self.close()

    def _consider(
        self, question: str, filters: Filters | None, watch: _Stopwatch, *, first: int, quotes: int
    ) -> tuple[list[Ranked], IndexState]:
        asked = self._checked(question)
        terms = question_terms(asked)
        state, hits = self._search(asked, filters, k=max(PASSAGES_READ, first))
        counts = self._frequencies(terms)
        rarity = _rarity(counts, state.passages)
        unknown = {key for key, count in counts.items() if count == 0}
        watch.lap("retrieve")
        ranked = self._read(Search(asked, terms, hits, rarity, unknown), first=first, quotes=quotes)
        watch.lap("read")
        return ranked, state

    def _search(self, question: str, filters: Filters | None, *, k: int) -> tuple[IndexState, list[Hit]]:
        """Return the hits with the state of the index that they are from: search again where it changed meanwhile."""
        for _ in range(_ATTEMPTS):
            state = IndexState(self.passages.revision, self.passages.document_count, self.passages.passage_count)
            hits = self.passages.search(question, k=k, filters=filters)
            if self.passages.revision == state.revision:
                break
        return state, hits

    def _read(self, search: Search, *, first: int, quotes: int) -> list[Ranked]:
        """Read and rank the hits: the first ones, and the rest where none of these answers for sure.

        The best ones are then put in order once more, with their quotes read alone.
        """
        if self._reader is None:
            return self._ranked([make_candidate(search, hit, None) for hit in search.hits])
        reading = PassageReading(search, self._reader, self._rank_score, quotes=quotes)
        ranked: list[Ranked] = []
        for some in (search.hits[:first], search.hits[first:]):
            if some and not (ranked and ranked[0].confidence >= SURE):
                ranked = self._ranked(reading.read(some))
        read = [entry.candidate for entry in ranked]
        best = {candidate.hit.passage.id for candidate in read[:quotes]}
        ranked = self._ranked([*reading.read_quotes(read[:quotes]), *read[quotes:]])
        return sorted(ranked, key=lambda entry: entry.candidate.hit.passage.id not in best)

    def _frequencies(self, terms: QuestionTerms) -> dict[str, int]:
        """Return for the key of each content word how many passages have it."""
        counts = self.passages.passage_frequencies([word.text for word in terms.content])
        return {word.key: count for word, count in zip(terms.content, counts, strict=True)}

    def _ranked(self, candidates: Sequence[Candidate]) -> list[Ranked]:
        scores = [self._rank_score(candidate) for candidate in candidates]
        rows = compared([c.features for c in candidates], [c.answer for c in candidates], scores)
        ranked = [
            Ranked(candidate=c, features=f, score=s, confidence=round(self.calibration.probability(f), 4))
            for c, f, s in zip(candidates, rows, scores, strict=True)
        ]
        return sorted(ranked, key=lambda r: (-r.score, r.candidate.hit.passage.id))

    def _rank_score(self, candidate: Candidate) -> float:
        return self.calibration.rank_score(candidate.features)

    def _checked(self, question: str) -> str:
        """Return the question without control characters and runs of blanks."""
        if len(question) > self._settings.max_question:
            raise InvalidQuestionError(
                f"the question has {len(question):,} characters; at most {self._settings.max_question:,} are read "
                "(QA_MAX_QUESTION)"
            )
        cleaned = "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in question)
        cleaned = " ".join(cleaned.split())
        if not any(c.isalnum() for c in cleaned):
            raise InvalidQuestionError("the question is blank: there is no word in it")
        return cleaned


def _rarity(counts: Mapping[str, int], passages: int) -> dict[str, float]:
    """Return the inverse document frequency of each key, in the form BM25 uses."""
    total = max([passages, *counts.values()])
    return {key: math.log(1 + (total - count + 0.5) / (count + 0.5)) for key, count in counts.items()}


def _calibration_for(reader: str, folder: Path) -> Calibration:
    """Return the reader's own calibration for the index, else the shipped one; another reader gets that of ours."""
    own = folder / CALIBRATION_FILE
    found = Calibration.load(own, reader=reader) if own.exists() else None
    found = found or Calibration.load(SHIPPED, reader=reader) or Calibration.load(SHIPPED)
    assert found is not None, "the shipped calibration has the default reader"
    return found


def _cite(ranked: Sequence[Ranked], k: int) -> tuple[Citation, ...]:
    """Return the best ``k`` citations, alike quotes folded into one."""
    return tuple(_citation(alike, rank) for rank, alike in enumerate(fold_alike(ranked)[:k], 1))


def _conflicts(question: str, citations: Sequence[Citation]) -> tuple[Conflict, ...]:
    from qa.conflicts import find_conflicts  # only an answer with several quotes needs it

    return find_conflicts(question, citations)


def _citation(alike: Sequence[Ranked], rank: int) -> Citation:
    """Return the citation of entries with one quote, the best first, as the newest article has it.

    The articles are counted; neighbouring passages of one that share a sentence are not.
    """
    entry = newest(alike)
    candidate = entry.candidate
    explanation = Explanation(
        score=entry.score,
        fused=candidate.hit.score,
        dense=candidate.hit.dense,
        lexical=candidate.hit.lexical,
        reader=candidate.reading.score if candidate.reading else None,
        coverage=candidate.coverage.share,
        missing=candidate.coverage.missing,
    )
    return make_citation(
        candidate.hit,
        candidate.quote,
        candidate.span,
        rank=rank,
        confidence=alike[0].confidence,
        duplicates=len({other.candidate.hit.document.id for other in alike}) - 1,
        explanation=explanation,
    )


def _why_not(ranked: Sequence[Ranked], threshold: float, risk: float) -> str:
    """Return, in a sentence, why the question is not answered."""
    if not ranked:
        return "No passage of the articles has a word or a meaning of the question."
    if threshold > 1:
        return f"The calibration supports no answer at a risk of {risk:g}; a larger --risk is needed."
    missing = ranked[0].candidate.coverage.missing
    if missing:
        return f"The closest passage does not mention {' or '.join(missing[:3])}."
    return "No passage says it clearly enough."


class _Stopwatch:
    """Milliseconds of each step."""

    def __init__(self) -> None:
        self._started = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self._laps[name] = round((now - self._last) * 1000, 2)
        self._last = now

    def laps(self) -> dict[str, float]:
        return {**self._laps, "total": round((self._last - self._started) * 1000, 2)}
