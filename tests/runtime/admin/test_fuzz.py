"""The fuzzer against the API's description, over real HTTP: whatever is sent, the API answers as it says it does."""

from __future__ import annotations

import copy
import json
import os
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import positive_data_acceptance

from giban.rehearsal.contents import Clients
from giban.runtime.admin.openapi import document
from giban.runtime.admin.signature import expected
from giban.runtime.power.table import Table

from .server import serve
from .stage import Stage, new_instance

EXAMPLES = int(os.environ.get("GIBAN_FUZZ_EXAMPLES", "20"))
COOKIE = "__Host-giban-dev"


def without_security() -> dict[str, Any]:
    """The description without who may ask: `Credentials` sees to that, so that the fuzzer does not make up cookies."""
    made = copy.deepcopy(document("dev", COOKIE))
    del made["components"]["securitySchemes"]
    for methods in made["paths"].values():
        for operation in methods.values():
            del operation["security"]
    return made


with_credentials = schemathesis.openapi.from_dict(without_security())
by_anybody = schemathesis.openapi.from_dict(document("dev", COOKIE))


class Credentials(requests.auth.AuthBase):
    """A registered device, or the host's signature over what is really sent."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.device = self.new_device()

    def new_device(self) -> str:
        identifier, secret = os.urandom(8).hex(), os.urandom(16).hex()
        self.stage.world.devices.add(identifier, secret, "Fuzzer", "203.0.113.7", self.stage.now())
        return f"{COOKIE}={identifier}.{secret}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        path = str(request.path_url).partition("?")[0]
        if request.method == "POST" and path == "/service/status":
            body = request.body or b""
            raw = body if isinstance(body, bytes) else str(body).encode()
            moment, nonce = int(self.stage.now()), uuid.uuid4().hex
            request.headers["X-Giban-Time"], request.headers["X-Giban-Nonce"] = str(moment), nonce
            request.headers["X-Giban-Signature"] = expected(self.stage.key(), "POST", path, moment, nonce, raw)
            return request
        # Signing out costs the device.
        request.headers["Cookie"] = self.new_device() if path == "/service/logout" else self.device
        return request


@pytest.fixture(scope="module")
def base(client: Clients, new_table: Callable[[], Table]) -> Iterator[tuple[str, Credentials]]:
    stage = Stage(client, new_table(), new_instance(client))
    with serve(stage.world) as url:
        yield url, Credentials(stage)
    client("ec2").terminate_instances(InstanceIds=[stage.instance])


@with_credentials.parametrize()
@settings(max_examples=EXAMPLES)
def test_the_api_is_as_it_is_described(case: Any, base: tuple[str, Credentials]) -> None:
    url, credentials = base
    # More than a schema can say: whether a password is strong enough; that a time may be in the query or in the body, not both.
    said_by_no_schema = ("/service/password", "/service/shutdown")
    excluded = [positive_data_acceptance] if case.path in said_by_no_schema else []
    case.call_and_validate(base_url=url, auth=credentials, excluded_checks=excluded)


@by_anybody.parametrize()
@settings(max_examples=EXAMPLES)
def test_without_a_device_nothing_is_told(case: Any, base: tuple[str, Credentials]) -> None:
    found = case.call(base_url=base[0])
    case.validate_response(found, checks=[not_a_server_error])
    is_open = case.path in ("/openapi.json", "/") or "." in case.path
    if not is_open and not (case.path == "/service/devices" and case.method == "POST"):
        assert found.status_code in (401, 429), (case.method, case.path, found.status_code)
        assert json.loads(found.text)["type"] in ("/problems/device", "/problems/signature", "/problems/locked")
