"""Routes that ask: a question, its passages, many questions, and the proof of an answer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from qa.batch import answer_lines
from qa.citations import FoundPassage
from qa.service.errors import ServiceError, error_body
from qa.service.examples import BATCH_EXAMPLE, errors_of
from qa.service.proofs import prove
from qa.service.schemas import (
    AnswerModel,
    AskRequest,
    Question,
    SearchModel,
    SearchRequest,
    VerifyModel,
    VerifyRequest,
)
from qa.service.state import Service, ServiceOf, parse_filters

if TYPE_CHECKING:
    pass

router = APIRouter(tags=["questions"])
FilterQuery = Annotated[
    list[Annotated[str, Query(max_length=1000)]],
    Query(max_length=20, description="Such as `date>=2024` or `title=*NATO*`; may be repeated, and all must hold."),
]
AskedQuery = Annotated[Question, Query(max_length=5000, description="The question; a longer one goes into a body.")]
_ANSWER: dict[int | str, dict[str, Any]] = {200: {"model": AnswerModel}}
_JSON_LINES = "application/x-ndjson"


@router.get("/v1/ask", summary="Answer a question", responses={**_ANSWER, **errors_of(401, 403, 422, 429, 503)})
async def ask(
    service: ServiceOf,
    request: Request,
    q: AskedQuery,
    k: Annotated[int | None, Query(ge=1, le=100, description="Most citations.")] = None,
    risk: Annotated[
        float | None,
        Query(gt=0, lt=1, allow_inf_nan=False, description="Largest share of wrong answers among those given."),
    ] = None,
    filter: FilterQuery = [],  # noqa: B006  (FastAPI copies defaults)
    explain: Annotated[bool, Query(description="Whether each citation carries the scores behind it.")] = False,
) -> Response:
    """Answer with verbatim, cited quotes, or abstain: status 200 with `answered: false`."""
    asked = AskRequest(question=q, k=k, risk=risk, filters=filter, explain=explain)
    return await _answer(service, request, asked)


@router.post(
    "/v1/ask", summary="Answer a question", responses={**_ANSWER, **errors_of(400, 401, 403, 413, 422, 429, 503)}
)
async def ask_with_body(service: ServiceOf, request: Request, asked: AskRequest) -> Response:
    """Answer as `GET /v1/ask` does, with the question out of the address and so out of the logs on its way."""
    return await _answer(service, request, asked)


async def _answer(service: Service, request: Request, asked: AskRequest) -> Response:
    request.scope["state"]["question"] = asked.question
    filters = parse_filters(asked.filters)
    ask = service.asking()

    def work() -> bytes:
        answer = ask(asked.question, k=asked.k, risk=asked.risk, filters=filters)
        service.metrics.count_answer(answer.answered)
        service.metrics.show_index(answer.index)
        return json_bytes(answer.to_dict(explain=asked.explain))

    return Response(await service.questions.run(work), media_type="application/json")


@router.get(
    "/v1/search", summary="Find passages", response_model=SearchModel, responses=errors_of(401, 403, 422, 429, 503)
)
async def search(
    service: ServiceOf,
    request: Request,
    q: AskedQuery,
    k: Annotated[int, Query(ge=1, le=100, description="Most passages.")] = 10,
    filter: FilterQuery = [],  # noqa: B006  (FastAPI copies defaults)
) -> Response:
    """Return the passages found for a question, best first, without deciding whether they answer it."""
    return await _search(service, request, SearchRequest(question=q, k=k, filters=filter))


@router.post(
    "/v1/search",
    summary="Find passages",
    response_model=SearchModel,
    responses=errors_of(400, 401, 403, 413, 422, 429, 503),
)
async def search_with_body(service: ServiceOf, request: Request, asked: SearchRequest) -> Response:
    """Return the passages found for a question, as `GET /v1/search` does."""
    return await _search(service, request, asked)


async def _search(service: Service, request: Request, asked: SearchRequest) -> Response:
    request.scope["state"]["question"] = asked.question
    filters = parse_filters(asked.filters)

    def work() -> bytes:
        hits = service.assistant.search(asked.question, k=asked.k, filters=filters)
        state = asdict(service.index_state())
        return json_bytes(
            {"question": asked.question, "hits": [asdict(FoundPassage.of(hit)) for hit in hits], "index": state}
        )

    return Response(await service.questions.run(work), media_type="application/json")


@router.post(
    "/v1/batch",
    summary="Answer many questions",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {_JSON_LINES: BATCH_EXAMPLE["response"]},
            "description": "One line for each question, in order.",
        },
        **errors_of(401, 403, 413, 422, 429, 503),
    },
    openapi_extra={"requestBody": {"required": True, "content": {_JSON_LINES: BATCH_EXAMPLE["request"]}}},
)
async def batch(
    service: ServiceOf,
    request: Request,
    filter: FilterQuery = [],  # noqa: B006  (FastAPI copies defaults)
    explain: Annotated[bool, Query(description="Whether each citation carries the scores behind it.")] = False,
) -> StreamingResponse:
    """Answer each line `{"question": ..., "id": ...}` with one line, in order, `id` copied through.

    A line is an answer as `/v1/ask` gives it; for a line that is no question it is an error in the shape of every
    error, and the others go on. Each line is sent as soon as it is known.
    """
    try:
        lines = (await request.body()).decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise ServiceError(422, "invalid_request", "The body is not UTF-8.") from None
    parse_filters(filter)
    return StreamingResponse(_batch(service, lines, filter, explain), media_type=_JSON_LINES)


async def _batch(service: Service, lines: Sequence[str], filters: Sequence[str], explain: bool) -> AsyncIterator[bytes]:
    chosen = parse_filters(filters)
    ask = service.asking()

    def work(line: str) -> bytes:
        answered = "".join(answer_lines(service.assistant, [line], filters=chosen, explain=explain, ask=ask))
        service.metrics.count_answer(json.loads(answered)["answered"])
        return answered.encode("utf-8", "backslashreplace")

    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            answered = await service.questions.run_patiently(lambda line=line: work(line))  # type: ignore[misc]
        except ValueError as error:
            answered = json_bytes(error_body("invalid_line", f"line {number}{str(error).removeprefix('line 1')}"))
        except ServiceError as error:
            answered = json_bytes(error_body(error.code, f"line {number}: {error.message}"))
        yield answered + b"\n"


@router.post("/v1/verify", summary="Prove an answer", responses=errors_of(400, 401, 403, 413, 422, 429, 503))
async def verify(service: ServiceOf, answer: VerifyRequest) -> VerifyModel:
    """Prove each quote of an answer again from the article's file; only articles of the index are read."""
    return await service.reads.run(lambda: prove(service.assistant.passages, answer))


def json_bytes(value: Any) -> bytes:  # noqa: ANN401  (whatever json can write)
    """Return JSON as UTF-8; a code point that UTF-8 cannot hold is written as its escape."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
