"""What can be wrong with articles or an index.

* PassageIndexError          anything below; every message says what, which path, what to do
    * ArticleError             an article cannot be read: path and reason
    * IndexNotFoundError       nothing there; names the command that builds it
    * IncompatibleIndexError   format, encoder or dimension: found, expected, rebuild
    * CorruptIndexError        a checksum or count disagrees with the manifest
    * IndexLockedError         another process is writing; names its process id
    * EncoderNotFoundError     no weights where the model name or folder points
"""

from __future__ import annotations

from pathlib import Path


class PassageIndexError(Exception):
    """Something is wrong with the articles or the index; the message says what to do."""


class ArticleError(PassageIndexError):
    """An article cannot be read.

    Attributes:
        path: The file.
        reason: Why, in words a person understands ("encrypted PDF").
        skipped: True where the file is simply no article (empty, an image), False where it is one that is broken.
    """

    def __init__(self, path: Path | str, reason: str, *, skipped: bool = False) -> None:
        """Keep the path and the reason apart from the message."""
        super().__init__(f"{path}: {reason}")
        self.path = Path(path)
        self.reason = reason
        self.skipped = skipped

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by parts, since reading happens in worker processes."""
        return (_article_error, (self.path, self.reason, self.skipped))


class IndexNotFoundError(PassageIndexError):
    """There is no index at the path."""


class IncompatibleIndexError(PassageIndexError):
    """The index was written by another format or encoder than this program can use."""


class CorruptIndexError(PassageIndexError):
    """The index folder is damaged and cannot be mended from its database."""


class IndexLockedError(PassageIndexError):
    """Another process is writing to the index."""


class EncoderNotFoundError(PassageIndexError):
    """No encoder weights where the model name or folder points."""


def _article_error(path: Path, reason: str, skipped: bool) -> ArticleError:
    return ArticleError(path, reason, skipped=skipped)
