"""Up to how many passages is comparing every vector fast enough, and what does the graph above that lose?

    python benchmarks/vectors.py [--count 100000] [--dim 384]

Vectors are drawn around random centres, as those of sentences lie. Both kinds of index are searched for the 50 nearest
with one thread; recall is the share of the exact 50 that the graph finds.
"""

from __future__ import annotations

import argparse
import sys
import time
from statistics import median

import numpy as np
from machine import describe_machine
from numpy.typing import NDArray

from index import vectors
from index.vectors import VectorIndex

DEPTH = 50
QUERIES = 50


def draw(count: int, centres: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Return unit vectors around the centres."""
    noise = random.standard_normal((count, centres.shape[1]), dtype=np.float32)
    rows = centres[random.integers(0, len(centres), count)] + np.float32(0.8) * noise
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def search_all(searched: VectorIndex, queries: NDArray[np.float32]) -> tuple[list[set[int]], list[float]]:
    """Return what is found for each query, and the milliseconds it took."""
    found, milliseconds = [], []
    for query in queries:
        started = time.perf_counter()
        found.append({id_ for id_, _ in searched.search(query, DEPTH)})
        milliseconds.append(1000 * (time.perf_counter() - started))
    return found, milliseconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=384)
    options = parser.parse_args()
    print(f"$ python benchmarks/vectors.py {' '.join(sys.argv[1:])}")
    print(describe_machine())
    random = np.random.default_rng(0)
    centres = random.standard_normal((options.count // 50 + 1, options.dim), dtype=np.float32)
    rows, queries = draw(options.count, centres, random), draw(QUERIES, centres, random)
    exact: list[set[int]] = []
    for kind, limit in (("exact", options.count), ("graph", 0)):
        vectors.EXACT_LIMIT = limit
        started = time.perf_counter()
        built = VectorIndex.build(range(options.count), rows, options.dim)
        seconds = time.perf_counter() - started
        found, milliseconds = search_all(built, queries)
        exact = exact or found
        recall = sum(len(one & other) for one, other in zip(found, exact, strict=True)) / (DEPTH * len(found))
        print(f"{kind}: {options.count} vectors built in {seconds:.1f} s,", end=" ")
        print(f"a query {median(milliseconds):.1f} ms (best {min(milliseconds):.1f}), recall@{DEPTH} {recall:.3f}")


if __name__ == "__main__":
    main()
