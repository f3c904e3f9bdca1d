"""Routes for those who run the service: is it up, is it ready, how does it do."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter
from starlette.responses import Response

from qa.service.errors import ServiceError
from qa.service.examples import errors_of
from qa.service.metrics import CONTENT_TYPE
from qa.service.schemas import HealthModel, IndexStateModel, ReadyModel
from qa.service.state import ServiceOf

router = APIRouter(tags=["operation"])


@router.get("/healthz", summary="Is it up", responses=errors_of(403))
async def healthz() -> HealthModel:
    """Say that the process runs."""
    return HealthModel(status="ok")


@router.get("/readyz", summary="Is it ready", responses=errors_of(403, 503))
async def readyz(service: ServiceOf) -> ReadyModel:
    """Say that the index is open and its encoder warm."""
    if not service.is_ready:
        raise ServiceError(503, "not_ready", "The index is being opened.", {"Retry-After": "1"})
    return ReadyModel(status="ready", index=IndexStateModel(**asdict(service.index_state())))


@router.get(
    "/metrics",
    summary="Counts for Prometheus",
    response_class=Response,
    responses={
        200: {"content": {CONTENT_TYPE: {"schema": {"type": "string"}}}, "description": "Prometheus' text format."},
        **errors_of(401, 403, 429),
    },
)
async def metrics(service: ServiceOf) -> Response:
    """Return what the service has counted: requests, times, answers and abstentions, the queue, the index."""
    service.metrics.show_index(service.index_state())
    return Response(service.metrics.render(), headers={"Content-Type": CONTENT_TYPE})
