from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

import pytest

from index.errors import ArticleError
from index.readers import ReadLimits, document_id, find_articles, read_article
from tests.index.odd_files import CASES, FAILED, PROSE, READ, SKIPPED, OddFile


def outcome(path: Path) -> tuple[str, str]:
    try:
        return READ, read_article(path).text
    except ArticleError as error:
        return SKIPPED if error.skipped else FAILED, error.reason


@pytest.mark.parametrize(("name", "odd"), CASES.items(), ids=CASES.keys())
def test_every_odd_file_ends_with_its_status_and_reason(name: str, odd: OddFile, tmp_path: Path):
    path = tmp_path / name
    path.write_bytes(odd.bytes())
    status, words = outcome(path)
    assert (status, odd.words in words) == (odd.status, True), words[:300]
    assert status == READ or len(words) < 400


def test_there_are_at_least_sixty_odd_files():
    assert len(CASES) >= 60


@pytest.mark.parametrize(
    "text", ["a b\r\nc d\re f\n\n", "\ta\u2028b\x0c c", "é😀 \u0301\n", " leading and trailing \n"]
)
def test_the_text_of_a_text_file_is_exactly_the_decoded_file(text: str, tmp_path: Path):
    for number, encoding in enumerate(("utf-8", "utf-8-sig", "utf-16", "utf-32")):
        path = tmp_path / f"{number}.txt"
        path.write_bytes(text.encode(encoding))
        assert read_article(path).text == text


def test_a_document_knows_its_file(tmp_path: Path):
    path = tmp_path / "tea.txt"
    path.write_text(PROSE)
    document = read_article(path)
    assert document.source == path.as_posix()
    assert document.id == document_id(path.as_posix())
    assert len(document.id) == 16
    assert document.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert document.media_type == "text/plain"


def test_the_id_stays_when_the_file_is_edited(tmp_path: Path):
    path = tmp_path / "tea.txt"
    path.write_text(PROSE)
    before = read_article(path)
    path.write_text(PROSE * 2)
    after = read_article(path)
    assert before.id == after.id
    assert before.sha256 != after.sha256


def test_a_relative_path_gives_the_same_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "tea.txt"
    path.write_text(PROSE)
    monkeypatch.chdir(tmp_path)
    assert read_article(Path("../") / tmp_path.name / "tea.txt") == read_article(path)


def test_a_file_over_the_size_limit_is_skipped(tmp_path: Path):
    path = tmp_path / "tea.txt"
    path.write_bytes(b"x" * 2001)
    with pytest.raises(ArticleError, match=r"larger than 0.002 MB \(limit\)") as caught:
        read_article(path, limits=ReadLimits(max_bytes=2000))
    assert caught.value.skipped


def test_limits_under_which_nothing_can_be_read_are_refused():
    with pytest.raises(ValueError, match="above zero"):
        ReadLimits(seconds=0)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: os.mkfifo(path), "not a regular file"),
        (lambda path: path.symlink_to("nowhere"), "no such file"),
        (lambda path: path.symlink_to("/dev/null"), "not a regular file"),
        (lambda path: path.symlink_to(path), "cannot be read"),
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "a folder"),
    ],
    ids=["pipe", "dangling link", "device", "looping link", "missing", "folder"],
)
def test_what_is_no_file_is_refused_without_waiting(make, reason: str, tmp_path: Path):
    path = tmp_path / "tea.txt"
    make(path)
    with pytest.raises(ArticleError, match=reason):
        read_article(path)


def test_a_socket_is_refused_without_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("tea.txt")
        with pytest.raises(ArticleError, match="not a regular file"):
            read_article(tmp_path / "tea.txt")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_fails_with_that_reason(tmp_path: Path):
    path = tmp_path / "tea.txt"
    path.write_text(PROSE)
    path.chmod(0)
    with pytest.raises(ArticleError, match="no permission"):
        read_article(path)


def test_a_name_that_is_not_utf8_fails_with_that_reason(tmp_path: Path):
    path = tmp_path / os.fsdecode(b"t\xe9.txt")
    path.write_text(PROSE)
    with pytest.raises(ArticleError, match="name is not valid UTF-8") as caught:
        read_article(path)
    assert not caught.value.skipped


# find_articles


def test_folders_are_walked_in_sorted_order_without_hidden_files(tmp_path: Path):
    for name in ("b/two.txt", "b/.hidden.txt", ".git/one.txt", "a.txt", "c/d/three.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PROSE)
    found = [path.relative_to(tmp_path).as_posix() for path in find_articles([tmp_path])]
    assert found == ["a.txt", "b/two.txt", "c/d/three.md"]


def test_a_hidden_file_is_found_when_it_is_named(tmp_path: Path):
    path = tmp_path / ".tea.txt"
    path.write_text(PROSE)
    assert find_articles([path]) == [path]


def test_links_out_of_the_folder_and_loops_are_not_followed(tmp_path: Path):
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret.txt").write_text(PROSE)
    (inside / "tea.txt").write_text(PROSE)
    (inside / "link.txt").symlink_to(outside / "secret.txt")
    (inside / "folder").symlink_to(outside)
    (inside / "loop").symlink_to(inside)
    (inside / "nowhere").symlink_to("nowhere at all")
    assert find_articles([inside]) == [inside / "tea.txt"]


def test_a_file_named_twice_is_read_once(tmp_path: Path):
    path = tmp_path / "tea.txt"
    path.write_text(PROSE)
    assert find_articles([path, tmp_path, tmp_path / "." / "tea.txt"]) == [path]


def test_a_link_inside_the_folder_to_a_file_in_it_is_read_once(tmp_path: Path):
    path = tmp_path / "tea.txt"
    path.write_text(PROSE)
    (tmp_path / "again.txt").symlink_to(path)
    assert find_articles([tmp_path]) == [path]


def test_paths_keep_the_order_they_are_named_in(tmp_path: Path):
    for name in ("b.txt", "a.txt"):
        (tmp_path / name).write_text(PROSE)
    assert find_articles([tmp_path / "b.txt", tmp_path]) == [tmp_path / "b.txt", tmp_path / "a.txt"]


def test_a_path_that_does_not_exist_is_named_when_it_is_read(tmp_path: Path):
    (missing,) = find_articles([tmp_path / "missing"])
    with pytest.raises(ArticleError, match="no such file or folder"):
        read_article(missing)
