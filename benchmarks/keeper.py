"""The keeper's tick over 1,000 and 5,000 instances, half of them due, against Cloud Custodian's off-hours policy in the same run.

Both are cold processes that ask the same emulated EC2 (moto) about the same instances and stop the same half; what counts is the
CPU time of the process (user and system), because the emulator's own time is not theirs. The keeper also reads and writes its
table (on ministack), where Cloud Custodian keeps nothing.

Cloud Custodian lives in an environment of its own (`make c7n`): it pins another botocore.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from typing import Any

import msgspec

from giban.rehearsal.contents import Clients, clients
from giban.rehearsal.process import Rehearsal, Running
from giban.rehearsal.services import ACCOUNT, SECRET, endpoint_variables

REPOSITORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CUSTODIAN = os.path.join(REPOSITORY, ".venv-c7n", "bin", "custodian")
REGION = "ap-northeast-2"
COUNTS = (1000, 5000)
RUNS = 3
RESERVATION = 10
HOUR = 3600.0

TICK = """
import json, os, sys, time
from giban.runtime.power.tick import tick
from giban.runtime.common.aws import make
from giban.runtime.power.settings import Settings
from giban.runtime.power.table import Table
calls = 0
def count(**_):
    global calls
    calls += 1
fleet = {name: (instance, Settings.of(settings)) for name, (instance, settings) in json.load(open(sys.argv[1])).items()}
# The emulator takes long over a page of a thousand.
ec2, dynamodb = (make(name, read_timeout=300) for name in ("ec2", "dynamodb"))
for client in (ec2, dynamodb):
    client.meta.events.register("before-call", count)
done = tick(Table(dynamodb, os.environ["GIBAN_TABLE"]), ec2, fleet, os.environ["GIBAN_PREFIX"], float(sys.argv[2]))
print(json.dumps({"calls": calls, "stopped": len(done["stopped"]), "other": len(done["lost"] + done["failed"])}))
"""


class Row(msgspec.Struct, frozen=True):
    """One tick: CPU seconds of the process."""

    instances: int
    what: str
    cpu: float
    calls: int | None
    stopped: int


def report() -> list[str]:
    """Lines of the report."""
    from benchmarks import keeper_fleets

    if not os.path.exists(CUSTODIAN):
        raise SystemExit("The peer is missing: run `make c7n` first.")
    with tempfile.TemporaryDirectory() as folder:
        rehearsal = Rehearsal(os.path.join(folder, "emulators"))
        try:
            running = rehearsal.start(REGION)
            rows = [row for count in COUNTS for row in measure(running, count, folder)]
            together = keeper_fleets.report(running, folder)
        finally:
            rehearsal.stop()
    lines = [
        "## Keeper",
        "",
        f"CPU seconds of one cold process, best of {RUNS}, over instances of which half are due to be stopped. Wanted: at most",
        "half of Cloud Custodian's (c7n, `offhour` filter and `stop`), and calls that grow with pages and batches.",
        "",
        "| instances | what | CPU, s | calls of AWS | stopped |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        lines.append(
            f"| {row.instances} | {row.what} | {row.cpu:.2f} | {'' if row.calls is None else row.calls} | {row.stopped} |"
        )
    lines.append("")
    for count in COUNTS:
        ours, theirs = (
            next(row.cpu for row in rows if row.instances == count and row.what == what) for what in (DUE, PEER)
        )
        lines.append(f"{count} instances: {ours / theirs:.0%} of the peer's CPU.")
    return [*lines, "", *together]


DUE, QUIET, PEER = "giban keeper, half due", "giban keeper, nothing due", "c7n offhours, half due"


def measure(running: Running, count: int, folder: str) -> list[Row]:
    """Both, in turns, over the same instances."""
    client = clients(running, REGION)
    ec2 = client("ec2")
    prefix = f"bench-{count}"
    due = launch(client, count // 2, [("giban:power", f"{prefix}/due"), ("downtime", off_words(0))])
    rest = launch(client, count - count // 2, [("giban:power", f"{prefix}/rest"), ("downtime", off_words(12))])
    fleet: dict[str, tuple[str, dict[str, Any]]] = {}
    # An hour from now half of them have been idle for too long.
    fleet.update({f"due{number:04}": (instance, {"idle": 1800}) for number, instance in enumerate(due)})
    fleet.update({f"rest{number:04}": (instance, {"idle": 86_400}) for number, instance in enumerate(rest)})
    path = os.path.join(folder, f"{prefix}.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(fleet, file)
    best: dict[str, Row] = {}
    try:
        for turn in range(RUNS):
            environment = {
                **environment_of(running),
                "GIBAN_TABLE": new_table(client, f"{prefix}-{turn}"),
                "GIBAN_PREFIX": prefix,
            }
            command = [sys.executable, "-c", TICK, path]
            now = time.time() + 60
            # The first look of all, which is not what is measured: it writes down every machine.
            cpu_of([*command, str(now)], environment, folder)
            for what, at in ((QUIET, now + 60), (DUE, now + HOUR)):
                cpu, text = cpu_of([*command, str(at)], environment, folder)
                said = json.loads(text)
                assert (said["stopped"], said["other"]) == (len(due) if what == DUE else 0, 0), said
                keep(best, Row(count, what, cpu, said["calls"], said["stopped"]))
            start_again(ec2, due)
            cpu = _custodian(environment, folder, prefix)
            running_still = how_many(ec2, "running")
            assert running_still == len(rest), f"c7n left {running_still} running"
            keep(best, Row(count, PEER, cpu, None, len(due)))
            if turn + 1 < RUNS:
                start_again(ec2, due)
    finally:
        for first in range(0, count, 500):
            ec2.terminate_instances(InstanceIds=[*due, *rest][first : first + 500])
    return [best[what] for what in (QUIET, DUE, PEER)]


def _custodian(environment: dict[str, str], folder: str, prefix: str) -> float:
    policy = {
        "policies": [
            {
                "name": "offhours",
                "resource": "ec2",
                # Not by tag: moto takes a minute for that over 5,000, and a minute is all this peer waits.
                "query": [{"instance-state-name": "running"}],
                "filters": [{"type": "offhour", "default_tz": "utc", "tag": "downtime", "offhour": 3}],
                "actions": ["stop"],
            }
        ]
    }
    path = os.path.join(folder, f"{prefix}-policy.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(policy, file)
    command = [CUSTODIAN, "run", "--cache-period", "0", "--region", REGION, "-s", os.path.join(folder, "output"), path]
    return cpu_of(command, environment, folder)[0]


def off_words(shift: int) -> str:
    """Cloud Custodian's words for "off at this hour of every day", `shift` hours away; and the next: a run may take longer."""
    hours = [(datetime.now(UTC).hour + shift + more) % 24 for more in (0, 1)]
    return f"off=[{','.join(f'({days},{hour})' for hour in hours for days in ('M-F', 'S', 'U'))}];tz=utc"


def keep(best: dict[str, Row], row: Row) -> None:
    if row.what not in best or row.cpu < best[row.what].cpu:
        best[row.what] = row


def cpu_of(command: list[str], environment: dict[str, str], folder: str) -> tuple[float, str]:
    """CPU seconds of a process of its own, and what it said."""
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=out)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read()
    if process.returncode != 0:
        raise SystemExit(text)
    return usage.ru_utime + usage.ru_stime, text


def environment_of(running: Running) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": running.token,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": running.url("ministack"),
        **endpoint_variables(running.url("moto")),
    }


def launch(client: Clients, count: int, tags: list[tuple[str, str]]) -> list[str]:
    made: list[str] = []
    marks = [{"ResourceType": "instance", "Tags": [{"Key": key, "Value": value} for key, value in tags]}]
    while len(made) < count:
        # moto's pages count reservations, not instances: with several in one, both get pages of about a thousand instances.
        several = min(RESERVATION, count - len(made))
        answer = client("ec2").run_instances(
            ImageId="ami-12c6146b", MinCount=several, MaxCount=several, InstanceType="t3.large", TagSpecifications=marks
        )
        made += [instance["InstanceId"] for instance in answer["Instances"]]
    settle(client("ec2"))
    return made


def start_again(ec2: Any, instances: list[str]) -> None:
    """Have them running again."""
    settle(ec2)
    for first in range(0, len(instances), 500):
        ec2.start_instances(InstanceIds=instances[first : first + 500])
    settle(ec2)


def settle(ec2: Any) -> None:
    """Wait until no instance is on its way."""
    deadline = time.monotonic() + 300
    while how_many(ec2, "pending", "stopping"):
        if time.monotonic() > deadline:
            raise SystemExit("The emulator did not come to rest within five minutes.")
        time.sleep(3)


def how_many(ec2: Any, *states: str) -> int:
    filters = [{"Name": "instance-state-name", "Values": list(states)}]
    pages = ec2.get_paginator("describe_instances").paginate(Filters=filters, PaginationConfig={"PageSize": 1000})
    return sum(len(reservation["Instances"]) for page in pages for reservation in page["Reservations"])


def new_table(client: Clients, name: str) -> str:
    client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


if __name__ == "__main__":
    print("\n".join(report()))
