"""What keeps the service answering under load."""

import asyncio
import threading

import pytest

from qa.service.errors import ServiceError
from qa.service.limits import BodyLimit, WorkPool
from tests.qa.test_service import assert_error


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 20))


def test_work_beyond_the_places_is_refused_and_the_places_come_back():
    async def scenario():
        seen = []
        pool = WorkPool(2, 1, timeout=10, watch=lambda working, waiting: seen.append((working, waiting)))
        gate = threading.Event()
        running = [asyncio.create_task(pool.run(lambda n=n: gate.wait(10) and n)) for n in range(3)]
        await asyncio.sleep(0.05)
        with pytest.raises(ServiceError) as refused:
            await pool.run(lambda: None)
        assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "1"})
        assert seen[-1] == (2, 1)
        gate.set()
        assert await asyncio.gather(*running) == [0, 1, 2]
        await asyncio.sleep(0.05)
        assert seen[-1] == (0, 0) and await pool.run(lambda: "free") == "free"
        pool.close()

    run(scenario())


def test_work_over_its_time_is_given_up_but_holds_its_place_until_its_thread_is_free():
    async def scenario():
        pool = WorkPool(1, 0, timeout=0.05)
        gate = threading.Event()
        with pytest.raises(ServiceError) as late:
            await pool.run(gate.wait)
        assert (late.value.status, late.value.code) == (503, "timed_out")
        with pytest.raises(ServiceError, match="Too many"):
            await pool.run(lambda: None)
        gate.set()
        await asyncio.sleep(0.05)
        assert await pool.run(lambda: "free") == "free"
        pool.close()

    run(scenario())


def test_patient_work_waits_for_a_place_and_an_error_gives_its_place_back():
    async def scenario():
        pool = WorkPool(1, 0, timeout=10)

        def fail():
            raise KeyError("x")

        results = await asyncio.gather(
            pool.run_patiently(fail), *(pool.run_patiently(lambda n=n: n) for n in range(5)), return_exceptions=True
        )
        assert isinstance(results[0], KeyError) and results[1:] == [0, 1, 2, 3, 4]
        pool.close()

    run(scenario())


def test_the_event_loop_goes_on_while_questions_are_worked_on():
    async def scenario():
        pool = WorkPool(1, 0, timeout=10)
        gate = threading.Event()
        work = asyncio.create_task(pool.run(lambda: gate.wait(10)))
        for _ in range(100):
            await asyncio.sleep(0)
        gate.set()  # only reached if the loop was not blocked
        assert await work is True
        pool.close()

    run(scenario())


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_above_the_limit_is_refused_whether_announced_or_not(serve, announced):
    client = serve(max_body=1000)
    body = b'{"question": "' + b"x" * 2000 + b'"}'
    content = body if announced else iter([body[:500], body[500:]])
    headers = {"Content-Type": "application/json"}
    assert_error(client.post("/v1/ask", content=content, headers=headers), 413, "too_large")
    assert_error(client.post("/v1/batch", content=content if announced else iter([body])), 413, "too_large")
    assert client.post("/v1/ask", json={"question": "tea"}).status_code == 200


def test_a_large_body_is_not_read_to_its_end():
    read = []

    async def receive():
        read.append(1)
        return {"type": "http.request", "body": b"x" * 100, "more_body": True}

    async def app(scope, receive, send):
        while True:
            await receive()

    async def send(message):
        sent.append(message)

    sent = []
    scope = {"type": "http", "headers": []}
    run(BodyLimit(app, limit_of=lambda scope: 250)(scope, receive, send))
    assert (len(read), sent[0]["status"]) == (3, 413)


def test_a_question_too_many_is_told_to_come_back(serve, monkeypatch):
    client = serve(max_concurrency=1, max_waiting=0)
    service = client.app.state.service
    gate, started = threading.Event(), threading.Event()
    ask = service.assistant.ask

    def slow(*arguments, **options):
        started.set()
        gate.wait(10)
        return ask(*arguments, **options)

    monkeypatch.setattr(service.assistant, "ask", slow)
    codes = []
    first = threading.Thread(target=lambda: codes.append(client.get("/v1/ask?q=tea").status_code))
    first.start()
    assert started.wait(10)
    refused = client.get("/v1/ask?q=tea")
    assert_error(refused, 503, "overloaded")
    assert refused.headers["retry-after"] == "1"
    assert client.get("/healthz").status_code == client.get("/v1/documents").status_code == 200
    gate.set()
    first.join(10)
    assert codes == [200]


def test_a_question_out_of_time_is_given_up(serve, monkeypatch):
    client = serve(request_timeout=0.2)
    gate = threading.Event()
    monkeypatch.setattr(client.app.state.service.assistant, "ask", lambda *_, **__: gate.wait(10))
    assert_error(client.get("/v1/ask?q=tea"), 503, "timed_out")
    gate.set()
