from __future__ import annotations

import re
import shutil
import threading
from pathlib import Path

import pytest

from index import (
    EncoderNotFoundError,
    Filters,
    IncompatibleIndexError,
    IndexNotFoundError,
    PassageIndex,
    build_index,
    remove_documents,
)
from index.fusion import RetrievalSettings, fuse
from tests.conftest import ARTICLES, WordsEncoder, write_articles


def test_the_passage_that_answers_comes_first(passages: PassageIndex) -> None:
    for query, word in (
        ("how many ships", "ships"),
        ("taking the king in chess", "king"),
        ("Black tea leaf oxidised", "oxidised"),
    ):
        assert word in passages.search(query)[0].text


def test_every_hit_is_a_slice_of_its_document(passages: PassageIndex) -> None:
    for query in ("tea", "chess", "Caspian Wind", "80 °C"):
        for hit in passages.search(query, k=50):
            document = passages.document(hit.document.id)
            assert hit.text == document.text[hit.passage.start : hit.passage.end]
            assert hit.passage.document_id == document.id
            assert document.text == ARTICLES[Path(document.source).name]


def test_ranks_count_from_one_and_scores_fall(passages: PassageIndex) -> None:
    hits = passages.search("tea and chess", k=50)
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(-1.0001 <= (hit.dense or 0) <= 1.0001 for hit in hits)
    assert all(hit.lexical is None or hit.lexical > 0 for hit in hits)


def test_k_above_the_number_of_passages_returns_each_once(passages: PassageIndex) -> None:
    hits = passages.search("tea", k=1000)
    assert len(hits) == len({hit.passage.id for hit in hits}) == passages.passage_count


def test_k_is_the_number_of_hits(passages: PassageIndex) -> None:
    assert [hit.passage.id for hit in passages.search("tea", k=1)] == [passages.search("tea")[0].passage.id]


@pytest.mark.parametrize("query", ["", "  \n", "\t"])
def test_a_blank_query_has_no_hits(passages: PassageIndex, query: str) -> None:
    assert passages.search(query) == []


@pytest.mark.parametrize(
    "query", ['"caspian OR (', "caspian AND NOT", "'; DROP TABLE documents", "tea\x00leaf", "茶" * 50]
)
def test_any_query_is_answered(passages: PassageIndex, query: str) -> None:
    assert passages.search(query)


@pytest.mark.parametrize("wrong", [{"k": 0}, {"k": -1}, {"depth": 0}])
def test_a_count_below_one_is_a_mistake_of_the_caller(passages: PassageIndex, wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be 1 or more"):
        passages.search("tea", **wrong)  # type: ignore[arg-type]


def test_filters_choose_before_the_search_so_that_k_hits_come_back(passages: PassageIndex) -> None:
    filters = Filters.parse(["source=tea.txt"])
    hits = passages.search("who won at chess, the king or the queen", k=2, filters=filters)
    assert len(hits) == 2
    assert {Path(hit.document.source).name for hit in hits} == {"tea.txt"}


def test_a_filter_that_no_article_meets_has_no_hits(passages: PassageIndex) -> None:
    assert passages.search("tea", filters=Filters.parse(["date>=2024"])) == []
    assert passages.documents(Filters.parse(["date>=2024"])) == []


def test_documents_are_listed_by_source(passages: PassageIndex) -> None:
    assert [Path(info.source).name for info in passages.documents()] == sorted(ARTICLES)
    assert passages.document_count == len(ARTICLES)


def test_a_document_that_is_not_there_is_a_key_error(passages: PassageIndex) -> None:
    with pytest.raises(KeyError, match="no such id"):
        passages.document("no such id")


def test_the_same_query_gives_the_same_hits_whichever_process_opens_the_index(
    passages: PassageIndex, index_path: Path
) -> None:
    with PassageIndex.open(index_path, encoder=WordsEncoder()) as other:
        assert other.search("the wind and the king") == passages.search("the wind and the king")


def test_a_new_revision_is_seen_without_opening_again(index_path: Path, tmp_path: Path, encoder: WordsEncoder) -> None:
    with PassageIndex.open(index_path, encoder=encoder) as opened:
        assert opened.revision == 1
        assert not opened.refresh()
        coffee = write_articles(tmp_path / "more", {"coffee.txt": "Coffee is roasted and ground.\n"})
        build_index([coffee], index_path, encoder=encoder)
        (hit, *_) = opened.search("ground coffee")
        assert hit.text.startswith("Coffee is roasted")
        assert opened.revision == 2
        remove_documents(index_path, ["coffee.txt"])
        assert not any("Coffee" in hit.text for hit in opened.search("ground coffee", k=50))
        assert opened.refresh() is False
        assert opened.document_count == len(ARTICLES)


def test_threads_may_share_an_index_while_it_changes(index_path: Path, tmp_path: Path, encoder: WordsEncoder) -> None:
    problems: list[str] = []
    stop = threading.Event()

    def ask(opened: PassageIndex) -> None:
        while not stop.is_set():
            for hit in opened.search("version of coffee", k=50):
                version = re.search(r"Coffee, version (\d+)", hit.text)
                title = re.search(r"version (\d+)", hit.document.title or "")
                if version and title and version[1] != title[1]:
                    problems.append(f"{hit.document.title}: {hit.text}")

    with PassageIndex.open(index_path, encoder=encoder) as opened:
        threads = [threading.Thread(target=ask, args=(opened,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(7):
            text = f"Coffee version {number}\n\nCoffee, version {number}, is roasted.\n"
            build_index([write_articles(tmp_path / "more", {"coffee.txt": text})], index_path, encoder=WordsEncoder())
        stop.set()
        for thread in threads:
            thread.join()
        assert opened.search("coffee version")[0].text.count("6")
        assert opened.mended == ()
    assert problems == []


def test_another_encoder_than_the_one_of_the_index_is_refused(index_path: Path) -> None:
    other = WordsEncoder()
    other.name = "other-words"
    with pytest.raises(IncompatibleIndexError, match=r"ten-words \(11 dimensions\), not other-words"):
        PassageIndex.open(index_path, encoder=other)


def test_an_index_that_carries_no_encoder_must_be_given_one(index_path: Path) -> None:
    with PassageIndex.open(index_path) as opened:
        assert opened.document_count == len(ARTICLES)
        with pytest.raises(EncoderNotFoundError, match="built with ten-words"):
            opened.search("tea")


@pytest.mark.parametrize("name", ["missing", "empty", "file"])
def test_what_is_no_index_names_the_command_that_builds_one(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("no index")
    with pytest.raises(IndexNotFoundError, match="qa index ARTICLES --index"):
        PassageIndex.open(tmp_path / name)


def test_a_closed_index_says_so(index_path: Path, encoder: WordsEncoder) -> None:
    opened = PassageIndex.open(index_path, encoder=encoder)
    opened.close()
    opened.close()
    with pytest.raises(ValueError, match="closed"):
        opened.search("tea")


def test_an_index_may_be_moved(index_path: Path, tmp_path: Path, encoder: WordsEncoder) -> None:
    with PassageIndex.open(shutil.move(index_path, tmp_path / "elsewhere"), encoder=encoder) as opened:
        assert opened.search("tea")
        assert opened.mended == ()


def test_fusion_adds_the_cosine_and_the_share_of_the_words() -> None:
    settings = RetrievalSettings(dense_weight=0.5, lexical_weight=1)
    fused = fuse({10: 0.5, 20: 0.25}, {20: 8.0, 30: 4.0}, 16.0, settings)
    assert fused == [(20, 0.625), (10, 0.25), (30, 0.25)]


def test_without_words_the_cosine_alone_decides() -> None:
    assert [id_ for id_, _ in fuse({1: 0.1, 2: 0.2}, {}, 0.0, RetrievalSettings())] == [2, 1]


def test_equal_fused_scores_are_ordered_by_passage() -> None:
    assert [id_ for id_, _ in fuse({9: 0.5, 4: 0.5}, {4: 1.0, 9: 1.0}, 2.0, RetrievalSettings())] == [4, 9]
