"""One run of a build: what changed is read, embedded and prepared in batches, then published at once."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, cast

from index.derived import Change
from index.documents import Document, Passage
from index.encoding import BuildEncoder
from index.manifest import Manifest
from index.publish import mend, publish
from index.readers import ReadLimits, ReadOutcome, find_articles, read_articles
from index.readers.find import absolute
from index.report import BuildReport, FileReport, FileStatus, Progress
from index.rows import StoredDocument
from index.writer import Prepared, Writer

if TYPE_CHECKING:
    from index.passages import PassageSettings

_BATCH = 512
"""Passages embedded and stored together: enough that texts of like length share a batch of the encoder."""


class Update:
    """One run of ``build_index``, the write lock held."""

    def __init__(
        self, folder: Path, writer: Writer, before: Manifest | None, encoder: BuildEncoder, settings: PassageSettings
    ) -> None:
        """Start from the published manifest, where there is one."""
        self.folder = folder
        self.writer = writer
        self.before = before
        self.encoder = encoder
        self.settings = settings
        self.progress: Callable[[Progress], None] | None = None
        self.started = time.perf_counter()
        self.embedded = 0
        self.reports: dict[Path, FileReport] = {}
        self.staged: list[StoredDocument] = []
        self.live: dict[str, StoredDocument] = {}
        self.plan = _digest(encoder, settings)

    def run(
        self, paths: Sequence[Path | str], *, keep_missing: bool, rebuild: bool, limits: ReadLimits, workers: int
    ) -> BuildReport:
        """Read, embed and store what is new, then publish."""
        found = find_articles([Path(path) for path in paths])
        with self.writer.reading() as snapshot:
            self.live = {} if self.before is None else {one.info.source: one for one in snapshot.documents()}
        changed = self._compare(found, limits, resume=not rebuild, everything=rebuild)
        done = len(found) - len(changed)
        reading = cast("Generator[ReadOutcome]", read_articles(changed, limits=limits, workers=workers))
        with closing(reading) as outcomes:
            for batch in _batches(self._prepare(outcomes)):
                self._embed_and_stage(batch, done, len(found))
                done = len(self.reports)
        self._tell("publishing", 0, 1)
        change = Change(added=self.staged, removed=self._gone(found, paths, keep_missing, rebuild))
        manifest, mended = self._publish(change, anew=rebuild)
        self._tell("publishing", 1, 1)
        return BuildReport(
            files=tuple(self.reports.values()),
            revision=manifest.revision,
            documents=manifest.documents,
            passages=manifest.passages,
            embedded=self.embedded,
            seconds=time.perf_counter() - self.started,
            mended=tuple(mended),
        )

    def _compare(self, found: Sequence[Path], limits: ReadLimits, *, resume: bool, everything: bool) -> list[Path]:
        """Return the files to read, after noting those that are unchanged or prepared by a run that was stopped."""
        prepared = self._resume(keep=resume)
        changed = []
        for number, path in enumerate(found, start=1):
            source = path.as_posix()
            live, ready = self.live.get(source), prepared.get(source)
            known = {one.info.sha256 for one in (live, ready) if one is not None}
            digest = _hash(path, limits) if known and not everything else None
            if live is not None and digest == live.info.sha256 and live.plan == self.plan:
                self._note(path, FileStatus.UNCHANGED, live)
            elif ready is not None and digest == ready.info.sha256:
                self.staged.append(prepared.pop(source))
                self._note(path, FileStatus.INDEXED, ready)
            else:
                changed.append(path)
            self._tell("comparing", number, len(found), path)
        self.writer.discard(prepared.values())
        return changed

    def _resume(self, *, keep: bool) -> dict[str, StoredDocument]:
        """Return what a run that was stopped has prepared and this one can use; take the rest away."""
        staged = self.writer.staged()
        useful = {one.info.source: one for one in staged if keep and one.plan == self.plan}
        kept = {one.key for one in useful.values()}
        self.writer.discard([one for one in staged if one.key not in kept])
        return useful

    def _prepare(self, outcomes: Iterator[ReadOutcome]) -> Iterator[tuple[Document, list[Passage]]]:
        """Yield the articles read with their passages; note the files that are none."""
        from index.passages import split_passages

        for outcome in outcomes:
            document, error = outcome.document, outcome.error
            if document is None:
                skipped = error is not None and error.skipped
                reason = error.reason if error is not None else "nothing was read"
                self._note(outcome.path, FileStatus.SKIPPED if skipped else FileStatus.FAILED, reason=reason)
                continue
            if not _is_storable(document):
                self._note(outcome.path, FileStatus.FAILED, reason="its text is not valid Unicode")
                continue
            passages = split_passages(document, settings=self.settings)
            if not passages:
                self._note(outcome.path, FileStatus.SKIPPED, reason="no text besides menus and the like")
                continue
            yield document, passages

    def _embed_and_stage(self, batch: Sequence[tuple[Document, list[Passage]]], done: int, total: int) -> None:
        vectors = self._embed(batch, done, total)
        prepared = [
            Prepared(document, passages, [vectors[embedding_text(document, passage)] for passage in passages])
            for document, passages in batch
        ]
        for stored in self.writer.stage(prepared, plan=self.plan):
            self.staged.append(stored)
            path = Path(stored.info.source)
            self._note(path, FileStatus.INDEXED, stored)
            self._tell("indexing", len(self.reports), total, path)

    def _embed(self, batch: Sequence[tuple[Document, list[Passage]]], done: int, total: int) -> dict[str, bytes]:
        """Return the vector of each text that is embedded: those of the articles' former passages are used again."""
        vectors: dict[str, bytes] = {}
        for document, _ in batch:
            vectors |= self._former(document)
        texts = {embedding_text(document, passage) for document, passages in batch for passage in passages}
        fresh = sorted(texts - vectors.keys())
        for start in range(0, len(fresh), _BATCH):
            some = fresh[start : start + _BATCH]
            rows = self.encoder.load().encode_passages(some)
            vectors |= {text: row.tobytes() for text, row in zip(some, rows.astype("float32"), strict=True)}
            self.embedded += len(some)
            self._tell("indexing", done, total)
        return vectors

    def _former(self, document: Document) -> dict[str, bytes]:
        """Return the vectors of the article's passages as they were before it changed."""
        live = self.live.get(document.source)
        if live is None or live.plan != self.plan or not live.count:
            return {}
        with self.writer.reading() as snapshot:
            passages = snapshot.passages(live.passage_ids)
            rows = snapshot.vectors(live.passage_ids, self.encoder.info.dim)
        texts = [_joined(stored.passage.context, stored.text) for stored in passages.values()]
        return {text: row.tobytes() for text, row in zip(texts, rows, strict=True)}

    def _gone(
        self, found: Sequence[Path], paths: Sequence[Path | str], keep_missing: bool, rebuild: bool
    ) -> list[StoredDocument]:
        """Return the articles that leave the index: replaced, unreadable now, or gone; note the last."""
        unchanged = {path.as_posix() for path, report in self.reports.items() if report.status == FileStatus.UNCHANGED}
        seen = {path.as_posix() for path in found}
        roots = [absolute(path) for path in paths]
        gone = []
        for source, document in self.live.items():
            if source in unchanged:
                continue
            path, exists = Path(source), Path(source).exists()
            if source not in seen or not exists:
                if not rebuild and (keep_missing or not _is_under(path, roots)):
                    continue
                reason = "not among the files given" if exists else "the file is gone"
                self._note(path, FileStatus.REMOVED, document, reason=reason)
            gone.append(document)
        return gone

    def _publish(self, change: Change, *, anew: bool) -> tuple[Manifest, list[str]]:
        before, encoder = self.before, self.encoder.info
        if before is not None and not (change.added or change.removed or anew) and before.encoder == encoder:
            mended = mend(self.folder, writer=self.writer)
            self.writer.tidy()
            return before, mended
        settings = asdict(self.settings)
        manifest = publish(self.folder, self.writer, change, encoder=encoder, settings=settings, anew=anew)
        return manifest, []

    def _note(
        self, path: Path, status: FileStatus, document: StoredDocument | None = None, *, reason: str | None = None
    ) -> None:
        is_there = document is not None and status in (FileStatus.INDEXED, FileStatus.UNCHANGED)
        self.reports[path] = FileReport(
            path=path,
            status=status,
            reason=reason,
            document_id=None if document is None else document.info.id,
            passages=document.count if document is not None and is_there else 0,
        )

    def _tell(self, stage: str, done: int, total: int, path: Path | None = None) -> None:
        if self.progress is not None:
            seconds = time.perf_counter() - self.started
            self.progress(
                Progress(stage=stage, done=done, total=total, path=path, passages=self.embedded, seconds=seconds)
            )


def embedding_text(document: Document, passage: Passage) -> str:
    """Return what is embedded for a passage: its context, then its text."""
    return _joined(passage.context, document.text[passage.start : passage.end])


def _joined(context: str, text: str) -> str:
    return f"{context}\n{text}" if context else text


def _batches(
    articles: Iterator[tuple[Document, list[Passage]]],
) -> Iterator[list[tuple[Document, list[Passage]]]]:
    """Yield the articles in groups of about ``_BATCH`` passages."""
    batch: list[tuple[Document, list[Passage]]] = []
    size = 0
    for article in articles:
        batch.append(article)
        size += len(article[1])
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _digest(encoder: BuildEncoder, settings: PassageSettings) -> str:
    """Return a digest of all that shapes passages and vectors besides the articles."""
    shape = [encoder.info.name, encoder.info.dim, encoder.info.sha256, asdict(settings)]
    return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()[:16]


def _hash(path: Path, limits: ReadLimits) -> str | None:
    """Return the SHA-256 of a regular file within the limits, None where it is none or cannot be read."""
    try:
        if not path.is_file() or path.stat().st_size > limits.max_bytes:
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _is_storable(document: Document) -> bool:
    try:
        for value in (document.text, document.title, document.author, document.date, document.url, document.source):
            (value or "").encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_under(path: Path, roots: Sequence[Path]) -> bool:
    """Return whether a path is one of the roots or lies in one; a folder that is gone says nothing of its files."""
    return any(path == root or (path.is_relative_to(root) and root.is_dir()) for root in roots)
