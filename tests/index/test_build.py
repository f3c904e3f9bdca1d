from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from index import (
    FileStatus,
    IncompatibleIndexError,
    IndexLockedError,
    IndexNotFoundError,
    PassageIndex,
    PassageIndexError,
    PassageSettings,
    Progress,
    build_index,
    remove_documents,
    verify_index,
)
from index.lock import write_lock
from tests.conftest import ARTICLES, WordsEncoder, write_articles


def names(index_path: Path) -> list[str]:
    with PassageIndex.open(index_path) as passages:
        return [Path(info.source).name for info in passages.documents()]


def statuses(report: object) -> dict[str, str]:
    return {file.path.name: str(file.status) for file in report.files}  # type: ignore[attr-defined]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_first_build_indexes_every_article(articles: Path, tmp_path: Path, encoder: WordsEncoder) -> None:
    report = build_index([articles], tmp_path / "new" / "index", encoder=encoder)
    assert statuses(report) == dict.fromkeys(ARTICLES, "indexed")
    assert (report.revision, report.documents) == (1, 3)
    assert report.passages == report.embedded == len(encoder.passages_encoded) == sum(f.passages for f in report.files)
    assert verify_index(tmp_path / "new" / "index").ok


def test_unchanged_articles_are_not_embedded_again(articles: Path, index_path: Path, encoder: WordsEncoder) -> None:
    source = index_path.parent / "other"
    build_index([articles], source, encoder=WordsEncoder())
    report = build_index([articles], source, encoder=encoder)
    assert statuses(report) == dict.fromkeys(ARTICLES, "unchanged")
    assert encoder.passages_encoded == []
    assert report.revision == 1


def test_only_what_is_new_or_changed_is_embedded(articles: Path, tmp_path: Path, encoder: WordsEncoder) -> None:
    build_index([articles], tmp_path / "index", encoder=WordsEncoder())
    write_articles(articles, {"coffee.txt": "Coffee is roasted."})
    (articles / "chess.txt").write_text(ARTICLES["chess.txt"].replace("strongest piece", "strongest of all pieces"))
    report = build_index([articles], tmp_path / "index", encoder=encoder)
    assert statuses(report) == {
        "caspian.txt": "unchanged",
        "chess.txt": "indexed",
        "coffee.txt": "indexed",
        "tea.txt": "unchanged",
    }
    assert all("Coffee" in text or "chess" in text.lower() for text in encoder.passages_encoded)
    assert len(encoder.passages_encoded) == report.embedded < report.passages
    with PassageIndex.open(tmp_path / "index", encoder=encoder) as passages:
        assert not any("strongest piece" in hit.text for hit in passages.search("strongest piece", k=50))
    assert verify_index(tmp_path / "index").ok


def test_articles_that_are_gone_leave_the_index(articles: Path, tmp_path: Path, encoder: WordsEncoder) -> None:
    build_index([articles], tmp_path / "index", encoder=encoder)
    (articles / "tea.txt").unlink()
    kept = build_index([articles], tmp_path / "index", encoder=encoder, keep_missing=True)
    assert kept.documents == 3
    report = build_index([articles], tmp_path / "index", encoder=encoder)
    assert statuses(report)["tea.txt"] == "removed"
    assert names(tmp_path / "index") == ["caspian.txt", "chess.txt"]


def test_articles_of_other_paths_stay(articles: Path, tmp_path: Path, encoder: WordsEncoder) -> None:
    build_index([articles], tmp_path / "index", encoder=encoder)
    more = write_articles(tmp_path / "more", {"coffee.txt": "Coffee is roasted."})
    build_index([more], tmp_path / "index", encoder=encoder)
    assert names(tmp_path / "index") == ["caspian.txt", "chess.txt", "tea.txt", "coffee.txt"]


def test_a_file_named_by_itself_may_be_gone(articles: Path, tmp_path: Path, encoder: WordsEncoder) -> None:
    build_index([articles], tmp_path / "index", encoder=encoder)
    (articles / "tea.txt").unlink()
    report = build_index([articles / "tea.txt"], tmp_path / "index", encoder=encoder)
    assert statuses(report) == {"tea.txt": "removed"}
    assert names(tmp_path / "index") == ["caspian.txt", "chess.txt"]


def test_a_folder_that_is_gone_takes_no_article_with_it(articles: Path, tmp_path: Path, encoder: WordsEncoder) -> None:
    build_index([articles], tmp_path / "index", encoder=encoder)
    shutil.rmtree(articles)
    report = build_index([articles], tmp_path / "index", encoder=encoder)
    assert statuses(report) == {"articles": "failed"}
    assert report.documents == 3


def test_a_file_that_cannot_be_read_is_reported_and_its_old_text_leaves(
    articles: Path, tmp_path: Path, encoder: WordsEncoder
) -> None:
    build_index([articles], tmp_path / "index", encoder=encoder)
    (articles / "tea.txt").write_bytes(b"")
    (articles / "image.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    report = build_index([articles], tmp_path / "index", encoder=encoder)
    assert statuses(report) == {
        "caspian.txt": "unchanged",
        "chess.txt": "unchanged",
        "image.png": "skipped",
        "tea.txt": "skipped",
    }
    assert all(file.reason for file in report.files if file.status == FileStatus.SKIPPED)
    assert names(tmp_path / "index") == ["caspian.txt", "chess.txt"]


def test_the_text_of_a_removed_article_leaves_the_disk(articles: Path, tmp_path: Path, encoder: WordsEncoder) -> None:
    build_index([articles], tmp_path / "index", encoder=encoder)
    assert any(b"oxidised" in data for data in contents(tmp_path / "index").values())
    (removed,) = remove_documents(tmp_path / "index", ["tea.txt"])
    assert removed.source.endswith("/tea.txt")
    assert [name for name, data in contents(tmp_path / "index").items() if b"oxidis" in data] == []
    assert verify_index(tmp_path / "index").ok


def test_a_selector_that_names_nothing_removes_nothing(index_path: Path) -> None:
    with pytest.raises(KeyError, match="coffee"):
        remove_documents(index_path, ["tea.txt", "coffee.txt"])
    assert names(index_path) == sorted(ARTICLES)


def test_articles_are_removed_by_id_and_glob(index_path: Path) -> None:
    with PassageIndex.open(index_path) as passages:
        first = passages.documents()[0].id
    assert [info.id for info in remove_documents(index_path, [first])] == [first]
    assert len(remove_documents(index_path, ["*.txt"])) == 2
    assert names(index_path) == []


def test_removing_from_no_index_names_the_command_that_builds_one(tmp_path: Path) -> None:
    with pytest.raises(IndexNotFoundError, match="qa index"):
        remove_documents(tmp_path / "missing", ["*"])
    assert not (tmp_path / "missing").exists()


def test_a_run_that_is_stopped_leaves_the_revision_before_and_is_gone_on_with(
    tmp_path: Path, encoder: WordsEncoder
) -> None:
    articles = write_articles(tmp_path / "articles", {f"{n:04}.txt": f"Article {n} on tea.\n" for n in range(1200)})

    def stop(progress: Progress) -> None:
        if progress.stage == "indexing" and progress.done >= 600:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_index([articles], tmp_path / "index", encoder=encoder, progress=stop)
    with pytest.raises(IndexNotFoundError, match="first build was not finished; run the same"):
        PassageIndex.open(tmp_path / "index")
    already = len(encoder.passages_encoded)
    assert 500 <= already < 1200
    report = build_index([articles], tmp_path / "index", encoder=encoder)
    assert report.count("indexed") == report.documents == 1200
    assert len(encoder.passages_encoded) == report.passages == 1200
    assert verify_index(tmp_path / "index", sources=False).ok


def test_what_a_stopped_run_prepared_is_not_used_once_the_file_has_changed(
    tmp_path: Path, encoder: WordsEncoder
) -> None:
    articles = write_articles(tmp_path / "articles", {"tea.txt": "Old tea.\n"})

    def stop(progress: Progress) -> None:
        if progress.stage == "publishing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_index([articles], tmp_path / "index", encoder=encoder, progress=stop)
    write_articles(articles, {"tea.txt": "New tea.\n"})
    build_index([articles], tmp_path / "index", encoder=encoder)
    with PassageIndex.open(tmp_path / "index", encoder=encoder) as passages:
        assert [hit.text for hit in passages.search("old tea", k=9)] == ["New tea."]


def test_progress_counts_every_file_up_to_the_end(articles: Path, tmp_path: Path, encoder: WordsEncoder) -> None:
    told: list[Progress] = []
    build_index([articles], tmp_path / "index", encoder=encoder, progress=told.append)
    assert {progress.stage for progress in told} == {"comparing", "indexing", "publishing"}
    indexing = [progress.done for progress in told if progress.stage == "indexing"]
    assert indexing == sorted(indexing)
    assert indexing[-1] == 3
    assert all(progress.done <= progress.total for progress in told)


def test_rebuilding_leaves_what_is_at_the_paths_and_nothing_else(
    articles: Path, tmp_path: Path, encoder: WordsEncoder
) -> None:
    build_index([articles], tmp_path / "index", encoder=WordsEncoder())
    more = write_articles(tmp_path / "more", {"coffee.txt": "Coffee is roasted."})
    encoder.name = "other-words"
    with pytest.raises(IncompatibleIndexError, match="--rebuild"):
        build_index([more], tmp_path / "index", encoder=encoder)
    report = build_index([more], tmp_path / "index", encoder=encoder, rebuild=True)
    assert (report.revision, report.documents) == (2, 1)
    assert names(tmp_path / "index") == ["coffee.txt"]
    assert verify_index(tmp_path / "index").ok


def test_other_settings_need_a_rebuild(articles: Path, tmp_path: Path, encoder: WordsEncoder) -> None:
    build_index([articles], tmp_path / "index", encoder=encoder)
    settings = PassageSettings(max_words=20)
    with pytest.raises(IncompatibleIndexError, match="--rebuild"):
        build_index([articles], tmp_path / "index", encoder=encoder, settings=settings)
    build_index([articles], tmp_path / "index", encoder=encoder, settings=settings, rebuild=True)
    build_index([articles], tmp_path / "index", encoder=encoder)
    with PassageIndex.open(tmp_path / "index") as passages:
        assert passages.manifest.settings["max_words"] == 20


def test_a_second_writer_is_told_who_is_first(articles: Path, index_path: Path, encoder: WordsEncoder) -> None:
    code = (
        "import sys, pathlib; from index.lock import write_lock\n"
        "with write_lock(pathlib.Path(sys.argv[1])): print('locked', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(index_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "locked\n"
        with pytest.raises(IndexLockedError, match=rf"being written by process {first.pid} \(-c\) since 20"):
            build_index([articles], index_path, encoder=encoder)
        assert names(index_path) == sorted(ARTICLES)
        first.kill()
    build_index([articles], index_path, encoder=encoder)


def test_the_lock_is_free_again_after_use(tmp_path: Path) -> None:
    for _ in range(2):
        with write_lock(tmp_path):
            assert json.loads((tmp_path / "writer.json").read_text())["pid"] == os.getpid()
    assert not (tmp_path / "writer.json").exists()


def test_a_folder_that_holds_other_things_is_left_alone(articles: Path, encoder: WordsEncoder) -> None:
    before = contents(articles)
    with pytest.raises(PassageIndexError, match="not empty and not an index"):
        build_index([articles], articles, encoder=encoder)
    assert contents(articles) == before


def test_a_path_that_is_a_file_is_refused(articles: Path, encoder: WordsEncoder) -> None:
    for path in (articles / "tea.txt", articles / "tea.txt" / "index"):
        with pytest.raises(PassageIndexError, match="is a file or lies in one"):
            build_index([articles], path, encoder=encoder)


def test_no_paths_are_a_mistake_of_the_caller(tmp_path: Path, encoder: WordsEncoder) -> None:
    with pytest.raises(ValueError, match="no paths"):
        build_index([], tmp_path / "index", encoder=encoder)


def test_an_index_of_nothing_is_empty(tmp_path: Path, encoder: WordsEncoder) -> None:
    (tmp_path / "articles").mkdir()
    assert build_index([tmp_path / "articles"], tmp_path / "index", encoder=encoder).documents == 0
    with PassageIndex.open(tmp_path / "index", encoder=encoder) as passages:
        assert passages.search("tea") == []
        assert passages.documents() == []


def test_what_a_killed_run_left_is_swept_away(index_path: Path, articles: Path, encoder: WordsEncoder) -> None:
    for name in ("vectors/00000099.faiss.new", "lexical/00000099/some.idx", "encoder/00000099/model.onnx"):
        (index_path / name).parent.mkdir(parents=True, exist_ok=True)
        (index_path / name).write_bytes(b"half")
    build_index([articles], index_path, encoder=encoder)
    assert [path for path in index_path.rglob("*") if "00000099" in path.as_posix()] == []


@pytest.mark.slow
@pytest.mark.skipif(
    not Path("/dev/full").exists() or os.geteuid() != 0, reason="mounts a small file system: needs root"
)
def test_a_full_disk_is_named_and_the_index_stays(articles: Path, tmp_path: Path, encoder: WordsEncoder) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(small)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"mount: {mounted.stderr.decode()}")
    try:
        build_index([articles], small / "index", encoder=encoder)
        write_articles(articles, {f"{n}.txt": f"Article {n}: " + "tea " * 20_000 for n in range(20)})
        with pytest.raises(PassageIndexError, match="full|space"):
            build_index([articles], small / "index", encoder=encoder)
        assert names(small / "index") == sorted(ARTICLES)
        assert verify_index(small / "index").ok
    finally:
        subprocess.run(["umount", str(small)], check=True)
