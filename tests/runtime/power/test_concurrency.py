"""Many people and keepers at once, on the emulators' real table and instances: whatever happens, it ends in one state."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from giban.rehearsal.contents import Clients
from giban.runtime.common.store import Clash
from giban.runtime.power.machines import look
from giban.runtime.power.reconcile import View, ask, reconcile
from giban.runtime.power.settings import Settings
from giban.runtime.power.table import Conflict, Table
from giban.runtime.power.tick import tick

SETTINGS = Settings()


@pytest.fixture
def instance(client: Clients) -> str:
    run = client("ec2").run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1, InstanceType="t3.large")
    found: str = run["Instances"][0]["InstanceId"]
    return found


def settle(table: Table, ec2: object, instance: str) -> View:
    """Look until nothing moves any more; a minute is plenty on any machine."""
    deadline = time.monotonic() + 60
    while True:
        view = reconcile(table, ec2, "dev", instance, SETTINGS, time.time())
        if view.machine.state in ("running", "stopped") and view.state.observed.reached == view.state.want.asked:
            return view
        assert time.monotonic() < deadline, f"{view.machine.state}, wanted {view.state.want.want}"
        time.sleep(0.2)


@pytest.mark.parametrize("seed", [1, 2])
def test_fifty_starts_and_stops_at_once_end_in_what_was_wanted_last(
    client: Clients, table: Table, instance: str, seed: int
) -> None:
    ec2 = client("ec2")
    settle_first = reconcile(table, ec2, "dev", instance, SETTINGS, time.time())
    assert settle_first.state.want.want is None
    wishes = ["on", "off"] * 25
    random.Random(seed).shuffle(wishes)

    def act(wish: str) -> str:
        now = time.time()
        try:
            want = ask(table, "dev", wish, by=f"{wish}-{now}", why="", now=now)  # type: ignore[arg-type]
        except Conflict as conflict:
            # The loser is told what is happening: the opposite.
            return "lost" if conflict.want.want not in (None, wish) else "told wrong"
        except Clash:
            return "busy"
        assert want.want == wish
        reconcile(table, ec2, "dev", instance, SETTINGS, time.time())
        return wish

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(act, wishes))
    assert "told wrong" not in answers
    assert {"on", "off"} & set(answers)

    wanted = table.load("dev").want.want
    assert wanted in ("on", "off")
    view = settle(table, ec2, instance)
    assert (view.state.want.want, view.machine.state) == (wanted, "running" if wanted == "on" else "stopped")
    # And it stays so: nothing arrives late, nothing goes round and round.
    for _ in range(3):
        reconcile(table, ec2, "dev", instance, SETTINGS, time.time())
    assert look(ec2, instance).state == view.machine.state
    told = {entry["why"] for entry in table.events("dev", now=time.time(), limit=500)}
    assert not told & {"started_outside", "stopped_outside"}


def test_many_keepers_at_once_write_each_decision_once(client: Clients, table: Table) -> None:
    ec2 = client("ec2")
    run = ec2.run_instances(ImageId="ami-12c6146b", MinCount=12, MaxCount=12, InstanceType="t3.large")
    numbers = [entry["InstanceId"] for entry in run["Instances"]]
    ec2.create_tags(Resources=numbers, Tags=[{"Key": "giban:power", "Value": "acme-race/x"}])
    fleet = {f"w{number:02}": (instance, SETTINGS) for number, instance in enumerate(numbers)}
    wait_for(lambda: all(look(ec2, instance).state == "running" for instance in numbers))
    # An hour later nobody has used them.
    now = time.time() + 3600

    def keep(_: int) -> list[str]:
        stopped: list[str] = tick(table, ec2, fleet, "acme-race", now)["stopped"]
        return stopped

    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(keep, range(6)))
    assert sorted(name for names in done for name in names) == sorted(fleet)
    wait_for(lambda: all(look(ec2, instance).state == "stopped" for instance in numbers))
    for name in fleet:
        assert [entry["what"] for entry in table.events(name, now=now)].count("stop") == 1


def wait_for(condition: Callable[[], bool]) -> None:
    """A minute is plenty on any machine."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "waited for a minute"
        time.sleep(0.2)
