"""The spans of a request and of its answer, made with OpenTelemetry; loaded only where traces are asked for."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import entry_points, version
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.context import get_current
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Span, Status, StatusCode, Tracer
from opentelemetry.util.http import get_excluded_urls, sanitize_method
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.errors import SettingsError

if TYPE_CHECKING:
    from qa.answers import Answer
    from qa.service.state import Ask

_GROUP = "opentelemetry_traces_exporter"
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_OWN_SCOPE = "qa.scope"


class Tracing:
    """Makes the spans of a service."""

    def __init__(self, provider: TracerProvider, *, with_questions: bool) -> None:
        """Take the provider that the spans go to, and whether they hold the questions."""
        self.provider = provider
        self._with_questions = with_questions
        self._tracer: Tracer = provider.get_tracer("qa", version("article-qa"))

    def asking(self, ask: Ask) -> Ask:
        """Return ``ask`` with a span around it, below the span that is open now, whichever thread it is called in."""
        context = get_current()

        def traced(question: str, **options: Any) -> Answer:  # noqa: ANN401  (those of ask)
            started = time.time_ns()
            with (
                self._tracer.start_as_current_span(
                    "answer", context, record_exception=False, set_status_on_exception=False
                ) as span,
                _failing(span),
            ):
                if self._with_questions:
                    span.set_attribute("qa.question", question)
                answer = ask(question, **options)
                span.set_attributes(_facts(answer))
                self._show_steps(answer.timings_ms, started)
                return answer

        return traced

    def close(self) -> None:
        """Send what has not been sent, and end."""
        self.provider.shutdown()

    def _show_steps(self, timings: Mapping[str, float], started: int) -> None:
        """Make a span of each step; they follow each other without a gap."""
        for name, milliseconds in timings.items():
            if name != "total":
                ended = started + int(milliseconds * 1e6)
                self._tracer.start_span(name, start_time=started).end(ended)
                started = ended


@contextmanager
def _failing(span: Span) -> Iterator[None]:
    """Mark the span where what is in it fails: by the kind of the error, since its message may hold the question."""
    try:
        yield
    except Exception as error:
        span.set_attribute("error.type", type(error).__qualname__)
        span.set_status(Status(StatusCode.ERROR))
        raise


def _facts(answer: Answer) -> dict[str, bool | int | float]:
    return {
        "qa.answered": answer.answered,
        "qa.confidence": answer.confidence,
        "qa.citations": len(answer.citations),
        "qa.revision": answer.index.revision,
    }


class Traced:
    """Middleware that makes a span of each request, and leaves its trace's id in ``scope["state"]["trace_id"]``.

    The span has the address without its query, which would hold the question.
    """

    def __init__(self, app: ASGIApp, *, tracing: Tracing) -> None:
        """Wrap an application."""
        self._app = app
        self._instrumented = OpenTelemetryMiddleware(
            self._pass_on,
            excluded_urls=get_excluded_urls("ASGI"),
            default_span_details=lambda scope: (_method(scope), {}),
            tracer_provider=tracing.provider,
            meter_provider=NoOpMeterProvider(),
            exclude_spans=["receive", "send"],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on within its span."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await self._instrumented({**scope, "query_string": b"", _OWN_SCOPE: scope}, receive, send)

    async def _pass_on(self, shown: Scope, receive: Receive, send: Send) -> None:
        scope = shown[_OWN_SCOPE]
        span = trace.get_current_span()
        context = span.get_span_context()
        if context.is_valid:
            scope.setdefault("state", {})["trace_id"] = trace.format_trace_id(context.trace_id)

        async def named(message: Message) -> None:
            route = getattr(scope.get("route"), "path", None)
            if message["type"] == "http.response.start" and route:
                span.update_name(f"{_method(scope)} {route}")
                span.set_attribute("http.route", route)
            await send(message)

        await self._app(scope, receive, named)


def _method(scope: Mapping[str, Any]) -> str:
    method: str = sanitize_method(scope["method"])
    return "HTTP" if method == "_OTHER" else method


def exporting_provider(environ: Mapping[str, str]) -> TracerProvider:
    """Return a provider that sends spans where the environment says.

    Raises:
        SettingsError: An exporter is not installed, or a variable has a wrong value.
    """
    named = {"service.name": "article-qa", "service.version": version("article-qa")}
    try:
        provider = TracerProvider(resource=Resource.create({**named, **OTELResourceDetector().detect().attributes}))
        for exporter in _exporters(environ):
            provider.add_span_processor(BatchSpanProcessor(exporter))
    except ValueError as error:
        raise SettingsError(f"the OTEL_* variables cannot be used: {error}") from error
    return provider


def _exporters(environ: Mapping[str, str]) -> Iterator[SpanExporter]:
    known = {found.name: found for found in entry_points(group=_GROUP)}
    protocol = next((environ[name] for name in _PROTOCOLS if environ.get(name)), "http/protobuf")
    otlp = {"http/protobuf": "otlp_proto_http", "grpc": "otlp_proto_grpc"}.get(protocol.strip(), protocol)
    for written in (environ.get("OTEL_TRACES_EXPORTER") or "otlp").split(","):
        name = otlp if written.strip() == "otlp" else written.strip()
        if name not in known:
            raise SettingsError(
                f"OTEL_TRACES_EXPORTER: {name!r} is not installed; known are {', '.join(sorted(known))}"
            )
        yield known[name].load()()
