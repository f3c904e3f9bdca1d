"""The process that serves: one, or a parent with workers that share a socket and the memory of the index."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.supervisors import Multiprocess

from qa.assistant import Assistant
from qa.locations import index_to_ask
from qa.service.logs import log_as_json
from qa.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

_SHARED_COUNTS = "PROMETHEUS_MULTIPROC_DIR"
"""Read by prometheus-client when it is imported: where worker processes add up their counts."""
_DRAIN_SECONDS = 5


def serve(settings: Settings, *, workers: int = 1) -> None:
    """Serve until told to stop; then take no more requests, end those that run, and return.

    The index is opened before the port is, so that what is wrong with it is raised here.

    Args:
        settings: Of the service; ``index`` names what it answers from.
        workers: Processes. Their memory of the index is shared.

    Raises:
        PassageIndexError: There is no index, or it cannot be used.
        ModelNotFoundError: There is no reader where the settings point.
    """
    settings = dataclasses.replace(settings, index=index_to_ask(settings.index), threads=_threads(settings, workers))
    if workers == 1:
        log_as_json()
        uvicorn.Server(_config(settings, _app(settings))).run()
        return
    Assistant.open(settings=settings).close()
    with tempfile.TemporaryDirectory(prefix="article-qa-") as folder:
        os.environ[_SHARED_COUNTS] = folder
        config = _config(settings, partial(_worker_app, settings), workers=workers)
        socket = config.bind_socket()
        Multiprocess(config, uvicorn.Server(config).run, [socket]).run()


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


def _app(settings: Settings) -> FastAPI:
    from qa.service.app import create_app
    from qa.service.metrics import Metrics

    shared = os.environ.get(_SHARED_COUNTS)
    metrics = Metrics(Path(shared) if shared else None)
    return create_app(Assistant.open(settings=settings), settings, metrics=metrics, closes=True)


def _worker_app(settings: Settings) -> FastAPI:
    log_as_json()
    return _app(settings)


def _config(settings: Settings, app: FastAPI | partial[FastAPI], *, workers: int = 1) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        factory=workers > 1,
        host=settings.host,
        port=settings.port,
        workers=workers,
        log_config=None,
        access_log=False,  # it would hold the questions
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=int(settings.request_timeout) + _DRAIN_SECONDS,
    )
