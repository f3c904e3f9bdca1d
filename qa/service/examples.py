"""Examples and errors for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from qa.service.errors import error_body
from qa.service.schemas import ErrorModel

_DOCUMENT: dict[str, Any] = {
    "id": "0f343b0931126a20",
    "source": "/articles/wind.txt",
    "media_type": "text/plain",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "title": "Wind farms on the coast",
    "author": "A. Writer",
    "date": "2025-10-22",
    "url": None,
    "language": "en",
}
ANSWER_EXAMPLE: dict[str, Any] = {
    "version": 1,
    "question": "how many turbines are there",
    "answered": True,
    "confidence": 0.93,
    "reason": None,
    "citations": [
        {
            "rank": 1,
            "confidence": 0.93,
            "quote": {"text": "The farm has 40 turbines.", "start": 120, "end": 145},
            "span": {"text": "40", "start": 133, "end": 135},
            "passage": {"text": "It opened in May. The farm has 40 turbines.", "start": 102, "end": 145, "id": 7},
            "document": _DOCUMENT,
            "page": None,
            "section": ["The farm"],
            "link": "file:///articles/wind.txt",
            "duplicates": 0,
        }
    ],
    "nearest": [],
    "conflicts": [],
    "index": {"revision": 3, "documents": 2, "passages": 41},
    "timings_ms": {"retrieve": 3.1, "read": 40.2, "decide": 0.3, "cite": 0.2, "total": 43.8},
}
BATCH_EXAMPLE: dict[str, dict[str, Any]] = {
    "request": {
        "schema": {"type": "string"},
        "example": '{"id": 1, "question": "how many turbines are there"}\n{"id": 2, "question": "who owns them"}\n',
    },
    "response": {
        "schema": {"type": "string"},
        "example": '{"id": 1, "version": 1, "question": "how many turbines are there", "answered": true}\n',
    },
}
_ERRORS = {
    400: ("The body cannot be parsed.", "invalid_request", "There was an error parsing the body"),
    401: ("A key is needed.", "unauthorized", "Send a key of this service: `Authorization: Bearer KEY`."),
    403: (
        "The key, the Host or the Origin does not allow it.",
        "host_not_allowed",
        "This service does not answer to that name; QA_ALLOWED_HOSTS holds those it answers to.",
    ),
    404: ("There is no such article.", "not_found", "There is no article with this id."),
    409: ("Another process writes to the index.", "index_locked", "The index is being written to; try again."),
    413: ("The body is too large.", "too_large", "The body is larger than 1,048,576 bytes."),
    415: ("No kind of article.", "unsupported_media_type", "Articles end in .txt, .md, .html, .pdf or .docx."),
    422: ("The request is not valid.", "invalid_request", "q: Field required"),
    429: ("The caller's rate is used up.", "rate_limited", "Too many requests."),
    503: (
        "Too busy, or out of time; `Retry-After` says when to come back.",
        "overloaded",
        "Too many questions at once.",
    ),
}


def errors_of(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI responses of errors, each with an example in the one shape."""
    responses: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        description, code, message = _ERRORS[status]
        example = {"application/json": {"example": error_body(code, message)}}
        responses[status] = {"model": ErrorModel, "description": description, "content": example}
    return responses
