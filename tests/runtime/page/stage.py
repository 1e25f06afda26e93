"""A small API that behaves: the page's files and a workstation whose state tests set, for what the real handler shows only by
accident (an unreachable API, an impossible answer, a certain minute of a certain day). The real handler has tests of its own.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import giban

PAGE = Path(giban.__file__).parent / "runtime" / "admin" / "page"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".png": "image/png",
}
CODE, TOTP = "7KQ4MX2P", "492039"
PHASES = ["asked", "starting", "booting", "ready"]
PERCENT = {"off": 0, "asked": 5, "starting": 30, "booting": 65, "ready": 100, "stopping": 0}
TEXTS = {
    "active": ("It is in use.", "사용 중입니다."),
    "ssh": ("An SSH session is open.", "SSH 세션이 열려 있습니다."),
    "reserved": ("A stop is reserved; it stays on until then.", "종료가 예약되어 있어 그때까지 켜 둡니다."),
    "lease": ("Somebody asked to keep it on.", "켜 두기로 한 시간이 남아 있습니다."),
    "auto_stop_off": ("Auto-stop is switched off.", "자동 종료가 꺼져 있습니다."),
    "idle": ("Nobody has used it for a while.", "한동안 아무도 사용하지 않았습니다."),
    "asked": ("It was asked for.", "켜 달라는 요청이 있었습니다."),
    "stop": ("Somebody stopped it.", "누군가 종료했습니다."),
}


def iso(at: datetime | None) -> str | None:
    """As the API writes times."""
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")


class Refusal:
    """What the next matching request gets instead of an answer."""

    def __init__(self, status: int, kind: str = "", *, path: str = "", retry_after: int | None = None, **extras: Any):
        self.status = status
        self.path = path
        self.headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        self.document = {"type": f"/problems/{kind}", "title": kind, "status": status, **extras}


class Stage:
    """The server. `steps` = every look at a starting workstation brings it one phase on."""

    def __init__(
        self, *, paired: bool = True, state: str = "stopped", ide: str = "https://dev.scv.example.com/"
    ) -> None:
        self.paired = paired
        self.state = state
        self.phase = "ready" if state == "running" else "off"
        self.want: str | None = None
        self.ide = ide
        self.steps = True
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC).replace(microsecond=0)
        self.since: datetime = self.clock() - timedelta(hours=3, minutes=12)
        self.reservation: datetime | None = None
        self.leases: list[dict[str, Any]] = []
        self.auto_stop = True
        self.version = 1
        self.patch: dict[str, Any] = {}
        """Members of the status document that a test wants otherwise, merged one level deep."""
        self.devices: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.refusals: list[Refusal] = []
        self.requests: list[tuple[str, str, Any]] = []
        self.lock = threading.Lock()
        stage = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                stage.serve(self)

            do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815 - the names http.server calls

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    @property
    def address(self) -> str:
        return f"http://dev-admin.localhost:{self.server.server_address[1]}/"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def asked(self, method: str, path: str = "") -> list[Any]:
        """Bodies of the requests so far, of one method and beginning of a path."""
        return [body for how, what, body in self.requests if how == method and what.startswith(path)]

    # ---- one request

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("Content-Length") or 0)
        raw = request.rfile.read(length)
        body = json.loads(raw) if raw else None
        url = urlsplit(request.path)
        with self.lock:
            asset = self._asset(url.path) if request.command == "GET" else None
            if asset is not None:
                return self._send(request, 200, asset[1], asset[0], {"Content-Security-Policy": POLICY})
            self.requests.append((request.command, request.path, body))
            refusal = next((one for one in self.refusals if request.path.startswith(one.path)), None)
            if refusal is not None:
                self.refusals.remove(refusal)
                return self._json(request, refusal.status, refusal.document, refusal.headers)
            status, document, headers = self._answer(request.command, url.path, parse_qs(url.query), body)
            return self._json(request, status, document, headers)

    def _asset(self, path: str) -> tuple[str, bytes] | None:
        file = PAGE / ("index.html" if path == "/" else path.removeprefix("/"))
        return (KINDS[file.suffix], file.read_bytes()) if file.parent == PAGE and file.suffix in KINDS else None

    def _json(self, request: BaseHTTPRequestHandler, status: int, document: Any, headers: dict[str, str]) -> None:
        kind = "application/json" if status < 400 else "application/problem+json"
        self._send(request, status, json.dumps(document, ensure_ascii=False).encode(), kind, headers)

    def _send(
        self, request: BaseHTTPRequestHandler, status: int, body: bytes, kind: str, headers: dict[str, str]
    ) -> None:
        request.send_response(status)
        for name, value in {"Content-Type": kind, "X-Content-Type-Options": "nosniff", **headers}.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def _answer(
        self, method: str, path: str, query: dict[str, list[str]], body: Any
    ) -> tuple[int, Any, dict[str, str]]:
        if (method, path) == ("POST", "/service/devices"):
            return self._pair(body)
        if not self.paired:
            return 401, Refusal(401, "not-paired").document, {}
        status = 200
        now = self.clock()
        match method, path.removeprefix("/service/").split("/"):
            case "GET", ["status"]:
                self._step()
            case "PUT", ["start"]:
                self.want, self.reservation = "on", None
                if self.state == "stopped":
                    self.state, self.phase, self.since, status = "pending", "asked", now, 202
            case "PUT", ["shutdown"]:
                minutes = int(query.get("after_min", ["0"])[0])
                if minutes:
                    self.reservation = now + timedelta(minutes=minutes)
                else:
                    self.want, self.state, self.phase, self.since, status = "off", "stopping", "stopping", now, 202
            case "PUT", ["auto-stop"]:
                self.auto_stop = body["on"]
            case "POST", ["leases"]:
                until = now + timedelta(minutes=body["minutes"])
                lease = {
                    "id": f"l{len(self.leases)}",
                    "until": iso(until),
                    "for": body["for"],
                    "by": "Phone",
                    "at": iso(now),
                }
                self.leases.append(lease)
            case "DELETE", ["leases", identifier]:
                self.leases = [lease for lease in self.leases if lease["id"] != identifier]
            case "GET", ["devices"]:
                return 200, {"devices": self.devices}, {}
            case "DELETE", ["devices", identifier]:
                self.devices = [device for device in self.devices if device["id"] != identifier]
                return 200, {"revoked": identifier}, {}
            case "GET", ["events"]:
                return self._events(query)
            case "PUT", ["password"]:
                return 200, {"password": "made-by-the-stage-7413"}, {}
            case "POST", ["logout"]:
                self.paired = False
                return 204, None, {}
            case _:
                return 404, Refusal(404, "not-found").document, {}
        self.version += method != "GET"
        return status, self.document(), {}

    def _pair(self, body: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        if (body["code"], body["totp"]) != (CODE, TOTP):
            detail = "The code or the second factor is wrong, used, or too old."
            return 401, Refusal(401, "pairing", detail=detail).document, {}
        self.paired = True
        cookie = "__Host-giban-dev=d1.secret; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=34560000"
        return 201, {"id": "d1", "name": body["name"]}, {"Set-Cookie": cookie}

    def _events(self, query: dict[str, list[str]]) -> tuple[int, Any, dict[str, str]]:
        limit = int(query["limit"][0])
        start = int(query.get("before", ["0"])[0])
        following = str(start + limit) if len(self.events) > start + limit else None
        return 200, {"events": self.events[start : start + limit], "next": following}, {}

    def _step(self) -> None:
        if not self.steps:
            return
        if self.phase in PHASES[:-1]:
            self.phase = PHASES[PHASES.index(self.phase) + 1]
            self.state = "pending" if self.phase == "starting" else "running"
        elif self.phase == "stopping":
            self.state, self.phase = "stopped", "off"

    # ---- the status document

    def document(self) -> dict[str, Any]:
        """As the real one is shaped."""
        now = self.clock()
        running = self.state == "running"
        reason, until, at = self._decision(now)
        text, korean = TEXTS[reason]
        made: dict[str, Any] = {
            "workstation": "dev",
            "now": iso(now),
            "state": self.state,
            "on": running,
            "want": self.want,
            "since": iso(self.since),
            "uptime_seconds": int((now - self.since).total_seconds()) if running else None,
            "ssh_sessions": 0,
            "web": {"state": "off", "connected_at": None, "interacting_at": None},
            "working": {"at": None, "cpu_percent": 2.4 if running else None, "jobs": [], "containers": []},
            "scheduled_stop": iso(self.reservation),
            "decision": {
                "action": "stay" if running else "none",
                "reason": reason,
                "text": text,
                "text_ko": korean,
                "until": iso(until),
                "stops_at": iso(at),
            },
            "changes": self._changes(),
            "auto_stop": {
                "on": self.auto_stop,
                "idle_seconds": 1800,
                "max_uptime_seconds": 259200,
                "max_uptime_at": iso(self.since + timedelta(hours=72)) if running else None,
            },
            "leases": self.leases,
            "agent": {
                "last_report": iso(now - timedelta(seconds=24)) if running else None,
                "silent": False,
                "version": "1",
            },
            "ide": {"url": self.ide, "answers": self.phase == "ready"},
            "progress": {"phase": self.phase, "percent": PERCENT[self.phase], "notice": None, "notice_ko": None},
            "next_start": None,
            "version": self.version,
        }
        for name, value in copy.deepcopy(self.patch).items():
            made[name] = {**made[name], **value} if isinstance(value, dict) else value
        return made

    def _decision(self, now: datetime) -> tuple[str, datetime | None, datetime | None]:
        """Reason, until when it holds, and when it stops if nothing changes."""
        if self.state != "running":
            return ("asked" if self.want == "on" else "idle"), None, None
        if self.reservation:
            return "reserved", self.reservation, self.reservation
        if self.leases:
            until = max(datetime.fromisoformat(lease["until"]) for lease in self.leases)
            return "lease", until, until
        if not self.auto_stop:
            return "auto_stop_off", None, self.since + timedelta(hours=72)
        until = now + timedelta(minutes=24)
        return "active", until, until

    def _changes(self) -> list[dict[str, Any]]:
        found = [
            {
                "what": "lease",
                "text": f"Kept on: {lease['by']}: {lease['for']}",
                "text_ko": f"켜 두기: {lease['by']}: {lease['for']}",
                "source": f"{lease['by']}: {lease['for']}",
                "until": lease["until"],
            }
            for lease in self.leases
        ]
        if not self.auto_stop:
            text = "Auto-stop is switched off; the maximum uptime still holds."
            korean = "자동 종료가 꺼져 있습니다. 최대 가동 시간은 적용됩니다."
            found.append(
                {"what": "auto_stop_off", "text": text, "text_ko": korean, "source": "auto-stop", "until": None}
            )
        return found
