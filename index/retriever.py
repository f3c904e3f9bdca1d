"""query -> list[Hit], best first: the index as its readers see it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from index.derived import make_lexical, make_vectors, open_lexical, open_vectors
from index.documents import Document, DocumentInfo, Hit
from index.encoding import check_encoder, open_encoder
from index.errors import (
    CorruptIndexError,
    IndexNotFoundError,
    PassageIndexError,
)
from index.filters import Filters
from index.fusion import RetrievalSettings, fuse
from index.lexical import LexicalIndex
from index.manifest import Manifest
from index.rows import StoredDocument, StoredPassage
from index.store import Snapshot, Store
from index.vectors import VectorIndex, set_threads

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from index.encoder import Encoder

_ATTEMPTS = 20


class _UnusableError(Exception):
    """Derived files of a revision are missing or damaged."""

    def __init__(self, revision: int) -> None:
        super().__init__(revision)
        self.revision = revision


@dataclass(frozen=True, slots=True)
class _Revision:
    """One revision, opened: what the database says and the derived files that belong to it."""

    manifest: Manifest
    vectors: VectorIndex
    lexical: LexicalIndex


class PassageIndex:
    """An index, opened for reading: searches it and gives its articles.

    Safe to use from several threads. A revision that another process publishes is picked up by the next call, and each
    call sees one revision from beginning to end. Derived files that are missing or damaged are made again from the
    database; ``mended`` says so.

    Example:
        >>> with PassageIndex.open("my-index") as passages:  # doctest: +SKIP
        ...     hits = passages.search("what is Caspian Wind-2025", k=5)
    """

    def __init__(self, store: Store, *, threads: int | None, encoder: Encoder | None) -> None:
        """Read from the store; :meth:`open` is the way to make one."""
        self._store = store
        self._threads = threads
        self._given_encoder = encoder
        self._own_encoder: tuple[str, Encoder] | None = None
        self._revision: _Revision | None = None
        self._listing: tuple[int, list[StoredDocument]] | None = None
        self._lock = threading.RLock()
        self._mended: list[str] = []
        self._read_only = False
        self.settings = RetrievalSettings()

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        threads: int | None = None,
        encoder: Encoder | None = None,
        settings: RetrievalSettings | None = None,
    ) -> PassageIndex:
        """Open the index in a folder.

        Args:
            path: The folder.
            threads: Threads that embedding a query may use. If None, the encoder chooses.
            encoder: What to embed queries with. If None, the encoder that the index carries, loaded at the first
                search.
            settings: How candidates are found and fused. If None, the defaults.

        Raises:
            IndexNotFoundError: There is no index, or its first build was not finished.
            IncompatibleIndexError: Its format or encoder is not what this program or ``encoder`` is.
            CorruptIndexError: Its database is damaged.
        """
        opened = cls(Store(Path(path)), threads=threads, encoder=encoder)
        opened.settings = settings or opened.settings
        try:
            opened.refresh()
        except BaseException:
            opened.close()
            raise
        return opened

    @property
    def path(self) -> Path:
        """The folder of the index."""
        return self._store.folder

    @property
    def manifest(self) -> Manifest:
        """What the revision seen last says of itself."""
        if self._revision is None:
            raise ValueError("the index is closed")
        return self._revision.manifest

    @property
    def revision(self) -> int:
        """The revision seen last."""
        return self.manifest.revision

    @property
    def document_count(self) -> int:
        """The number of articles."""
        return self.manifest.documents

    @property
    def passage_count(self) -> int:
        """The number of passages."""
        return self.manifest.passages

    @property
    def mended(self) -> tuple[str, ...]:
        """What was found damaged or outdated and made again from the database, a sentence each."""
        return tuple(self._mended)

    def refresh(self) -> bool:
        """Pick up the revision on disk; return whether it is another than the one seen last."""
        before = None if self._revision is None else self._revision.manifest.revision
        with self._view() as (_, now):
            return now.manifest.revision != before

    def warm_up(self) -> None:
        """Load the encoder, which the first search would load otherwise.

        Raises:
            PassageIndexError: It is damaged, or the index carries none.
        """
        self._newest_encoder()

    def search(self, query: str, *, k: int = 10, depth: int = 100, filters: Filters | None = None) -> list[Hit]:
        """Return the ``k`` best passages for a query, or fewer where there are no more; a blank query has none.

        Args:
            query: In any words; no character has a special meaning.
            k: How many hits to return.
            depth: How many candidates the dense and the lexical retriever each give; at least ``k``.
            filters: Which articles to search. If None, all.

        Raises:
            ValueError: ``k`` or ``depth`` is below 1.
            PassageIndexError: The index, or the encoder in it, is damaged.
        """
        if k < 1 or depth < 1:
            raise ValueError(f"k and depth must be 1 or more: k={k}, depth={depth}")
        if not query.strip():
            return []
        depth = max(depth, k)
        for _ in range(_ATTEMPTS):
            encoder = self._newest_encoder()
            vector = encoder.encode_query(query)
            with self._view() as (snapshot, now):
                if self._given_encoder is None and encoder is not self._encoder():
                    continue  # the new revision has another encoder
                return self._find(snapshot, now, query, vector, k=k, depth=depth, filters=filters)
        raise PassageIndexError(f"{self.path} changes faster than it can be read; try again")

    def documents(self, filters: Filters | None = None) -> list[DocumentInfo]:
        """Return what is known of each article, ordered by source.

        Args:
            filters: Which articles. If None, all.
        """
        with self._view() as (snapshot, now):
            listed = self._list(snapshot, now)
        return [document.info for document in listed if filters is None or filters.matches(document.info)]

    def passage_frequencies(self, words: Sequence[str]) -> list[int]:
        """Return for each word how many passages have it, whatever its inflection; 0 for one that none has."""
        with self._view() as (_, now):
            return now.lexical.frequencies(words)

    def document(self, document_id: str) -> Document:
        """Return an article with its whole text.

        Raises:
            KeyError: No article has this id.
        """
        with self._view() as (snapshot, _):
            found = snapshot.find_document(document_id)
            if found is None:
                raise KeyError(document_id)
            return snapshot.whole(found)

    def close(self) -> None:
        """Let go of the files; every later call raises ValueError."""
        self._store.close()
        self._revision = None

    def __enter__(self) -> Self:
        """Return the index."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the index."""
        self.close()

    @contextmanager
    def _view(self) -> Iterator[tuple[Snapshot, _Revision]]:
        """Give a view of the database and the revision that it shows, its derived files opened."""
        for attempt in range(_ATTEMPTS):
            try:
                with self._store.snapshot() as snapshot:
                    now = self._current(snapshot, in_memory=attempt == _ATTEMPTS - 1)
                    yield snapshot, now
                    return
            except _UnusableError as error:
                self._mend(error)
        raise AssertionError("the last attempt makes everything in memory")

    def _current(self, snapshot: Snapshot, *, in_memory: bool) -> _Revision:
        """Return the revision that the snapshot shows, opening its derived files where it is new."""
        now = self._revision
        revision = snapshot.revision()
        if now is not None and now.manifest.revision == revision:
            return now
        with self._lock:
            if self._revision is None or self._revision.manifest.revision != revision:
                self._revision = self._load(snapshot, in_memory=in_memory or self._read_only)
            return self._revision

    def _mend(self, error: _UnusableError) -> None:
        """Make derived files again on disk; where that cannot be, from now on in memory."""
        if self._store.newest() != error.revision:
            return  # another process has published meanwhile, and deleted the files of the revision before
        from index.publish import mend

        try:
            self._mended += mend(self.path)
        except PassageIndexError:
            self._read_only = True

    def _load(self, snapshot: Snapshot, *, in_memory: bool) -> _Revision:
        manifest = snapshot.manifest()
        if manifest is None:
            raise IndexNotFoundError(
                f"{self.path}: its first build was not finished; run the same qa index command again to go on with it"
            )
        if (encoder := self._given_encoder) is not None:
            check_encoder(self.path, manifest.encoder, encoder)
        set_threads(1)
        vectors, lexical = open_vectors(self.path, manifest), open_lexical(self.path, manifest)
        for problem in (vectors, lexical):
            if isinstance(problem, str):
                if not in_memory:
                    raise _UnusableError(manifest.revision)
                self._mended.append(f"{problem}: made again in memory from the database")
        if isinstance(vectors, str):
            vectors = make_vectors(snapshot, snapshot.documents(), manifest.encoder.dim)
        if isinstance(lexical, str):
            lexical = make_lexical(snapshot, snapshot.documents())
        if not len(vectors) == len(lexical) == manifest.passages:
            raise CorruptIndexError(
                f"{self.path}: {manifest.passages} passages were written, {len(vectors)} vectors and {len(lexical)} "
                f"texts are there; build the index again with: qa index ARTICLES --index {self.path} --rebuild"
            )
        return _Revision(manifest, vectors, lexical)

    def _find(
        self,
        snapshot: Snapshot,
        now: _Revision,
        query: str,
        vector: NDArray[np.float32],
        *,
        k: int,
        depth: int,
        filters: Filters | None,
    ) -> list[Hit]:
        keys, ids = self._allowed(snapshot, now, filters)
        weights = self.settings
        dense = [id_ for id_, _ in now.vectors.search(vector, depth, allowed=ids)] if weights.dense_weight else []
        lexical: dict[int, float] = {}
        if weights.lexical_weight:
            lexical = dict(now.lexical.search(query, depth, allowed=keys, context_boost=weights.context_boost))
        cosines = self._cosines(snapshot, vector, sorted({*dense, *lexical}))
        fused = fuse(cosines, lexical, now.lexical.most(query), weights)[:k]
        best = [id_ for id_, _ in fused]
        passages = snapshot.passages(best)
        return [
            _hit(rank, score, passages[id_], cosines[id_], lexical.get(id_))
            for rank, (id_, score) in enumerate(fused, start=1)
        ]

    def _cosines(self, snapshot: Snapshot, query: NDArray[np.float32], ids: Sequence[int]) -> dict[int, float]:
        """Return the cosines by the stored vectors: the same whichever way FAISS found them."""
        if not ids:
            return {}
        import numpy as np

        rows = snapshot.vectors(ids, len(query)).astype(np.float64)
        return {id_: round(float(cosine), 7) for id_, cosine in zip(ids, rows @ query.astype(np.float64), strict=True)}

    def _allowed(
        self, snapshot: Snapshot, now: _Revision, filters: Filters | None
    ) -> tuple[list[int] | None, NDArray[np.int64] | None]:
        """Return the keys and the ascending passage ids of the articles to search, None for all."""
        if not filters:
            return None, None
        import numpy as np

        chosen = [document for document in self._list(snapshot, now) if filters.matches(document.info)]
        chosen.sort(key=lambda document: document.first)
        ranges = [np.arange(one.first, one.first + one.count, dtype=np.int64) for one in chosen]
        return [one.key for one in chosen], np.concatenate(ranges) if ranges else np.empty(0, dtype=np.int64)

    def _list(self, snapshot: Snapshot, now: _Revision) -> list[StoredDocument]:
        known = self._listing
        if known is not None and known[0] == now.manifest.revision:
            return known[1]
        listing = snapshot.documents()
        self._listing = (now.manifest.revision, listing)
        return listing

    def _newest_encoder(self) -> Encoder:
        """Return the encoder, of a revision published meanwhile where that of the one seen last is gone."""
        for _ in range(_ATTEMPTS):
            try:
                return self._encoder()
            except PassageIndexError:
                if not self.refresh():
                    raise
        return self._encoder()

    def _encoder(self) -> Encoder:
        """Return the encoder of the revision seen last, loaded when it is first needed."""
        if self._given_encoder is not None:
            return self._given_encoder
        with self._lock:
            info = self.manifest.encoder
            if self._own_encoder is None or self._own_encoder[0] != info.sha256:
                self._own_encoder = (info.sha256, open_encoder(self.path, info, threads=self._threads))
            return self._own_encoder[1]


def _hit(rank: int, score: float, stored: StoredPassage, dense: float, lexical: float | None) -> Hit:
    return Hit(
        rank=rank,
        score=score,
        dense=dense,
        lexical=lexical,
        passage=stored.passage,
        text=stored.text,
        document=stored.owner.info,
        pages=stored.pages,
    )
