"""A function killed at any moment loses nothing; twice arrives only what was accepted and not yet marked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from giban.rehearsal.process import Running
from giban.rehearsal.services import ACCOUNT, SECRET, endpoint_variables
from giban.runtime.alarms.outbox import LEASE

from .receivers import Receiver
from .stage import Stage, alarm, batch

REPOSITORY = Path(__file__).parents[3]
HOOK = "hook.example.com"
MOMENTS = {
    "before anything is written": 1,
    "after it is written, before the outbox": 1,
    "before the send": 1,
    "after the send": 2,
    "before the mark": 2,
    "after the mark": 1,
}
"""How often the receiver gets the message in the end."""


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed(
    new_stage: Callable[..., Stage], receiver: Receiver, running: Running, tmp_path: Path, moment: str
) -> None:
    stage = new_stage("hook")
    event = batch(alarm())
    for name, document in (("config", stage.config), ("event", event)):
        (tmp_path / name).write_text(json.dumps(document), encoding="utf-8")
    environment = {
        **stage.environment,
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(REPOSITORY),
        "GIBAN_INBOX": receiver.url,
        "NOW": str(stage.now),
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": running.token,
        "AWS_DEFAULT_REGION": "ap-northeast-2",
        "AWS_ENDPOINT_URL": running.url("ministack"),
        **endpoint_variables(running.url("moto")),
    }
    command = [
        sys.executable,
        "-m",
        "tests.runtime.alarms.killed",
        moment,
        str(tmp_path / "config"),
        str(tmp_path / "event"),
    ]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == -9, done.stderr
    # SQS gives the batch again when the function did not answer.
    stage.now += 10
    assert stage.run(event) == {"batchItemFailures": []}
    stage.tick(LEASE)
    got = receiver.to(HOOK)
    assert len(got) == MOMENTS[moment]
    # Whoever gets it twice can tell.
    assert len({one.headers["x-giban-id"] for one in got}) == 1
    assert stage.waiting("hook") == 0
    assert len(stage.records("delivered")) == 1
    assert len(stage.records("firing")) == 1
