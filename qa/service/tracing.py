"""Whether the service is traced: asked for by OpenTelemetry's own variables, and loaded only then."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from qa.errors import SettingsError
from qa.extras import missing_extra

if TYPE_CHECKING:
    from qa.service.spans import Tracing

_EXPORTER = "OTEL_TRACES_EXPORTER"
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def asked_by(environ: Mapping[str, str]) -> str | None:
    """Return the variable that asks for traces, or None where none does, or one of them turns traces off."""
    if environ.get("OTEL_SDK_DISABLED", "").strip().casefold() == "true":
        return None
    if exporter := environ.get(_EXPORTER, "").strip():
        return None if exporter.casefold() == "none" else _EXPORTER
    return next((name for name in _ENDPOINTS if environ.get(name, "").strip()), None)


def open_tracing(environ: Mapping[str, str] = os.environ, *, with_questions: bool) -> Tracing | None:
    """Return what traces the service, or None where the environment does not ask for it.

    Args:
        environ: Where it is asked for; the rest of the ``OTEL_*`` variables OpenTelemetry reads itself.
        with_questions: Whether the traces hold the questions.

    Raises:
        SettingsError: Traces are asked for, and the extra is not installed, or a variable has a wrong value.
    """
    variable = asked_by(environ)
    if variable is None:
        return None
    try:
        from qa.service.spans import Tracing, exporting_provider
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "opentelemetry":
            raise
        raise SettingsError(f"{variable} asks for traces, and {missing_extra('otel', error)}") from error
    return Tracing(exporting_provider(environ), with_questions=with_questions)
