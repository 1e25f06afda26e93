"""Real Terraform in throw-away folders (`terraform_data` needs no provider), and a real emulator for the state."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from giban.terraform.aws import Clients, clients
from giban.terraform.events import Event
from giban.terraform.find import Engine, find_engine
from giban.terraform.run import Terraform, child_environment

KEYS = ("test", "test")

SLOW = {
    "terraform_data": {
        "quick": {"input": "1"},
        "slow": {"input": "${terraform_data.quick.id}", "provisioner": [{"local-exec": {"command": "exec sleep 20"}}]},
        "after": {"input": "${terraform_data.slow.id}"},
    }
}
"""`quick` is made at once, `slow` takes 20 seconds, `after` waits for it."""

Root = Callable[..., Terraform]


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The Terraform of this machine; its absence is a failure, because the tests below are about it."""
    return find_engine()


@pytest.fixture
def environment() -> dict[str, str]:
    return child_environment(os.environ, rehearsal=True, cli_config=os.devnull)


@pytest.fixture
def root(tmp_path: Path, engine: Engine, environment: dict[str, str]) -> Root:
    """A folder with a document, initialized: `root({"resource": …})`."""

    def make(document: dict[str, Any], *, init: bool = True, **options: Any) -> Terraform:
        folder = options.pop("folder", None) or tmp_path / "root"
        folder.mkdir(exist_ok=True)
        (folder / "main.tf.json").write_text(json.dumps(document, indent=2))
        terraform = Terraform(engine, str(folder), environment, **options)
        if init:
            terraform.init()
        return terraform

    return make


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    """moto, over HTTP on a free port of loopback; its address."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def seoul(emulator: str) -> Clients:
    return clients("ap-northeast-2", endpoint=emulator, keys=KEYS)


def s3_backend(emulator: str, bucket: str, **lock: Any) -> dict[str, Any]:
    """A backend on the emulator, as the rehearsal's override document has it."""
    return {
        "s3": {
            "bucket": bucket,
            "key": "scv/ap-northeast-2/terraform.tfstate",
            "region": "ap-northeast-2",
            "access_key": KEYS[0],
            "secret_key": KEYS[1],
            "endpoints": {"s3": emulator, "dynamodb": emulator, "sts": emulator},
            "use_path_style": True,
            "skip_credentials_validation": True,
            "skip_metadata_api_check": True,
            "skip_requesting_account_id": True,
            **lock,
        }
    }


def until(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Wait for something another process does; fails when it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen"
        time.sleep(0.02)


def kinds(events: list[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


PYTHON = sys.executable
