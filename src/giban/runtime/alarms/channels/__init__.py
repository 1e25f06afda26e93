"""One file for each kind of channel: the form of a service, its limits, and what its refusals mean.

Each has `send(job) -> thread`: send one message; what it returns (JSON-able, or None) is given back as `job.thread` with the next
message of the same group, so that a recovery lands beside what it recovers. It raises

    Later     try again, perhaps not before `after` seconds; `unsure` when the message may have arrived
    Refused   this message will never be taken; others may
    Broken    no message gets through until somebody changes something (a revoked webhook, a secret without a value)

Nothing here waits, tries again, or knows of the table: that is the outbox's.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType
    from typing import Any

    from ..card import View
    from ..web import Reply

KINDS = ("discord", "email", "grafana", "pagerduty", "slack", "slack_bot", "sms", "telegram", "webhook")


class Later(Exception):  # noqa: N818 - an answer, not an error
    """Not now."""

    def __init__(self, reason: str, after: float | None = None, *, unsure: bool = False) -> None:
        super().__init__(reason)
        self.after = after
        self.unsure = unsure


class Refused(Exception):  # noqa: N818 - an answer, not an error
    """Not this message. `final`: as plain text neither."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


class Broken(Exception):  # noqa: N818 - an answer, not an error
    """Not until somebody changes something."""


class Job:
    """One message to one channel, and what may be used to send it."""

    __slots__ = ("ack", "chart", "entry", "message", "now", "plain", "publish", "reach", "secret", "thread", "view")

    def __init__(
        self,
        message: Mapping[str, Any],
        entry: Mapping[str, Any],
        view: View,
        now: float,
        *,
        reach: Callable[[str, Mapping[str, str], bytes], Reply],
        secret: str = "",
        thread: Mapping[str, Any] | None = None,
        ack: str | None = None,
        publish: Callable[..., Any] | None = None,
        chart: Callable[[], bytes | None] = lambda: None,
        plain: bool = False,
    ) -> None:
        self.message = message
        self.entry = entry
        """The channel in the configuration."""
        self.view = view
        self.now = now
        self.reach = reach
        """`web.post`: raises web.Unreachable."""
        self.secret = secret
        self.thread = dict(thread or {})
        self.ack = ack
        """The link that acknowledges, or None."""
        self.publish = publish
        """SNS's Publish."""
        self.chart = chart
        """A picture of the metric as PNG, or None; never raises."""
        self.plain = plain
        """The service refused its own form: send text and nothing else."""


def module_of(kind: str) -> ModuleType:
    """The file of a kind. Raises Broken for one that does not exist."""
    if kind not in KINDS:
        raise Broken(f'There is no kind of channel "{kind}".')
    from importlib import import_module

    return import_module(f".{kind}", __name__)


def judge(reply: Reply, now: float) -> None:
    """Raises what a status means; returns for 2xx. Services that say more judge their own answers first."""
    from ..web import retry_after

    status, said = reply.status, f"HTTP {reply.status} {reply.text()}".strip()
    if 200 <= status < 300:
        return
    if status in (408, 425, 429) or status >= 500:
        raise Later(said, retry_after(reply.headers, now))
    if status in (400, 413, 415, 422):
        raise Refused(said)
    raise Broken(said)


def post_json(job: Job, url: str, document: Any, headers: Mapping[str, str] | None = None) -> Reply:
    """POST a JSON document. A URL that is none makes the channel Broken."""
    import json

    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return reach(job, url, {"content-type": "application/json; charset=utf-8", **(headers or {})}, body)


def reach(job: Job, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
    """`job.reach`, with its errors as this package's."""
    from ..web import Unreachable

    try:
        return job.reach(url, headers, body)
    except Unreachable as error:
        raise Later(str(error), unsure=error.unsure) from None
    except ValueError as error:
        raise Broken(str(error)) from None


def form_data(fields: Mapping[str, str], name: str, file: str, content: bytes) -> tuple[str, bytes]:
    """Content type and body of a form with one PNG (https://www.rfc-editor.org/rfc/rfc7578)."""
    import hashlib

    # Derived from the content, so the same message is the same bytes; 128 bits are not in the content by chance.
    boundary = hashlib.sha256(content + repr(sorted(fields.items())).encode()).hexdigest()[:32]
    parts = [
        f'--{boundary}\r\ncontent-disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    head = f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"; filename="{file}"\r\ncontent-type: image/png\r\n\r\n'
    body = b"".join(parts) + head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", body
