"""The process that serves: one, or a parent with workers that share a socket and the memory of the index."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import signal
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from qa.assistant import Assistant
from qa.locations import index_to_ask
from qa.service.logs import log_as_json
from qa.settings import PREFIX, Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

_SHARED_COUNTS = "PROMETHEUS_MULTIPROC_DIR"
"""Read by prometheus-client when it is imported: where worker processes add up their counts."""
_SHARED_RATES = "rates"
"""The file in the same folder by which they share what a caller has asked."""
_DRAIN_SECONDS = 5
LONGEST_HEAD = 524_288
"""Bytes of a request's address and headers: room for the longest question and filters, percent-encoded."""


def serve(settings: Settings, *, workers: int = 1) -> None:
    """Serve until told to stop; then take no more requests, end those that run, and return.

    The index is opened before the port is, so that what is wrong with it is raised here.

    Args:
        settings: Of the service; ``index`` names what it answers from.
        workers: Processes. Their memory of the index is shared.

    Raises:
        PassageIndexError: There is no index, or it cannot be used.
        ModelNotFoundError: There is no reader where the settings point.
        SettingsError: Traces are asked for and cannot be made.
    """
    settings = dataclasses.replace(settings, index=index_to_ask(settings.index), threads=_threads(settings, workers))
    for name, value in (("OMP_WAIT_POLICY", "passive"), ("OMP_NUM_THREADS", str(settings.threads))):
        os.environ.setdefault(name, value)  # else FAISS' threads spin between questions: twice the processor time
    log_as_json()
    signal.signal(signal.SIGTERM, _stop)
    if workers == 1:
        uvicorn.run(_app(settings), **_options(settings))
        return
    with ProcessPoolExecutor(1, get_context("spawn")) as trial:  # not here: the parent would keep the memory
        trial.submit(_try, settings).result()
    with tempfile.TemporaryDirectory(prefix="article-qa-") as folder:
        os.environ.update({**environment_of(settings), _SHARED_COUNTS: folder})
        uvicorn.run("qa.service.server:worker_app", factory=True, workers=workers, **_options(settings))


def _stop(*_: object) -> None:
    """End as asked: uvicorn repeats the signal when it has drained, and its default is to die of it."""
    sys.exit(0)


def _try(settings: Settings) -> None:
    from qa.service.tracing import open_tracing

    if tracing := open_tracing(with_questions=False):
        tracing.close()
    Assistant.open(settings=settings).close()


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the variables that give these settings: how a worker process is told of them."""
    values = {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}
    return {
        f"{PREFIX}{name.upper()}": ",".join(value) if isinstance(value, tuple) else str(value)
        for name, value in values.items()
        if value is not None
    }


def warning_of(settings: Settings) -> str | None:
    """Return what it means to listen where other machines can ask, or None where none can, or a key is needed."""
    if settings.api_keys or _is_local(settings.host):
        return None
    return (
        f"anyone who can reach {settings.host} can read every article: set QA_API_KEYS=read:KEY to ask for a key, or "
        "listen on 127.0.0.1"
    )


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _threads(settings: Settings, workers: int) -> int:
    """Return the threads of one question: as set, or the processors divided among the workers, at most 4."""
    return settings.threads or max(1, min(4, len(os.sched_getaffinity(0)) // workers))


def _app(settings: Settings, *, rates: Path | None = None) -> FastAPI:
    from qa.service.app import create_app
    from qa.service.metrics import Metrics
    from qa.service.rates import RateLimit
    from qa.service.tracing import open_tracing

    tracing = open_tracing(with_questions=settings.log_questions)
    shared = os.environ.get(_SHARED_COUNTS)
    return create_app(
        Assistant.open(settings=settings),
        settings,
        metrics=Metrics(Path(shared) if shared else None),
        rate_limit=RateLimit(settings.rate_limit, shared=rates),
        tracing=tracing,
        closes=True,
    )


def worker_app() -> FastAPI:
    """Return the application of a worker process, as its environment describes it."""
    log_as_json()
    return _app(Settings.from_env(), rates=Path(os.environ[_SHARED_COUNTS]) / _SHARED_RATES)


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "host": settings.host,
        "port": settings.port,
        "log_config": None,
        "access_log": False,  # it would hold the questions
        "server_header": False,
        "h11_max_incomplete_event_size": LONGEST_HEAD,
        "timeout_graceful_shutdown": int(settings.request_timeout) + _DRAIN_SECONDS,
    }
