"""The application: the routes, and around them what observes, guards and bounds every request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Scope

from qa.answers import SHAPE_VERSION
from qa.service import asking, documents, health, pages
from qa.service.errors import add_error_handlers
from qa.service.examples import ANSWER_EXAMPLE
from qa.service.limits import BodyLimit
from qa.service.logs import Observed
from qa.service.metrics import Metrics
from qa.service.rates import RateLimit
from qa.service.security import Guard, Hosts, Keys, SafeHeaders, needed_right
from qa.service.state import Service
from qa.settings import Settings

if TYPE_CHECKING:
    from index import Encoder
    from qa.assistant import Assistant
    from qa.service.spans import Tracing

_MULTIPART_OVERHEAD = 65_536
_DESCRIPTION = """Ask your articles: verbatim quotes with their place in the article, or the plain statement that the
articles do not say. Every error has one shape: `{"error": {"code", "message"}}`. Every response has `X-Request-ID`."""


def create_app(
    assistant: Assistant,
    settings: Settings | None = None,
    *,
    metrics: Metrics | None = None,
    rate_limit: RateLimit | None = None,
    tracing: Tracing | None = None,
    encoder: Encoder | None = None,
    closes: bool = False,
) -> FastAPI:
    """Return the service of an assistant as an ASGI application.

    Args:
        assistant: Who answers. Its index may get new revisions while the service runs.
        settings: None takes the defaults.
        metrics: Where requests are counted; None counts in this process alone.
        rate_limit: How often a caller may ask; None takes the setting, and counts in this process alone.
        tracing: What makes spans of requests and answers; None makes none.
        encoder: What uploaded articles are embedded with, where the index does not carry its encoder.
        closes: Whether the assistant and the tracing are closed when the service ends.
    """
    settings = settings or Settings()
    service = Service.of(assistant, settings, metrics or Metrics(), encoder, tracing)
    app = _application(middleware=_middleware(service, rate_limit), lifespan=_lifespan(service, closes))
    app.state.service = service
    return app


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document of every service, without an assistant."""
    return _application().openapi()


def _application(**parts: Any) -> FastAPI:  # noqa: ANN401  (of FastAPI's constructor)
    app = FastAPI(
        title="article-qa",
        summary="Ask your articles.",
        description=_DESCRIPTION,
        version=f"{SHAPE_VERSION}.0",
        docs_url=None,  # both load scripts of a third party
        redoc_url=None,
        # FastAPI's own, from 0.142 on, would send each address with the question in it; ours is in tracing.py
        telemetry={"tracing": False, "logs": False, "auto_configure": False},
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        **parts,
    )
    for routes in (asking.router, documents.router, health.router, pages.router):
        app.include_router(routes)
    add_error_handlers(app)
    app.openapi = _openapi(app)  # type: ignore[method-assign]
    return app


def _middleware(service: Service, rate_limit: RateLimit | None) -> list[Middleware]:
    settings = service.settings

    def limit_of(scope: Scope) -> int:
        is_upload = scope["method"] == "POST" and scope["path"] == documents.UPLOAD_PATH
        return settings.max_upload + _MULTIPART_OVERHEAD if is_upload else settings.max_body

    cors = Middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type", "X-Request-ID"],
        expose_headers=["Retry-After", "X-Request-ID"],
        max_age=600,
    )
    return [
        *_traced(service),
        Middleware(Observed, metrics=service.metrics, log_questions=settings.log_questions),
        Middleware(SafeHeaders),
        *([cors] if settings.cors_origins else []),
        Middleware(
            Guard,
            keys=Keys(settings.api_keys),
            hosts=Hosts((*settings.allowed_hosts, settings.host)),
            origins=settings.cors_origins,
            rate_limit=rate_limit or RateLimit(settings.rate_limit),
        ),
        Middleware(BodyLimit, limit_of=limit_of),
    ]


def _traced(service: Service) -> list[Middleware]:
    if service.tracing is None:
        return []
    from qa.service.spans import Traced

    return [Middleware(Traced, tracing=service.tracing)]


def _lifespan(service: Service, closes: bool) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.questions.run_patiently(lambda: service.assistant.ask("Is the encoder warm?"))
        service.metrics.show_index(service.index_state())
        service.is_ready = True
        yield
        service.is_ready = False
        service.close()
        if closes:
            service.assistant.close()
            if service.tracing is not None:
                service.tracing.close()

    return lifespan


def _openapi(app: FastAPI) -> Callable[[], dict[str, Any]]:
    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                summary=app.summary,
                description=app.description,
                routes=app.routes,
                license_info=app.license_info,
            )
            app.openapi_schema = _completed(schema)
        return app.openapi_schema

    return document


def _completed(schema: dict[str, Any]) -> dict[str, Any]:
    """Say which operations need a key, add the answer's example, and leave out the errors that are never sent."""
    components = schema["components"]
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "description": "See QA_API_KEYS."}}
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            right = needed_right(method.upper(), path)
            if right:
                operation["security"] = [{"key": []}] if right == "write" else [{"key": []}, {}]
    for operation in schema["paths"]["/v1/ask"].values():  # FastAPI would drop the nulls of the example
        operation["responses"]["200"]["content"]["application/json"]["example"] = ANSWER_EXAMPLE
    return schema
