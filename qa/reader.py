"""Does this passage answer the question, and where? A reader reads both together, in one forward pass.

A reader gives every span of a passage a score, and "no answer here" one too. Their difference is comparable between
the passages of a question: it ranks them, and it tells when none of them answers.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHIPPED = Path(__file__).with_name("reader_model")
LONGEST_SPAN = 48
"""Tokens of the longest span that is considered: about 30 words."""
_NOTHING = -100.0


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader found in a passage.

    Attributes:
        start: First code point of the best span, in the passage's text.
        end: One past its last code point.
        span_score: Start and end logit of the best span together.
        null_score: The same of "no answer here".
        second_score: The same of the best span that shares no token with it, in the same window.
        probability: Of this span among all spans and no answer, by the model's own (uncalibrated) softmax.
    """

    start: int
    end: int
    span_score: float
    null_score: float
    second_score: float = _NOTHING
    probability: float = 0.0

    @property
    def score(self) -> float:
        """By how much the span outweighs no answer, in logits: above 0 the reader would answer."""
        return self.span_score - self.null_score


@dataclass(frozen=True, slots=True)
class WindowLogits:
    """A stretch of a passage that was read at once.

    Attributes:
        start: Start logit of each of its tokens.
        end: End logit of each of its tokens.
        offsets: Where each token lies in the passage's text, in code points.
        null_start: Start logit of no answer.
        null_end: End logit of no answer.
    """

    start: NDArray[np.float32]
    end: NDArray[np.float32]
    offsets: Sequence[tuple[int, int]]
    null_start: float
    null_end: float


class SpanModel(Protocol):
    """A model that gives each token of a passage a start and an end logit."""

    @property
    def name(self) -> str:
        """The model's name, or the folder it was loaded from."""

    def read_windows(self, question: str, passage: str, title: str) -> list[WindowLogits]:
        """Read one passage, in overlapping windows where it is longer than the model can take."""


class Reader:
    """Reads passages for a question. One instance may be used from several threads.

    Each passage is read by itself, on one thread: its score does not depend on the passages beside it, and nothing
    is padded. Several are read at once, one a thread.
    """

    def __init__(self, model: SpanModel, *, threads: int | None = None) -> None:
        """Take a model that is ready; ``open`` loads the shipped one.

        Args:
            model: Gives the logits.
            threads: Passages read at once; None takes the cores that this process may use.
        """
        self._model = model
        self.threads = threads or _cores()
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="reader")

    @classmethod
    def open(cls, folder: Path | None = None, *, threads: int | None = None) -> Reader:
        """Load a reader that the ``training`` program exported.

        Args:
            folder: Holds ``reader.json`` and the files it names; None takes the one that ships.
            threads: Passages read at once; None takes the cores that this process may use.

        Raises:
            ModelNotFoundError: A file is missing, or is not the one that ``reader.json`` names.
        """
        from qa.reader_onnx import OnnxSpans

        return cls(OnnxSpans.open(folder or SHIPPED), threads=threads)

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.name

    def read(self, question: str, passages: Sequence[str], *, titles: Sequence[str] | None = None) -> list[Reading]:
        """Read each passage for the question.

        Args:
            question: As it was asked.
            passages: Their texts.
            titles: What each passage is about (its article's title), read before it and never marked as an answer;
                None or "" reads the passage alone.

        Returns:
            A reading for each passage, in the order given.
        """
        about = titles if titles is not None else [""] * len(passages)
        if len(about) != len(passages):
            raise ValueError(f"{len(passages)} passages but {len(about)} titles")
        longest_first = sorted(range(len(passages)), key=lambda i: -len(passages[i]))
        jobs = {i: self.submit(question, passages[i], about[i]) for i in longest_first}
        return [jobs[i].result() for i in range(len(passages))]

    def submit(self, question: str, passage: str, title: str = "") -> Future[Reading]:
        """Read a passage as soon as a thread is free, as :meth:`read` does each."""
        return self._pool.submit(self._read_one, question, passage, title)

    def _read_one(self, question: str, passage: str, title: str) -> Reading:
        readings = [best_reading(w) for w in self._model.read_windows(question, passage, title) if len(w.offsets)]
        return max(readings, key=lambda r: r.score, default=Reading(0, 0, _NOTHING, 0.0))


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # Linux: the cores that this process may use
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def best_reading(window: WindowLogits) -> Reading:
    """Find the best span of a window, the next best apart from it, and the best one's probability."""
    import numpy as np

    tokens = len(window.offsets)
    rows, columns = np.ogrid[:tokens, :tokens]
    possible = (columns >= rows) & (columns - rows < LONGEST_SPAN)
    scores = np.where(possible, window.start[:, None] + window.end[None, :], -np.inf)
    first, last = divmod(int(scores.argmax()), tokens)
    null = window.null_start + window.null_end
    best = float(scores[first, last])
    top = max(best, null)
    total = float(np.exp(scores - top).sum()) + float(np.exp(null - top))
    scores[: last + 1, first:] = -np.inf  # every span that shares a token with the best one
    second = float(scores.max())
    return Reading(
        start=window.offsets[first][0],
        end=window.offsets[last][1],
        span_score=best,
        null_score=null,
        second_score=second if np.isfinite(second) else null + _NOTHING,
        probability=float(np.exp(best - top)) / total,
    )


def open_reader(name: str | None, *, threads: int | None = None) -> Reader | None:
    """Open the reader that ``--reader`` names.

    Args:
        name: None or "default" for the shipped one, "none" to go without, a folder that ``training`` exported, or the
            folder or hub name of any transformers question-answering model (needs ``transformers`` and torch).
        threads: Passages read at once; None takes the cores that this process may use.

    Returns:
        The reader, or None for "none".

    Raises:
        ModelNotFoundError: There is no such model, or its files are damaged.
    """
    if name == "none":
        return None
    if name is None or name == "default":
        return Reader.open(threads=threads)
    if (Path(name) / "reader.json").exists():
        return Reader.open(Path(name), threads=threads)
    from qa.reader_transformers import TransformersSpans

    return Reader(TransformersSpans.open(name, threads=threads), threads=1)
