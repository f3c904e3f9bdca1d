"""Who may do what: keys, hosts, origins, uploads."""

import pytest

from qa import Settings, SettingsError
from qa.service.errors import ServiceError
from qa.service.security import Hosts, Keys
from qa.service.uploads import safe_name
from tests.qa.conftest import READ_KEY, WRITE_KEY
from tests.qa.test_service import assert_error

KEYS = (f"read:{READ_KEY}", f"write:{WRITE_KEY}")
READS = ["/v1/ask?q=tea", "/v1/search?q=tea", "/v1/documents", "/v1/documents/0000000000000000", "/metrics"]


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize("path", READS)
def test_where_keys_are_set_reading_needs_one(serve, path):
    client = serve(api_keys=KEYS)
    response = client.get(path)
    assert_error(response, 401, "unauthorized")
    assert response.headers["www-authenticate"] == "Bearer"
    for wrong in ("", "x", READ_KEY[:-1], READ_KEY + "x", f"read:{READ_KEY}", "ключ"):
        assert_error(client.get(path, headers=[("Authorization", f"Bearer {wrong}".encode())]), 401, "unauthorized")
    assert_error(client.get(path, headers={"Authorization": f"Basic {READ_KEY}"}), 401, "unauthorized")
    assert client.get(path, headers=bearer(READ_KEY)).status_code in (200, 404)
    assert client.get(path, headers=bearer(WRITE_KEY)).status_code in (200, 404)


def test_the_page_and_the_health_checks_need_no_key(serve):
    client = serve(api_keys=KEYS)
    assert [client.get(path).status_code for path in ("/", "/embed.js", "/static/app.js", "/healthz", "/readyz")] == [
        200
    ] * 5


def test_without_keys_nobody_writes(serve):
    client = serve()
    id = client.get("/v1/documents").json()["documents"][0]["id"]
    assert_error(client.post("/v1/documents", files={"file": ("a.txt", b"tea")}), 403, "read_only")
    assert_error(client.delete(f"/v1/documents/{id}", headers=bearer(WRITE_KEY)), 403, "read_only")
    assert client.get("/v1/documents").json()["total"] == 3


def test_a_key_that_may_read_does_not_write(serve):
    client = serve(api_keys=KEYS)
    upload = {"files": {"file": ("a.txt", b"tea")}}
    assert_error(client.post("/v1/documents", **upload), 401, "unauthorized")
    assert_error(client.post("/v1/documents", **upload, headers=bearer(READ_KEY)), 403, "forbidden")
    assert_error(client.delete("/v1/documents/x", headers=bearer(READ_KEY)), 403, "forbidden")


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example", "", "[::1", "a@b.nip.io"],
)
@pytest.mark.parametrize("path", ["/", "/v1/ask?q=tea", "/healthz"])
def test_a_name_that_is_not_the_services_own_is_refused(serve, host, path):
    assert_error(serve().get(path, headers={"Host": host}), 403, "host_not_allowed")


def test_addresses_localhost_and_the_names_allowed_are_answered():
    hosts = Hosts(("qa.example.org", "*.intern"))
    for host in (
        "127.0.0.1",
        "127.0.0.1:80",
        "[::1]:8000",
        "localhost:1",
        "LOCALHOST",
        "qa.example.org:443",
        "a.b.intern",
    ):
        assert host in hosts
    for host in ("example.org", "xqa.example.org", "intern", "127.0.0.1.example.org"):
        assert host not in hosts
    assert "anything.example" in Hosts(("*",))


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:8001"])
def test_a_page_of_another_site_may_not_write(serve, origin):
    client = serve(api_keys=KEYS)
    headers = {**bearer(WRITE_KEY), "Origin": origin}
    assert_error(
        client.post("/v1/documents", files={"file": ("a.txt", b"tea")}, headers=headers), 403, "origin_not_allowed"
    )
    assert_error(client.delete("/v1/documents/x", headers=headers), 403, "origin_not_allowed")
    assert_error(client.post("/v1/ask", json={"question": "tea"}, headers=headers), 403, "origin_not_allowed")


def test_the_own_page_and_the_sites_allowed_may_ask(serve):
    client = serve(cors_origins=("https://news.example",))
    for origin in ("http://127.0.0.1:8000", "https://news.example"):
        assert client.post("/v1/ask", json={"question": "tea"}, headers={"Origin": origin}).status_code == 200
    allowed = client.get("/v1/ask?q=tea", headers={"Origin": "https://news.example"}).headers
    assert allowed["access-control-allow-origin"] == "https://news.example"
    other = client.get("/v1/ask?q=tea", headers={"Origin": "https://evil.example"}).headers
    assert "access-control-allow-origin" not in other
    asked = {"Origin": "https://news.example", "Access-Control-Request-Method": "POST",
             "Access-Control-Request-Headers": "content-type"}  # fmt: skip
    assert client.options("/v1/ask", headers=asked).headers["access-control-allow-origin"] == "https://news.example"


def test_cors_is_closed_unless_set(serve):
    client = serve()
    headers = client.get("/v1/ask?q=tea", headers={"Origin": "https://news.example"}).headers
    assert not [name for name in headers if name.startswith("access-control")]


def test_every_response_keeps_a_browser_safe(serve):
    client = serve()
    for path in ("/", "/v1/ask?q=tea", "/v1/nothing", "/v1/ask", "/static/app.js", "/openapi.json"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer", path
        assert headers["content-security-policy"].startswith("default-src 'none'"), path
        assert "unsafe" not in headers["content-security-policy"] and headers["x-request-id"], path
    assert client.get("/v1/ask?q=tea", headers={"Host": "evil.example"}).headers["x-content-type-options"] == "nosniff"


def test_a_key_is_one_of_its_right_and_never_printed():
    keys = Keys(KEYS)
    assert (keys.right_of(READ_KEY), keys.right_of(WRITE_KEY), keys.right_of("")) == ("read", "write", None)
    assert not Keys(()) and keys
    assert READ_KEY not in repr(Settings(api_keys=KEYS))
    for text in ("read:short", READ_KEY, f"admin:{READ_KEY}", f"read:{READ_KEY} {WRITE_KEY}"):
        with pytest.raises(SettingsError, match="QA_API_KEYS") as caught:
            Settings.from_env({"QA_API_KEYS": text})
        assert text not in str(caught.value)


def test_a_caller_has_its_rate(serve):
    client = serve(api_keys=KEYS, rate_limit=2)
    codes = [client.get("/v1/documents", headers=bearer(READ_KEY)).status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    limited = client.get("/v1/documents", headers=bearer(READ_KEY))
    assert_error(limited, 429, "rate_limited")
    assert 1 <= int(limited.headers["retry-after"]) <= 31
    assert client.get("/v1/documents", headers=bearer(WRITE_KEY)).status_code == 200
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("report.txt", "report.txt"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("..\\..\\windows\\win.TXT", "win.txt"),
        ("/etc/cron.d/x.md", "x.md"),
        ("a/../b.pdf", "b.pdf"),
        ("....//....//x.txt", "x.txt"),
        (".hidden.txt", "hidden.txt"),
        ("a\0b\n.txt", "a_b.txt"),
        ("<img src=x onerror=alert(1)>.html", "img src_x onerror_alert(1).html"),
        ("Отчёт 2025.docx", "Отчёт 2025.docx"),
        ("x" * 500 + ".txt", "x" * 120 + ".txt"),
    ],
)
def test_an_upload_gets_a_name_that_stays_in_its_folder(given, kept):
    assert safe_name(given) == kept


@pytest.mark.parametrize("given", ["", "txt", "a.exe", "a.txt.sh", "..", "a.php", "a.txt/"])
def test_what_is_named_as_no_article_is_refused(given):
    with pytest.raises(ServiceError) as caught:
        safe_name(given)
    assert caught.value.status == 415


@pytest.mark.parametrize("given", [".txt", "../.md", "  .pdf"])
def test_a_name_that_is_only_a_suffix_is_refused(given):
    with pytest.raises(ServiceError) as caught:
        safe_name(given)
    assert caught.value.status == 422
