"""The override document: what it points where, and that nothing of it leads to AWS."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from giban.rehearsal.override import environment, override
from giban.rehearsal.process import Running
from giban.rehearsal.services import MINISTACK, MOTO, NOBODY, emulator_of, is_played
from giban.terraform.backend import read_settings

RUNNING = Running(token="t0ken", region="ap-northeast-2", ports={"moto": 1111, "ministack": 2222}, found=True)
BACKEND = {
    "bucket": "state",
    "key": "scv/ap-northeast-2.tfstate",
    "region": "ap-northeast-2",
    "use_lockfile": True,
    "encrypt": True,
    "profile": "of-the-user",
    "assume_role": {"role_arn": "arn:aws:iam::111122223333:role/of-the-user"},
}


def test_every_service_is_pointed_at_loopback() -> None:
    endpoints = override(RUNNING)["provider"]["aws"][0]["endpoints"][0]
    assert set(endpoints) == MOTO | MINISTACK | NOBODY
    assert {urlsplit(address).hostname for address in endpoints.values()} == {"127.0.0.1"}
    assert endpoints["ec2"] == "http://127.0.0.1:1111"
    assert endpoints["s3"] == "http://127.0.0.1:2222"
    assert environment(RUNNING)["AWS_ENDPOINT_URL"] == "http://127.0.0.1:2222"


def test_the_table_names_every_service_once() -> None:
    assert not MOTO & MINISTACK
    assert not (MOTO | MINISTACK) & NOBODY
    assert emulator_of("globalaccelerator") == "ministack"
    assert not is_played("globalaccelerator")
    assert is_played("ec2")
    assert is_played("lambda")


def test_the_credentials_are_the_run_s_own() -> None:
    document = override(RUNNING, BACKEND)
    for part in (document["provider"]["aws"][0], document["terraform"]["backend"]["s3"]):
        assert (part["access_key"], part["secret_key"], part["token"]) == ("000000000000", "rehearsal", "t0ken")


def test_the_backend_keeps_its_place_and_loses_the_user() -> None:
    backend = override(RUNNING, BACKEND)["terraform"]["backend"]["s3"]
    assert {key: backend[key] for key in ("bucket", "key", "region", "use_lockfile", "encrypt")} == {
        key: value for key, value in BACKEND.items() if key not in ("profile", "assume_role")
    }
    assert "of-the-user" not in json.dumps(backend)
    assert {urlsplit(address).hostname for address in backend["endpoints"].values()} == {"127.0.0.1"}
    assert read_settings(backend).bucket == "state"


def test_further_providers_are_pointed_there_too() -> None:
    providers = override(RUNNING, aliases=["use1", "dr"])["provider"]["aws"]
    assert [one.get("alias") for one in providers] == [None, "dr", "use1"]
    assert providers[1]["endpoints"] == providers[0]["endpoints"]


def test_without_a_backend_none_is_written() -> None:
    assert "terraform" not in override(RUNNING)


def test_the_region_stays_the_root_s_own() -> None:
    assert "region" not in override(RUNNING)["provider"]["aws"][0]
