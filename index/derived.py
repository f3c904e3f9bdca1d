"""The derived files of a revision: checked when opened, made from the database when missing, damaged or outdated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from index import lexical, vectors
from index.errors import PassageIndexError
from index.lexical import LexicalIndex, LexicalRow, copy_files, open_words, segment_files
from index.manifest import DATABASE, DerivedFiles, Manifest, find_damage, sum_file
from index.rows import StoredDocument
from index.store import Snapshot
from index.vectors import VectorIndex, collect

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VECTORS = "vectors"
LEXICAL = "lexical"
ENCODER = "encoder"
_BATCH = 2000
_REBUILT_WHOLE = 50_000
"""Passages up to which a removal rebuilds the lexical files: then scores are those of a fresh index, to the bit."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a new revision adds to the articles of the one before, and takes away."""

    added: Sequence[StoredDocument] = ()
    removed: Sequence[StoredDocument] = ()


def open_vectors(folder: Path, manifest: Manifest) -> VectorIndex | str:
    """Return the FAISS files mapped into memory, or what is wrong with them."""
    if (problem := _problem(folder, manifest.vectors, vectors.RECIPE)) is not None:
        return problem
    path = folder / manifest.vectors.path
    try:
        opened = VectorIndex.open(path)
    except (OSError, RuntimeError) as error:
        return f"{path} cannot be opened ({type(error).__name__})"
    if len(opened) != manifest.passages:
        return f"{path} has {len(opened)} vectors, {manifest.passages} were written"
    return opened


def open_lexical(folder: Path, manifest: Manifest) -> LexicalIndex | str:
    """Return the tantivy files, or what is wrong with them."""
    if (problem := _problem(folder, manifest.lexical, lexical.RECIPE)) is not None:
        return problem
    path = folder / manifest.lexical.path
    try:
        opened = open_words(path)
    except (OSError, ValueError, RuntimeError) as error:
        return f"{path} cannot be opened ({error})"
    if len(opened) != manifest.passages:
        return f"{path} has {len(opened)} passages, {manifest.passages} were written"
    return opened


def _problem(folder: Path, files: DerivedFiles, recipe: str) -> str | None:
    if files.recipe != recipe:
        return f"{folder / files.path} was made by another version of this program"
    return find_damage(folder, files.files)


def make_vectors(snapshot: Snapshot, documents: Iterable[StoredDocument], dim: int) -> VectorIndex:
    """Return the vectors of the articles in memory, read from the database."""
    ids, rows = _vectors(snapshot, documents, dim)
    return VectorIndex.build(ids, rows, dim)


def make_lexical(snapshot: Snapshot, documents: Iterable[StoredDocument], folder: Path | None = None) -> LexicalIndex:
    """Return the words of the articles, read from the database, in memory or in a new folder."""
    made = LexicalIndex(folder, fresh=True)
    made.change(rows=_lexical_rows(snapshot, documents))
    return made


def write_vectors(
    folder: Path, generation: int, snapshot: Snapshot, dim: int, before: Manifest | None, change: Change
) -> DerivedFiles:
    """Write the FAISS files of a new generation, from those of the one before where they are sound."""
    path = folder / VECTORS / f"{generation:08d}.faiss"
    made = _changed_vectors(folder, snapshot, dim, before, change)
    if made is None:
        made = make_vectors(snapshot, after(snapshot, change), dim)
    _make_folder(path.parent)
    files = tuple(sum_file(folder, file) for file in made.save(path))
    return DerivedFiles(recipe=vectors.RECIPE, path=path.relative_to(folder).as_posix(), files=files)


def _changed_vectors(
    folder: Path, snapshot: Snapshot, dim: int, before: Manifest | None, change: Change
) -> VectorIndex | None:
    if before is None or before.encoder.dim != dim or isinstance(open_vectors(folder, before), str):
        return None
    old = VectorIndex.open(folder / before.vectors.path, mapped=False)
    ids, rows = _vectors(snapshot, change.added, dim)
    removed = [id_ for document in change.removed for id_ in document.passage_ids]
    return old if old.change(removed=removed, ids=ids, vectors=rows) else None


def write_lexical(
    folder: Path, generation: int, snapshot: Snapshot, before: Manifest | None, change: Change
) -> DerivedFiles:
    """Write the tantivy files of a new generation, from those of the one before where they are sound."""
    path = folder / LEXICAL / f"{generation:08d}"
    documents = after(snapshot, change)
    if not _extend_lexical(folder, path, snapshot, before, change, sum(document.count for document in documents)):
        _delete(path)
        _make_folder(path)
        make_lexical(snapshot, documents, path)
    mode = (folder / DATABASE).stat().st_mode & 0o777
    for file in segment_files(path):
        file.chmod(mode)  # tantivy makes some that only their owner can read
    files = tuple(sum_file(folder, file) for file in segment_files(path))
    return DerivedFiles(recipe=lexical.RECIPE, path=path.relative_to(folder).as_posix(), files=files)


def _extend_lexical(
    folder: Path, path: Path, snapshot: Snapshot, before: Manifest | None, change: Change, expected: int
) -> bool:
    """Write a new generation from the one before; return False where it has to be made anew."""
    if before is None or (change.removed and before.passages <= _REBUILT_WHOLE):
        return False
    if isinstance(open_lexical(folder, before), str):
        return False
    copy_files(folder / before.lexical.path, path)
    changed = LexicalIndex(path)
    changed.change(removed=[document.key for document in change.removed], rows=_lexical_rows(snapshot, change.added))
    return len(changed) == expected


def sweep(folder: Path, manifest: Manifest | None, *, keep: str | None = None) -> None:
    """Delete what the manifest does not name: generations before, and what a killed run left.

    Args:
        folder: Of the index.
        manifest: The published one. If None, nothing was published yet.
        keep: A path, relative to the folder, that stays all the same.
    """
    kept = {keep}
    if manifest is not None:
        kept |= {manifest.lexical.path, manifest.encoder.path, *(file.name for file in manifest.vectors.files)}
    for part in (VECTORS, LEXICAL, ENCODER):
        for path in (folder / part).iterdir() if (folder / part).is_dir() else ():
            if path.relative_to(folder).as_posix() in kept:
                continue
            _delete(path)


def after(snapshot: Snapshot, change: Change) -> list[StoredDocument]:
    """Return the articles of the new revision, in the order of their passages' ids."""
    gone = {document.key for document in change.removed}
    kept = [document for document in snapshot.documents() if document.key not in gone]
    return sorted([*kept, *change.added], key=lambda document: document.first)


def _vectors(
    snapshot: Snapshot, documents: Iterable[StoredDocument], dim: int
) -> tuple[list[int], NDArray[np.float32]]:
    return collect(_batches(documents), lambda ids: snapshot.vectors(ids, dim), dim)


def _lexical_rows(snapshot: Snapshot, documents: Iterable[StoredDocument]) -> Iterator[LexicalRow]:
    for batch in _batches(documents):
        for id_, stored in snapshot.passages(batch).items():
            yield LexicalRow(id_, stored.owner.key, stored.text, stored.passage.context)


def _batches(documents: Iterable[StoredDocument]) -> Iterator[list[int]]:
    """Yield the ids of the articles' passages, ascending, some at a time."""
    batch: list[int] = []
    for document in sorted(documents, key=lambda document: document.first):
        batch += document.passage_ids
        while len(batch) >= _BATCH:
            yield batch[:_BATCH]
            batch = batch[_BATCH:]
    if batch:
        yield batch


def _delete(path: Path) -> None:
    """Delete a file or folder, where it is there."""
    import shutil

    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PassageIndexError(f"{path} cannot be made ({error.strerror or error})") from error
