"""The page, its parts, and the script that puts an ask box into other sites: files of the package, held in memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Request
from starlette.responses import Response

from qa.service.errors import ServiceError
from qa.service.security import PAGE_CSP

router = APIRouter(include_in_schema=False)
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FOR_ANY_SITE = {"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*"}
"""The scripts hold nothing secret, and the ask box of another site loads them."""
_METHODS = ["GET", "HEAD"]


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    media_type: str
    etag: str


@cache
def _files() -> dict[str, _File]:
    found = {}
    for entry in (files("qa.service") / "static").iterdir():
        suffix = f".{entry.name.rpartition('.')[2]}"
        if suffix in _TYPES:
            content = entry.read_bytes()
            found[entry.name] = _File(content, _TYPES[suffix], f'"{hashlib.sha256(content).hexdigest()[:32]}"')
    return found


@router.api_route("/", methods=_METHODS)
async def page(request: Request) -> Response:
    """Return the page."""
    return _response(request, "index.html")


@router.api_route("/demo", methods=_METHODS)
async def demo(request: Request) -> Response:
    """Return a page that has the ask box of ``/embed.js`` in it."""
    return _response(request, "demo.html")


@router.api_route("/embed.js", methods=_METHODS)
async def embed(request: Request) -> Response:
    """Return the script of the ask box."""
    return _response(request, "embed.js")


@router.api_route("/static/{name}", methods=_METHODS)
async def part(request: Request, name: str) -> Response:
    """Return a script, a style or an image of the page."""
    return _response(request, name)


def _response(request: Request, name: str) -> Response:
    """Return a file of the package; only names that are there are ever found, so there is no path to escape by."""
    file = _files().get(name)
    if file is None:
        raise ServiceError(404, "not_found", "There is nothing at this address.")
    headers = {
        "ETag": file.etag,
        "Cache-Control": "no-cache",
        "Content-Type": file.media_type,
        "Content-Security-Policy": PAGE_CSP,
        **(_FOR_ANY_SITE if name.endswith(".js") else {}),
    }
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    return Response(file.content, headers=headers)
