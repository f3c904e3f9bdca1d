"""Answers from texts that come with the question, where some other program has done the retrieving.

The steps are the assistant's own; only what it searches differs: not an index but the given texts, cut into passages
and ranked by their words.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from index import Document, Hit, split_passages
from qa.answers import Answer
from qa.assistant import Assistant
from qa.candidates import Ranked
from qa.confidence import SHIPPED, Calibration
from qa.reader import Reader, open_reader
from qa.settings import Settings
from qa.terms import split_words

if TYPE_CHECKING:
    from index import Filters, Passage, PassageIndex

_K1, _B = 1.2, 0.75  # as the index's own BM25
_RANK_CONSTANT = 60  # of reciprocal rank fusion


class GivenTexts:
    """Texts in memory, searched as :class:`index.PassageIndex` is, but by words alone.

    The order in which the texts are given counts as a retriever's: it is fused with the order by BM25.
    """

    revision = 0

    def __init__(self, documents: Sequence[Document]) -> None:
        """Cut the texts into passages; a blank text has none.

        Raises:
            ValueError: Two texts have the same id.
        """
        if len({document.id for document in documents}) < len(documents):
            raise ValueError("two of the texts have the same id")
        cut = [(document, passage) for document in documents for passage in split_passages(document)]
        self._passages = [_GivenPassage(number, *pair) for number, pair in enumerate(cut, 1)]
        self._places = {document.id: place for place, document in enumerate(documents)}
        self.document_count = len(documents)
        self.passage_count = len(self._passages)

    def search(self, query: str, *, k: int = 10, filters: Filters | None = None) -> list[Hit]:
        """Return the ``k`` passages that stand best in the given order and by BM25 together."""
        among = [p for p in self._passages if filters is None or filters.matches(p.document.info)]
        scores = _bm25({word.key for word in split_words(query)}, among)
        by_words = {i: rank for rank, i in enumerate(sorted(range(len(among)), key=lambda i: (-scores[i], i)), 1)}
        given = [self._places[p.document.id] + 1 for p in among]
        fused = [1 / (_RANK_CONSTANT + by_words[i]) + 1 / (_RANK_CONSTANT + given[i]) for i in range(len(among))]
        best = sorted(range(len(among)), key=lambda i: (-fused[i], i))[:k]
        return [among[i].hit(rank, score=fused[i], lexical=scores[i] or None) for rank, i in enumerate(best, 1)]

    def passage_frequencies(self, words: Sequence[str]) -> list[int]:
        """Return 1 for each word that a passage has, 0 for the others.

        How rare a word is in the collection cannot be told from a few texts that were picked for having it.
        """
        keys = [next((word.key for word in split_words(text)), None) for text in words]
        return [int(any(key in p.words for p in self._passages)) for key in keys]

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""


class _GivenPassage:
    """A passage with its words counted."""

    def __init__(self, number: int, document: Document, passage: Passage) -> None:
        self.document = document
        self._passage = passage
        self._number = number
        self._text = document.text[passage.start : passage.end]
        self.words = Counter(word.key for word in split_words(f"{passage.context}\n{self._text}"))

    def hit(self, rank: int, *, score: float, lexical: float | None) -> Hit:
        pages = tuple(p for p in self.document.pages if p.start < self._passage.end and self._passage.start < p.end)
        return Hit(
            rank=rank,
            score=score,
            dense=None,
            lexical=lexical,
            passage=replace(self._passage, id=self._number),
            text=self._text,
            document=self.document.info,
            pages=pages,
        )


def _bm25(keys: set[str], passages: Sequence[_GivenPassage]) -> list[float]:
    lengths = [p.words.total() for p in passages]
    mean = sum(lengths) / max(1, len(lengths)) or 1.0
    scores = [0.0] * len(passages)
    for key in sorted(keys):
        having = sum(key in p.words for p in passages)
        rarity = math.log(1 + (len(passages) - having + 0.5) / (having + 0.5))
        for i, (passage, length) in enumerate(zip(passages, lengths, strict=True)):
            count = passage.words[key]
            scores[i] += rarity * count * (_K1 + 1) / (count + _K1 * (1 - _B + _B * length / mean))
    return scores


def cite_texts(
    question: str,
    texts: Sequence[str | Document],
    *,
    reader: Reader | None,
    calibration: Calibration,
    settings: Settings | None = None,
    k: int | None = None,
    risk: float | None = None,
) -> Answer:
    """Return the cited answer that the texts give, or an abstention with its reason; nothing is generated.

    Every offset counts the code points of the text that the citation is from. A text given as ``str`` becomes the
    document with its place, from 0, as id.

    Args:
        question: In the user's words.
        texts: Best first, as a retriever gives them.
        reader: Finds the answering words, or None to go without.
        calibration: Says how sure to be, and from where on to answer; fitted to given texts, since neither the cosine
            of question and passage nor the rarity of a word in the collection is known here.
        settings: None takes the defaults.
        k: Most citations; None takes the setting.
        risk: Largest share of wrong answers among the answers given; None takes the setting.

    Raises:
        InvalidQuestionError: The question is blank or too long.
        ValueError: Two documents have the same id.
    """
    documents = _documents(texts)
    answer = Assistant(_searchable(documents), reader, calibration, settings).ask(question, k=k, risk=risk)
    _prove(answer, {document.id: document.text for document in documents})
    return answer


def _documents(texts: Sequence[str | Document]) -> list[Document]:
    return [Document(id=str(place), text=text) if isinstance(text, str) else text for place, text in enumerate(texts)]


def _searchable(documents: Sequence[Document]) -> PassageIndex:
    return cast("PassageIndex", GivenTexts(documents))  # it has all that an assistant uses


def _prove(answer: Answer, texts: dict[str, str]) -> None:
    """Hold every quote against the text it is from."""
    for citation in (*answer.citations, *answer.nearest):
        for part in (citation.quote, citation.span, citation.passage):
            if part is not None and texts[citation.document.id][part.start : part.end] != part.text:
                raise AssertionError(f"citation {citation.rank} is not a slice of its text")


class TextAssistant:
    """Answers questions from texts that are given with each, with verbatim, cited quotes, or abstains.

    Safe to use from several threads.

    Example:
        >>> assistant = TextAssistant.open()  # doctest: +SKIP
        >>> assistant.ask("when was the port built", ["The port was built in 1997."])  # doctest: +SKIP
    """

    def __init__(self, reader: Reader | None, calibration: Calibration, settings: Settings | None = None) -> None:
        """Take ready parts; :meth:`open` loads them."""
        self._reader = reader
        self._calibration = calibration
        self._settings = settings or Settings()

    @classmethod
    def open(cls, *, settings: Settings | None = None) -> TextAssistant:
        """Load the reader and the shipped calibration for given texts.

        Args:
            settings: None: from the environment.

        Raises:
            ModelNotFoundError: There is no reader where the settings point.
        """
        settings = settings or Settings.from_env()
        reader = open_reader(settings.reader, threads=settings.thread_count)
        return cls(reader, shipped_calibration(settings.reader), settings)

    def ask(
        self, question: str, texts: Sequence[str | Document], *, k: int | None = None, risk: float | None = None
    ) -> Answer:
        """Return the cited answer that the texts give, or an abstention, as :func:`cite_texts` does.

        Args:
            question: In the user's words.
            texts: Best first, as a retriever gives them.
            k: Most citations; None takes the setting.
            risk: Largest share of wrong answers among the answers given; None takes the setting.
        """
        return cite_texts(
            question,
            texts,
            reader=self._reader,
            calibration=self._calibration,
            settings=self._settings,
            k=k,
            risk=risk,
        )

    def consider(self, question: str, texts: Sequence[str | Document]) -> list[Ranked]:
        """Return the candidates of a question, best first, as a calibration needs them."""
        given = _searchable(_documents(texts))
        return Assistant(given, self._reader, self._calibration, self._settings).consider(question)


def shipped_calibration(reader: str) -> Calibration:
    """Return the shipped calibration of a reader on given texts; a reader of the user's own gets that of ours."""
    names = (calibration_name(reader), calibration_name("default"), reader, "default")
    found = next((known for name in names if (known := Calibration.load(SHIPPED, reader=name))), None)
    assert found is not None, "the shipped calibration has the default reader"
    return found


def calibration_name(reader: str) -> str:
    """Return the name that a reader's calibration on given texts has in the file of calibrations."""
    return f"{reader}, given texts"
