"""``qa serve`` as a process: workers, signals, a new revision under load, what it refuses to start with."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from index import build_index, remove_documents
from qa.service.server import environment_of, warning_of
from qa.settings import Settings

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent.parent
QUESTION = "what%20is%20Caspian%20Wind-2025"


@pytest.fixture(scope="module")
def real_index(tmp_path_factory):
    """An index of the shipped articles with the real encoder."""
    folder = tmp_path_factory.mktemp("served") / "index"
    build_index(sorted((ROOT / "seeds").glob("*.txt")), folder)
    return folder


def command(*arguments):
    return [sys.executable, "-c", "from qa.cli import qa; qa()", "serve", *map(str, arguments)]


@contextmanager
def serving(*arguments, **environment):
    """Start ``qa serve`` on a free port; give its address, its process, and the lines of its log."""
    given = {"QA_READER": "none", "HF_HUB_OFFLINE": "1", **environment}
    process = subprocess.Popen(
        command(*arguments, "--port", 0), cwd=ROOT, env={**os.environ, **given}, stderr=subprocess.PIPE, text=True
    )
    lines: list[str] = []
    reading = threading.Thread(target=lambda: lines.extend(process.stderr), daemon=True)
    reading.start()
    try:
        address = wait_for(
            lambda: next(iter(re.findall(r"running on (http://[\d.:]+)", "".join(lines))), None), process
        )
        wait_for(lambda: is_ready(address), process)
        yield address, process, lines
    finally:
        process.terminate()
        process.wait(60)
        reading.join(10)
        process.stderr.close()


def wait_for(found, process, seconds=90):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process.poll() is None, "the service has ended"
        if value := found():
            return value
        time.sleep(0.05)
    raise AssertionError("the service is not ready")


def get(address, path):
    with urllib.request.urlopen(address + path, timeout=60) as response:
        return response.read()


def is_ready(address):
    try:
        return bool(get(address, "/readyz"))
    except OSError:
        return False


def test_two_workers_answer_add_up_their_counts_and_end_on_sigterm(real_index):
    with serving("--index", real_index, "--workers", 2) as (address, process, lines):
        for _ in range(12):
            assert json.loads(get(address, f"/v1/ask?q={QUESTION}"))["answered"]
        counts = get(address, "/metrics").decode()
        assert 'qa_answers_total{outcome="answered"} 12.0' in counts
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    for line in [line for line in lines if line.startswith("{")]:
        assert json.loads(line)["level"] in ("info", "warning"), line
    assert not any("Caspian" in line for line in lines)


def workers_of(process):
    """Return the processes that answer: the children that were spawned with a socket, not the resource tracker."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return {int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()}


def kill_a_worker(address, process, pid):
    """Kill a worker, and wait until another has its place."""
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: len(workers_of(process) - {pid}) == 2 and is_ready(address), process)


def test_two_workers_have_one_rate_and_one_that_dies_does_not_change_it(real_index):
    def burst(address):
        """Ask 40 times at once; return how often it was let in, and how often the rate lets one in."""
        codes: list[int] = []

        def ask():
            for _ in range(10):
                try:
                    get(address, "/v1/documents?limit=1")
                    codes.append(200)
                except urllib.error.HTTPError as error:
                    codes.append(error.code)

        started = time.monotonic()
        clients = [threading.Thread(target=ask) for _ in range(4)]
        for client in clients:
            client.start()
        for client in clients:
            client.join(60)
        assert 429 in codes and set(codes) <= {200, 429} and len(codes) == 40
        return codes.count(200), 12 + (time.monotonic() - started) / 5 + 1

    with serving("--index", real_index, "--workers", 2, QA_RATE_LIMIT="12") as (address, process, _):
        passed, most = burst(address)
        assert 12 <= passed <= most
        kill_a_worker(address, process, min(workers_of(process)))
        passed, most = burst(address)
        assert passed <= most


@contextmanager
def collecting():
    """Receive traces as a collector does; give its address and the spans of each process by its id."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    received: list[tuple[str, object]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            sent = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
            for part in sent.resource_spans:
                named = {one.key: one.value.string_value for one in part.resource.attributes}
                assert self.path == "/v1/traces" and named["service.name"] == "articles"
                received.extend((named["service.instance.id"], span) for one in part.scope_spans for span in one.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", received
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def test_every_worker_sends_its_spans_before_it_ends(real_index):
    asked = [f"/v1/ask?q={QUESTION}"] * 8
    with collecting() as (collector, received):
        environ = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector,
            "OTEL_SERVICE_NAME": "articles",
            "OTEL_BSP_SCHEDULE_DELAY": "600000",  # so that all wait for the end
        }
        with serving("--index", real_index, "--workers", 2, **environ) as (address, process, lines):
            for path in asked:
                get(address, path)
            assert received == []
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
    requests = [json.loads(line) for line in lines if '"message": "request"' in line]
    servers = {span.trace_id.hex(): who for who, span in received if span.name == "GET /v1/ask"}
    answers = {span.trace_id.hex(): who for who, span in received if span.name == "answer"}
    assert servers == answers and len(servers) == len(asked)
    assert set(servers) == {request["trace_id"] for request in requests if request["route"] == "/v1/ask"}
    assert len(requests) == sum(1 for _, span in received if span.kind == span.SPAN_KIND_SERVER)
    assert not any(b"Caspian" in span.SerializeToString() for _, span in received)


def test_sigterm_lets_a_running_batch_end(real_index):
    with serving("--index", real_index) as (address, process, _):
        lines = b"\n".join(json.dumps({"id": n, "question": "what is Caspian Wind-2025"}).encode() for n in range(40))
        with urllib.request.urlopen(urllib.request.Request(f"{address}/v1/batch", lines), timeout=60) as response:
            first = response.readline()
            process.send_signal(signal.SIGTERM)
            rest = response.read().splitlines()
        assert [json.loads(line)["id"] for line in (first, *rest)] == list(range(40))
        assert process.wait(60) == 0
        with pytest.raises(urllib.error.URLError):
            get(address, "/healthz")


def cited(address, texts):
    """Ask until it is answered; prove every quote, and return the articles cited."""
    while True:
        try:
            answer = json.loads(get(address, "/v1/ask?q=what%20took%20part%20in%20Caspian%20Wind-2099"))
            break
        except urllib.error.HTTPError as error:
            assert error.code == 503
    citations = answer["citations"] + answer["nearest"]
    for citation in citations:
        quote = citation["quote"]
        assert texts[citation["document"]["source"]][quote["start"] : quote["end"]] == quote["text"]
    return {citation["document"]["source"] for citation in citations}


def test_no_question_fails_while_articles_come_and_go(real_index, tmp_path):
    article = tmp_path / "wind.txt"
    text = "Caspian Wind-2099 was held in Atlantis. Nine submarines took part in Caspian Wind-2099."
    article.write_text(text)
    texts = {str(path): path.read_text() for path in (ROOT / "seeds").glob("*.txt")} | {str(article): text}
    failed: list[object] = []
    stop = threading.Event()

    def keep_asking(address):
        while not stop.is_set():
            try:
                cited(address, texts)
            except Exception as error:
                failed.append(error)

    with serving("--index", real_index) as (address, _, _):
        clients = [threading.Thread(target=keep_asking, args=(address,)) for _ in range(3)]
        for client in clients:
            client.start()
        for _ in range(4):
            build_index([article], real_index)
            assert str(article) in cited(address, texts)
            remove_documents(real_index, [str(article)])
            assert str(article) not in cited(address, texts)
        stop.set()
        for client in clients:
            client.join(60)
    assert failed == []


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "said"),
    [
        (["--index", "/nowhere"], {}, 3, "/nowhere"),
        (["--index", "/nowhere", "--workers", "2"], {}, 3, "/nowhere"),
        (["--host", "0.0.0.0", "--index", "/nowhere"], {}, 3, "anyone who can reach 0.0.0.0 can read every article"),
        ([], {"QA_API_KEYS": "hunter2"}, 2, "QA_API_KEYS"),
        ([], {"QA_LOG_QUESTIONS": "perhaps"}, 2, "QA_LOG_QUESTIONS"),
        (["--port", "99999"], {}, 2, "99999"),
    ],
)
def test_what_is_wrong_is_said_in_a_line_before_the_port_opens(arguments, environment, code, said):
    environ = {**os.environ, "QA_READER": "none", **environment}
    done = subprocess.run(command(*arguments), cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120)
    assert done.returncode == code and said in done.stderr, done.stderr
    assert "Traceback" not in done.stderr and "hunter2" not in done.stderr and "running on" not in done.stderr


def test_a_worker_gets_the_settings_of_its_parent():
    settings = Settings(
        index=Path("/x"), api_keys=("read:" + "k" * 16, "write:" + "l" * 16), log_questions=True, risk=0.2
    )
    assert Settings.from_env(environment_of(settings)) == settings


@pytest.mark.parametrize(
    ("host", "keys", "warned"),
    [
        ("127.0.0.1", (), False),
        ("::1", (), False),
        ("localhost", (), False),
        ("0.0.0.0", (), True),
        ("10.0.0.5", (), True),
        ("0.0.0.0", ("read:" + "k" * 16,), False),
    ],
)
def test_listening_beyond_this_machine_without_a_key_is_warned_of(host, keys, warned):
    assert (warning_of(Settings(host=host, api_keys=keys)) is not None) == warned
