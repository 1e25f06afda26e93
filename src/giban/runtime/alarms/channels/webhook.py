"""Any receiver: the message as JSON, signed so that the receiver knows it is ours.

    X-Giban-Id         of the message; the same when it is sent again: a receiver keeps it and drops the second
    X-Giban-Time       seconds since 1970
    X-Giban-Signature  v1=hex HMAC-SHA256(key, "<time>.<body>"); left out when the secret has no key

The secret is a URL, or JSON {"url": …, "key": …}.
"""

from __future__ import annotations

import json

from ..card import Card
from . import Broken, Job, judge, reach

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def send(job: Job) -> dict[str, Any] | None:
    """One message."""
    url, key = address_and_key(job.secret)
    message = {name: value for name, value in job.message.items() if name != "channel"}
    document = {
        "version": 1,
        "environment": job.view.environment,
        **message,
        "text": Card(job.message, job.view).plain(job.ack),
        "acknowledge": job.ack,
    }
    body = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "replace")
    time = str(int(job.now))
    headers = {
        "content-type": "application/json; charset=utf-8",
        "x-giban-id": ascii_of(str(job.message.get("id") or "")),
        "x-giban-time": time,
    }
    if key:
        headers["x-giban-signature"] = signature(key, time, body)
    judge(reach(job, url, headers, body), job.now)
    return None


def signature(key: str, time: str, body: bytes) -> str:
    """The value of X-Giban-Signature."""
    import hmac

    return "v1=" + hmac.digest(key.encode(), time.encode() + b"." + body, "sha256").hex()


def address_and_key(secret: str) -> tuple[str, str]:
    """URL and key of the secret. Raises Broken."""
    if not secret.lstrip().startswith("{"):
        return secret.strip(), ""
    try:
        found = json.loads(secret)
        return str(found["url"]), str(found.get("key") or "")
    except (ValueError, KeyError, AttributeError):
        raise Broken('The secret is neither a URL nor JSON like {"url": …, "key": …}.') from None


def ascii_of(text: str) -> str:
    """Text that a header can hold."""
    return "".join(character if 32 < ord(character) < 127 else "_" for character in text)
