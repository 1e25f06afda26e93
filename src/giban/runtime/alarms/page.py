"""The web side: buttons in Slack (`POST /slack`) and links that acknowledge (`/ack/<token>`).

A link shows a page with a button; only the button acknowledges, because programs that preview links open them too. The page
has no script and loads nothing.
"""

from __future__ import annotations

import json

from .words import word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .world import World

BODY_LIMIT = 256 * 1024
"""Bytes; Slack sends the whole message along with a button."""
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex",
}
STYLE = (
    "body{font:18px/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem;color:#101828;background:#fff}"
    "button{font:inherit;padding:.7rem 1.4rem;border:0;border-radius:.5rem;background:#175cd3;color:#fff}"
    "button:focus-visible{outline:3px solid #84adff}p.about{color:#475467}"
    "@media(prefers-color-scheme:dark){body{color:#f2f4f7;background:#101828}p.about{color:#98a2b3}}"
)


def answer(world: World, event: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to one request. Never raises for what the event holds."""
    context = event.get("requestContext")
    http = context.get("http") if isinstance(context, dict) else None
    http = http if isinstance(http, dict) else {}
    method, path = str(http.get("method") or "").upper(), str(event.get("rawPath") or http.get("path") or "/")
    try:
        status, kind, text = _answer(world, event, method, path)
    except Exception as error:
        from .faults import say

        say(error)
        status, kind, text = 500, "text/html", _page(world, "ack_busy")
    # Not the path: it holds the token.
    print(json.dumps({"method": method[:8], "path": path.split("/")[1][:16], "status": status}))
    body = "" if method == "HEAD" else text
    return {
        "statusCode": status,
        "headers": {**HEADERS, "content-type": f"{kind}; charset=utf-8"},
        "body": body,
        "isBase64Encoded": False,
    }


def _answer(world: World, event: Mapping[str, Any], method: str, path: str) -> tuple[int, str, str]:
    if path == "/slack":
        if method != "POST":
            return 405, "text/plain", ""
        from .slack_actions import answer as answer_slack

        body = body_of(event)
        if body is None:
            return 413, "text/plain", ""
        status, text = answer_slack(
            world, {str(k).lower(): str(v) for k, v in (event.get("headers") or {}).items()}, body
        )
        return status, "text/plain", text
    if path.startswith("/ack/"):
        if method not in ("GET", "HEAD", "POST"):
            return 405, "text/plain", ""
        return _ack(world, path.removeprefix("/ack/"), acts=method == "POST")
    return 404, "text/plain", ""


def _ack(world: World, token: str, *, acts: bool) -> tuple[int, str, str]:
    from .acknowledging import acknowledge, groups_by_mark, tell
    from .links import opened

    found = opened(world.signing_key(), token, world.channels, world.now())
    if found is None:
        return 404, "text/html", _page(world, "ack_wrong")
    mark, channel = found
    groups = [group for group in groups_by_mark(world, mark) if group.get("closed") is None]
    if not groups:
        return 200, "text/html", _page(world, "ack_over")
    if not acts:
        return 200, "text/html", _page(world, "ack_question", groups, button=True)
    for group in groups:
        _, done = acknowledge(world, group["id"], f"link in {channel}" if channel else "link")
        tell(world, done)
    return 200, "text/html", _page(world, "ack_done", groups)


def body_of(event: Mapping[str, Any]) -> bytes | None:
    """The bytes of a request's body, None when there are too many."""
    body = event.get("body")
    if not isinstance(body, str) or len(body) > BODY_LIMIT * 4 // 3 + 4:
        return None if body else b""
    if event.get("isBase64Encoded"):
        import base64

        try:
            return base64.b64decode(body, validate=True)
        except ValueError:
            return b""
    return body.encode("utf-8", "surrogatepass")


def _page(world: World, key: str, groups: list[dict[str, Any]] | None = None, *, button: bool = False) -> str:
    language = world.view.language
    about = [escaped(f"{world.view.environment} · {group['id']}") for group in groups or ()]
    form = f'<form method="post"><button>{escaped(word(language, "acknowledge"))}</button></form>' if button else ""
    title = escaped(word(language, "ack_title"))
    return (
        f'<!doctype html><html lang="{"ko" if language == "ko" else "en"}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body><main><h1>{title}</h1>"
        + "".join(f'<p class="about">{line}</p>' for line in about)
        + f"<p>{escaped(word(language, key))}</p>{form}</main></body></html>"
    )


def escaped(text: str) -> str:
    """Text inside of HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
