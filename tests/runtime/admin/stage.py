"""A workstation's admin function on the emulators, with a clock that tests move."""

from __future__ import annotations

import hashlib
import json
import os
import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from giban.rehearsal.contents import Clients
from giban.runtime.admin import totp
from giban.runtime.admin.handler import answer
from giban.runtime.admin.signature import expected
from giban.runtime.admin.world import World
from giban.runtime.power.table import Table

INSIDE, INSIDE_SIX, OUTSIDE = "203.0.113.7", "2001:db8::7", "198.51.100.9"
HOST = "dev-admin.scv.example.com"


class Reply:
    """An answer of the function, as a client sees it."""

    def __init__(self, event: dict[str, Any]) -> None:
        self.status: int = event["statusCode"]
        self.headers: dict[str, str] = event["headers"]
        self.cookies: list[str] = event.get("cookies", [])
        self.text: str = event["body"]

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def kind(self) -> str:
        """The last part of a problem's type."""
        assert self.headers["content-type"] == "application/problem+json", self.text
        found = self.json
        assert found["status"] == self.status
        assert found["title"]
        assert found["detail"]
        return str(found["type"]).rpartition("/")[2]


def event(
    method: str,
    path: str,
    *,
    query: str = "",
    headers: Mapping[str, str] | None = None,
    cookies: list[str] | None = None,
    body: str | None = None,
    encoded: bool = False,
    address: str = INSIDE,
) -> dict[str, Any]:
    """An event of an HTTP API, payload format 2.0."""
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": HOST, "x-forwarded-for": "203.0.113.99", **(headers or {})},
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "abc",
            "domainName": HOST,
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": address, "userAgent": "test"},
            "requestId": "1",
            "stage": "$default",
        },
        "isBase64Encoded": encoded,
    }
    if cookies:
        made["cookies"] = cookies
    if body is not None:
        made["body"] = body
    return made


class Stage:
    """One workstation: a table and two secrets without a value of its own, and an instance."""

    def __init__(self, client: Clients, table: Table, instance: str, **settings: Any) -> None:
        self.client = client
        self.instance = instance
        self.table = table
        self.offset = 0.0
        name = uuid.uuid4().hex[:8]
        self.host_secret, self.pairing_secret = (
            client("secretsmanager").create_secret(Name=f"acme-dev-{name}/{kind}")["ARN"]
            for kind in ("host", "pairing")
        )
        self.environment = {
            "GIBAN_WORKSTATION": "dev",
            "GIBAN_TABLE": table.name,
            "GIBAN_ALLOW": "203.0.113.0/24, 2001:db8::/32",
            "GIBAN_INSTANCE": self.instance,
            "GIBAN_HOST_SECRET": self.host_secret,
            "GIBAN_PAIRING_SECRET": self.pairing_secret,
            "GIBAN_SETTINGS": json.dumps(settings),
            "GIBAN_IDE_URL": "https://dev.scv.example.com",
        }
        self.world = World(self.environment, client, self.now, os.urandom)
        self.sequence = 0
        self.boot = uuid.uuid4().hex

    def now(self) -> float:
        return time.time() + self.offset

    def ask(
        self,
        method: str,
        path: str,
        document: Any = None,
        *,
        cookie: str | None = None,
        headers: Mapping[str, str] | None = None,
        address: str = INSIDE,
        query: Mapping[str, Any] | None = None,
    ) -> Reply:
        """One request; `document` is sent as JSON."""
        sent = dict(headers or {})
        body = None
        if document is not None:
            body = document if isinstance(document, str) else json.dumps(document)
            sent.setdefault("content-type", "application/json")
        cookies = [cookie] if cookie else None
        asked = event(
            method, path, query=urlencode(query or {}), headers=sent, cookies=cookies, body=body, address=address
        )
        return Reply(answer(self.world, asked))

    def operate(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        """One request of an operator."""
        found = answer(self.world, {"operator": "ana", "method": method, "path": path, "body": body, **more})
        return found["status"], found["body"]

    def code(self) -> str:
        """A fresh pairing code."""
        status, body = self.operate("POST", "/service/codes")
        assert status == 201
        return str(body["code"])

    def password(self, steps: int = 0) -> str:
        """The one-time password of now, or of some steps later."""
        secret = totp.secret_of(self.operate("POST", "/service/totp")[1]["secret"])
        return totp.password(secret, int(self.now() // totp.STEP) + steps)

    def pair(self, name: str = "Phone", address: str = INSIDE) -> str:
        """Register a device; returns its cookie as a browser sends it."""
        # Each password works once.
        self.offset += totp.STEP
        document = {"code": self.code(), "totp": self.password(), "name": name}
        found = self.ask("POST", "/service/devices", document, address=address)
        assert found.status == 201, found.text
        return found.cookies[0].partition(";")[0]

    def key(self) -> bytes:
        """The key of the host, as the host reads it."""
        return self.world.secrets.agent_key(self.now())

    def signed(
        self, body: str, *, at: float | None = None, key: bytes | None = None, nonce: str = ""
    ) -> dict[str, str]:
        """Headers of a report."""
        moment, number = int(self.now() if at is None else at), nonce or uuid.uuid4().hex
        right = expected(self.key() if key is None else key, "POST", "/service/status", moment, number, body.encode())
        return {"X-Giban-Time": str(moment), "X-Giban-Nonce": number, "X-Giban-Signature": right}

    def report(self, *, address: str = INSIDE, headers: Mapping[str, str] | None = None, **parts: Any) -> Reply:
        """A report of the host; `parts` replace what an idle one says."""
        self.sequence += 1
        body = json.dumps({**self.idle_report(), **parts})
        return self.ask("POST", "/service/status", body, headers=headers or self.signed(body), address=address)

    def idle_report(self) -> dict[str, Any]:
        return {
            "boot_id": self.boot, "sequence": self.sequence, "uptime": 60.0, "ssh": {"sessions": 0},
            "web": {"connected_age": None, "interacting_age": None}, "terminal_age": None,
            "work": {"cpu_percent": 1.5, "load1": 0.1, "working_age": None, "jobs": [], "containers": []},
            "ide": {"answers": True}, "version": "1",
        }  # fmt: skip

    def events(self) -> list[dict[str, Any]]:
        return self.table.events("dev", now=self.now(), limit=100)

    def whole_table(self) -> str:
        """Everything the table holds, as text."""
        return json.dumps(self.table.client.scan(TableName=self.table.name)["Items"])

    def state(self) -> str:
        """The instance's state, from EC2."""
        found = self.client("ec2").describe_instances(InstanceIds=[self.instance])
        return str(found["Reservations"][0]["Instances"][0]["State"]["Name"])

    def settle(self) -> None:
        """Wait until the instance has arrived where it is going."""
        deadline = time.monotonic() + 60
        while self.state() in ("pending", "stopping"):
            assert time.monotonic() < deadline
            time.sleep(0.1)


def new_instance(client: Clients) -> str:
    """Start an instance."""
    # moto knows hundreds of images; any will do, and the first page of a small filter is quick.
    images = client("ec2").describe_images(Owners=["amazon"], Filters=[{"Name": "name", "Values": ["amzn2-ami-hvm*"]}])[
        "Images"
    ]
    made = client("ec2").run_instances(ImageId=images[0]["ImageId"], MinCount=1, MaxCount=1, InstanceType="t3.large")
    return str(made["Instances"][0]["InstanceId"])


def fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
