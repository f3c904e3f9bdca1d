from __future__ import annotations

from pathlib import Path

import pytest

from index.lexical import LexicalIndex, LexicalRow, copy_files, segment_files

ROWS = [
    LexicalRow(1, 10, "The navies met in the Caspian Sea.", "Exercises"),
    LexicalRow(2, 10, "Strong winds were expected by the navy.", "Exercises"),
    LexicalRow(3, 20, "Café culture: the tea is naïve, they say.", "Tea"),
    LexicalRow(4, 20, "Зелёный чай пьют горячим.", "Чай"),
    LexicalRow(5, 30, "Who is who, and what is what?", ""),
]


@pytest.fixture
def words() -> LexicalIndex:
    made = LexicalIndex()
    made.change(rows=ROWS)
    return made


def found(words: LexicalIndex, query: str, **options: object) -> list[int]:
    return [id_ for id_, _ in words.search(query, 10, **options)]  # type: ignore[arg-type]


def test_words_are_found_by_their_stems_without_case_and_accents(words: LexicalIndex) -> None:
    assert found(words, "CASPIAN") == [1]
    assert found(words, "expecting") == [2]
    assert found(words, "cafe NAIVE") == [3]
    assert found(words, "чай") == [4]


def test_a_passage_with_more_and_rarer_terms_comes_first(words: LexicalIndex) -> None:
    assert found(words, "wind of the Caspian navies")[0] == 1
    scores = [score for _, score in words.search("wind of the Caspian navies", 10)]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] > 0


@pytest.mark.parametrize(
    "query",
    [
        '"caspian OR (',
        "caspian AND NOT",
        "text:caspian^",
        "caspian*",
        "+caspian -(",
        "caspian~2 [a TO",
        "'; DROP caspian",
    ],
)
def test_query_syntax_has_no_meaning(words: LexicalIndex, query: str) -> None:
    assert found(words, query) == [1]


@pytest.mark.parametrize("query", ["", "   ", "?!", "\x00\x01", "zyx", "🍵"])
def test_a_query_without_known_words_finds_nothing(words: LexicalIndex, query: str) -> None:
    assert found(words, query) == []


def test_a_very_long_query_is_answered(words: LexicalIndex) -> None:
    assert 1 in found(words, "caspian " + " ".join(f"word{number}" for number in range(10_000)))


def test_stop_words_count_only_where_there_is_nothing_else(words: LexicalIndex) -> None:
    assert found(words, "the Caspian") == [1]
    assert 5 in found(words, "is and")


def test_only_allowed_articles_are_searched_and_scores_stay(words: LexicalIndex) -> None:
    everywhere = dict(words.search("navy tea", 10))
    only = dict(words.search("navy tea", 10, allowed=[20]))
    assert set(only) == {3}
    assert only[3] == pytest.approx(everywhere[3])
    assert found(words, "navy", allowed=[]) == []


def test_the_context_finds_a_passage_by_its_weight(words: LexicalIndex) -> None:
    assert set(found(words, "exercises")) == {1, 2}
    assert found(words, "exercises", context_boost=0.0) == []


def test_equal_scores_are_ordered_by_passage() -> None:
    words = LexicalIndex()
    words.change(rows=[LexicalRow(id_, 1, "The same words.", "") for id_ in (9, 3, 7)])
    assert found(words, "same words") == [3, 7, 9]


def test_a_next_generation_leaves_the_files_before_as_they_were(tmp_path: Path) -> None:
    old, new = tmp_path / "1", tmp_path / "2"
    old.mkdir()
    LexicalIndex(old, fresh=True).change(rows=ROWS)
    before = {path.name: path.read_bytes() for path in segment_files(old)}
    copy_files(old, new)
    changed = LexicalIndex(new)
    changed.change(removed=[10], rows=[LexicalRow(6, 40, "A new Caspian passage.", "")])
    assert found(changed, "caspian") == [6]
    assert {path.name: path.read_bytes() for path in segment_files(old)} == before
    assert found(LexicalIndex(old), "caspian") == [1]
    assert sorted(changed.ids()) == [3, 4, 5, 6]


def test_scores_after_an_addition_are_those_of_a_fresh_index(tmp_path: Path) -> None:
    LexicalIndex(tmp_path, fresh=True).change(rows=ROWS[:3])
    added = LexicalIndex(tmp_path)
    added.change(rows=ROWS[3:])
    fresh = LexicalIndex()
    fresh.change(rows=ROWS)
    for query in ("navy and tea", "who", "caspian winds"):
        assert added.search(query, 10) == fresh.search(query, 10)
