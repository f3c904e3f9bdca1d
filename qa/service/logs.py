"""One JSON line for each request, and the request's id in it and in the response."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.service.errors import error_response
from qa.service.metrics import Metrics

LOGGER = logging.getLogger("qa.service")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class JsonFormatter(logging.Formatter):
    """A log record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True, default=str)


def log_as_json(level: int = logging.INFO) -> None:
    """Send the service's and the server's log to stderr as JSON lines; for a process that only serves."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("qa", "uvicorn.error"):
        logging.getLogger(name).setLevel(level)


class Observed:
    """Middleware that gives a request its id, counts and logs it, and answers 500 where the application fails."""

    def __init__(
        self, app: ASGIApp, *, metrics: Metrics, log_questions: bool, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        """Wrap an application."""
        self._app = app
        self._metrics = metrics
        self._log_questions = log_questions
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and log how it ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = self._clock()
        request_id = _request_id(Headers(scope=scope).get("x-request-id", ""))
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        try:
            await self._app(scope, receive, seen)
        except Exception:
            LOGGER.exception("request failed", extra={"facts": _identity(scope)})
            if not status:
                message = "Something went wrong here; the log has it under this request id."
                await error_response(500, "internal_error", message)(scope, receive, seen)
            status = 500
        finally:
            self._record(scope, status, self._clock() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.count_request(route, method, status, seconds)
        facts = {
            **_identity(scope),
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 2),
            "client": (scope.get("client") or ("",))[0],
        }
        if self._log_questions and "question" in scope["state"]:
            facts["question"] = scope["state"]["question"]
        LOGGER.info("request", extra={"facts": facts})


def _identity(scope: Scope) -> dict[str, str]:
    """Return what a request is found by: its id, and where it is traced that of its trace."""
    return {name: scope["state"][name] for name in ("request_id", "trace_id") if name in scope["state"]}


def _request_id(given: str) -> str:
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
