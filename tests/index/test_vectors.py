from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index import vectors as vectors_module
from index.vectors import VectorIndex

DIM = 16


def unit_rows(count: int, seed: int = 0) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).standard_normal((count, DIM), dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def nearest(rows: NDArray[np.float32], ids: list[int], query: NDArray[np.float32], limit: int) -> list[int]:
    order = np.argsort(-(rows @ query), kind="stable")[:limit]
    return [ids[row] for row in order]


@pytest.fixture
def graph(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the HNSW graph above 100 vectors, and compare one by one only up to 10 allowed ones."""
    monkeypatch.setattr(vectors_module, "EXACT_LIMIT", 100)
    monkeypatch.setattr(vectors_module, "_FEW", 10)


def test_search_returns_the_nearest_first_with_their_cosines() -> None:
    rows, ids = unit_rows(50), list(range(3, 153, 3))
    found = VectorIndex.build(ids, rows, DIM).search(rows[7], 5)
    assert [id_ for id_, _ in found] == nearest(rows, ids, rows[7], 5)
    assert found[0] == (24, pytest.approx(1.0, abs=1e-6))


def test_more_than_there_are_returns_all_and_never_the_padding() -> None:
    rows = unit_rows(4)
    found = VectorIndex.build([1, 2, 3, 4], rows, DIM).search(rows[0], 100)
    assert sorted(id_ for id_, _ in found) == [1, 2, 3, 4]


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    empty = VectorIndex.build([], np.empty((0, DIM), dtype=np.float32), DIM)
    empty.save(tmp_path / "empty.faiss")
    opened = VectorIndex.open(tmp_path / "empty.faiss")
    assert opened.search(unit_rows(1)[0], 5) == []
    assert opened.stored().shape == (0, DIM)


def test_only_allowed_passages_are_found_and_as_many_as_there_are() -> None:
    rows = unit_rows(50)
    allowed = np.array([2, 30, 31], dtype=np.int64)
    found = VectorIndex.build(list(range(50)), rows, DIM).search(rows[7], 5, allowed=allowed)
    assert sorted(id_ for id_, _ in found) == [2, 30, 31]


def test_a_saved_index_answers_as_before(tmp_path: Path) -> None:
    rows = unit_rows(30)
    built = VectorIndex.build(list(range(30)), rows, DIM)
    built.save(tmp_path / "some.faiss")
    opened = VectorIndex.open(tmp_path / "some.faiss")
    assert opened.search(rows[3], 7) == built.search(rows[3], 7)
    assert opened.ids().tolist() == list(range(30))
    assert np.array_equal(opened.stored(), rows)
    assert [path.name for path in tmp_path.iterdir()] == ["some.faiss"]


def test_a_change_gives_what_building_anew_gives() -> None:
    rows, more = unit_rows(30), unit_rows(5, seed=1)
    changed = VectorIndex.build(list(range(30)), rows, DIM)
    assert changed.change(removed=[0, 4], ids=[40, 41, 42, 43, 44], vectors=more)
    kept = [id_ for id_ in range(30) if id_ not in (0, 4)]
    anew = VectorIndex.build([*kept, 40, 41, 42, 43, 44], np.vstack([rows[kept], more]), DIM)
    assert changed.search(rows[0], 33) == anew.search(rows[0], 33)


def test_a_passage_that_is_not_there_cannot_be_removed() -> None:
    changed = VectorIndex.build([1, 2], unit_rows(2), DIM)
    assert not changed.change(removed=[3], ids=[], vectors=unit_rows(0))


@pytest.mark.usefixtures("graph")
def test_many_vectors_are_searched_through_a_graph(tmp_path: Path) -> None:
    rows, ids = unit_rows(2000), list(range(1, 2001))
    built = VectorIndex.build(ids, rows, DIM)
    built.save(tmp_path / "graph.faiss")
    opened = VectorIndex.open(tmp_path / "graph.faiss")
    assert not opened.is_exact
    assert np.array_equal(opened.stored(), rows)
    queries = unit_rows(20, seed=2)
    right = sum(
        len({id_ for id_, _ in opened.search(query, 10)} & set(nearest(rows, ids, query, 10))) for query in queries
    )
    assert right / 200 >= 0.95


@pytest.mark.usefixtures("graph")
@pytest.mark.parametrize("count", [5, 60, 1500])
def test_a_graph_finds_the_nearest_of_the_allowed(count: int) -> None:
    rows = unit_rows(2000)
    built = VectorIndex.build(list(range(2000)), rows, DIM)
    allowed = np.sort(np.random.default_rng(3).choice(2000, count, replace=False)).astype(np.int64)
    query = unit_rows(1, seed=4)[0]
    found = [id_ for id_, _ in built.search(query, 5, allowed=allowed)]
    expected = nearest(rows[allowed], allowed.tolist(), query, 5)
    assert len(set(found) & set(expected)) >= 4
    assert set(found) <= set(allowed.tolist())


@pytest.mark.usefixtures("graph")
def test_the_kind_of_index_follows_its_size() -> None:
    small = VectorIndex.build(list(range(99)), unit_rows(99), DIM)
    assert small.is_exact
    assert not small.change(removed=[], ids=[200, 201], vectors=unit_rows(2))
    large = VectorIndex.build(list(range(120)), unit_rows(120), DIM)
    assert not large.is_exact
    assert not large.change(removed=list(range(15)), ids=[], vectors=unit_rows(0))
    large = VectorIndex.build(list(range(120)), unit_rows(120), DIM)
    assert large.change(removed=[], ids=[500], vectors=unit_rows(1, seed=5))
    assert large.search(unit_rows(1, seed=5)[0], 1)[0][0] == 500


@pytest.mark.usefixtures("graph")
def test_what_a_graph_cannot_forget_is_passed_over(tmp_path: Path) -> None:
    rows = unit_rows(300)
    changed = VectorIndex.build(list(range(300)), rows, DIM)
    removed = [7, 8, 9, 250]
    assert changed.change(removed=removed, ids=[900], vectors=rows[7:8])
    changed.save(tmp_path / "graph.faiss")
    opened = VectorIndex.open(tmp_path / "graph.faiss")
    assert len(opened) == 297
    found = [id_ for id_, _ in opened.search(rows[7], 297)]
    assert found[0] == 900
    assert not set(found) & set(removed)
    assert opened.ids().tolist() == [id_ for id_ in range(300) if id_ not in removed] + [900]
    assert np.array_equal(opened.stored()[-1], rows[7])
    allowed = np.array([6, 900], dtype=np.int64)
    assert sorted(id_ for id_, _ in opened.search(rows[7], 9, allowed=allowed)) == [6, 900]
