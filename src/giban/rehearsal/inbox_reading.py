"""Reading the inbox from another process: the command line does, and tests."""

from __future__ import annotations

import http.client
import json
import os
from typing import Any

from giban.rehearsal.errors import EmulatorFailed
from giban.rehearsal.inbox import PORT_FILE, Message


class InboxReader:
    """The inbox of the rehearsal in a state folder."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._seen = 0

    @property
    def url(self) -> str:
        """The page's address, empty while there is none."""
        port = self._port()
        return f"http://127.0.0.1:{port}/" if port else ""

    def read(self) -> list[Message]:
        """What was added or changed since the last call; the first time everything. Raises EmulatorFailed."""
        found = self._ask("GET", f"/inbox.json?after={self._seen}")["messages"]
        self._seen = max([self._seen, *(message["change"] for message in found)])
        return list(found)

    def set_fault(self, **fault: Any) -> None:
        """Have receivers fail (see `Inbox.set_fault`). Raises EmulatorFailed."""
        self._ask("PUT", "/faults", json.dumps(fault).encode())

    def press(self, number: int, action: int = 0) -> str:
        """Press a button of a Slack message; says what came of it. Raises EmulatorFailed."""
        body = json.dumps({"number": number, "action": action}).encode()
        return str(self._ask("POST", "/act", body)["message"])

    def clear(self) -> None:
        """Forget all messages and faults. Raises EmulatorFailed."""
        self._ask("DELETE", "/inbox")

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        port = self._port()
        if not port:
            raise EmulatorFailed(message="The rehearsal does not run: giban rehearsal start")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=40)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            found = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise EmulatorFailed(message="The inbox does not answer: giban rehearsal status says why.") from error
        finally:
            connection.close()
        if answer.status != 200:
            raise EmulatorFailed(message=str(found.get("message")))
        return found

    def _port(self) -> int:
        try:
            with open(os.path.join(self._folder, f"{PORT_FILE}.port"), encoding="ascii") as file:
                return int(file.read())
        except (OSError, ValueError):
            return 0
