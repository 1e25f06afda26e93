"""The inbox: everything that alarms send to people, caught on this machine instead of at Slack, PagerDuty or a phone.

Belongs here: what is kept and for how long, the faults that can be set, and how ministack hands text messages and e-mails over.
How each service is imitated is in `inbox_services`, the HTTP server with its page in `inbox_server`.

Kept are the last 1,000 messages, in memory and in `inbox.jsonl` of the state folder (readable by the user only): a line for each
message and for each change of one. What was a secret on the way here is not kept: no path of a webhook, no token, no key.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Lock, Thread
from typing import Any
from urllib.parse import quote, urlsplit

INBOX = "GIBAN_INBOX"
"""Environment variable of functions with the inbox's address; see `runtime.alarms.web`."""
PORT_FILE = "inbox"
"""The name under which its port is announced: `inbox.port`."""
FILE, PICTURES = "inbox.jsonl", "inbox"
"""The record, and the folder of pictures."""
MOST = 1000
"""Messages that are kept."""
_BEFORE = 20
"""Earlier forms of a message that are kept."""
_UPLOADS = 50
"""Pictures that may wait for their message."""

Message = dict[str, Any]
"""`number`, `change` (goes up with every change), `at` (rehearsal's clock), `service`, `to`, `thread`, `reply`, `title`, `text`,
`priority`, `state`, `color`, `links` ([{text, url}]), `picture` (a file's name or None), `actions` (Slack's buttons), `before`
([{title, state}], what it said before it was changed in place), `ids` (how the service knows it)."""


class Inbox:
    """Messages, faults and pictures. Safe to use from several threads."""

    def __init__(self, folder: str, clock: Callable[[], float]) -> None:
        self._path = os.path.join(folder, FILE)
        self._pictures = os.path.join(folder, PICTURES)
        self._clock = clock
        self._lock = Lock()
        self._messages: dict[int, Message] = {}
        self._change = 0
        self._faults: list[dict[str, Any]] = []
        self._uploads: dict[str, bytes | None] = {}
        self._load()

    def add(self, message: Message, picture: bytes | None = None) -> Message:
        """Keep a message; gives it a number and a time, and says how it is kept."""
        with self._lock:
            number = max(self._messages, default=0) + 1
            kept = {
                **_EMPTY, **message, "number": number, "at": self._clock(),
                "reply": any(item["thread"] == message.get("thread") for item in self._messages.values()),
            }  # fmt: skip
            if picture is not None:
                kept["picture"] = self._store(picture)
            self._keep(kept)
            for old in sorted(self._messages)[:-MOST]:
                del self._messages[old]
            return dict(kept)

    def change(self, number: int, fields: dict[str, Any], picture: bytes | None = None) -> None:
        """Change a message in place; nothing when it is not kept any more."""
        with self._lock:
            there = self._messages.get(number)
            if there is not None:
                changed = {**there, **fields}
                if fields.get("title") is not None:
                    changed["before"] = [*there["before"], {"title": there["title"], "state": there["state"]}][
                        -_BEFORE:
                    ]
                if picture is not None:
                    changed["picture"] = self._store(picture)
                self._keep(changed)

    def find(self, **ids: Any) -> Message | None:
        """The newest message that its service knows by all of these."""
        with self._lock:
            for number in sorted(self._messages, reverse=True):
                found = self._messages[number]
                if all(found["ids"].get(key) == value for key, value in ids.items()):
                    return dict(found)
        return None

    def get(self, number: int) -> Message | None:
        """A message by its number."""
        with self._lock:
            found = self._messages.get(number)
            return dict(found) if found else None

    def messages(self, after: int = 0) -> list[Message]:
        """What was added or changed after a change's number, in the order of the messages."""
        with self._lock:
            return [dict(found) for _number, found in sorted(self._messages.items()) if found["change"] > after]

    def clear(self) -> None:
        """Let go of all messages and faults."""
        with self._lock:
            self._messages.clear()
            self._faults.clear()
            with suppress(FileNotFoundError):
                os.remove(self._path)

    def set_fault(self, fault: dict[str, Any]) -> None:
        """Have requests to a host fail from now on.

        `host` (all when it is missing), `status` (500), `retry_after` and `delay` in seconds, `times` (1), `accept` (true: the
        message is kept all the same). `times` 0 lets all faults of the host go. Raises ValueError.
        """
        for key, value in fault.items():
            if key not in _FAULT or not isinstance(value, _FAULT[key]) or (isinstance(value, bool) and key != "accept"):
                raise ValueError(f"{key}: a fault has {', '.join(_FAULT)}.")
        if not 100 <= fault.get("status", 500) <= 599 or fault.get("delay", 0) > 60 or fault.get("times", 1) < 0:
            raise ValueError("A status lies from 100 to 599, a delay is at most 60 seconds, times is 0 or more.")
        with self._lock:
            if fault.get("times", 1) == 0:
                self._faults = [kept for kept in self._faults if kept.get("host") != fault.get("host")]
            else:
                self._faults.append({"times": 1, **fault})

    def next_fault(self, host: str) -> dict[str, Any] | None:
        """The fault for a request that has just come, which is one less then."""
        with self._lock:
            for fault in self._faults:
                if fault.get("host") in (None, host):
                    fault["times"] -= 1
                    if fault["times"] <= 0:
                        self._faults.remove(fault)
                    return dict(fault)
        return None

    def faults(self) -> list[dict[str, Any]]:
        """The faults that are still to come."""
        with self._lock:
            return [dict(fault) for fault in self._faults]

    def new_upload(self) -> str:
        """A name under which a picture may be uploaded."""
        import secrets

        with self._lock:
            name = f"F{secrets.token_hex(5).upper()}"
            self._uploads[name] = None
            for old in list(self._uploads)[:-_UPLOADS]:
                del self._uploads[old]
            return name

    def add_upload(self, name: str, data: bytes) -> None:
        """Keep a picture until the message is sent that it belongs to; nothing when nobody has asked for the name."""
        with self._lock:
            if name in self._uploads:
                self._uploads[name] = data

    def take_upload(self, name: str) -> bytes | None:
        """A picture that was uploaded, once."""
        with self._lock:
            return self._uploads.pop(name, None)

    def picture(self, name: str) -> bytes | None:
        """A picture's bytes."""
        if not name.removesuffix(".png").isalnum():
            return None
        try:
            with open(os.path.join(self._pictures, name), "rb") as file:
                return file.read()
        except OSError:
            return None

    def _keep(self, message: Message) -> None:
        self._change += 1
        message["change"] = self._change
        self._messages[message["number"]] = message
        with open(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:
            file.write(json.dumps(message, ensure_ascii=False) + "\n")

    def _store(self, picture: bytes) -> str:
        import hashlib

        name = f"{hashlib.sha256(picture).hexdigest()[:20]}.png"
        os.makedirs(self._pictures, mode=0o700, exist_ok=True)
        with open(os.path.join(self._pictures, name), "wb") as file:
            file.write(picture)
        return name

    def _load(self) -> None:
        """What an earlier process of this rehearsal has kept. A line cut short by its end is left out."""
        try:
            with open(self._path, encoding="utf-8") as file:
                for line in file:
                    with suppress(ValueError, KeyError, TypeError):
                        found = json.loads(line)
                        self._messages[int(found["number"])] = {**_EMPTY, **found}
                        self._change = max(self._change, int(found["change"]))
        except OSError:
            return
        for old in sorted(self._messages)[:-MOST]:
            del self._messages[old]


_FAULT: dict[str, type | tuple[type, ...]] = {
    "host": str, "status": int, "retry_after": (int, float), "delay": (int, float), "times": int, "accept": bool,
}  # fmt: skip
_EMPTY: Message = {
    "service": "webhook", "to": "", "thread": "", "reply": False, "title": "", "text": "", "priority": "", "state": "",
    "color": "", "links": [], "picture": None, "actions": [], "before": [], "ids": {},
}  # fmt: skip


def hand_over(kind: str, receiver: str, message: dict[str, Any]) -> None:
    """Give a text message (`sms`) or an e-mail (`email`) of SNS to the inbox. Inside ministack; waits for nothing."""
    address = os.environ.get(INBOX)
    if not address:
        return

    def post() -> None:
        there = urlsplit(address)
        connection = http.client.HTTPConnection(there.hostname or "127.0.0.1", there.port, timeout=10)
        try:
            connection.request("POST", f"/{kind}/{quote(receiver, safe='@+')}", json.dumps(message).encode())
            connection.getresponse().read()
        except (OSError, http.client.HTTPException) as error:
            print(f"the inbox does not answer: {error}", file=sys.stderr, flush=True)
        finally:
            connection.close()

    Thread(target=post, name="inbox", daemon=True).start()


def remove(folder: str) -> None:
    """Remove what it has kept in a state folder."""
    import shutil

    with suppress(FileNotFoundError):
        os.remove(os.path.join(folder, FILE))
    shutil.rmtree(os.path.join(folder, PICTURES), ignore_errors=True)
