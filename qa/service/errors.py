"""What can be wrong with a request, in one JSON shape: ``{"error": {"code", "message"}}``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from index import IndexLockedError, PassageIndexError
from qa.errors import InvalidQuestionError

_CODES = {
    400: "invalid_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid_request",
}
_MESSAGES = {404: "There is nothing at this address.", 405: "This address does not take this method."}


class ServiceError(Exception):
    """A request that is refused.

    Attributes:
        status: The HTTP status.
        code: For programs; never changes its meaning.
        message: For people; says what to do.
        headers: Of the response.
    """

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        """Keep the parts of the response."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """Return the error as a response."""
        return error_response(self.status, self.code, self.message, self.headers)


def error_body(code: str, message: str) -> dict[str, dict[str, str]]:
    """Return the one shape of every error."""
    return {"error": {"code": code, "message": message}}


def error_response(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return an error as a response."""
    body = json.dumps(error_body(code, message), ensure_ascii=True)
    return Response(body, status, dict(headers or {}), "application/json")


def add_error_handlers(app: FastAPI) -> None:
    """Give every error that a route raises the one shape."""
    app.add_exception_handler(ServiceError, _refused)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(InvalidQuestionError, _invalid_question)
    app.add_exception_handler(PassageIndexError, _index_problem)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, ServiceError)
    return error.response()


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = error.status_code
    return error_response(
        status, _CODES.get(status, "http_error"), _MESSAGES.get(status, str(error.detail)), error.headers
    )


async def _invalid_request(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return error_response(422, "invalid_request", explain_validation(error.errors()))


async def _invalid_question(_: Request, error: Exception) -> Response:
    return error_response(422, "invalid_question", f"{str(error)[:1].upper()}{str(error)[1:]}.")


async def _index_problem(_: Request, error: Exception) -> Response:
    if isinstance(error, IndexLockedError):
        return locked().response()
    raise error  # a bug or damage: the middleware answers 500 without internals and logs the traceback


def locked() -> ServiceError:
    """Return the error of an index that another process writes to."""
    return ServiceError(409, "index_locked", "The index is being written to; try again.", {"Retry-After": "5"})


def explain_validation(problems: Sequence[Mapping[str, Any]]) -> str:
    """Return, in a sentence, what is wrong with the parts of a request; never the values that were sent."""
    parts = []
    for problem in problems[:5]:
        where = ".".join(str(part) for part in problem["loc"] if part not in ("body", "query", "path")) or "the request"
        parts.append(f"{where}: {problem['msg']}".encode("utf-8", "replace").decode())
    return "; ".join(parts)[:1000]
