"""The service in this process: what it answers, in which shape."""

import json

import pytest

from qa.answers import SHAPE_VERSION
from qa.service.schemas import AnswerModel, ErrorModel

QUESTION = "what is Caspian Wind-2025"


@pytest.fixture
def client(serve):
    return serve()


JSON = {"Content-Type": "application/json"}


def assert_error(response, status, code):
    assert (response.status_code, response.json()["error"]["code"]) == (status, code), response.text
    assert set(response.json()) == {"error"} and set(response.json()["error"]) == {"code", "message"}
    assert ErrorModel.model_validate(response.json()).error.message


def without_timings(answer):
    return {name: value for name, value in answer.items() if name != "timings_ms"}


@pytest.mark.parametrize("question", [QUESTION, "who is the president of France"])
def test_an_answer_is_the_one_of_the_assistant_key_for_key(client, assistant, question):
    got = client.get("/v1/ask", params={"q": question}).json()
    posted = client.post("/v1/ask", json={"question": question}).json()
    wanted = json.loads(json.dumps(assistant.ask(question).to_dict()))
    for answer in (got, posted):
        answer["index"]["revision"] = wanted["index"]["revision"]
    assert without_timings(got) == without_timings(posted) == without_timings(wanted)
    assert got["version"] == SHAPE_VERSION


@pytest.mark.parametrize("explain", [False, True])
def test_the_schema_names_every_key_of_an_answer_and_no_other(assistant, explain):
    for question in (QUESTION, "who is the president of France"):
        answer = assistant.ask(question).to_dict(explain=explain)
        model = AnswerModel.model_validate(answer)
        assert json.loads(model.model_dump_json(exclude_unset=True)) == json.loads(json.dumps(answer))


def test_k_risk_filter_and_explain_are_passed_on(client):
    answer = client.get("/v1/ask", params={"q": "tea or chess", "k": 1, "explain": True}).json()
    shown = answer["citations"] or answer["nearest"]
    assert len(shown) == 1 and "reader" in shown[0]["explanation"]
    body = {"question": "what is made of hot water", "filters": ["source=chess.txt"], "risk": 0.5}
    answer = client.post("/v1/ask", json=body).json()
    sources = {citation["document"]["source"] for citation in answer["citations"] + answer["nearest"]}
    assert {source.rpartition("/")[2] for source in sources} <= {"chess.txt"}


def test_search_gives_passages_that_are_slices_of_their_articles(client):
    found = client.get("/v1/search", params={"q": "green tea", "k": 3}).json()
    assert [hit["rank"] for hit in found["hits"]] == list(range(1, len(found["hits"]) + 1))
    for hit in found["hits"]:
        passage, id = hit["passage"], hit["document"]["id"]
        text = client.get(f"/v1/documents/{id}/text").text
        assert text[passage["start"] : passage["end"]] == passage["text"]
    assert client.post("/v1/search", json={"question": "green tea", "k": 3}).json() == found


def test_a_batch_answers_each_line_in_order_and_goes_on_after_a_bad_one(client):
    lines = ['{"id": 1, "question": "what is Caspian Wind-2025"}', "{", "", '{"id": "\u2028", "question": "who is x"}']
    response = client.post("/v1/batch", content="\n".join(lines).encode())
    assert response.headers["content-type"] == "application/x-ndjson"
    first, second, third = [json.loads(line) for line in response.text.split("\n") if line]
    assert (first["id"], first["answered"], third["id"]) == (1, True, "\u2028")
    assert second["error"]["code"] == "invalid_line" and second["error"]["message"].startswith("line 2 ")


def test_documents_are_listed_a_page_at_a_time(client):
    whole = client.get("/v1/documents").json()
    assert whole["total"] == 3 and whole["index"]["documents"] == 3
    pages = [client.get("/v1/documents", params={"limit": 1, "offset": n}).json()["documents"] for n in range(4)]
    assert sum(pages, []) == whole["documents"]
    chess = client.get("/v1/documents", params={"filter": "source=chess.txt"}).json()
    assert chess["total"] == 1


def test_a_document_tells_where_its_parts_lie_and_gives_slices_of_its_text(client):
    id = client.get("/v1/documents", params={"filter": "source=tea.txt"}).json()["documents"][0]["id"]
    detail = client.get(f"/v1/documents/{id}").json()
    response = client.get(detail["text"])
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert len(response.text) == detail["characters"] and "🍵" in response.text
    where = response.text.index("🍵")
    assert client.get(detail["text"], params={"start": where, "end": where + 2}).text == "🍵."
    assert_error(client.get(detail["text"], params={"start": 5, "end": 2}), 422, "invalid_request")


def test_each_quote_of_an_answer_is_proved(client):
    answer = client.get("/v1/ask", params={"q": QUESTION}).json()
    verified = client.post("/v1/verify", json=answer).json()
    assert verified["proved"] and {proof["part"] for proof in verified["proofs"]} == {"quote", "passage"}
    answer["citations"][0]["quote"]["text"] = answer["citations"][0]["quote"]["text"].replace("2025", "2024")
    verified = client.post("/v1/verify", json=answer).json()
    assert not verified["proved"]
    assert [proof["proved"] for proof in verified["proofs"]].count(False) == 1


@pytest.mark.parametrize("change", [{"source": "/etc/hostname"}, {"id": "0" * 16, "source": "/etc/hostname"}])
def test_no_file_is_read_that_only_the_request_names(client, change):
    answer = client.get("/v1/ask", params={"q": QUESTION}).json()
    answer["citations"][0]["document"] |= change
    proofs = client.post("/v1/verify", json=answer).json()["proofs"]
    reasons = {proof["reason"] for proof in proofs if proof["source"] == "/etc/hostname"}
    assert reasons <= {"the article is not in the index", "the index has this article from another source"} and reasons


def test_it_is_up_and_ready_and_counts(client):
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json()["index"]["documents"] == 3
    client.get("/v1/ask", params={"q": QUESTION})
    client.get("/v1/ask", params={"q": "who is the president of France"})
    counts = client.get("/metrics").text
    assert 'qa_answers_total{outcome="answered"} 1.0' in counts
    assert 'qa_answers_total{outcome="abstained"} 1.0' in counts
    assert 'qa_requests_total{method="GET",route="/v1/ask",status="200"} 2.0' in counts
    assert "qa_index_documents 3.0" in counts and "qa_questions_waiting 0.0" in counts


def test_it_is_not_ready_before_the_encoder_is_warm(built_index):
    from starlette.testclient import TestClient

    from qa.service.app import create_app
    from tests.qa.conftest import make_assistant

    with make_assistant(built_index) as assistant:
        client = TestClient(create_app(assistant), base_url="http://localhost")  # not entered: it has not started
        assert_error(client.get("/readyz"), 503, "not_ready")


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "code"),
    [
        ("GET", "/v1/ask", {}, 422, "invalid_request"),
        ("GET", "/v1/ask?q=%20%20", {}, 422, "invalid_question"),
        ("GET", "/v1/ask?q=" + "a" * 2001, {}, 422, "invalid_question"),
        ("GET", "/v1/ask?q=tea&k=0", {}, 422, "invalid_request"),
        ("GET", "/v1/ask?q=tea&risk=nan", {}, 422, "invalid_request"),
        ("GET", "/v1/ask?q=tea&filter=colour=green", {}, 422, "invalid_filter"),
        ("POST", "/v1/ask", {"json": {"question": "tea", "extra": 1}}, 422, "invalid_request"),
        ("POST", "/v1/ask", {"json": {"question": "tea", "risk": 2}}, 422, "invalid_request"),
        ("POST", "/v1/ask", {"content": b'{"question": "\\ud800"}', "headers": JSON}, 422,
         "invalid_request"),
        ("POST", "/v1/ask", {"content": b"\xff", "headers": JSON}, 400, "invalid_request"),
        ("POST", "/v1/ask", {"content": b"[" * 100_000, "headers": JSON}, 400,
         "invalid_request"),
        ("POST", "/v1/batch", {"content": b"\xff"}, 422, "invalid_request"),
        ("POST", "/v1/verify", {"json": {"citations": [{"rank": 1}]}}, 422, "invalid_request"),
        ("GET", "/v1/documents/0000000000000000", {}, 404, "not_found"),
        ("GET", "/v1/documents/0000000000000000/text", {}, 404, "not_found"),
        ("GET", "/v1/nothing", {}, 404, "not_found"),
        ("GET", "/static/..%2f..%2fapp.py", {}, 404, "not_found"),
        ("GET", "/static/%2e%2e/app.py", {}, 404, "not_found"),
        ("PUT", "/v1/ask", {}, 405, "method_not_allowed"),
        ("DELETE", "/", {}, 405, "method_not_allowed"),
    ],
)  # fmt: skip
def test_every_error_has_one_shape_and_its_code(client, method, path, options, status, code):
    assert_error(client.request(method, path, **options), status, code)


def test_a_bug_is_answered_without_internals_and_logged_with_the_request_id(serve, monkeypatch, caplog):
    client = serve()
    monkeypatch.setattr(client.app.state.service, "assistant", None)
    response = client.get("/v1/ask", params={"q": "a secret"}, headers={"X-Request-ID": "abc-1"})
    assert_error(response, 500, "internal_error")
    assert "NoneType" not in response.text and response.headers["x-request-id"] == "abc-1"
    failed = next(record for record in caplog.records if record.message == "request failed")
    assert failed.facts == {"request_id": "abc-1"} and failed.exc_info


@pytest.mark.parametrize(("log_questions", "logged"), [(False, False), (True, True)])
def test_the_log_has_one_line_a_request_and_the_question_only_if_asked_for(serve, caplog, log_questions, logged):
    from qa.service.logs import JsonFormatter

    client = serve(log_questions=log_questions)
    with caplog.at_level("INFO", logger="qa.service"):
        response = client.get("/v1/ask", params={"q": "a secret"}, headers={"X-Request-ID": "not an id\t"})
    (record,) = [record for record in caplog.records if record.message == "request"]
    line = json.loads(JsonFormatter().format(record))
    assert line["request_id"] == response.headers["x-request-id"] != "not an id\t"
    assert (line["route"], line["status"], "a secret" in json.dumps(line)) == ("/v1/ask", 200, logged)


def test_the_openapi_document_names_every_route_its_errors_and_examples(client):
    document = client.get("/openapi.json").json()
    wanted = {
        "/v1/ask", "/v1/search", "/v1/batch", "/v1/documents", "/v1/documents/{id}", "/v1/documents/{id}/text",
        "/v1/verify", "/healthz", "/readyz", "/metrics",
    }  # fmt: skip
    assert set(document["paths"]) == wanted
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["summary"] and operation["description"], path
            for status, response in operation["responses"].items():
                if status >= "400":
                    assert response["content"]["application/json"]["example"]["error"]["code"], (path, status)
    AnswerModel.model_validate(
        document["paths"]["/v1/ask"]["get"]["responses"]["200"]["content"]["application/json"]["example"]
    )


def test_a_new_revision_is_served_without_a_restart(serve, index_path, tmp_path):
    from index import build_index
    from tests.conftest import WordsEncoder

    client = serve()
    before = client.get("/readyz").json()["index"]["revision"]
    (tmp_path / "ships.txt").write_text("The ships of the navies. Seventeen ships came to Baku on Monday.")
    build_index([tmp_path / "ships.txt"], index_path, encoder=WordsEncoder())
    answer = client.get("/v1/ask", params={"q": "how many ships came to Baku on Monday"}).json()
    assert answer["index"]["revision"] > before
    assert "Seventeen ships came to Baku on Monday." in [c["quote"]["text"] for c in answer["citations"]]
