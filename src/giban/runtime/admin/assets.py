"""The page's files and the API's description, as a browser gets them."""

from __future__ import annotations

import os

from .http import Answer, Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .access import Caller
    from .http import Request
    from .world import World

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page")
TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
}
FILES = {
    "/" if name == "index.html" else f"/{name}": name
    for name in sorted(os.listdir(FOLDER))
    if name.rpartition(".")[2] in TYPES
}
"""Path to file: what lies in the folder, nothing else; no path of a request ever becomes a path of a file."""
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_read: dict[str, tuple[bytes, str]] = {}


def asset(_world: World, _caller: Caller, request: Request, _params: Mapping[str, str]) -> Answer:
    """A file of the page. Browsers keep it, and ask each time whether it is still the same: a deployment shows at once."""
    name = FILES[request.path]
    body, tag = _file(name)
    return _kept(request, body, tag, TYPES[name.rpartition(".")[2]], PAGE_POLICY)


def openapi(world: World, _caller: Caller, request: Request, _params: Mapping[str, str]) -> Answer:
    """The API's description (OpenAPI 3.1)."""
    if "openapi" not in _read:
        import json

        from .openapi import document

        made = document(world.workstation, world.devices.cookie_name)
        _read["openapi"] = _tagged(json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode())
    return _kept(request, *_read["openapi"], "application/json", None)


def _kept(request: Request, body: bytes, tag: str, kind: str, policy: str | None) -> Answer:
    headers = {"content-type": kind, "cache-control": "no-cache", "vary": "accept-encoding"}
    if policy is not None:
        headers["content-security-policy"] = policy
    if "gzip" in request.headers.get("accept-encoding", ""):
        # API Gateway's HTTP APIs compress nothing; a phone gets a third of the bytes.
        body, tag = _packed(body, tag)
        headers["content-encoding"] = "gzip"
    headers["etag"] = tag
    given = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if tag in given or given == ["*"]:
        # The policy stays: a browser puts a 304's headers over those it kept.
        body_only = ("content-type", "content-encoding")
        return Answer(304, headers={name: value for name, value in headers.items() if name not in body_only})
    return Answer(200, body, headers=headers)


def _packed(body: bytes, tag: str) -> tuple[bytes, str]:
    """The same as gzip, under a tag of its own: they are different bytes."""
    if tag not in _read:
        import zlib

        # 31: deflate with gzip's header (https://docs.python.org/3/library/zlib.html#zlib.compressobj), without a time in it.
        _read[tag] = zlib.compress(body, 9, 31), f'{tag[:-1]}-gzip"'
    return _read[tag]


def _file(name: str) -> tuple[bytes, str]:
    if name not in _read:
        try:
            with open(os.path.join(FOLDER, name), "rb") as file:
                _read[name] = _tagged(file.read())
        except OSError:
            raise Problem(404, "not-there", "There is nothing by this name.") from None
    return _read[name]


def _tagged(body: bytes) -> tuple[bytes, str]:
    import hashlib

    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'
