"""Damage is mended from the database, or named; it never shows as another answer or another kind of error."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from index import (
    CorruptIndexError,
    DocumentInfo,
    Hit,
    PassageIndex,
    PassageIndexError,
    build_index,
    verify_index,
)
from tests.conftest import ARTICLES, WordsEncoder, write_articles

QUERIES = ("how many ships", "king of chess", "black tea", "the wind of the second day")
IGNORED = {"writer.lock", ".tantivy-meta.lock", ".tantivy-writer.lock"}

Answers = tuple[list[DocumentInfo], list[str], list[list[Hit]]]


def ask(folder: Path) -> Answers:
    """Return all that an index can be asked."""
    with PassageIndex.open(folder, encoder=WordsEncoder()) as passages:
        documents = passages.documents()
        texts = [passages.document(info.id).text for info in documents]
        return documents, texts, [passages.search(query, k=50) for query in QUERIES]


def flip(path: Path, position: int) -> None:
    data = bytearray(path.read_bytes())
    data[position] ^= 1 << (position % 8)
    path.write_bytes(data)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in IGNORED)


@pytest.fixture(scope="session")
def sound(built_index: Path) -> Answers:
    return ask(built_index)


def check(folder: Path, sound: Answers) -> str:
    """Return ``same`` or ``named``; fail where the damage shows in any other way."""
    try:
        answers = ask(folder)
    except PassageIndexError as error:
        assert str(folder) in str(error), "a message names the path"
        assert "qa index" in str(error), "a message says what to do"
        return "named"
    assert answers == sound
    return "same"


def fresh(built_index: Path, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return Path(shutil.copytree(built_index, folder))


def test_a_flipped_byte_of_a_derived_file_is_mended(built_index: Path, tmp_path: Path, sound: Answers) -> None:
    choose = random.Random(1)
    derived = [path.relative_to(built_index) for path in files(built_index) if path.parent != built_index]
    assert {path.parts[0] for path in derived} == {"vectors", "lexical"}
    for name in derived:
        size = (built_index / name).stat().st_size
        for position in {0, size - 1, choose.randrange(size)}:
            folder = fresh(built_index, tmp_path / "index")
            flip(folder / name, position)
            with PassageIndex.open(folder, encoder=WordsEncoder()) as passages:
                (mended,) = passages.mended
                assert name.parts[0] in mended
            assert check(folder, sound) == "same"
            with PassageIndex.open(folder, encoder=WordsEncoder()) as passages:
                assert passages.mended == ()


def test_a_flipped_byte_of_the_database_is_named_or_harmless(built_index: Path, tmp_path: Path, sound: Answers) -> None:
    choose = random.Random(2)
    size = (built_index / "articles.db").stat().st_size
    positions = [*range(0, 100, 7), *(choose.randrange(size) for _ in range(100))]
    results = []
    for position in positions:
        folder = fresh(built_index, tmp_path / "index")
        flip(folder / "articles.db", position)
        results.append(check(folder, sound))
    assert results.count("named") > 10


def test_every_flipped_byte_of_stored_text_is_named(built_index: Path, tmp_path: Path) -> None:
    data = (built_index / "articles.db").read_bytes()
    for name, text in ARTICLES.items():
        start = data.index(text.encode()[-40:])
        for offset in (0, 13, 39):
            folder = fresh(built_index, tmp_path / "index")
            flip(folder / "articles.db", start + offset)
            with pytest.raises(CorruptIndexError, match=r"articles\.db is damaged: row \d+ of texts"):
                ask(folder)
            (finding, *_) = verify_index(folder, sources=False).findings
            assert name in finding.problem
            assert "--rebuild" in finding.remedy


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_truncated_file_is_mended_or_named(built_index: Path, tmp_path: Path, sound: Answers, share: float) -> None:
    for path in files(built_index):
        name = path.relative_to(built_index)
        folder = fresh(built_index, tmp_path / "index")
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: int(len(data) * share)])
        assert check(folder, sound) == ("named" if name.name == "articles.db" else "same"), name


def test_a_file_that_is_gone_is_mended_or_named(built_index: Path, tmp_path: Path, sound: Answers) -> None:
    for path in files(built_index):
        name = path.relative_to(built_index)
        folder = fresh(built_index, tmp_path / "index")
        (folder / name).unlink()
        assert check(folder, sound) == ("named" if name.name == "articles.db" else "same"), name


@pytest.mark.parametrize("name", ["vectors", "lexical"])
def test_a_folder_that_is_gone_is_mended(index_path: Path, sound: Answers, name: str) -> None:
    shutil.rmtree(index_path / name)
    assert check(index_path, sound) == "same"


def test_derived_files_of_another_revision_are_not_used(index_path: Path, tmp_path: Path) -> None:
    old = {name: (index_path / name).read_bytes() for name in ("vectors/00000001.faiss",)}
    more = write_articles(tmp_path / "more", {"coffee.txt": "Coffee is roasted and ground."})
    build_index([more], index_path, encoder=WordsEncoder())
    expected = ask(index_path)
    (new,) = (index_path / "vectors").iterdir()
    new.write_bytes(old["vectors/00000001.faiss"])
    assert ask(index_path) == expected


def test_an_older_database_gives_the_older_revision_whole(
    built_index: Path, index_path: Path, tmp_path: Path, sound: Answers
) -> None:
    more = write_articles(tmp_path / "more", {"coffee.txt": "Coffee is roasted and ground."})
    build_index([more], index_path, encoder=WordsEncoder())
    shutil.copy(built_index / "articles.db", index_path / "articles.db")
    assert check(index_path, sound) == "same"


def test_a_foreign_file_in_place_of_the_database_is_named(index_path: Path, sound: Answers) -> None:
    (index_path / "articles.db").write_bytes(b"not a database at all" * 1000)
    assert check(index_path, sound) == "named"


@pytest.mark.parametrize("harm", [lambda path: flip(path, 20), lambda path: path.write_bytes(b"x" * 5000), Path.unlink])
def test_the_named_command_mends_a_damaged_database(
    articles: Path, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    build_index([articles], tmp_path / "index", encoder=WordsEncoder())
    expected = [[hit.text for hit in hits] for hits in ask(tmp_path / "index")[2]]
    harm(tmp_path / "index" / "articles.db")
    build_index([articles], tmp_path / "index", encoder=WordsEncoder(), rebuild=True)
    assert [[hit.text for hit in hits] for hits in ask(tmp_path / "index")[2]] == expected
    assert verify_index(tmp_path / "index").ok


def test_indexing_again_mends_derived_files_and_says_so(articles: Path, tmp_path: Path) -> None:
    build_index([articles], tmp_path / "index", encoder=WordsEncoder())
    shutil.rmtree(tmp_path / "index" / "lexical")
    assert [finding.is_damage for finding in verify_index(tmp_path / "index").findings] == [True]
    report = build_index([articles], tmp_path / "index", encoder=WordsEncoder())
    assert len(report.mended) == 1
    assert report.embedded == 0
    assert verify_index(tmp_path / "index").ok


def test_an_index_that_another_process_writes_to_is_mended_in_memory(index_path: Path, sound: Answers) -> None:
    from index.lock import write_lock

    shutil.rmtree(index_path / "vectors")
    shutil.rmtree(index_path / "lexical")
    with write_lock(index_path), PassageIndex.open(index_path, encoder=WordsEncoder()) as passages:
        assert len(passages.mended) == 2
        assert [passages.search(query, k=50) for query in QUERIES] == sound[2]
    assert not (index_path / "vectors").exists()


def test_changed_and_missing_sources_are_findings_but_no_damage(articles: Path, tmp_path: Path) -> None:
    build_index([articles], tmp_path / "index", encoder=WordsEncoder())
    (articles / "chess.txt").write_text("Chess has changed.")
    (articles / "tea.txt").unlink()
    report = verify_index(tmp_path / "index")
    assert [(Path(finding.subject).name, finding.is_damage) for finding in report.findings] == [
        ("chess.txt", False),
        ("tea.txt", False),
    ]
    assert verify_index(tmp_path / "index", sources=False).ok


@pytest.mark.slow
def test_a_damaged_encoder_is_named_and_indexing_again_mends_it(articles: Path, tmp_path: Path) -> None:
    build_index([articles], tmp_path / "index")
    with PassageIndex.open(tmp_path / "index") as passages:
        expected = passages.search("how is chess won", k=3)
        folder = tmp_path / "index" / str(passages.manifest.encoder.path)
    for name in sorted(path.name for path in files(folder)):
        flip(folder / name, (folder / name).stat().st_size // 2)
        with PassageIndex.open(tmp_path / "index") as passages:
            with pytest.raises(CorruptIndexError, match=rf"{name} is damaged .*qa index ARTICLES"):
                passages.search("how is chess won")
            build_index([articles], tmp_path / "index")
            assert passages.search("how is chess won", k=3) == expected
            folder = tmp_path / "index" / str(passages.manifest.encoder.path)


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user: needs root")
def test_an_index_that_may_only_be_read_is_read(built_index: Path) -> None:
    code = (
        "import os, shutil, sys, faiss, numpy, tantivy, filelock\n"
        "from index import PassageIndex, publish; from tests.conftest import WordsEncoder\n"
        "def read():\n"
        "    with PassageIndex.open(sys.argv[1], encoder=WordsEncoder()) as passages:\n"
        "        return [len(passages.search('tea')), len(passages.mended), passages.document_count]\n"
        "read()  # loads all that it needs, which another user may not reach\n"
        "child = os.fork()\n"
        "if child == 0: os.setuid(65534); print(*read(), flush=True); os._exit(0)\n"
        "os.waitpid(child, 0); shutil.rmtree(sys.argv[1] + '/lexical')\n"
        "os.setuid(65534); print(*read()[:2])\n"
    )
    with tempfile.TemporaryDirectory() as shared:
        Path(shared).chmod(0o755)
        folder = fresh(built_index, Path(shared, "index"))
        command = [sys.executable, "-c", code, str(folder)]
        done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
        hits, mended, documents, hits_without, mended_without = (int(number) for number in done.stdout.split())
        assert (mended, documents) == (0, len(ARTICLES))
        assert (hits_without, mended_without) == (hits, 1)
        assert not (folder / "lexical").exists()
