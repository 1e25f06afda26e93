"""Secrets without a value are filled in once, by whoever needs them first."""

from __future__ import annotations

import json
import os
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from giban.rehearsal.contents import Clients
from giban.runtime.admin.secrets import Secrets
from giban.runtime.common.first_values import read, value_of
from giban.runtime.power.first_values import PASSWORD_LETTERS, host_value, new_password

from .stage import Stage


@pytest.fixture
def arn(client: Clients) -> str:
    return str(client("secretsmanager").create_secret(Name=f"acme-dev/{uuid.uuid4().hex}")["ARN"])


def test_an_absent_value_is_filled_in(client: Clients, arn: str) -> None:
    manager = client("secretsmanager")
    assert read(manager, arn) is None
    first = value_of(manager, arn, lambda: {"a": "1"})
    assert first == {"a": "1"}
    assert value_of(manager, arn, lambda: {"a": "2"}) == {"a": "1"}


def test_many_at_once_end_with_one_value(client: Clients, arn: str) -> None:
    with ThreadPoolExecutor(20) as pool:
        found = list(
            pool.map(
                lambda _n: value_of(client("secretsmanager"), arn, lambda: host_value(os.urandom))["agent_key"],
                range(20),
            )
        )
    assert len(set(found)) == 1
    assert json.loads(read(client("secretsmanager"), arn) or "")["agent_key"] == found[0]


def test_who_looked_before_the_value_was_there_does_not_replace_it(client: Clients, arn: str) -> None:
    manager = client("secretsmanager")

    class Late:
        """Looks first, and is overtaken before it writes."""

        looked = False

        def get_secret_value(self, **arguments: str) -> object:
            if not self.looked:
                self.looked = True
                try:
                    return manager.get_secret_value(**arguments)
                finally:
                    value_of(manager, arn, lambda: {"a": "first"})
                    manager.put_secret_value(SecretId=arn, SecretString='{"a": "changed"}')
            return manager.get_secret_value(**arguments)

        def put_secret_value(self, **arguments: str) -> object:
            return manager.put_secret_value(**arguments)

    assert value_of(Late(), arn, lambda: {"a": "late"}) == {"a": "changed"}
    assert json.loads(read(manager, arn) or "") == {"a": "changed"}


@pytest.mark.parametrize("text", ["no json: geheim", "[]", '{"a": 1}', '"geheim"'])
def test_a_value_of_another_kind_is_refused_without_showing_it(client: Clients, arn: str, text: str) -> None:
    client("secretsmanager").put_secret_value(SecretId=arn, SecretString=text)
    with pytest.raises(ValueError, match="does not hold") as caught:
        value_of(client("secretsmanager"), arn, dict)
    assert "geheim" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_secret_that_does_not_exist(client: Clients) -> None:
    missing = "arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:none-AbCdEf"
    with pytest.raises(client("secretsmanager").exceptions.ResourceNotFoundException):
        value_of(client("secretsmanager"), missing, lambda: {"a": "1"})


def test_a_new_password_is_long_and_even() -> None:
    numbers = iter(bytes(range(256)) * 20)
    made = "".join(new_password(lambda size: bytes(next(numbers) for _ in range(size))) for _ in range(57))
    assert len(made) == 57 * 20
    assert set(made) == set(PASSWORD_LETTERS)
    assert not set("0O1lI") & set(PASSWORD_LETTERS)


def test_the_key_is_read_seldom(stage: Stage) -> None:
    calls: list[str] = []
    manager = stage.client("secretsmanager")

    class Counting:
        def get_secret_value(self, **arguments: str) -> object:
            calls.append("get")
            return manager.get_secret_value(**arguments)

        def put_secret_value(self, **arguments: str) -> object:
            return manager.put_secret_value(**arguments)

    secrets = Secrets(Counting, stage.host_secret, stage.pairing_secret, os.urandom)
    key = secrets.agent_key(1000.0)
    first = len(calls)
    assert secrets.agent_key(1290.0) == secrets.agent_key(1029.0, fresh=True) == key
    assert len(calls) == first
    secrets.agent_key(1031.0, fresh=True)
    assert len(calls) == first + 1
    secrets.agent_key(500.0)
    assert len(calls) == first + 2, "a clock that was set back does not keep an old key"


def test_rotating_before_there_was_a_value(stage: Stage) -> None:
    made = stage.world.secrets.rotate_totp()
    assert stage.world.secrets.totp() == made
