"""The one step that makes prepared articles the new revision: derived files first, then one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from index.derived import Change, after, open_lexical, open_vectors, sweep, write_lexical, write_vectors
from index.lock import write_lock
from index.manifest import EncoderInfo, Manifest
from index.store import Snapshot, require_database
from index.writer import Writer


def publish(
    folder: Path, writer: Writer, change: Change, *, encoder: EncoderInfo, settings: Mapping[str, Any], anew: bool
) -> Manifest:
    """Make the change visible to readers as one new revision, and return its manifest.

    The derived files of the new revision are written beside those of the old one; only then does the database name
    them, in the transaction that also switches the articles. Until that commits, readers see the old revision, whole.

    Args:
        folder: Of the index.
        writer: Of its database; the caller holds the write lock.
        change: The articles to make visible and to take away.
        encoder: What made the vectors.
        settings: What made the passages.
        anew: Make the derived files from the database alone, though those of the old revision are there.
    """
    with writer.reading() as snapshot:
        before = snapshot.manifest()
        manifest = _derive(folder, snapshot, None if anew else before, change, encoder=encoder, settings=settings)
        if before is not None:
            manifest = replace(manifest, revision=before.revision + 1)
    writer.publish(manifest, added=change.added, removed=change.removed)
    writer.tidy()
    sweep(folder, manifest)
    return manifest


def mend(folder: Path, *, writer: Writer | None = None) -> list[str]:
    """Make derived files that are missing, damaged or outdated again, and return what was wrong with them.

    Args:
        folder: Of the index.
        writer: Of its database, where the caller holds the write lock. If None, it is taken.

    Raises:
        IndexLockedError: Another process is writing.
        PassageIndexError: The folder cannot be written to, or the database is damaged.
    """
    if writer is None:
        require_database(folder)
        with write_lock(folder):
            writer = Writer(folder)
            try:
                return mend(folder, writer=writer)
            finally:
                writer.close()
    with writer.reading() as snapshot:
        before = snapshot.manifest()
        if before is None:
            return []
        problems = [
            found for found in (open_vectors(folder, before), open_lexical(folder, before)) if isinstance(found, str)
        ]
        if not problems:
            return []
        manifest = _derive(folder, snapshot, before, Change(), encoder=before.encoder, settings=before.settings)
    writer.publish(manifest)
    writer.tidy()
    sweep(folder, manifest)
    return [f"{problem}: made again from the database" for problem in problems]


def _derive(
    folder: Path,
    snapshot: Snapshot,
    before: Manifest | None,
    change: Change,
    *,
    encoder: EncoderInfo,
    settings: Mapping[str, Any],
) -> Manifest:
    published = snapshot.manifest()
    documents = after(snapshot, change)
    generation = 1 if published is None else published.generation + 1
    sweep(folder, published, keep=encoder.path)
    return Manifest(
        revision=1 if published is None else published.revision,
        generation=generation,
        documents=len(documents),
        passages=sum(document.count for document in documents),
        encoder=encoder,
        settings=dict(settings),
        vectors=write_vectors(folder, generation, snapshot, encoder.dim, before, change),
        lexical=write_lexical(folder, generation, snapshot, before, change),
        updated=datetime.now(UTC).isoformat(timespec="seconds"),
    )
