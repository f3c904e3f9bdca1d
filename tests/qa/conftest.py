"""An assistant without a reader over the index of three short articles, and the service that it answers through."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from index import PassageIndex
from qa import Assistant, Settings
from qa.confidence import Calibration
from tests.conftest import WordsEncoder

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"  # it reports each pipeline run to its makers, read when imported
WRITE_KEY = "write-0123456789abcdef"
READ_KEY = "read-0123456789abcdef"


def make_assistant(index_path: Path, settings: Settings | None = None) -> Assistant:
    """Return an assistant of an index that was built with the ten words."""
    calibration = Calibration.load(reader="none")
    assert calibration is not None
    return Assistant(PassageIndex.open(index_path, encoder=WordsEncoder()), None, calibration, settings)


@contextmanager
def served(index_path: Path, **settings: object) -> Iterator[str]:
    """Serve an index of the ten words in this process, and give the address."""
    import uvicorn

    from qa.service.app import create_app
    from qa.service.server import LONGEST_HEAD

    chosen = Settings(**settings)  # type: ignore[arg-type]
    app = create_app(make_assistant(index_path, chosen), chosen, encoder=WordsEncoder(), closes=True)
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_config=None, access_log=False, h11_max_incomplete_event_size=LONGEST_HEAD)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.fixture
def assistant(built_index: Path) -> Iterator[Assistant]:
    """The assistant of the three articles."""
    with make_assistant(built_index) as made:
        yield made


@pytest.fixture
def serve(index_path: Path) -> Iterator[Callable[..., object]]:
    """Return a client of the service of a copy of the index, with the settings given; ready when it is returned."""
    from starlette.testclient import TestClient

    from qa.service.app import create_app

    clients: list[TestClient] = []

    def start(**settings: object) -> TestClient:
        chosen = Settings(**settings)  # type: ignore[arg-type]
        app = create_app(make_assistant(index_path, chosen), chosen, encoder=WordsEncoder(), closes=True)
        client = TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)
        clients.append(client.__enter__())
        return client

    yield start
    for client in clients:
        client.__exit__(None, None, None)
