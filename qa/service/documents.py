"""Routes of the articles: list them, read them, and, with a key that may write, add and remove them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, File, Path, Query, UploadFile
from starlette.responses import Response

from qa.service.asking import FilterQuery, json_bytes
from qa.service.errors import ServiceError
from qa.service.examples import errors_of
from qa.service.schemas import DocumentDetailModel, DocumentListModel, RemovedModel, UploadModel
from qa.service.state import Service, ServiceOf, parse_filters

if TYPE_CHECKING:
    from index import Document

UPLOAD_PATH = "/v1/documents"
router = APIRouter(tags=["articles"])
DocumentId = Annotated[str, Path(description="Of the article.", max_length=100, examples=["0f343b0931126a20"])]
_PLACE = Query(ge=0, le=2**53, description="In code points of the text.")


@router.get(
    UPLOAD_PATH,
    summary="List the articles",
    response_model=DocumentListModel,
    responses=errors_of(401, 403, 422, 429, 503),
)
async def documents(
    service: ServiceOf,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most articles.")] = 100,
    offset: Annotated[int, Query(ge=0, le=2**53, description="How many to pass over.")] = 0,
    filter: FilterQuery = [],  # noqa: B006  (FastAPI copies defaults)
) -> Response:
    """Return the articles of the index, in the order of their sources, a page at a time."""
    filters = parse_filters(filter)

    def work() -> bytes:
        found = service.assistant.passages.documents(filters)
        listed = [asdict(info) for info in found[offset : offset + limit]]
        return json_bytes(_now(service, total=len(found), offset=offset, limit=limit, documents=listed))

    return Response(await service.reads.run(work), media_type="application/json")


@router.post(
    UPLOAD_PATH,
    summary="Add an article",
    status_code=201,
    response_model=UploadModel,
    responses=errors_of(400, 401, 403, 409, 413, 415, 422, 429, 503),
)
async def upload(
    service: ServiceOf, file: Annotated[UploadFile, File(description="A .txt, .md, .html, .pdf or .docx file.")]
) -> Response:
    """Index an article; one uploaded under the same name before gives way to it. Needs a key that may write."""

    def work() -> bytes:
        report = service.uploads.add(file.filename or "", file.file)
        service.assistant.passages.refresh()
        found = _document(service, report.document_id or "")
        return json_bytes({"status": report.status, **_now(service, document=asdict(found.info))})

    return Response(await service.writes.run(work), 201, media_type="application/json")


@router.delete(
    "/v1/documents/{id}",
    summary="Remove an article",
    response_model=RemovedModel,
    responses=errors_of(401, 403, 404, 409, 422, 429, 503),
)
async def remove(service: ServiceOf, id: DocumentId) -> Response:
    """Take an article out of the index; its file is deleted only where it was uploaded. Needs a key that may write."""

    def work() -> bytes:
        info = _document(service, id).info
        try:
            service.uploads.remove(info)
        except KeyError:
            raise _not_found() from None
        service.assistant.passages.refresh()
        return json_bytes(_now(service, removed=asdict(info)))

    return Response(await service.writes.run(work), media_type="application/json")


def _now(service: Service, **parts: Any) -> dict[str, Any]:  # noqa: ANN401  (parts of a JSON body)
    return {**parts, "index": asdict(service.index_state())}


@router.get("/v1/documents/{id}", summary="Show an article", responses=errors_of(401, 403, 404, 422, 429, 503))
async def document(service: ServiceOf, id: DocumentId) -> DocumentDetailModel:
    """Return what is known of an article, where its pages and sections lie, and the address of its text."""
    found = await service.reads.run(lambda: _document(service, id))
    return DocumentDetailModel.model_validate(
        {
            **asdict(found.info),
            "characters": len(found.text),
            "pages": [asdict(page) for page in found.pages],
            "sections": [{**asdict(section), "path": list(section.path)} for section in found.sections],
            "text": f"/v1/documents/{found.id}/text",
        }
    )


@router.get(
    "/v1/documents/{id}/text",
    summary="Read an article",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "The article's own text."},
        **errors_of(401, 403, 404, 422, 429, 503),
    },
)
async def text(
    service: ServiceOf, id: DocumentId, start: Annotated[int, _PLACE] = 0, end: Annotated[int | None, _PLACE] = None
) -> Response:
    """Return the text of an article, or a slice of it; a link may name a range with `#char=start,end` (RFC 5147)."""
    if end is not None and end < start:
        raise ServiceError(422, "invalid_request", "end: lies before start.")

    def work() -> bytes:
        return _document(service, id).text[start:end].encode("utf-8", "replace")

    return Response(await service.reads.run(work), media_type="text/plain; charset=utf-8")


def _document(service: Service, id: str) -> Document:
    try:
        return service.assistant.passages.document(id)
    except KeyError:
        raise _not_found() from None


def _not_found() -> ServiceError:
    return ServiceError(404, "not_found", "There is no article with this id.")
