"""Traces of the service: spans of requests and answers, without the questions, and only where they are asked for."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from starlette.testclient import TestClient

from qa import Settings, SettingsError
from qa.service.app import create_app
from qa.service.spans import Tracing
from qa.service.tracing import asked_by, open_tracing
from tests.conftest import WordsEncoder
from tests.qa.conftest import make_assistant

ROOT = Path(__file__).parent.parent.parent
QUESTION = "what is Caspian Wind-2025"
OTHER = "is the zebra a dromedary"  # none of its words stand in an article or an address


class Traced:
    """A service whose spans are kept."""

    def __init__(self, index_path, **settings):
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        chosen = Settings(**settings)
        tracing = Tracing(self.provider, with_questions=chosen.log_questions)
        assistant = make_assistant(index_path, chosen)
        self.app = create_app(assistant, chosen, tracing=tracing, encoder=WordsEncoder(), closes=True)
        self.client = TestClient(self.app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)

    @property
    def spans(self):
        return self.exporter.get_finished_spans()

    def of_kind(self, kind):
        return [span for span in self.spans if span.kind == kind]

    def named(self, name):
        return [span for span in self.spans if span.name == name]

    def everything(self):
        return "".join(span.to_json() for span in self.spans)


@pytest.fixture
def trace(index_path):
    services = []

    def start(**settings):
        service = Traced(index_path, **settings)
        service.client.__enter__()
        services.append(service)
        return service

    yield start
    for service in services:
        service.client.__exit__(None, None, None)


def test_a_question_is_a_span_of_its_request_with_a_span_for_each_step(trace):
    service = trace()
    answer = service.client.get("/v1/ask", params={"q": QUESTION}).json()
    [request] = service.of_kind(SpanKind.SERVER)
    [asked] = service.named("answer")
    assert request.name == "GET /v1/ask" and request.attributes["http.route"] == "/v1/ask" and request.parent is None
    assert asked.parent.span_id == request.context.span_id and asked.status.status_code == StatusCode.UNSET
    assert dict(asked.attributes) == {
        "qa.answered": True,
        "qa.confidence": answer["confidence"],
        "qa.citations": len(answer["citations"]),
        "qa.revision": answer["index"]["revision"],
    }
    steps = [span for span in service.spans if span.parent and span.parent.span_id == asked.context.span_id]
    lasted = {span.name: (span.end_time - span.start_time) / 1e6 for span in steps}
    assert lasted == pytest.approx({name: ms for name, ms in answer["timings_ms"].items() if name != "total"}, abs=1e-3)
    assert len(service.spans) == 2 + len(steps)
    assert all(first.end_time == then.start_time for first, then in zip(steps, steps[1:], strict=False))


def test_an_abstention_says_so(trace):
    service = trace()
    service.client.post("/v1/ask", json={"question": OTHER})
    [asked] = service.named("answer")
    assert (asked.attributes["qa.answered"], asked.attributes["qa.citations"]) == (False, 0)


def test_each_request_is_one_span_named_by_its_route(trace):
    service = trace()
    id = service.client.get("/v1/documents").json()["documents"][0]["id"]
    for path in (f"/v1/documents/{id}/text", "/healthz", "/nothing/here", "/v1/search?q=tea"):
        service.client.get(path)
    service.client.request("BREW", "/v1/ask")
    assert [span.name for span in service.spans] == [
        "GET /v1/documents",
        "GET /v1/documents/{id}/text",
        "GET /healthz",
        "GET",
        "GET /v1/search",
        "HTTP /v1/ask",
    ]
    assert {span.kind for span in service.spans} == {SpanKind.SERVER}


def test_each_line_of_a_batch_is_a_span_of_its_request(trace):
    service = trace()
    lines = [json.dumps({"question": question}) for question in (QUESTION, "", OTHER)]
    assert len(service.client.post("/v1/batch", content="\n".join(lines)).text.splitlines()) == 3
    [request] = service.of_kind(SpanKind.SERVER)
    asked = service.named("answer")
    assert [span.attributes.get("qa.answered") for span in asked] == [True, None, False]
    assert {span.parent.span_id for span in asked} == {request.context.span_id}


def ask_in_every_way(service):
    client = service.client
    client.get("/v1/ask", params={"q": OTHER})
    client.post("/v1/ask", json={"question": OTHER})
    client.get("/v1/search", params={"q": OTHER})
    client.post("/v1/batch", content=json.dumps({"question": OTHER, "id": OTHER}))
    client.get("/v1/ask", params={"q": OTHER, "k": "many"})
    client.get("/v1/ask", params={"q": OTHER * 100})
    client.post("/v1/verify", json={"question": OTHER})
    client.get("/", params={"q": OTHER})
    client.get("/nothing", params={"q": OTHER})
    client.get("/v1/ask", params={"q": OTHER}, headers={"Host": "evil.example"})


@pytest.mark.parametrize("conventions", ["", "http", "http/dup"])
def test_no_span_holds_a_word_of_a_question(trace, monkeypatch, conventions):
    from opentelemetry.instrumentation import _semconv

    monkeypatch.setattr(_semconv._OpenTelemetrySemanticConventionStability, "_initialized", False)
    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", conventions)
    service = trace()
    ask_in_every_way(service)

    def fail(question, **options):
        raise RuntimeError(question)

    monkeypatch.setattr(service.app.state.service.assistant, "ask", fail)
    assert service.client.get("/v1/ask", params={"q": OTHER}).status_code == 500
    assert len(service.of_kind(SpanKind.SERVER)) == 11
    for word in ("zebra", "dromedary"):
        assert word not in service.everything()


def test_where_questions_are_logged_the_traces_have_them(trace):
    service = trace(log_questions=True)
    service.client.get("/v1/ask", params={"q": OTHER})
    assert service.named("answer")[0].attributes["qa.question"] == OTHER
    assert "zebra" not in service.of_kind(SpanKind.SERVER)[0].to_json()


def test_a_failed_answer_names_its_error(trace, monkeypatch):
    service = trace()

    def fail(question, **options):
        raise RuntimeError(question)

    monkeypatch.setattr(service.app.state.service.assistant, "ask", fail)
    assert service.client.get("/v1/ask", params={"q": OTHER}).status_code == 500
    [asked], [request] = service.named("answer"), service.of_kind(SpanKind.SERVER)
    assert (asked.attributes["error.type"], asked.status.status_code) == ("RuntimeError", StatusCode.ERROR)
    assert not asked.events and asked.status.description is None
    assert request.status.status_code == StatusCode.ERROR


def test_the_log_has_the_id_of_the_trace_which_a_caller_may_have_begun(trace, caplog):
    service = trace()
    begun = "0af7651916cd43dd8448eb211c80319c"
    with caplog.at_level(logging.INFO, "qa.service"):
        service.client.get("/v1/ask", params={"q": QUESTION})
        service.client.get(
            "/v1/ask", params={"q": QUESTION}, headers={"traceparent": f"00-{begun}-b7ad6b7169203331-01"}
        )
    first, second = service.of_kind(SpanKind.SERVER)
    logged = [record.facts["trace_id"] for record in caplog.records if record.getMessage() == "request"]
    assert (
        logged == [format(first.context.trace_id, "032x"), begun] and format(second.context.trace_id, "032x") == begun
    )


def test_without_tracing_the_log_has_no_trace(serve, caplog):
    with caplog.at_level(logging.INFO, "qa.service"):
        serve().get("/healthz")
    assert all("trace_id" not in record.facts for record in caplog.records if record.name == "qa.service")


def test_the_addresses_left_out_are_answered_and_not_traced(trace, monkeypatch):
    monkeypatch.setenv("OTEL_PYTHON_EXCLUDED_URLS", "healthz,metrics")
    service = trace()
    assert [service.client.get(path).status_code for path in ("/healthz", "/metrics", "/readyz")] == [200] * 3
    assert [span.name for span in service.spans] == ["GET /readyz"]


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        (b"Host", b"[::1", 403),
        (b"User-Agent", b"\xff\xfe", 422),
        (b"traceparent", b"\xff00-zz", 422),
        (b"baggage", b"a=%ff,;=;", 422),
    ],
)
def test_what_a_client_sends_breaks_no_trace(trace, name, value, status):
    service = trace()
    assert service.client.get("/v1/ask?q=tea&k=%ff%fe", headers=[(name, value)]).status_code == status
    assert len(service.of_kind(SpanKind.SERVER)) == 1


def test_what_is_not_sent_yet_is_sent_when_the_service_ends(index_path):
    service, ended = Traced(index_path), []
    service.exporter.shutdown = lambda: ended.append(True)
    with service.client as client:
        client.get("/healthz")
        assert not ended
    assert ended == [True]


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        ({}, None),
        ({"OTEL_SERVICE_NAME": "x", "OTEL_EXPORTER_OTLP_HEADERS": "a=b", "OTEL_METRICS_EXPORTER": "otlp"}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://x"}, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "OTEL_TRACES_EXPORTER"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_TRACES_EXPORTER": "none"}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "TRUE"}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "false"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
    ],
)
def test_traces_are_asked_for_by_the_standard_variables(environ, variable):
    assert asked_by(environ) == variable


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"OTEL_TRACES_EXPORTER": "pigeon"}, "'pigeon' is not installed; known are console, otlp_proto_http"),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "pigeon"}, "'pigeon' is not installed"),
        ({"OTEL_TRACES_EXPORTER": "console", "OTEL_BSP_SCHEDULE_DELAY": "-1"}, "OTEL_"),
    ],
)
def test_what_cannot_be_exported_is_said(monkeypatch, environ, said):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=said):
        open_tracing(os.environ, with_questions=False)


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({}, "article-qa"),
        ({"OTEL_SERVICE_NAME": "archive"}, "archive"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=shop"}, "shop"),
    ],
)
def test_the_service_has_the_name_it_is_given(monkeypatch, environ, name):
    for variable, value in {**environ, "OTEL_TRACES_EXPORTER": "console"}.items():
        monkeypatch.setenv(variable, value)
    tracing = open_tracing(os.environ, with_questions=False)
    assert tracing.provider.resource.attributes["service.name"] == name
    tracing.close()


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.delitem(sys.modules, "qa.service.spans")
    monkeypatch.setitem(sys.modules, "opentelemetry.instrumentation.asgi", None)
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}
    with pytest.raises(SettingsError, match=r"OTEL_EXPORTER_OTLP_ENDPOINT asks .*pip install 'article-qa\[otel\]'"):
        open_tracing(environ, with_questions=False)


@pytest.mark.slow
def test_a_missing_extra_stops_the_service_before_its_port_opens(built_index):
    code = "import sys; sys.modules['opentelemetry.sdk'] = None; from qa.cli import qa; qa()"
    environ = {**os.environ, "QA_READER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    command = [sys.executable, "-c", code, "serve", "--port", "0", "--index", str(built_index)]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and "pip install 'article-qa[otel]'" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr and "running on" not in done.stderr


OFF = """
import sys
from opentelemetry import trace
from qa.service.tracing import open_tracing
from tests.qa.conftest import WordsEncoder, make_assistant
from pathlib import Path
from starlette.testclient import TestClient
from qa.service.app import create_app
assert open_tracing(with_questions=True) is None
assistant = make_assistant(Path(sys.argv[1]))
with TestClient(create_app(assistant, closes=True), base_url="http://127.0.0.1") as client:
    assert client.get("/v1/ask?q=tea").status_code == 200
parts = {name for name in sys.modules if name.startswith("opentelemetry.")}
print(*{".".join(name.split(".")[:2]) for name in parts})
"""


@pytest.mark.slow
def test_nothing_of_the_extra_is_loaded_where_no_traces_are_asked_for(built_index):
    command = [sys.executable, "-c", OFF, str(built_index)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    environ |= {"OTEL_SERVICE_NAME": "articles", "FASTAPI_OTEL_AUTO_CONFIGURE": "true"}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    loaded = {name.partition(".")[2] for name in done.stdout.split()}
    assert not loaded & {"sdk", "instrumentation", "exporter", "proto", "semconv"}  # FastAPI itself loads the bare API


def test_fastapi_sends_no_spans_of_its_own_which_would_hold_the_questions(trace, monkeypatch):
    import opentelemetry.trace

    service = trace()
    monkeypatch.setattr(opentelemetry.trace, "get_tracer_provider", lambda: service.provider)
    service.client.get("/v1/ask", params={"q": OTHER})
    assert len(service.of_kind(SpanKind.SERVER)) == 1 and "zebra" not in service.everything()
