"""What a build says: how far it is, and what became of every file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a build is.

    Attributes:
        stage: What it is at: ``comparing`` files with the index, ``indexing`` articles, ``publishing`` the revision.
        done: Files done in this stage.
        total: Files there are in this stage.
        path: The file done last.
        passages: Passages embedded so far.
        seconds: Since the build began.
    """

    stage: str
    done: int
    total: int
    path: Path | None = None
    passages: int = 0
    seconds: float = 0.0


class FileStatus(StrEnum):
    """What became of a file."""

    INDEXED = "indexed"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    FAILED = "failed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """What became of one file.

    Attributes:
        path: The file.
        status: Whether it is in the index now; ``skipped`` and ``failed`` files are not, even if they were before.
        reason: Why it was skipped, failed or removed.
        document_id: Of its article, where there is or was one.
        passages: Passages it has in the index.
    """

    path: Path
    status: FileStatus
    reason: str | None = None
    document_id: str | None = None
    passages: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """What a build did.

    Attributes:
        files: Every file under the paths given, in their order, then the files that are gone.
        revision: Of the index now; the same as before where nothing had changed.
        documents: Articles in the index now.
        passages: Passages in the index now.
        embedded: Passages that were embedded; the others kept their vectors.
        seconds: It took so long.
        mended: Derived files that were found damaged and made again, a sentence each.
    """

    files: tuple[FileReport, ...]
    revision: int
    documents: int
    passages: int
    embedded: int
    seconds: float
    mended: tuple[str, ...] = ()

    def count(self, status: FileStatus | str) -> int:
        """Return how many files have the status."""
        return sum(file.status == status for file in self.files)
