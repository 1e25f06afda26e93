"""Real Terraform makes what a workstation is made of, and it lives: events, schedule, visitors, machine. Minutes."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from giban.rehearsal.addresses import addresses
from giban.rehearsal.contents import Clients, clients, contents
from giban.rehearsal.override import environment, override
from giban.rehearsal.process import Rehearsal, Running
from giban.terraform.documents import PROVIDER_VERSION
from giban.terraform.find import find_engine
from giban.terraform.providers import find_providers
from giban.terraform.run import Terraform, child_environment
from tests.rehearsal.serverless import ADMIN, DOMAIN, REGION, code, document
from tests.rehearsal.test_edge import visit

pytestmark = pytest.mark.e2e

PARALLEL = 40


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Running]:
    """Emulators of this test alone, since it counts what they hold."""
    made = Rehearsal(str(tmp_path / "emulators"))
    yield made.start(REGION)
    made.stop()


def root(folder: Path, running: Running) -> Terraform:
    engine = find_engine()
    source = find_providers(engine, PROVIDER_VERSION)
    variables = child_environment(os.environ, rehearsal=True, cli_config=source.write(str(folder / "cli"), engine))
    place = folder / "root"
    place.mkdir()
    (place / "main.tf.json").write_text(json.dumps(document()))
    (place / "code.zip").write_bytes(code())
    (place / "rehearsal_override.tf.json").write_text(json.dumps(override(running)))
    return Terraform(engine, str(place), {**variables, **environment(running)})


def eventually(condition: Callable[[], Any], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited for {seconds} s"
        time.sleep(0.5)


def notes(client: Clients) -> list[dict[str, Any]]:
    """What the second function was called with."""
    found = client("dynamodb").scan(TableName="scv-notes")["Items"]
    return [json.loads(item["event"]["S"]) for item in found]


def test_made_then_alive_then_nothing_left(tmp_path: Path, empty: Running) -> None:
    client = clients(empty, REGION)
    terraform = root(tmp_path, empty)
    terraform.init(reconfigure=True)
    terraform.plan("plan", parallelism=PARALLEL)
    applied = terraform.apply("plan", parallelism=PARALLEL)
    assert applied.added == sum(len(made) for made in document()["resource"].values())
    terraform.plan("plan", parallelism=PARALLEL)
    assert [change.address for change in terraform.read_plan("plan").changes] == [], "a second plan is empty"
    outputs = terraform.output()
    instance = outputs["instance"]

    found = contents(client)
    assert (found["APIs"], found["API names"], found["schedules"]) == (["scv-dev-admin"], [ADMIN], ["scv-tick"])
    assert found["event rules"] == ["scv-states", "scv-warnings"]
    assert len(found["volumes"]) == 2, "root and home"

    port = empty.ports["world"]
    assert [there for there, _here in addresses(empty)] == [f"https://{ADMIN}", f"https://dev.{DOMAIN}"]
    seen = visit(port, "/service/status")
    assert (seen.status, seen.json["instances"], seen.json["tables"]) == (200, 1, ["scv-notes"])

    value = json.dumps({"agent_key": secrets.token_hex(32), "password": "x"})
    client("secretsmanager").put_secret_value(SecretId=outputs["secret"], SecretString=value)
    place = tmp_path / "emulators" / "hosts" / instance
    eventually(lambda: (place / "agent.pid").exists())
    eventually(lambda: visit(port, "/healthz", host=f"dev.{DOMAIN}.localhost:{port}").status == 200)

    client("ec2").stop_instances(InstanceIds=[instance])
    states = {"stopping", "stopped"}
    eventually(lambda: states <= {note["detail"]["state"] for note in notes(client) if "detail" in note})
    eventually(lambda: {"tick": True} in notes(client))

    terraform.destroy(parallelism=PARALLEL)
    assert contents(client) == {}
