"""Stand-in hosts: the real agent in a machine made of files, from boot to stop."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from giban.rehearsal import hosts
from giban.rehearsal.addresses import addresses
from giban.rehearsal.contents import Clients, clients
from giban.rehearsal.edge import Backend, Edge
from giban.rehearsal.hosts import AGENT, BOOT, FOLDER, Hosts, clear_away
from giban.rehearsal.identity import started
from giban.rehearsal.machine_files import MachineFiles
from giban.rehearsal.process import Rehearsal, Running

REGION = "ap-northeast-2"
SECRET = f"arn:aws:secretsmanager:{REGION}:000000000000:secret:scv/dev/host-abcdef"


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Account:
    """An account of a few machines that a test changes."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []
        self.value: str | None = None
        self.stopped: list[tuple[str, str]] = []
        self.down = False

    def machines(self) -> list[dict[str, Any]]:
        if self.down:
            raise OSError("down")
        return [dict(machine) for machine in self.found]

    def secret(self, arn: str) -> str | None:
        assert arn == SECRET
        return self.value

    def stop(self, instance: str, region: str) -> None:
        self.stopped.append((instance, region))


class NoBackend(Backend):
    """Takes every report."""

    def __init__(self) -> None:
        super().__init__(1, "t")
        self.heads: list[dict[str, Any]] = []
        self.bodies: list[dict[str, Any]] = []

    def visit(self, head: dict[str, Any], body: bytes) -> tuple[bool, dict[str, Any], bytes]:
        self.heads.append(head)
        self.bodies.append(json.loads(body))
        return True, {"status": 200, "headers": {"Content-Type": "application/json"}}, b"{}"


def machine(**changes: Any) -> dict[str, Any]:
    tags = {"giban:workstation": "scv/dev", "giban:admin": "dev-admin.example.com", "giban:host-secret": SECRET}
    made = {
        "id": "i-1", "region": REGION, "state": "running", "boot": 1.0, "public": "198.51.100.1", "private": "10.0.0.4",
        "tags": tags,
    }  # fmt: skip
    return {**made, **changes}


def eventually(condition: Callable[[], Any]) -> None:
    """Wait until something is so; a minute is plenty on any machine."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "waited for a minute"
        time.sleep(0.05)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def account() -> Account:
    made = Account()
    made.found = [machine()]
    made.value = json.dumps({"agent_key": secrets.token_hex(32), "password": "x"})
    return made


@pytest.fixture
def backend() -> NoBackend:
    return NoBackend()


@pytest.fixture
def running_hosts(
    tmp_path: Path, account: Account, backend: NoBackend, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Hosts]:
    monkeypatch.setattr(hosts, "INTERVAL", 1)
    edge = Edge(socket.create_server(("127.0.0.1", 0)), backend)
    made = Hosts(str(tmp_path), account, edge, clock=clock)
    yield made
    made.end()


def boot(running_hosts: Hosts, clock: Clock) -> None:
    running_hosts.look()
    clock.now += BOOT
    running_hosts.look()


def pid(folder: Path) -> int:
    return int((folder / FOLDER / "i-1" / "agent.pid").read_text().split()[0])


def test_the_agent_is_where_it_is_looked_for() -> None:
    assert AGENT.endswith(os.path.join("giban", "runtime", "agent", "giban_agent.py"))
    assert os.path.isfile(AGENT)


def test_a_machine_boots_reports_and_ends_with_its_instance(
    running_hosts: Hosts, account: Account, backend: NoBackend, clock: Clock, tmp_path: Path
) -> None:
    running_hosts.look()
    assert running_hosts.port_at("198.51.100.1") == 0, "it is booting"
    assert not (tmp_path / FOLDER / "i-1" / "agent.pid").exists()
    clock.now += BOOT
    running_hosts.look()
    eventually(lambda: backend.bodies)
    head, body = backend.heads[0], backend.bodies[0]
    assert (head["domain"], head["path"], head["method"]) == ("dev-admin.example.com", "/service/status", "POST")
    assert head["source"] == "198.51.100.1", "its own address, as on AWS"
    assert head["headers"]["x-giban-signature"]
    assert body["ssh"] == {"sessions": 0}
    assert body["web"] == {"connected_age": None, "interacting_age": None}
    assert body["work"]["working_age"] is None, "nobody works there"
    assert body["boot_id"]
    eventually(lambda: backend.bodies[-1]["ide"]["answers"])
    port = running_hosts.port_at("198.51.100.1")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/healthz")
    assert json.loads(connection.getresponse().read())["status"] == "alive"
    connection.close()
    agent = pid(tmp_path)
    account.found = [machine(state="stopping")]
    running_hosts.look()
    assert started(agent) is None
    assert running_hosts.port_at("198.51.100.1") == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_the_dials_are_what_the_agent_sees(
    running_hosts: Hosts, account: Account, backend: NoBackend, clock: Clock, tmp_path: Path
) -> None:
    boot(running_hosts, clock)
    eventually(lambda: backend.bodies)
    place = tmp_path / FOLDER / "i-1"
    (place / "ssh").write_text("2\n")
    (place / "cores").write_text("2")

    def seen() -> bool:
        # Again and again, as in life: what is as old as the agent itself may pass for older than the boot.
        (place / "heartbeat").touch()
        (place / "pts" / "0").touch()
        clock.now += 1
        running_hosts.look()
        body = backend.bodies[-1]
        ages = (body["web"]["connected_age"], body["terminal_age"], body["work"]["working_age"])
        return body["ssh"] == {"sessions": 2} and None not in ages

    eventually(seen)
    (place / "ssh").write_text("nonsense")

    def gone() -> bool:
        running_hosts.look()
        return bool(backend.bodies[-1]["ssh"] == {"sessions": 0})

    eventually(gone)
    first = backend.bodies[-1]["boot_id"]
    account.found = [machine(boot=2.0)]
    boot(running_hosts, clock)
    eventually(lambda: backend.bodies[-1]["boot_id"] != first)
    last = backend.bodies[-1]
    assert (last["ssh"]["sessions"], last["web"]["connected_age"], last["terminal_age"]) == (0, None, None)


def test_an_agent_is_dead_as_long_as_it_shall_be(
    running_hosts: Hosts, backend: NoBackend, clock: Clock, tmp_path: Path
) -> None:
    boot(running_hosts, clock)
    first = pid(tmp_path)
    off = tmp_path / FOLDER / "i-1" / "agent-off"
    off.touch()
    running_hosts.look()
    assert started(first) is None
    running_hosts.look()
    assert not (tmp_path / FOLDER / "i-1" / "agent.pid").exists()
    off.unlink()
    running_hosts.look()
    second = pid(tmp_path)
    os.kill(second, signal.SIGKILL)
    eventually(lambda: started(second) is None)
    running_hosts.look()
    assert pid(tmp_path) not in (first, second), "one that fell over starts again, as systemd would have it"


def test_without_a_key_it_waits(running_hosts: Hosts, account: Account, clock: Clock, tmp_path: Path) -> None:
    good = account.value
    for value in (None, "", "nonsense", "[]", "{}"):
        account.value = value
        boot(running_hosts, clock)
        assert not (tmp_path / FOLDER / "i-1" / "agent.pid").exists()
    account.value = good
    running_hosts.look()
    assert started(pid(tmp_path))
    place = tmp_path / FOLDER / "i-1"
    assert {name: oct((place / name).stat().st_mode & 0o777) for name in ("agent.key", "agent.json", "agent.log")} == {
        "agent.key": "0o600", "agent.json": "0o600", "agent.log": "0o600",
    }  # fmt: skip
    assert oct(place.stat().st_mode & 0o777) == "0o700"
    command = Path(f"/proc/{pid(tmp_path)}/cmdline").read_text()
    assert json.loads(good or "")["agent_key"] not in command + Path(f"/proc/{pid(tmp_path)}/environ").read_text()


def test_without_its_tags_there_is_an_editor_only(
    running_hosts: Hosts, account: Account, clock: Clock, tmp_path: Path
) -> None:
    account.found = [machine(tags={"giban:workstation": "scv/dev"})]
    boot(running_hosts, clock)
    assert running_hosts.port_at("198.51.100.1")
    assert not (tmp_path / FOLDER / "i-1" / "agent.pid").exists()


def test_shutting_down_stops_the_instance(
    running_hosts: Hosts, account: Account, backend: NoBackend, clock: Clock, tmp_path: Path
) -> None:
    boot(running_hosts, clock)
    eventually(lambda: backend.bodies)
    # The agent's last resort: up for longer than anybody may be.
    (tmp_path / FOLDER / "i-1" / "proc" / "uptime").write_text("9999999.00 0.00\n")

    def stopped() -> bool:
        running_hosts.look()
        return bool(account.stopped)

    eventually(stopped)
    assert account.stopped[0] == ("i-1", REGION)


def test_an_account_that_does_not_answer_changes_nothing(
    running_hosts: Hosts, account: Account, clock: Clock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    boot(running_hosts, clock)
    agent = pid(tmp_path)
    account.down = True
    for _ in range(5):
        running_hosts.look()
    assert started(agent)
    assert capsys.readouterr().err.count("does not answer") == 1, "said once"
    account.down = False
    account.found = []
    running_hosts.look()
    assert started(agent) is None


def test_agents_that_were_left_behind_are_ended(tmp_path: Path) -> None:
    place = tmp_path / FOLDER / "i-1"
    place.mkdir(parents=True)
    (tmp_path / FOLDER / "i-2").mkdir()
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as left,
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander,
    ):
        (place / "agent.pid").write_text(f"{left.pid} {started(left.pid)}")
        (tmp_path / FOLDER / "i-2" / "agent.pid").write_text(f"{bystander.pid} another/1")
        clear_away(str(tmp_path))
        eventually(lambda: left.poll() is not None)
        assert bystander.poll() is None, "the number went to somebody else meanwhile"
        bystander.communicate(b"\n")
    (place / "agent.pid").write_text("nonsense")
    clear_away(str(tmp_path))


@pytest.mark.parametrize(
    ("text", "sessions"),
    [("3", 3), ("", 0), ("-1", 0), ("1e9", 0), ("nan", 0), ("inf", 0), ("\xff", 0), ("2.9", 2), ("x", 0)],
)
def test_a_dial_is_a_number_or_nothing(tmp_path: Path, text: str, sessions: int) -> None:
    files = MachineFiles(str(tmp_path / "m"))
    files.boot()
    (tmp_path / "m" / "ssh").write_text(text, encoding="latin-1")
    files.tick(1.0)
    lines = (tmp_path / "m" / "proc" / "net" / "tcp").read_text().splitlines()
    assert len([line for line in lines if line.split()[3] == "01"]) == sessions


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Rehearsal]:
    made = Rehearsal(str(tmp_path / "state"))
    yield made
    made.stop()


def launch(client: Clients) -> tuple[str, str]:
    """An instance that wants a host, and its public address."""
    ec2 = client("ec2")
    arn = client("secretsmanager").create_secret(
        Name="host", SecretString=json.dumps({"agent_key": secrets.token_hex(32), "password": "x"})
    )["ARN"]
    tags = {"giban:workstation": "scv/dev", "giban:admin": "dev-admin.example.com", "giban:host-secret": arn}
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    specification = {
        "ResourceType": "instance", "Tags": [{"Key": name, "Value": value} for name, value in tags.items()],
    }  # fmt: skip
    made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, TagSpecifications=[specification])["Instances"][0]
    found = ec2.describe_instances(InstanceIds=[made["InstanceId"]])["Reservations"][0]["Instances"][0]
    return made["InstanceId"], found["PublicIpAddress"]


def state(client: Clients, instance: str) -> str:
    found = client("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    return str(found["State"]["Name"])


def name_it(client: Clients, address: str) -> None:
    zone = client("route53").create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
    record = {"Name": "dev.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": address}]}
    changes = [{"Action": "CREATE", "ResourceRecordSet": record}]
    client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def test_in_the_real_world(own: Rehearsal) -> None:
    running = own.start(REGION)
    client = clients(running, REGION)
    instance, address = launch(client)
    name_it(client, address)
    place = Path(own.folder) / FOLDER / instance
    eventually(lambda: (place / "agent.pid").exists())
    agent = int((place / "agent.pid").read_text().split()[0])
    port = running.ports["world"]
    assert addresses(running) == [("https://dev.example.com", f"http://dev.example.com.localhost:{port}")]
    assert editor(running) == 200
    # A world that is killed leaves the agent behind; the next one ends it and starts its own.
    world = next(status.pid for status in own.status() if status.emulator == "world")
    os.kill(world, signal.SIGKILL)
    eventually(lambda: started(world) is None)
    own.start(REGION)
    assert started(agent) is None
    eventually(lambda: (place / "agent.pid").exists())
    second = int((place / "agent.pid").read_text().split()[0])
    (place / "poweroff").touch()
    eventually(lambda: state(client, instance) == "stopped")
    eventually(lambda: started(second) is None)
    assert editor(running) == 504
    assert addresses(running) == [], "without an elastic address it has none while it is off"
    client("ec2").start_instances(InstanceIds=[instance])
    eventually(lambda: (place / "agent.pid").exists())
    third = int((place / "agent.pid").read_text().split()[0])
    own.stop()
    assert started(third) is None
    assert not (Path(own.folder) / FOLDER).exists()


def editor(running: Running) -> int:
    port = running.ports["world"]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/", headers={"Host": f"dev.example.com.localhost:{port}"})
    status = connection.getresponse().status
    connection.close()
    return status
