"""Looking at instances of the emulator through the small model of EC2, against botocore's own."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.session import get_session

from giban.rehearsal.contents import Clients
from giban.rehearsal.process import Running
from giban.rehearsal.services import ACCOUNT, SECRET
from giban.runtime.common import aws
from giban.runtime.common.aws import code_of, make, message_of
from giban.runtime.common.ec2_model import MODEL
from giban.runtime.common.store import Clash, Put
from giban.runtime.common.times import iso, iso_exact, parsed, transition_time
from giban.runtime.power.machines import Machine, look, look_at_all, resize, start, stop
from giban.runtime.power.table import Table
from tests.runtime.conftest import REGION


@pytest.fixture
def ec2(running: Running, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The client that functions use, made from the environment as on Lambda."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": running.token,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL_EC2": running.url("moto"),
    }.items():
        monkeypatch.setenv(name, value)
    return make("ec2")


@pytest.fixture
def instances(client: Clients) -> list[str]:
    marks = [{"ResourceType": "instance", "Tags": [{"Key": "giban:power", "Value": "acme-look/dev"}]}]
    run = client("ec2").run_instances(
        ImageId="ami-12c6146b", MinCount=3, MaxCount=3, InstanceType="t3.large", TagSpecifications=marks
    )
    return [instance["InstanceId"] for instance in run["Instances"]]


def as_dict(machine: Machine) -> dict[str, Any]:
    return {name: getattr(machine, name) for name in Machine.__slots__ if name != "launched"}


def test_it_sees_what_botocores_own_client_sees(ec2: Any, client: Clients, instances: list[str]) -> None:
    small, whole = look(ec2, instances[0]), look(client("ec2"), instances[0])
    assert as_dict(small) == as_dict(whole)
    assert small.launched is not None
    assert whole.launched is not None
    assert int(small.launched) == int(whole.launched)
    assert (small.type, small.spot) == ("t3.large", False)
    every = look_at_all(ec2, [*instances, "i-0123456789abcdef0"], "acme-look")
    assert sorted(every) == sorted([*instances, "i-0123456789abcdef0"])
    assert every["i-0123456789abcdef0"].state == "missing"
    assert as_dict(every[instances[0]]) == as_dict(look(ec2, instances[0]))


def test_what_is_not_there_is_missing(ec2: Any) -> None:
    assert look(ec2, "i-0123456789abcdef0").state == "missing"


def test_refusals_are_data(ec2: Any, instances: list[str]) -> None:
    failure = resize(ec2, instances[0], "m5.large")
    assert failure is not None
    assert failure.code == "IncorrectInstanceState"
    for call in (start, stop):
        found = call(ec2, ["i-0123456789abcdef0"])["i-0123456789abcdef0"]
        assert found is not None
        assert found.code == "InvalidInstanceID.NotFound"
    assert start(ec2, []) == {}


def test_no_connection_is_data_too(running: Running, ec2: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_EC2", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    found = stop(make("ec2"), ["i-1"])["i-1"]
    assert found is not None
    assert found.code == "EndpointConnectionError"
    assert found.message


def test_the_small_model_says_what_botocores_says() -> None:
    path = Path(botocore.__file__).parent / "data" / "ec2" / "2016-11-15" / "service-2.json.gz"
    whole = json.loads(gzip.decompress(path.read_bytes()))
    for name, call in MODEL["operations"].items():
        theirs = whole["operations"][name]
        assert call["http"] == theirs["http"]
        assert _fits(call["input"]["shape"], theirs["input"]["shape"], whole["shapes"])
        assert ("output" in call) == ("output" in theirs)
        if "output" in call:
            assert _fits(call["output"]["shape"], theirs["output"]["shape"], whole["shapes"])
    assert {key: whole["metadata"][key] for key in MODEL["metadata"]} == MODEL["metadata"]


def _fits(ours: str, theirs: str, shapes: dict[str, Any]) -> bool:
    """Whether a shape has only members that botocore's has, at the same places; a date may be text."""
    small, whole = MODEL["shapes"][ours], shapes[theirs]
    assert small["type"] == whole["type"] or (small["type"], whole["type"]) == ("string", "timestamp"), (ours, theirs)
    if small["type"] == "list":
        assert small["member"].get("locationName") == whole["member"].get("locationName"), (ours, theirs)
        return _fits(small["member"]["shape"], whole["member"]["shape"], shapes)
    for name, member in small.get("members", {}).items():
        assert member.get("locationName") == whole["members"][name].get("locationName"), (ours, name)
        assert _fits(member["shape"], whole["members"][name]["shape"], shapes)
    return True


def test_clients_are_made_once(ec2: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "_clients", {})
    assert aws.client("ec2") is aws.client("ec2")
    # Other services have botocore's whole description.
    assert "get_secret_value" in dir(aws.client("secretsmanager"))
    assert get_session().get_component("data_loader").load_service_model("ec2", "service-2") != MODEL


def test_the_functions_own_client_writes_to_the_table(
    ec2: Any, running: Running, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", running.url("ministack"))
    own = Table(make("dynamodb"), table.name)
    assert own.transact([("dev", [Put("want", "dev", {"want": "on"}, 0)])]) == set()
    assert own.transact([("dev", [Put("want", "dev", {"want": "off"}, 0)])]) == {"dev"}
    with pytest.raises(Clash):
        own.put(Put("want", "dev", {}, 0))
    assert table.load("dev").want.want == "on"


def test_errors_that_are_not_of_aws_have_no_code() -> None:
    assert (code_of(ValueError("x")), message_of(ValueError("x"))) == ("", "")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("User initiated (2026-11-21 09:00:00 GMT)", 1_795_251_600.0),
        ("User initiated (2026-11-21 09:00:00 UTC)", 1_795_251_600.0),
        ("User initiated", None),
        ("", None),
        ("User initiated (soon)", None),
        ("User initiated (2026-11-21 25:00)", None),
        ("Server.SpotInstanceShutdown: (2026-11-xx 09:00:00 GMT)", None),
    ],
)
def test_when_ec2_says_a_stop_was_asked_for(text: str, seconds: float | None) -> None:
    assert transition_time(text) == seconds


def test_times_as_text() -> None:
    assert parsed("2026-11-21T09:00:00.000Z") == 1_795_251_600.0
    assert iso(1_795_251_600.9) == "2026-11-21T09:00:00Z"
    assert iso(None) is None
    assert iso_exact(1_795_251_600.9996) == "2026-11-21T09:00:01.000Z"
