"""FAISS over the passages' vectors: which passages lie nearest to a query? Derived from the database.

Exact search up to ``EXACT_LIMIT`` passages, an HNSW graph above. A graph cannot forget, so what is removed stays in it
and is passed over, until it is a tenth of the graph. Vectors have unit length, so the inner product is the cosine.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import PassageIndexError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EXACT_LIMIT = 100_000
"""Passages up to which every vector is compared: 15 ms a query there, a graph 1 ms (``benchmarks/vectors.py``)."""

GONE = ".gone"
"""Suffix of the list of ids that a graph still holds and that are no passages any more."""

_NEIGHBOURS = 32
_BUILD_BREADTH = 100
_SEARCH_BREADTH = 128
_FEW = 20_000  # so few allowed passages are compared one by one, also where there is a graph
_STALE_SHARE = 0.1

RECIPE = f"faiss 1: exact to {EXACT_LIMIT}, then HNSW {_NEIGHBOURS}/{_BUILD_BREADTH}"


class VectorIndex:
    """Vectors by passage id, in memory or mapped from a file."""

    def __init__(self, faiss_index: Any, gone: Sequence[int] = ()) -> None:  # noqa: ANN401 - faiss has no types
        """Wrap a FAISS ``IndexIDMap``, of which some ids are gone."""
        self._index = faiss_index
        self._gone = sorted(gone)

    @classmethod
    def build(cls, ids: Sequence[int], vectors: NDArray[np.float32], dim: int) -> VectorIndex:
        """Index the vectors, one row for each id."""
        import faiss
        import numpy as np

        if len(ids) > EXACT_LIMIT:
            graph = faiss.IndexHNSWFlat(dim, _NEIGHBOURS, faiss.METRIC_INNER_PRODUCT)
            graph.hnsw.efConstruction = _BUILD_BREADTH
            graph.hnsw.efSearch = _SEARCH_BREADTH
            index = faiss.IndexIDMap(graph)
            set_threads(_cores())
        else:
            index = faiss.IndexIDMap(faiss.IndexFlatIP(dim))
        if len(ids):
            index.add_with_ids(np.ascontiguousarray(vectors), np.asarray(ids, dtype=np.int64))
        set_threads(1)
        return cls(index)

    @classmethod
    def open(cls, path: Path, *, mapped: bool = True) -> VectorIndex:
        """Open a file that ``save`` wrote; mapped, processes share one copy of it, and it cannot be changed."""
        import faiss
        import numpy as np

        flags = faiss.IO_FLAG_MMAP_IFC if mapped else 0
        gone = path.with_suffix(GONE)
        ids = np.frombuffer(gone.read_bytes(), dtype=np.int64).tolist() if gone.exists() else []
        return cls(faiss.read_index(str(path), flags), ids)

    def save(self, path: Path) -> list[Path]:
        """Write the vectors beside ``path``, then rename; return the files written.

        Raises:
            PassageIndexError: There is no room or no permission.
        """
        import faiss
        import numpy as np

        fresh = path.with_name(path.name + ".new")
        written = [path]
        try:
            faiss.write_index(self._index, str(fresh))
            with fresh.open("rb") as file:
                os.fsync(file.fileno())
            fresh.replace(path)
            if self._gone:
                written.append(path.with_suffix(GONE))
                written[-1].write_bytes(np.asarray(self._gone, dtype=np.int64).tobytes())
            return written
        except (OSError, RuntimeError) as error:
            fresh.unlink(missing_ok=True)
            raise PassageIndexError(f"{path} cannot be written; free some space or check its permissions") from error

    def __len__(self) -> int:
        """Return the number of vectors."""
        return int(self._index.ntotal) - len(self._gone)

    @property
    def is_exact(self) -> bool:
        """Whether every vector is compared."""
        import faiss

        return not isinstance(faiss.downcast_index(self._index.index), faiss.IndexHNSW)

    def ids(self) -> NDArray[np.int64]:
        """Return the passage ids, in the order they were added."""
        ids = self._all_ids()
        return ids[self._is_there(ids)]

    def stored(self) -> NDArray[np.float32]:
        """Return the vectors in the order of ``ids``."""
        return self._all_rows()[self._is_there(self._all_ids())]

    def _is_there(self, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        import numpy as np

        return ~np.isin(ids, np.asarray(self._gone, dtype=np.int64))

    def _all_ids(self) -> NDArray[np.int64]:
        import faiss

        ids: NDArray[np.int64] = faiss.vector_to_array(self._index.id_map)
        return ids

    def _all_rows(self) -> NDArray[np.float32]:
        """Return all vectors as a view that lives as long as this object."""
        import faiss
        import numpy as np

        inner: Any = faiss.downcast_index(self._index.index)
        if isinstance(inner, faiss.IndexHNSW):
            inner = faiss.downcast_index(inner.storage)
        count = int(self._index.ntotal)
        if not count:
            return np.empty((0, self._index.d), dtype=np.float32)
        view: NDArray[np.float32] = faiss.rev_swig_ptr(inner.get_xb(), count * self._index.d)
        return view.reshape(count, self._index.d)

    def change(self, *, removed: Sequence[int], ids: Sequence[int], vectors: NDArray[np.float32]) -> bool:
        """Take passages away and add others in place; return False where building anew is the better way."""
        import numpy as np

        after = len(self) - len(removed) + len(ids)
        if (after > EXACT_LIMIT) == self.is_exact:
            return False
        if not self.is_exact:
            self._gone = sorted({*self._gone, *removed})
            if len(self._gone) > _STALE_SHARE * after:
                return False
        elif removed and self._index.remove_ids(np.asarray(removed, dtype=np.int64)) != len(removed):
            return False
        if len(ids):
            self._index.add_with_ids(np.ascontiguousarray(vectors), np.asarray(ids, dtype=np.int64))
        return True

    def search(
        self, query: NDArray[np.float32], limit: int, *, allowed: NDArray[np.int64] | None = None
    ) -> list[tuple[int, float]]:
        """Return up to ``limit`` passage ids with their cosine, nearest first.

        Args:
            query: A vector of unit length.
            limit: At most so many.
            allowed: Ascending ids to choose from. If None, all.
        """
        import numpy as np

        available = len(self) if allowed is None else len(allowed)
        limit = min(limit, available)
        if limit < 1:
            return []
        if allowed is not None and not self.is_exact and len(allowed) <= _FEW:
            return self._compare(query, limit, allowed)
        scores, ids = self._index.search(np.ascontiguousarray(query[None, :]), limit, params=self._parameters(allowed))
        return [(int(id_), float(score)) for id_, score in zip(ids[0], scores[0], strict=True) if id_ >= 0]

    def _parameters(self, allowed: NDArray[np.int64] | None) -> Any:  # noqa: ANN401 - faiss has no types
        from importlib import import_module

        faiss: Any = import_module("faiss")  # its stubs know neither parameter
        selector = None if allowed is None else faiss.IDSelectorBatch(allowed)
        if allowed is None and self._gone:
            gone = faiss.IDSelectorBatch(self._gone)
            selector = faiss.IDSelectorNot(gone)
            selector.keep = gone  # it refers to the other without owning it
        if self.is_exact:
            return None if selector is None else faiss.SearchParameters(sel=selector)
        share = 1.0 if allowed is None else max(len(allowed), 1) / len(self)
        breadth = min(int(_SEARCH_BREADTH / share), len(self))
        return faiss.SearchParametersHNSW(efSearch=breadth, sel=selector)

    def _compare(self, query: NDArray[np.float32], limit: int, allowed: NDArray[np.int64]) -> list[tuple[int, float]]:
        import numpy as np

        ids = self._all_ids()
        order = np.argsort(ids, kind="stable")
        rows = order[np.searchsorted(ids, allowed, sorter=order)]
        scores = self._all_rows()[rows] @ query
        best = np.argsort(-scores, kind="stable")[:limit]
        return [(int(allowed[row]), float(scores[row])) for row in best]


def set_threads(count: int) -> None:
    """Let FAISS use so many threads in this process: one query is fastest with 1."""
    import faiss

    faiss.omp_set_num_threads(count)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def collect(
    batches: Iterable[Sequence[int]], fetch: Callable[[Sequence[int]], NDArray[np.float32]], dim: int
) -> tuple[list[int], NDArray[np.float32]]:
    """Return all ids and one array of their vectors, fetched batch by batch."""
    import numpy as np

    lists = [list(batch) for batch in batches]
    ids = [id_ for some in lists for id_ in some]
    vectors = np.empty((len(ids), dim), dtype=np.float32)
    start = 0
    for some in lists:
        vectors[start : start + len(some)] = fetch(some)
        start += len(some)
    return ids, vectors
