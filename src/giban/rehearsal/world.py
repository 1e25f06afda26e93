"""What surrounds the emulated account: the third child process, with the way in (`edge`), the machines (`hosts`) and the inbox.

It holds nothing of the account: when it falls over, it is started anew and finds the emulators as they are.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import sys
from threading import Event
from typing import Any
from urllib.parse import urlencode

from giban.rehearsal.aws_events import Emulator
from giban.rehearsal.clock import Clock
from giban.rehearsal.edge import Backend, Edge
from giban.rehearsal.frames import INTERRUPT_PATH, MACHINES_PATH, ROUTERS_PATH
from giban.rehearsal.hosts import Account, Hosts
from giban.rehearsal.inbox import Inbox
from giban.rehearsal.inbox_actions import Buttons
from giban.rehearsal.inbox_server import InboxServer
from giban.rehearsal.services import ACCOUNT

LOOK = 1.0
"""Seconds between two looks at which instances are up."""
INTERRUPTIONS = "interrupt"
"""Folder whose files are dials: `touch interrupt/i-0123` takes that instance back as AWS takes spot capacity."""


class World:
    """The edge and the inbox, which serve from the start, and the hosts, which `run` looks after."""

    def __init__(
        self, listener: socket.socket, inbox: socket.socket, folder: str, token: str, *, moto: int, ministack: int
    ) -> None:
        account, clock = Emulated(moto, token), Clock(folder)
        functions = Emulator(lambda: ministack, token)
        self.edge = Edge(listener, Backend(ministack, token), self._leads_to)
        self.hosts = Hosts(folder, account, self.edge)

        def routers() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = json.loads(functions.ask("GET", ROUTERS_PATH))
            return found

        buttons = Buttons(self.edge.port, routers, account.secret_in, clock)
        self.inbox = InboxServer(inbox, Inbox(folder, clock), buttons.press, self.edge.port)
        self._interrupted = os.path.join(folder, INTERRUPTIONS)
        self._account = account

    def run(self, ending: Event) -> None:
        """Look after the hosts until told to end; then all of them are switched off."""
        try:
            while not ending.wait(LOOK):
                self.hosts.look()
                self._interrupt()
        finally:
            self.hosts.end()

    def _interrupt(self) -> None:
        """Have the instances interrupted whose number is the name of a file in the folder; take the file away."""
        for name in os.listdir(self._interrupted) if os.path.isdir(self._interrupted) else []:
            try:
                self._account.interrupt(name)
                os.remove(os.path.join(self._interrupted, name))
            except OSError as error:
                print(f"{name} is not interrupted: {error}", file=sys.stderr, flush=True)

    def _leads_to(self, address: str) -> int:
        return self.hosts.port_at(address)


class Emulated(Account):
    """The account on moto, asked in plain HTTP: an AWS client would take more memory than all the rest of this process."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._token = token

    def machines(self) -> list[dict[str, Any]]:
        """Instances that want a host."""
        status, body = self._ask("GET", MACHINES_PATH, b"", {})
        if status != 200:
            raise OSError(f"moto answered {status}")
        found: list[dict[str, Any]] = json.loads(body)
        return found

    def secret(self, arn: str) -> str | None:
        """A secret's value, None while it has none."""
        return self.secret_in(arn, arn.split(":")[3])

    def secret_in(self, name: str, region: str) -> str | None:
        """A secret's value by its name or ARN, None while it has none."""
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "secretsmanager.GetSecretValue",
            **_signed("secretsmanager", region),
        }
        status, body = self._ask("POST", "/", json.dumps({"SecretId": name}).encode(), headers)
        value: str | None = json.loads(body).get("SecretString") if status == 200 else None
        return value

    def stop(self, instance: str, region: str) -> None:
        """Stop an instance."""
        form = urlencode({"Action": "StopInstances", "Version": "2016-11-15", "InstanceId.1": instance})
        headers = {"Content-Type": "application/x-www-form-urlencoded", **_signed("ec2", region)}
        self._ask("POST", "/", form.encode(), headers)

    def interrupt(self, instance: str) -> None:
        """Take an instance back; nothing when none of that number is running."""
        status, body = self._ask("POST", INTERRUPT_PATH, instance.encode("ascii", "replace"), {})
        if status != 200:
            raise OSError(f"moto answered {status}: {body[:200]!r}")

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request(method, path, body, {**headers, "X-Amz-Security-Token": self._token})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except http.client.HTTPException as error:
            raise OSError(f"moto broke off: {error}") from error
        finally:
            connection.close()


def _signed(service: str, region: str) -> dict[str, str]:
    """The header by which an emulator knows service and region; it does not check the signature."""
    scope = f"{ACCOUNT}/20260101/{region}/{service}/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none"}
