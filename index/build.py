"""paths -> documents -> passages -> vectors -> store: incremental, one new revision at the end of a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from index.derived import Change, sweep
from index.documents import DocumentInfo
from index.encoding import BuildEncoder
from index.errors import CorruptIndexError, IncompatibleIndexError, PassageIndexError
from index.filters import select
from index.lock import LOCK, OWNER, write_lock
from index.manifest import DATABASE, Manifest
from index.publish import publish
from index.readers import DEFAULT_LIMITS, ReadLimits
from index.report import BuildReport, Progress
from index.store import require_database
from index.update import Update
from index.writer import Writer

if TYPE_CHECKING:
    from index.encoder import Encoder
    from index.passages import PassageSettings

_OURS = {LOCK, OWNER, "vectors", "lexical", "encoder"}


def build_index(
    paths: Sequence[Path | str],
    index_path: Path | str,
    *,
    model: str | None = None,
    device: str | None = None,
    settings: PassageSettings | None = None,
    keep_missing: bool = False,
    rebuild: bool = False,
    encoder: Encoder | None = None,
    limits: ReadLimits = DEFAULT_LIMITS,
    workers: int = 1,
    progress: Callable[[Progress], None] | None = None,
) -> BuildReport:
    """Bring an index up to date with the articles at the paths, and make it first where there is none.

    Files whose bytes are those indexed before are not read again. Articles under the paths that are gone, or that
    cannot be read any more, leave the index; articles of other paths stay. All this becomes visible to readers at
    once, at the end. A run that is stopped leaves the revision before, and the next run goes on where it stopped.

    Args:
        paths: Files and folders.
        index_path: The folder of the index.
        model: A sentence-transformers model, by name or folder. If None, that of the index, or the default one.
        device: Where to embed, as torch names it. If None, a GPU where there is one, else the CPU.
        settings: How articles are cut. If None, those of the index, or the defaults.
        keep_missing: Keep articles whose files are gone.
        rebuild: Start anew: afterwards the index holds what is at the paths and nothing else.
        encoder: An encoder to use instead of ``model``; it must be given again to search.
        limits: What reading one file may cost.
        workers: Processes that read files.
        progress: Told how far the build is.

    Raises:
        IndexLockedError: Another process is writing to the index.
        IncompatibleIndexError: The index was made with another model or other settings.
        CorruptIndexError: The database of the index is damaged.
        PassageIndexError: The folder cannot be written to, or is not an index and not empty.
        ValueError: No paths are given.
    """
    started = time.perf_counter()
    if not paths:
        raise ValueError("no paths: name the files and folders of the articles")
    folder = Path(index_path)
    with _open_for_writing(folder, rebuild=rebuild) as writer:
        with writer.reading() as snapshot:
            before = snapshot.manifest()
        sweep(folder, before)
        fit = None if rebuild else before
        chosen = BuildEncoder.choose(folder, fit, model=model, device=device, given=encoder)
        update = Update(folder, writer, before, chosen, _choose_settings(folder, fit, settings))
        update.started, update.progress = started, progress
        return update.run(paths, keep_missing=keep_missing, rebuild=rebuild, limits=limits, workers=workers)


def remove_documents(index_path: Path | str, selectors: Sequence[str]) -> list[DocumentInfo]:
    """Take articles out of an index, and return them.

    Args:
        index_path: The folder of the index.
        selectors: Each an id, a path, a folder, or a glob (``*.pdf``); all that they name is removed.

    Raises:
        KeyError: A selector names no article; nothing is removed then.
        IndexNotFoundError: There is no index.
        IndexLockedError: Another process is writing to it.
    """
    folder = Path(index_path)
    require_database(folder)
    with _open_for_writing(folder) as writer:
        with writer.reading() as snapshot:
            before = snapshot.manifest()
            documents = snapshot.documents() if before is not None else []
        named = select([document.info for document in documents], selectors)
        for selector, some in named.items():
            if not some:
                raise KeyError(selector)
        ids = {info.id for some in named.values() for info in some}
        gone = [document for document in documents if document.info.id in ids]
        if before is not None and gone:
            change = Change(removed=gone)
            publish(folder, writer, change, encoder=before.encoder, settings=before.settings, anew=False)
        return [document.info for document in gone]


def _choose_settings(folder: Path, before: Manifest | None, settings: PassageSettings | None) -> PassageSettings:
    from index.passages import PassageSettings

    if before is None:
        return settings or PassageSettings()
    try:
        known = PassageSettings.from_dict(before.settings)
    except TypeError as error:
        raise IncompatibleIndexError(
            f"{folder} was built with settings that this program does not know ({error}); update article-qa, or build "
            f"the index again with: qa index ARTICLES --index {folder} --rebuild"
        ) from error
    if settings is not None and settings != known:
        raise IncompatibleIndexError(
            f"{folder} was built with {known}, not {settings}; leave them out to keep them, or build the index again "
            f"with: qa index ARTICLES --index {folder} --rebuild"
        )
    return known


def _drop_unusable(folder: Path) -> None:
    """Delete a database that is damaged or of another format, so that a rebuild can start anew."""
    if not (folder / DATABASE).exists():
        return
    try:
        writer = Writer(folder)
        try:
            with writer.reading() as snapshot:
                snapshot.manifest()
                snapshot.documents()
                problems = snapshot.problems()
        finally:
            writer.close()
    except (CorruptIndexError, IncompatibleIndexError):
        problems = ["it cannot be opened"]
    if problems:
        for suffix in ("", "-wal", "-shm"):
            (folder / (DATABASE + suffix)).unlink(missing_ok=True)


@contextmanager
def _open_for_writing(folder: Path, *, rebuild: bool = False) -> Iterator[Writer]:
    """Make the folder, take the write lock and open the database; name what the file system reports."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _refuse_strangers(folder)
        with write_lock(folder):
            if rebuild:
                _drop_unusable(folder)
            writer = Writer(folder)
            try:
                yield writer
            finally:
                writer.close()
    except (FileExistsError, NotADirectoryError) as error:
        raise PassageIndexError(f"{folder} is a file or lies in one; name a folder for the index") from error
    except OSError as error:
        what, why = error.filename or folder, error.strerror or error
        raise PassageIndexError(f"{what} cannot be written ({why}); see to it, then run again") from error


def _refuse_strangers(folder: Path) -> None:
    names = {path.name for path in folder.iterdir()}
    strangers = sorted(name for name in names - _OURS if not name.startswith(DATABASE))
    if strangers and DATABASE not in names:
        raise PassageIndexError(
            f"{folder} is not empty and not an index (it holds {strangers[0]}); name an empty or a new folder"
        )
