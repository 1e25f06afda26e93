"""The keeper's whole tick over 1,000 instances, 500 groups and 200 databases, half of all due to be turned off, against Cloud
Custodian's off-hours policies over the same.

Cold processes over the same emulators, like `keeper.py`: what counts is the CPU time of the process. The peer has a policy each
for instances, groups (`resize` to 0, which remembers the sizes in a tag) and databases. The keeper also writes down what it
decided, mutes the alarms that it causes, and suspends what would start instances again.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from benchmarks import keeper
from giban.rehearsal.contents import Clients, clients
from giban.rehearsal.process import Running

INSTANCES, GROUPS, DATABASES = 1000, 500, 200
RUNS = 2
PREFIX = "bench-fleets"
HOUR = 3600.0

TICK = """
import json, os, sys
from giban.runtime.common.aws import make
from giban.runtime.fleets.target import load
from giban.runtime.fleets.tick import World
from giban.runtime.fleets.tick import tick as tick_fleets
from giban.runtime.fleets.trimmed import install
from giban.runtime.power.settings import Settings
from giban.runtime.power.table import Table
from giban.runtime.power.tick import tick
install()
calls = 0
def count(**_):
    global calls
    calls += 1
made = {}
def client(name):
    if name not in made:
        # The emulators take long over a page of a thousand.
        made[name] = make(name, read_timeout=300)
        made[name].meta.events.register("before-call", count)
    return made[name]
fleet = {name: (instance, Settings.of(settings)) for name, (instance, settings) in json.load(open(sys.argv[1])).items()}
now = float(sys.argv[3])
done = tick(Table(client("dynamodb"), os.environ["GIBAN_TABLE"]), client("ec2"), fleet, os.environ["GIBAN_PREFIX"], now)
world = World(client, os.environ["GIBAN_TABLE"], os.environ["GIBAN_ALARMS_TABLE"], time=600)
both = tick_fleets(world, load(sys.argv[2]), now)
print(json.dumps({
    "calls": calls,
    "off": len(done["stopped"]) + len(both["off"]),
    "other": done["lost"] + done["failed"] + both["lost"] + both["failed"] + both["left"] + both["on"] + both["size"],
}))
"""

QUIET, DUE, PEER = "giban keeper, nothing due", "giban keeper, half due", "c7n offhours, half due"


def report(running: Running, folder: str) -> list[str]:
    """Lines of the report."""
    best = measure(running, folder)
    lines = [
        f"The same over {INSTANCES} instances, {GROUPS} groups and {DATABASES} databases together, best of {RUNS}. Groups and",
        "databases have no call for many at once: a group takes two of its own to be turned off, a database one.",
        "",
        "| what | CPU, s | calls of AWS | turned off |",
        "|---|---|---|---|",
    ]
    for what, (cpu, calls, off) in best.items():
        lines.append(f"| {what} | {cpu:.2f} | {'' if calls is None else calls} | {off} |")
    return [*lines, "", f"Half due: {best[DUE][0] / best[PEER][0]:.0%} of the peer's CPU."]


def measure(running: Running, folder: str) -> dict[str, tuple[float, int | None, int]]:
    """CPU seconds, calls and how many were turned off, in turns."""
    client = clients(running, keeper.REGION)
    paths = {name: os.path.join(folder, f"fleets-{name}.json") for name in ("instances", "targets", "policies")}
    due = keeper.launch(client, INSTANCES // 2, [("giban:power", f"{PREFIX}/due"), ("downtime", keeper.off_words(0))])
    rest = keeper.launch(
        client, INSTANCES // 2, [("giban:power", f"{PREFIX}/rest"), ("downtime", keeper.off_words(12))]
    )
    fleet = {f"due{number:04}": (instance, {"idle": 1800}) for number, instance in enumerate(due)}
    fleet |= {f"rest{number:04}": (instance, {"idle": 604_800}) for number, instance in enumerate(rest)}
    targets = _targets(client)
    wanted = len(due) + GROUPS // 2 + DATABASES // 2
    best: dict[str, tuple[float, int | None, int]] = {}
    # Idle since their start, which is now; the schedules follow the same simulated clock.
    base = time.time()
    for name, schedule in targets["schedules"].items():
        schedule["off"] = _clock(base + HOUR if name == "due" else base - 3 * HOUR)
        schedule["on"] = _clock(base - 2 * HOUR)
    for name, document in (("instances", fleet), ("targets", targets), ("policies", _policies())):
        with open(paths[name], "w", encoding="utf-8") as file:
            json.dump(document, file)
    for turn in range(RUNS):
        environment = {
            **keeper.environment_of(running),
            "GIBAN_TABLE": keeper.new_table(client, f"{PREFIX}-{turn}"),
            "GIBAN_ALARMS_TABLE": keeper.new_table(client, f"{PREFIX}-alarms-{turn}"),
            "GIBAN_PREFIX": PREFIX,
        }
        command = [sys.executable, "-c", TICK, paths["instances"], paths["targets"]]
        keeper.cpu_of([*command, str(base + 60)], environment, folder)
        for what, at, off in ((QUIET, base + 120, 0), (DUE, base + HOUR + 60, wanted)):
            cpu, text = keeper.cpu_of([*command, str(at)], environment, folder)
            said = json.loads(text.splitlines()[-1])
            assert (said["off"], said["other"]) == (off, []), text[-2000:]
            _keep(best, what, (cpu, said["calls"], off))
        _on_again(client, due, targets)
        command = [keeper.CUSTODIAN, "run", "--cache-period", "0", "--region", keeper.REGION, "-s",
                   os.path.join(folder, f"output-{turn}"), paths["policies"]]  # fmt: skip
        cpu, text = keeper.cpu_of(command, environment, folder)
        found = _off_now(client, due)
        assert found == wanted, f"c7n turned {found} off of {wanted}: {text[-2000:]}"
        _keep(best, PEER, (cpu, None, wanted))
        _on_again(client, due, targets)
    return {what: best[what] for what in (QUIET, DUE, PEER)}


def _targets(client: Clients) -> dict[str, Any]:
    """Groups of one instance and databases, the first half of each due; the peer's tags are on them too."""
    scaling, rds = client("autoscaling"), client("rds")
    scaling.create_launch_configuration(LaunchConfigurationName=PREFIX, ImageId="ami-12c6146b", InstanceType="t3.micro")
    targets: dict[str, Any] = {}
    for number in range(GROUPS):
        name, half = f"{PREFIX}-g{number:03}", "due" if number < GROUPS // 2 else "rest"
        tag = {"Key": "downtime", "Value": _words(half), "PropagateAtLaunch": False}
        scaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchConfigurationName=PREFIX,
            MinSize=1,
            MaxSize=2,
            DesiredCapacity=1,
            AvailabilityZones=[f"{keeper.REGION}a"],
            Tags=[{**tag, "ResourceId": name, "ResourceType": "auto-scaling-group"}],
        )
        targets[f"services.g{number:03}"] = {
            "kind": "group",
            "name": name,
            "schedules": [half],
            "min": 1,
            "max": 2,
            "desired": 1,
        }
    for number in range(DATABASES):
        name, half = f"{PREFIX}-d{number:03}", "due" if number < DATABASES // 2 else "rest"
        rds.create_db_instance(
            DBInstanceIdentifier=name,
            Engine="postgres",
            DBInstanceClass="db.t4g.micro",
            AllocatedStorage=20,
            MasterUsername="admin1",
            MasterUserPassword="not-a-secret",
            Tags=[{"Key": "downtime", "Value": _words(half)}],
        )
        targets[f"databases.d{number:03}"] = {"kind": "rds", "name": name, "schedules": [half]}
    return {"schedules": {half: {"time_zone": "UTC"} for half in ("due", "rest")}, "targets": targets}


def _policies() -> dict[str, Any]:
    offhour = {"type": "offhour", "default_tz": "utc", "tag": "downtime", "offhour": 3}
    resize = {"type": "resize", "min-size": 0, "desired-size": 0, "save-options-tag": "giban-sizes"}
    running = [{"instance-state-name": "running"}]
    return {
        "policies": [
            {"name": "instances", "resource": "ec2", "query": running, "filters": [offhour], "actions": ["stop"]},
            {"name": "groups", "resource": "asg", "filters": [offhour], "actions": [resize]},
            {"name": "databases", "resource": "rds", "filters": [offhour], "actions": ["stop"]},
        ]
    }


def _words(half: str) -> str:
    return keeper.off_words(0 if half == "due" else 12)


def _clock(seconds: float) -> str:
    return time.strftime("%H:%M daily", time.gmtime(seconds))


def _on_again(client: Clients, due: list[str], targets: dict[str, Any]) -> None:
    """As it was before."""
    scaling, rds = client("autoscaling"), client("rds")
    keeper.start_again(client("ec2"), due)
    names = [entry["name"] for entry in targets["targets"].values() if entry["kind"] == "group"][: GROUPS // 2]
    for name in names:
        scaling.update_auto_scaling_group(AutoScalingGroupName=name, MinSize=1, MaxSize=2, DesiredCapacity=1)
        scaling.resume_processes(AutoScalingGroupName=name)
    _rest(rds)
    for number in range(DATABASES // 2):
        rds.start_db_instance(DBInstanceIdentifier=f"{PREFIX}-d{number:03}")
    _rest(rds)


def _rest(rds: Any) -> list[str]:
    """Wait until no database is on its way; their states."""
    deadline = time.monotonic() + 300
    while True:
        pages = rds.get_paginator("describe_db_instances").paginate()
        states = [entry["DBInstanceStatus"] for page in pages for entry in page["DBInstances"]]
        if not {"starting", "stopping"}.intersection(states):
            return states
        if time.monotonic() > deadline:
            raise SystemExit("The emulator's databases did not come to rest within five minutes.")
        time.sleep(1)


def _off_now(client: Clients, due: list[str]) -> int:
    """How many of everything are off."""
    pages = client("autoscaling").get_paginator("describe_auto_scaling_groups").paginate()
    groups = sum(not group["DesiredCapacity"] for page in pages for group in page["AutoScalingGroups"])
    keeper.settle(client("ec2"))
    stopped = keeper.how_many(client("ec2"), "stopped")
    return min(stopped, len(due)) + groups + _rest(client("rds")).count("stopped")


def _keep(best: dict[str, tuple[float, int | None, int]], what: str, found: tuple[float, int | None, int]) -> None:
    if what not in best or found[0] < best[what][0]:
        best[what] = found
