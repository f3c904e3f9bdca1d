"""Articles that come and go over HTTP."""

import pytest

from index import verify_index
from index.lock import write_lock
from tests.qa.conftest import WRITE_KEY
from tests.qa.test_service import assert_error

HEADERS = {"Authorization": f"Bearer {WRITE_KEY}"}
SHIPS = b"The ships of the navies. Seventeen ships came to Baku on Monday."
QUESTION = {"q": "how many ships came to Baku on Monday"}


@pytest.fixture
def client(serve):
    made = serve(api_keys=(f"write:{WRITE_KEY}",), max_upload=10_000)
    made.headers.update(HEADERS)
    return made


def upload(client, name, content):
    return client.post("/v1/documents", files={"file": (name, content)})


def quotes(client):
    answer = client.get("/v1/ask", params=QUESTION).json()
    return [citation["quote"]["text"] for citation in answer["citations"]]


def uploads(index_path):
    return sorted(path.name for path in (index_path / "uploads").iterdir())


def test_an_article_is_added_asked_and_removed(client, index_path):
    response = upload(client, "../ships.txt", SHIPS)
    assert response.status_code == 201
    added = response.json()
    assert added["status"] == "indexed" and added["index"]["documents"] == 4
    assert uploads(index_path) == ["ships.txt"]
    assert "Seventeen ships came to Baku on Monday." in quotes(client)
    removed = client.delete(f"/v1/documents/{added['document']['id']}").json()
    assert removed["removed"] == added["document"] and removed["index"]["documents"] == 3
    assert uploads(index_path) == [] and quotes(client) == []
    assert verify_index(index_path).ok
    assert_error(client.delete(f"/v1/documents/{added['document']['id']}"), 404, "not_found")


def test_an_article_gives_way_to_one_of_its_name(client, index_path):
    first = upload(client, "ships.txt", SHIPS).json()
    assert upload(client, "ships.txt", SHIPS).json()["status"] == "unchanged"
    second = upload(client, "ships.txt", SHIPS.replace(b"Seventeen", b"Eighteen")).json()
    assert second["document"]["id"] == first["document"]["id"] and second["index"]["documents"] == 4
    assert quotes(client)[0].startswith("Eighteen ships")


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("ships.pdf", b"%PDF-1.7 broken", 422, "unreadable_article"),
        ("ships.txt", b"", 422, "unreadable_article"),
        ("ships.exe", SHIPS, 415, "unsupported_media_type"),
        (".txt", SHIPS, 422, "invalid_name"),
        ("ships.txt", b"x" * 10_001, 413, "too_large"),
        ("ships.txt", b"x" * 200_000, 413, "too_large"),
    ],
)
def test_what_is_no_article_leaves_nothing_behind(client, index_path, name, content, status, code):
    before = client.get("/readyz").json()
    assert_error(upload(client, name, content), status, code)
    assert client.get("/readyz").json()["index"]["documents"] == before["index"]["documents"]
    assert not (index_path / "uploads").exists() or uploads(index_path) == []


def test_a_broken_article_does_not_take_the_place_of_a_good_one(client, index_path):
    upload(client, "ships.txt", SHIPS)
    assert_error(upload(client, "ships.txt", b""), 422, "unreadable_article")
    assert uploads(index_path) == ["ships.txt"] and (index_path / "uploads" / "ships.txt").read_bytes() == SHIPS
    assert "Seventeen ships came to Baku on Monday." in quotes(client)


def test_only_uploaded_files_are_deleted(client, built_index):
    from pathlib import Path

    chess = client.get("/v1/documents", params={"filter": "source=chess.txt"}).json()["documents"][0]
    assert client.delete(f"/v1/documents/{chess['id']}").status_code == 200
    assert Path(chess["source"]).exists()
    assert client.get("/v1/documents").json()["total"] == 2


def test_a_link_in_the_folder_is_not_written_through(client, index_path, tmp_path):
    target = tmp_path / "outside.txt"
    target.write_text("mine")
    (index_path / "uploads").mkdir()
    (index_path / "uploads" / "ships.txt").symlink_to(target)
    assert_error(upload(client, "ships.txt", SHIPS), 422, "invalid_name")
    assert target.read_text() == "mine"


def test_while_another_process_writes_the_caller_is_told_to_come_back(client, index_path):
    with write_lock(index_path):
        refused = upload(client, "ships.txt", SHIPS)
    assert_error(refused, 409, "index_locked")
    assert int(refused.headers["retry-after"]) >= 1
    assert uploads(index_path) == []


def test_a_body_that_is_no_form_is_refused(client):
    assert_error(client.post("/v1/documents", content=b"tea"), 422, "invalid_request")
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    response = client.post("/v1/documents", content=b"--y\r\nno form", headers=broken)
    assert response.status_code in (400, 422) and response.json()["error"]["code"] == "invalid_request"
