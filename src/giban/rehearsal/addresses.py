"""Where names of the blueprint's are reached on this machine: `https://x.example.com` at `http://x.example.com.localhost:PORT`."""

from __future__ import annotations

import http.client
import json
from typing import Any

from giban.rehearsal.frames import DOORS_PATH, MACHINES_PATH
from giban.rehearsal.process import Running
from giban.rehearsal.services import WORLD

SUFFIX = ".localhost"
"""Browsers take names below it for this machine, and it as trustworthy as https.

https://www.rfc-editor.org/rfc/rfc6761#section-6.3, https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy
"""


def local_url(domain: str, port: int) -> str:
    """Where a name of the blueprint's is reached, `port` being the world's."""
    return f"http://{domain}{SUFFIX}:{port}"


def addresses(running: Running) -> list[tuple[str, str]]:
    """(address on AWS, address here) of every name that leads somewhere: to an API, or to a workstation.

    Empty while the world is down, or when the emulators do not answer.
    """
    port = running.ports.get(WORLD, 0)
    try:
        doors = _ask(running, "ministack", DOORS_PATH)
        machines = {machine["public"] for machine in _ask(running, "moto", MACHINES_PATH)}
    except (OSError, http.client.HTTPException, ValueError):
        return []
    names = [*doors["apis"], *(name for name, address in doors["addresses"].items() if address in machines)]
    return [(f"https://{name}", local_url(name, port)) for name in sorted(names)] if port else []


def _ask(running: Running, emulator: str, path: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", running.ports[emulator], timeout=30)
    try:
        connection.request("GET", path, headers={"X-Amz-Security-Token": running.token})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise http.client.HTTPException(f"{emulator} answered {answer.status}")
        return json.loads(body)
    finally:
        connection.close()
