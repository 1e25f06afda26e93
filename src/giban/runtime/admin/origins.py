"""Who sent a browser here: another site's page may not act (cross-site request forgery), nor may a browser that guesses ahead.

Two walls besides the cookie's SameSite=Strict: Fetch metadata, which a page cannot forge (https://www.w3.org/TR/fetch-metadata/),
and Origin. Programs that are no browsers send neither and are judged by their device's secret.
"""

from __future__ import annotations

from .http import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .http import Request

AHEAD = ("sec-purpose", "purpose", "x-purpose", "x-moz")
"""Headers by which browsers say that nobody has asked for this yet:
https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Purpose."""


def check(request: Request) -> None:
    """For a request that acts. Raises Problem 403 when another site or a prefetch sent it.

    `Sec-Fetch-Site: none` is a person: a bookmark, a typed address, an icon on the home screen.
    """
    if any("pre" in request.headers.get(name, "").lower() for name in AHEAD):
        raise Problem(403, "prefetch", "A browser asked ahead of its user; nothing was done.")
    site = request.headers.get("sec-fetch-site", "none").strip().lower()
    if site not in ("none", "same-origin"):
        raise Problem(403, "other-site", "Another site sent this request; nothing was done.")
    origin = request.headers.get("origin")
    if origin is not None and not _is_own(origin, request):
        raise Problem(403, "other-site", "Another site sent this request; nothing was done.")


def _is_own(origin: str, request: Request) -> bool:
    """The origin's host is the one that was asked: by the name API Gateway knows it by, or by the browser's own Host."""
    scheme, separator, host = origin.strip().lower().partition("://")
    asked = {request.domain, request.headers.get("host", "").strip().lower()} - {""}
    if scheme not in ("https", "http") or not separator:
        return False
    return _without_port(host, scheme) in {_without_port(name, scheme) for name in asked}


def _without_port(host: str, scheme: str) -> str:
    """Without the scheme's own port, which browsers leave out."""
    return host.removesuffix(":443" if scheme == "https" else ":80")
