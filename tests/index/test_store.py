from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.documents import Document, Page, Passage, Section, Span
from index.errors import CorruptIndexError, IncompatibleIndexError, IndexNotFoundError
from index.manifest import DerivedFiles, EncoderInfo, FileSum, Manifest
from index.rows import PIECE, StoredDocument
from index.store import Store
from index.writer import Prepared, Writer

DIM = 3


def make_manifest(revision: int, documents: int, passages: int) -> Manifest:
    files = DerivedFiles(recipe="none", path="none", files=(FileSum(name="none", size=1, crc32=2),))
    return Manifest(
        revision=revision,
        generation=revision,
        documents=documents,
        passages=passages,
        encoder=EncoderInfo(name="three", dim=DIM),
        settings={"max_words": 9},
        vectors=files,
        lexical=files,
        updated="2025-06-01T12:00:00+00:00",
    )


def prepare(name: str, text: str, spans: list[tuple[int, int]]) -> Prepared:
    document = Document(id=name, source=f"/articles/{name}", sha256="0" * 64, title=f"On {name}", text=text)
    passages = [Passage(document_id=name, start=start, end=end) for start, end in spans]
    return Prepared(document, passages, [bytes(4 * DIM)] * len(spans))


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    opened = Writer(tmp_path)
    yield opened
    opened.close()


def publish(writer: Writer, *prepared: Prepared, revision: int = 1) -> list[StoredDocument]:
    stored = writer.stage(prepared, plan="plan")
    count = sum(one.count for one in stored)
    writer.publish(make_manifest(revision, len(stored), count), added=stored)
    return stored


def test_a_manifest_comes_back_as_it_was_written() -> None:
    manifest = make_manifest(7, 1, 2)
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_a_document_comes_back_whole(tmp_path: Path, writer: Writer) -> None:
    document = Document(
        id="tea",
        source="/articles/tea.pdf",
        media_type="application/pdf",
        sha256="a" * 64,
        title="Чай",
        author="A. Nonymous",
        date="2024-05-01",
        url="https://example.org/tea",
        language="ru",
        text="Steep it. Pour it. Drink it.",
        pages=(Page(1, 0, 9), Page(2, 10, 28)),
        sections=(Section(("Tea", "How"), 0, 28),),
        boilerplate=(Span(18, 28),),
    )
    passage = Passage(document_id="tea", start=5, end=18, section=("Tea", "How"), context="Tea: how")
    publish(writer, Prepared(document, [passage], [b"\0" * 12]))
    with Store(tmp_path).snapshot() as snapshot:
        (stored,) = snapshot.documents()
        assert snapshot.whole(stored) == document
        (found,) = snapshot.passages(stored.passage_ids).values()
    assert found.text == document.text[5:18]
    assert (found.passage.section, found.passage.context) == (("Tea", "How"), "Tea: how")
    assert [page.number for page in found.pages] == [1, 2]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.integers(1, 3 * PIECE), st.data())
@settings(max_examples=15, deadline=None)
def test_any_slice_of_any_text_comes_back(
    tmp_path_factory: pytest.TempPathFactory, seed: str, length: int, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("slices")
    text = (seed * (length // len(seed) + 1))[:length]
    start = data.draw(st.integers(0, length - 1))
    end = data.draw(st.integers(start + 1, length))
    writer = Writer(folder)
    (stored,) = publish(writer, prepare("any", text, [(start, end)]))
    writer.close()
    with Store(folder).snapshot() as snapshot:
        assert snapshot.text(stored.key, start, end) == text[start:end]
        assert snapshot.passages(stored.passage_ids)[stored.first].text == text[start:end]
        assert snapshot.whole(stored).text == text


def test_prepared_articles_are_not_seen_until_published(tmp_path: Path, writer: Writer) -> None:
    publish(writer, prepare("old", "Old.", [(0, 4)]))
    staged = writer.stage([prepare("new", "New.", [(0, 4)])], plan="plan")
    store = Store(tmp_path)
    with store.snapshot() as snapshot:
        assert [one.info.id for one in snapshot.documents()] == ["old"]
        assert snapshot.find_document("new") is None
    with writer.reading() as snapshot:
        (old,) = snapshot.documents()
    writer.publish(make_manifest(2, 1, 1), added=staged, removed=[old])
    with store.snapshot() as snapshot:
        assert snapshot.revision() == 2
        assert [one.info.id for one in snapshot.documents()] == ["new"]


def test_a_snapshot_stays_as_it_was_while_another_revision_is_published(tmp_path: Path, writer: Writer) -> None:
    (old,) = publish(writer, prepare("old", "Old.", [(0, 4)]))
    with Store(tmp_path).snapshot() as snapshot:
        assert snapshot.revision() == 1
        writer.publish(make_manifest(2, 0, 0), removed=[old])
        assert snapshot.revision() == 1
        assert snapshot.text(old.key, 0, 4) == "Old."


def test_passage_ids_are_never_used_again(tmp_path: Path, writer: Writer) -> None:
    (first,) = publish(writer, prepare("tea", "One. Two.", [(0, 4), (5, 9)]))
    writer.publish(make_manifest(2, 0, 0), removed=[first])
    (second,) = publish(writer, prepare("tea", "One. Two.", [(0, 4), (5, 9)]), revision=3)
    assert not set(first.passage_ids) & set(second.passage_ids)
    assert first.key != second.key


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE texts SET body = CAST('Olb.' AS BLOB)",
        "UPDATE passages SET start = 1",
        "UPDATE documents SET live = 0",
        """UPDATE documents SET body = replace(body, 'On old', 'On odd')""",
        "UPDATE vectors SET vector = zeroblob(11) || x'01'",
        "UPDATE layouts SET body = '{}'",
        "UPDATE manifest SET revision = 9",
        "DELETE FROM texts",
        "DELETE FROM vectors",
        "DELETE FROM passages",
        "DELETE FROM documents",
        "DELETE FROM layouts",
        "DROP TABLE texts",
    ],
)
def test_a_row_that_is_not_what_was_written_is_refused(tmp_path: Path, writer: Writer, change: str) -> None:
    (stored,) = publish(writer, prepare("old", "Old.", [(0, 4)]))
    writer.close()
    with sqlite3.connect(tmp_path / "articles.db") as connection:
        connection.execute(change)
    connection.close()
    with (
        pytest.raises(CorruptIndexError, match=r"articles\.db is damaged: .*qa index ARTICLES"),
        Store(tmp_path).snapshot() as snapshot,
    ):
        snapshot.manifest()
        (document,) = snapshot.documents() or [stored]
        snapshot.whole(document)
        snapshot.passages(document.passage_ids)
        snapshot.vectors(document.passage_ids, DIM)


def test_a_newer_format_names_both_and_what_to_do(tmp_path: Path, writer: Writer) -> None:
    writer.publish(replace(make_manifest(1, 0, 0), format=2))
    with (
        pytest.raises(IncompatibleIndexError, match=r"format 2, this program reads format 1; .*--rebuild"),
        Store(tmp_path).snapshot() as snapshot,
    ):
        snapshot.manifest()


def test_a_folder_without_an_index_names_the_command_that_builds_one(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(IndexNotFoundError, match="build one with: qa index ARTICLES --index"):
            Store(path)


def test_another_sqlite_database_is_not_an_index(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "articles.db") as connection:
        connection.execute("CREATE TABLE manifest (id)")
    connection.close()
    with pytest.raises(CorruptIndexError, match="not the database of an index"), Store(tmp_path).snapshot():
        pass


def test_a_database_that_is_missing_beside_its_vectors_is_damage(tmp_path: Path) -> None:
    (tmp_path / "vectors").mkdir()
    with pytest.raises(CorruptIndexError, match=r"articles\.db is missing"):
        Store(tmp_path)


def test_a_closed_store_says_so(tmp_path: Path, writer: Writer) -> None:
    store = Store(tmp_path)
    store.close()
    with pytest.raises(ValueError, match="closed"), store.snapshot():
        pass
