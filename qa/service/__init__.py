"""The assistant over HTTP: parse, call, render. Nothing of this package is loaded unless a service is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qa.service.app import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> Any:  # noqa: ANN401  (a module's __getattr__ returns what is asked for)
    """Load the application, and with it FastAPI, only when it is asked for."""
    if name != "create_app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from qa.service.app import create_app

    return create_app
