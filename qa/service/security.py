"""Who may do what: keys, the Host and Origin of a request, and the headers that keep a browser safe."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Literal
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.service.errors import ServiceError
from qa.service.rates import RateLimit

Right = Literal["read", "write"]
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_API_CSP = "default-src 'none'; frame-ancestors 'none'; sandbox"
PAGE_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; font-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Keys:
    """The keys of the service and the right of each."""

    def __init__(self, keys: Iterable[str]) -> None:
        """Take keys written ``read:KEY`` or ``write:KEY``."""
        self._keys = [(right, _digest(key)) for right, _, key in (written.partition(":") for written in keys)]

    def __bool__(self) -> bool:
        """Return whether there is any key."""
        return bool(self._keys)

    def right_of(self, key: str) -> Right | None:
        """Return the right of a key, or None; takes the same time whether and where it differs."""
        given = _digest(key)
        rights = [right for right, known in self._keys if hmac.compare_digest(given, known)]
        if not rights:
            return None
        return "write" if "write" in rights else "read"


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def needed_right(method: str, path: str) -> Right | None:
    """Return the right that a request needs where keys are set; None for the page and the health checks."""
    if path == "/metrics":
        return "read"
    if not path.startswith("/v1/"):
        return None
    is_document = path == "/v1/documents" or path.startswith("/v1/documents/")
    return "write" if is_document and method not in _SAFE_METHODS else "read"


class Hosts:
    """The names that the service answers to.

    A page of another site can make its own name point at this machine (DNS rebinding) and would then read the
    articles as if they were its own; it cannot do so with an address, nor with ``localhost``.
    """

    def __init__(self, allowed: Sequence[str]) -> None:
        """Take the names; ``*.example.org`` stands for all below it, ``*`` for any."""
        self._allowed = tuple(name.casefold() for name in (*allowed, "localhost"))

    def __contains__(self, host: str) -> bool:
        """Return whether the value of a Host header is one of the service's own."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return _is_address(name) or any(fnmatchcase(name, pattern) for pattern in self._allowed)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class Guard:
    """Middleware that lets a request in, or says why not: Host, Origin, key, rate; in this order."""

    def __init__(
        self, app: ASGIApp, *, keys: Keys, hosts: Hosts, origins: Sequence[str], rate_limit: RateLimit
    ) -> None:
        """Wrap an application."""
        self._app = app
        self._keys = keys
        self._hosts = hosts
        self._origins = frozenset(origins)
        self._rate_limit = rate_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on or refuse it."""
        if scope["type"] == "http":
            try:
                self._check(scope, Headers(scope=scope))
            except ServiceError as refused:
                await refused.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope, headers: Headers) -> None:
        host = headers.get("host", "")
        if host not in self._hosts:
            message = "This service does not answer to that name; QA_ALLOWED_HOSTS holds those it answers to."
            raise ServiceError(403, "host_not_allowed", message)
        if scope["method"] not in _SAFE_METHODS:
            self._check_origin(headers.get("origin"), host)
        right = needed_right(scope["method"], scope["path"])
        if right is None:
            return
        caller = self._caller(right, headers.get("authorization", ""))
        seconds = self._rate_limit.wait(caller or str((scope.get("client") or ("",))[0]))
        if seconds:
            raise ServiceError(429, "rate_limited", "Too many requests.", {"Retry-After": str(int(seconds) + 1)})

    def _check_origin(self, origin: str | None, host: str) -> None:
        if origin is None or origin.partition("://")[2].casefold() == host.casefold() or self._origins & {origin, "*"}:
            return
        raise ServiceError(403, "origin_not_allowed", "Pages of that site may not do this; see QA_CORS_ORIGINS.")

    def _caller(self, right: Right, authorization: str) -> str | None:
        """Return what the caller's rate is counted by, or None where no key is set."""
        if not self._keys:
            if right == "write":
                raise ServiceError(403, "read_only", "This service is read-only: writing needs QA_API_KEYS.")
            return None
        scheme, _, key = authorization.partition(" ")
        has = self._keys.right_of(key.strip()) if scheme.casefold() == "bearer" else None
        if has is None:
            message = "Send a key of this service: `Authorization: Bearer KEY`."
            raise ServiceError(401, "unauthorized", message, {"WWW-Authenticate": "Bearer"})
        if right == "write" and has != "write":
            raise ServiceError(403, "forbidden", "This key may read only.")
        return _digest(key.strip()).hex()


class SafeHeaders:
    """Middleware that adds the headers which keep a browser from doing more than showing the response."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the response's headers."""

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", _API_CSP)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, completed)
