"""The life of a workstation on the rehearsal, over real HTTP: real Terraform, real functions, the real agent on a stand-in host.

The tests of this file follow one workstation from `up` to `down` and build on each other.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from giban.lifecycle.deployment import Deployment
from giban.lifecycle.down import down
from giban.lifecycle.pipeline import compile_blueprint
from giban.lifecycle.rehearsed import EMULATORS, Rehearsal
from giban.lifecycle.up import Refused
from giban.lifecycle.workspace import workspace_of
from giban.rehearsal import process
from giban.runtime.admin.totp import password, secret_of
from tests.lifecycle.test_whole_life import REGION, REPOSITORY, Project

pytestmark = pytest.mark.e2e
ADMIN = "dev-admin.scv.example.com"
LIMIT = 150.0
"""Seconds: the keeper looks every minute, and a loaded machine takes its time."""


class Answer:
    """What the API answered."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.text = body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Workstation(Project):
    """The example, its admin API as a device sees it, and the dials of its stand-in host."""

    cookie = ""

    def http(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
        source: str = "127.0.0.1",
        cookie: str | None = None,
    ) -> Answer:
        running = process.Rehearsal(str(self.folder / ".giban" / EMULATORS)).running()
        assert running is not None
        port = running.ports["world"]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=(source, 0))
        sent = {"Host": f"{ADMIN}.localhost:{port}", "Cookie": self.cookie if cookie is None else cookie}
        sent |= headers or {}
        data = raw
        if body is not None:
            data, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        try:
            connection.request(method, path, data, sent)
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def status(self) -> Any:
        answer = self.http("GET", "/service/status")
        assert answer.status == 200, answer.text
        return answer.json

    def wait(self, what: str, holds: Callable[[Any], bool], limit: float = LIMIT) -> Any:
        """Ask until it holds; fails loudly with the last status and the events."""
        deadline = time.monotonic() + limit
        while True:
            status = self.status()
            if holds(status):
                return status
            told = f"not within {limit} s: {what}\n{json.dumps(status, indent=2, ensure_ascii=False)}\n{self.events()}"
            assert time.monotonic() < deadline, told
            time.sleep(1)

    def up(self) -> None:
        """Start it and wait for the editor."""
        answer = self.http("POST", "/service/start", {})
        assert answer.status in (200, 202), answer.text
        self.wait("the editor answers", lambda status: status["progress"]["phase"] == "ready")

    def events(self) -> str:
        answer = self.http("GET", "/service/events?limit=30")
        return "\n".join(json.dumps(event, ensure_ascii=False) for event in answer.json["events"])

    @property
    def instance(self) -> str:
        (found,) = [
            item["InstanceId"]
            for group in self.client("ec2").describe_instances()["Reservations"]
            for item in group["Instances"]
            if item["State"]["Name"] != "terminated"
        ]
        return str(found)

    def dial(self, name: str, text: str = "") -> None:
        """Do something on the stand-in host."""
        path = self.folder / ".giban" / EMULATORS / "hosts" / self.instance / name
        path.write_text(text)
        os.utime(path)

    def settings(self, **changed: int) -> None:
        """Shorten what a blueprint sets in minutes at least, in the functions as they are deployed."""
        functions = self.client("lambda")
        for function in functions.list_functions()["Functions"]:
            variables = function["Environment"]["Variables"]
            if "GIBAN_SETTINGS" in variables:
                variables["GIBAN_SETTINGS"] = json.dumps({**json.loads(variables["GIBAN_SETTINGS"]), **changed})
            if "GIBAN_WORKSTATIONS" in variables:
                found = json.loads(variables["GIBAN_WORKSTATIONS"])
                found["dev"]["settings"] |= changed
                variables["GIBAN_WORKSTATIONS"] = json.dumps(found)
            functions.update_function_configuration(
                FunctionName=function["FunctionName"], Environment={"Variables": variables}
            )

    def pair(self, name: str) -> str:
        """Register a device as a person does, with code and one-time password. Returns its cookie."""
        found = self.json("workstation", "pair", "--authenticator")
        secret = parse_qs(urlsplit(found["authenticator"]["uri"]).query)["secret"][0]
        deadline = time.monotonic() + 100
        while True:
            asked = {"code": found["code"], "totp": password(secret_of(secret), int(time.time()) // 30), "name": name}
            answer = self.http("POST", "/service/devices", asked, cookie="")
            if answer.status == 201:
                return answer.headers["set-cookie"].partition(";")[0]
            # A one-time password works once: the next device waits for the next one.
            assert answer.status == 403, answer.text
            assert time.monotonic() < deadline, answer.text
            time.sleep(31)
            found = self.json("workstation", "pair")


class Precious(Rehearsal):
    """A rehearsal whose data counts, as AWS's does."""

    keeps_data = True


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workstation]:
    blueprint = (REPOSITORY / "examples" / "workstation" / "giban.yaml").read_text()
    # Without its schedule: what this test sees must not depend on the hour.
    lines = [line for line in blueprint.splitlines() if "schedule:" not in line]
    project = Workstation(tmp_path_factory.mktemp("workstation"), "\n".join(lines) + "\n")
    yield project
    project.run("rehearsal", "stop")


def test_01_up_creates_it_and_the_plan_is_empty_then(dev: Workstation) -> None:
    result = dev.json("up")
    roots = {root["root"]: root for root in result["roots"]}
    assert list(roots) == ["global", REGION]
    assert roots[REGION]["summary"]["add"] > 90
    assert roots[REGION]["outputs"]["dev_admin_url"] == f"https://{ADMIN}"
    plan = dev.json("plan")
    assert [change for root in plan["roots"] for change in root["changes"]] == []


def test_02_nobody_comes_in_unregistered(dev: Workstation) -> None:
    answer = dev.http("GET", "/service/status")
    assert (answer.status, answer.headers["content-type"]) == (401, "application/problem+json")
    assert dev.http("GET", "/").status == 200, "the page, which asks for the code"
    for path in ("/", "/service/status", "/nowhere"):
        answer = dev.http("GET", path, source="127.0.0.9")
        assert answer.status == 403, path
        assert answer.json["type"].endswith("address"), "an address that is not on the list is told nothing else"
    spoofed = dev.http("GET", "/service/status", source="127.0.0.9", headers={"X-Forwarded-For": "203.0.113.1"})
    assert spoofed.status == 403, "what a proxy would say of the address changes nothing"


def test_03_a_device_is_paired(dev: Workstation) -> None:
    dev.cookie = dev.pair("Phone")
    assert dev.cookie.startswith("__Host-giban-dev=")
    (device,) = dev.http("GET", "/service/devices").json["devices"]
    assert (device["name"], device["current"]) == ("Phone", True)
    table = dev.client("dynamodb").scan(TableName="scv-workstations")["Items"]
    assert dev.cookie.partition(".")[2] not in json.dumps(table), "hashed at rest"


def test_04_the_agent_reports_and_the_editor_answers(dev: Workstation) -> None:
    status = dev.wait("the editor answers", lambda status: status["progress"]["phase"] == "ready")
    assert (status["state"], status["agent"]["silent"], status["ide"]["answers"]) == ("running", False, True)
    assert status["decision"]["action"] == "stay"
    dev.dial("ssh", "2")
    status = dev.wait("both sessions are seen", lambda status: status["ssh_sessions"] == 2)
    assert status["decision"]["reason"] == "ssh"
    dev.dial("ssh", "0")
    dev.wait("the sessions are gone", lambda status: status["ssh_sessions"] == 0)


def test_05_stop_and_start_are_observed(dev: Workstation) -> None:
    answer = dev.http("GET", "/service/shutdown")
    assert answer.status in (200, 202)
    assert answer.json["state"] in ("stopping", "stopped")
    answer = dev.http("GET", "/service/start")
    assert answer.status in (200, 202), answer.text
    assert answer.json["want"] == "on", "a start while it is stopping is remembered"
    status = dev.wait("it is up again", lambda status: status["progress"]["phase"] == "ready")
    assert status["uptime_seconds"] < LIMIT, "a new boot"
    again = dev.http("PUT", "/service/start")
    assert (again.status, again.json["state"]) == (200, "running")


def test_06_the_instance_really_follows(dev: Workstation) -> None:
    dev.http("POST", "/service/shutdown", {})
    dev.wait("it is off", lambda status: status["state"] == "stopped")
    found = dev.client("ec2").describe_instances(InstanceIds=[dev.instance])["Reservations"][0]["Instances"][0]
    assert found["State"]["Name"] == "stopped"
    dev.up()


def test_07_reservation_and_extension(dev: Workstation) -> None:
    first = dev.http("GET", "/service/shutdown?after_min=30").json
    assert first["decision"]["reason"] == "reserved"
    later = dev.http("GET", "/service/shutdown?after_min=90").json
    assert later["scheduled_stop"] > first["scheduled_stop"]
    assert dev.http("GET", "/service/shutdown?after_min=4321").status == 400
    kept = dev.http("POST", "/service/leases", {"hours": 2, "for": "training"}).json
    (lease,) = kept["leases"]
    assert (lease["for"], lease["by"].startswith("Phone")) == ("training", True)
    assert lease["until"] > later["scheduled_stop"]
    assert {change["what"] for change in kept["changes"]} >= {"reserved", "lease"}
    assert dev.http("POST", "/service/leases", {"hours": 73, "for": "too long"}).status == 400
    assert dev.http("DELETE", f"/service/leases/{lease['id']}").json["leases"] == []
    answer = dev.http("POST", "/service/start", {})
    assert answer.json["scheduled_stop"] is None, "whoever starts it wants it on"


def test_08_another_site_cannot_act(dev: Workstation) -> None:
    before = dev.status()
    for headers in (
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Sec-Purpose": "prefetch"},
    ):
        assert dev.http("GET", "/service/shutdown", headers=headers).status == 403, headers
        assert dev.http("POST", "/service/shutdown", {}, headers=headers).status == 403, headers
    after = dev.status()
    assert (after["version"], after["want"], after["state"]) == (before["version"], before["want"], "running")
    bookmark = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Accept": "text/html"}
    answer = dev.http("GET", "/service/start", headers=bookmark)
    assert (answer.status, answer.headers["location"]) == (303, "/"), "a bookmark may, and leads to the page"


def test_09_a_replayed_report_is_refused(dev: Workstation) -> None:
    vault = dev.client("secretsmanager")
    arn = next(item["ARN"] for item in vault.list_secrets()["SecretList"] if "/dev/host-" in item["Name"])
    key = bytes.fromhex(json.loads(vault.get_secret_value(SecretId=arn)["SecretString"])["agent_key"])
    report = {
        "boot_id": "test", "sequence": 1, "uptime": 60, "ssh": {"sessions": 7},
        "web": {"connected_age": None, "interacting_age": None}, "terminal_age": None,
        "work": {"cpu_percent": 0, "load1": 0, "working_age": None, "jobs": [], "containers": []},
        "ide": {"answers": True}, "version": "test",
    }  # fmt: skip
    body, at, nonce = json.dumps(report).encode(), str(int(time.time())), secrets.token_hex(16)
    text = f"POST\n/service/status\n{at}\n{nonce}\n{hashlib.sha256(body).hexdigest()}"
    headers = {
        "X-Giban-Time": at,
        "X-Giban-Nonce": nonce,
        "X-Giban-Signature": hmac.digest(key, text.encode(), "sha256").hex(),
        "Content-Type": "application/json",
    }

    def post(**changed: str) -> Answer:
        return dev.http("POST", "/service/status", raw=body, headers={**headers, **changed}, cookie="")

    assert post().status == 200
    assert post().status == 409, "the very same report again"
    assert post(**{"X-Giban-Nonce": secrets.token_hex(16)}).status == 401, "another nonce needs another signature"
    assert dev.http("POST", "/service/status", report).status == 401, "a device is no host"


def test_10_fifty_starts_and_stops_end_in_one_state(dev: Workstation) -> None:
    # Eight at a time: each is a process of its own here, and the gateway waits no longer than 30 s. Fifty at a time meet in
    # tests/runtime/power/test_concurrency.py.
    with ThreadPoolExecutor(8) as pool:
        paths = ["/service/start", "/service/shutdown"] * 25
        answers = list(pool.map(lambda path: dev.http("POST", path, {}), paths))
    assert {answer.status for answer in answers} <= {200, 202, 409}, [answer.text for answer in answers]
    assert all("state" in answer.json for answer in answers), "losers are told what is happening"
    wanted = dev.status()["want"]
    state = {"on": "running", "off": "stopped"}[wanted]
    dev.wait(f"it is {state}", lambda status: (status["want"], status["state"]) == (wanted, state))
    dev.up()


def test_11_it_stops_when_nobody_works_and_not_before(dev: Workstation) -> None:
    dev.dial("cores", "1.5")
    dev.wait("work is seen", lambda status: status["working"]["at"] is not None)
    dev.settings(idle=20, silent=20)
    time.sleep(25)
    status = dev.status()
    assert (status["state"], status["decision"]["action"]) == ("running", "stay"), "long work without a keystroke"
    dev.dial("cores", "0")
    dev.wait("it stopped by itself", lambda status: status["state"] == "stopped")
    assert '"idle"' in dev.events()


def test_12_a_dead_agent_keeps_nothing_running(dev: Workstation) -> None:
    dev.up()
    dev.dial("ssh", "1")
    dev.wait("a session is open", lambda status: status["ssh_sessions"] == 1)
    dev.dial("agent-off")
    dev.wait("it stopped by itself", lambda status: status["state"] == "stopped")
    assert "agent_silent" in dev.events()


def test_13_the_maximum_holds_always(dev: Workstation) -> None:
    (dev.folder / ".giban" / EMULATORS / "hosts" / dev.instance / "agent-off").unlink(missing_ok=True)
    dev.up()
    dev.dial("ssh", "1")
    assert dev.http("PUT", "/service/auto-stop", {"on": False}).json["auto_stop"]["on"] is False
    dev.http("POST", "/service/leases", {"hours": 10, "for": "everything that could keep it"})
    dev.settings(max_uptime=10)
    dev.wait("it stopped by force", lambda status: status["state"] == "stopped")
    assert '"max_uptime"' in dev.events()


def test_14_the_terminal_says_the_same(dev: Workstation) -> None:
    assert dev.json("workstation", "status")["state"] == dev.status()["state"] == "stopped"
    (listed,) = dev.json("workstation", "list")
    assert listed["workstation"] == "dev"
    assert "dev" in dev.run("workstation", "status").stdout


def test_15_a_revoked_device_is_out(dev: Workstation) -> None:
    cookie = dev.pair("Tablet")
    assert dev.http("GET", "/service/status", cookie=cookie).status == 200
    tablet = next(item for item in dev.http("GET", "/service/devices").json["devices"] if item["name"] == "Tablet")
    dev.run("workstation", "revoke", tablet["id"], "--yes")
    assert dev.http("GET", "/service/status", cookie=cookie).status == 401
    assert dev.status()["workstation"] == "dev", "the other one stays"


def test_16_guessing_locks_the_address_out(dev: Workstation) -> None:
    guess = {"code": "AAAAAAAA", "totp": "000000", "name": "Thief"}
    answers = [dev.http("POST", "/service/devices", guess, cookie="") for _ in range(8)]
    assert answers[0].status == 403
    assert answers[-1].status == 429
    assert int(answers[-1].headers["retry-after"]) > 0
    assert dev.status()["workstation"] == "dev", "a registered device behind the same address is not shut out"
    assert '"locked"' in dev.events()


def test_17_what_holds_data_is_asked_for_by_name(dev: Workstation) -> None:
    path = str(dev.folder / "giban.yaml")
    workspace = workspace_of(path, "rehearsal", None)
    with workspace.lock():
        deployment = Deployment(compile_blueprint(path), Precious(workspace.base), workspace, lambda _text: None)
        with pytest.raises(Refused) as caught:
            down(deployment, lambda _root: nullcontext(lambda _event: None))
    refused = {refusal.address for refusal in caught.value.refusals}
    assert {
        "aws_ebs_volume.dev_home",
        "aws_dynamodb_table.workstations",
        "aws_secretsmanager_secret.dev_host",
    } <= refused


def test_18_a_workstation_that_is_taken_out_is_kept_until_its_volume_is_named(dev: Workstation) -> None:
    path = dev.folder / "giban.yaml"
    text = path.read_text()
    path.write_text(text.split("workstations:")[0])
    try:
        answer = dev.run("up", code=1)
    finally:
        path.write_text(text)
    assert "--allow-delete aws_ebs_volume.dev_home" in answer.stderr


def test_19_down_leaves_nothing(dev: Workstation) -> None:
    dev.json("down")
    left = dev.contents()
    assert [name for name in left.pop("buckets") if "tfstate" not in name] == []
    assert left == {}
    named = [{"Name": "tag:Name", "Values": ["scv-dev-home"]}]
    assert dev.client("ec2").describe_snapshots(OwnerIds=["self"], Filters=named)["Snapshots"] == []
