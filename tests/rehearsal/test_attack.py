"""The real emulators under attack: what a web page, another machine or another user could try."""

from __future__ import annotations

import http.client
import os
import socket
import stat
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from giban.rehearsal.contents import Clients
from giban.rehearsal.process import Rehearsal, Running
from giban.rehearsal.services import EMULATORS

LINUX = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="looks into /proc, which only Linux has")
pytestmark = pytest.mark.parametrize("emulator", EMULATORS)


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str


def ask(running: Running, emulator: str, headers: dict[str, str], method: str = "GET", path: str = "/") -> Answer:
    """A hand-made request: nothing is added but what is given (and `Accept-Encoding`)."""
    connection = http.client.HTTPConnection("127.0.0.1", running.ports[emulator], timeout=20)
    connection.putrequest(method, path, skip_host=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, text)


def good(running: Running, emulator: str) -> dict[str, str]:
    return {"Host": f"127.0.0.1:{running.ports[emulator]}", "X-Amz-Security-Token": running.token}


def test_the_user_s_own_requests_are_answered(running: Running, emulator: str) -> None:
    assert ask(running, emulator, good(running, emulator)).status == 200


@pytest.mark.parametrize(
    "change",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:{port}"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:{port}"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"X-Amz-Security-Token": ""},
        {"X-Amz-Security-Token": "0" * 64},
    ],
)
def test_others_are_refused(running: Running, emulator: str, change: dict[str, str]) -> None:
    port = str(running.ports[emulator])
    headers = {**good(running, emulator), **{name: value.replace("{port}", port) for name, value in change.items()}}
    answer = ask(running, emulator, headers)
    assert answer.status == 403
    assert answer.headers["content-type"] == "text/plain"
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_without_a_host_nothing_is_answered(running: Running, emulator: str) -> None:
    headers = good(running, emulator)
    del headers["Host"]
    assert ask(running, emulator, headers).status in (400, 403)


def test_without_the_token_nothing_is_answered(running: Running, emulator: str) -> None:
    headers = good(running, emulator)
    del headers["X-Amz-Security-Token"]
    signed = {**headers, "Authorization": "AWS4-HMAC-SHA256 Credential=000000000000/20261121/us-east-1/s3/aws4_request"}
    assert ask(running, emulator, signed).status == 403


def test_a_page_gets_no_leave_by_preflight(running: Running, emulator: str) -> None:
    headers = {**good(running, emulator), "Origin": "https://evil.example", "Access-Control-Request-Method": "PUT"}
    answer = ask(running, emulator, headers, method="OPTIONS")
    assert answer.status == 403
    assert "access-control-allow-origin" not in answer.headers


def test_no_answer_may_be_read_by_a_page(running: Running, emulator: str) -> None:
    answer = ask(running, emulator, good(running, emulator))
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/_ministack/reset", "/_ministack/config", "/_localstack/health", "/moto-api/reset", "/moto-api/"]
)
def test_the_emulators_own_controls_are_guarded(running: Running, emulator: str, path: str) -> None:
    headers = {"Host": f"127.0.0.1:{running.ports[emulator]}"}
    assert ask(running, emulator, headers, method="POST", path=path).status == 403


def test_health_says_nothing_but_ok(running: Running, emulator: str) -> None:
    headers = {"Host": f"127.0.0.1:{running.ports[emulator]}"}
    answer = ask(running, emulator, headers, path="/_giban/health")
    assert (answer.status, answer.text) == (200, "ok")
    assert ask(running, emulator, {"Host": "evil.example"}, path="/_giban/health").status == 403


def test_other_addresses_of_this_machine_are_not_served(running: Running, emulator: str) -> None:
    addresses = {
        "127.0.0.2",
        *(str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)),
    }
    for address in addresses - {"127.0.0.1"}:
        with (
            pytest.raises(ConnectionRefusedError),
            socket.create_connection((address, running.ports[emulator]), timeout=2),
        ):
            pass


@LINUX
def test_it_listens_on_loopback_only(rehearsal: Rehearsal, running: Running, emulator: str) -> None:
    pid = next(status.pid for status in rehearsal.status() if status.emulator == emulator)
    links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    sockets = {link[8:-1] for link in links if link.startswith("socket:[")}
    listening = []
    for table in ("tcp", "tcp6"):
        with open(f"/proc/{pid}/net/{table}", encoding="ascii") as file:
            rows = [line.split() for line in file.readlines()[1:]]
        # proc(5): 0A is LISTEN; addresses are hexadecimal, 0100007F is 127.0.0.1 on little-endian machines.
        listening += [row[1] for row in rows if row[3] == "0A" and row[9] in sockets]
    assert listening == [f"0100007F:{running.ports[emulator]:04X}"]


def test_the_secret_is_readable_for_the_user_only(rehearsal: Rehearsal, emulator: str) -> None:
    assert stat.S_IMODE(os.stat(rehearsal.folder).st_mode) == 0o700
    for name in ("token", f"{emulator}.log"):
        assert stat.S_IMODE(os.stat(os.path.join(rehearsal.folder, name)).st_mode) == 0o600


@LINUX
def test_the_secret_stands_in_no_command_line(rehearsal: Rehearsal, running: Running, emulator: str) -> None:
    pid = next(status.pid for status in rehearsal.status() if status.emulator == emulator)
    for kind in ("cmdline", "environ"):
        with open(f"/proc/{pid}/{kind}", "rb") as file:
            assert running.token.encode() not in file.read()


def test_a_presigned_address_works_and_needs_its_token(running: Running, client: Clients, emulator: str) -> None:
    if emulator == "moto":
        address = client("sts").generate_presigned_url("get_caller_identity")
    else:
        address = client("s3").generate_presigned_url("list_buckets")
    parts = urlsplit(address)
    host = {"Host": parts.netloc}
    assert ask(running, emulator, host, path=f"{parts.path or '/'}?{parts.query}").status == 200
    other = parts.query.replace(running.token, "0" * 64)
    assert ask(running, emulator, host, path=f"{parts.path or '/'}?{other}").status == 403
