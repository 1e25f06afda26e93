"""The whole life of an environment on the rehearsal, through the command line: real Terraform, real provider, real emulators.

The tests of this file follow one environment from `up` to `down` and build on each other, because each step takes a minute.
"""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from giban.lifecycle.rehearsed import EMULATORS
from giban.rehearsal.contents import clients, contents
from giban.rehearsal.process import Rehearsal

pytestmark = pytest.mark.e2e
REPOSITORY = Path(__file__).parents[2]
REGION = "ap-northeast-2"


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "giban", *words]


class Project:
    """A folder with a blueprint, as a user has it."""

    def __init__(self, folder: Path, blueprint: str) -> None:
        self.folder = folder
        self.write(blueprint)

    def write(self, blueprint: str) -> None:
        (self.folder / "giban.yaml").write_text(blueprint)

    def run(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        answer = subprocess.run(command(*words), cwd=self.folder, capture_output=True, text=True, check=False)
        assert answer.returncode == code, f"{words}: {answer.returncode}\n{answer.stdout}\n{answer.stderr}"
        assert "Traceback" not in answer.stderr + answer.stdout
        return answer

    def json(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json").stdout)

    def client(self, service: str) -> Any:
        running = Rehearsal(str(self.folder / ".giban" / EMULATORS)).running()
        assert running is not None
        return clients(running, REGION)(service)

    def contents(self) -> dict[str, list[str]]:
        running = Rehearsal(str(self.folder / ".giban" / EMULATORS)).running()
        assert running is not None
        return contents(clients(running, REGION))


@pytest.fixture(scope="module")
def three_tier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    blueprint = (REPOSITORY / "examples" / "three-tier" / "giban.yaml").read_text()
    project = Project(tmp_path_factory.mktemp("three-tier"), blueprint)
    yield project
    project.run("rehearsal", "stop")


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Project]:
    """The smallest environment: no balancer and no database, whose waits take a minute each."""
    blueprint = (REPOSITORY / "tests" / "cases" / "one-zone" / "giban.yaml").read_text()
    project = Project(tmp_path, blueprint.replace("eu-central-1", REGION))
    yield project
    project.run("rehearsal", "stop")


def test_01_up_creates_everything(three_tier: Project) -> None:
    result = three_tier.json("up")
    assert result["target"] == "rehearsal"
    assert [root["root"] for root in result["roots"]] == ["global", REGION]
    assert all(root["changed"] for root in result["roots"])
    assert result["roots"][1]["summary"]["add"] > 120
    assert result["state"][0]["what"].startswith("bucket scv-tfstate-")
    assert result["state"][0]["result"] == "made"
    assert any(address == "aws_lb.web" for address, _ in result["gaps"]), "what has no effect here is listed by address"


def test_02_status_knows_all_of_it(three_tier: Project) -> None:
    status = three_tier.json("status")
    for root in status["roots"]:
        assert root["deployed"] == root["expected"]
        assert root["missing"] == root["unexpected"] == []
    assert status["roots"][1]["outputs"]["web_url"] == "https://www.scv.example.com"


def test_03_instances_run_in_their_tier(three_tier: Project) -> None:
    ec2 = three_tier.client("ec2")
    reservations = ec2.describe_instances()["Reservations"]
    instances = [item for group in reservations for item in group["Instances"]]
    assert len(instances) == 4
    tiers = {
        subnet["SubnetId"]: {tag["Key"]: tag["Value"] for tag in subnet["Tags"]}["Tier"]
        for subnet in ec2.describe_subnets()["Subnets"]
        if subnet.get("Tags")
    }
    assert sorted(tiers[item["SubnetId"]] for item in instances) == ["was", "was", "web", "web"]
    # The emulator picks the zone of each at random.
    assert {item["Placement"]["AvailabilityZone"] for item in instances} <= {f"{REGION}a", f"{REGION}c"}


def test_04_user_data_is_a_script_without_a_secret(three_tier: Project, tmp_path: Path) -> None:
    ec2 = three_tier.client("ec2")
    secrets = three_tier.client("secretsmanager")
    passwords = []
    for secret in secrets.list_secrets()["SecretList"]:
        text = secrets.get_secret_value(SecretId=secret["ARN"])["SecretString"]
        passwords += [value for key, value in json.loads(text).items() if key == "password"]
    assert passwords, "the database's managed password exists"
    for name in ("scv-web", "scv-was"):
        versions = ec2.describe_launch_template_versions(LaunchTemplateName=name, Versions=["$Latest"])
        script = base64.b64decode(versions["LaunchTemplateVersions"][0]["LaunchTemplateData"]["UserData"]).decode()
        path = tmp_path / f"{name}.sh"
        path.write_text(script)
        assert script.startswith("#!/bin/bash\nSERVICE='")
        assert "${" not in script.split("set -euo pipefail")[0], "every reference has become a value"
        checked = subprocess.run(["bash", "-n", str(path)], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
        assert not any(password in script for password in passwords)


def test_05_no_secret_in_the_state_and_no_token_in_the_folder_of_logs(three_tier: Project) -> None:
    s3 = three_tier.client("s3")
    secrets = three_tier.client("secretsmanager")
    managed = [item["ARN"] for item in secrets.list_secrets()["SecretList"] if "rds" in item["Name"]]
    password = json.loads(secrets.get_secret_value(SecretId=managed[0])["SecretString"])["password"]
    bucket = next(name for name in three_tier.contents()["buckets"] if "tfstate" in name)
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    states = [s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in keys]
    assert len(states) == 2
    assert not any(password in state for state in states)
    token = (three_tier.folder / ".giban" / EMULATORS / "token").read_text().strip()
    for log in (three_tier.folder / ".giban" / EMULATORS).glob("*.log"):
        assert token not in log.read_text(errors="replace")


def test_06_up_again_changes_nothing(three_tier: Project) -> None:
    result = three_tier.json("up")
    assert not any(root["changed"] for root in result["roots"])


def test_07_the_plan_is_empty(three_tier: Project) -> None:
    answer = three_tier.run("plan")
    assert "No changes" in answer.stdout
    assert "+" not in answer.stdout


def test_08_only_the_difference_is_applied(three_tier: Project) -> None:
    text = (three_tier.folder / "giban.yaml").read_text()
    three_tier.write(
        text.replace("    port: 8080\n", "    port: 8080\n    disk: 30\n").replace(
            "uploads: {}", "uploads: {}\n  more: {}"
        )
    )
    planned = three_tier.json("plan")
    changes = {change["address"]: change["kind"] for root in planned["roots"] for change in root["changes"]}
    assert changes.pop("aws_launch_template.was") == "update"
    assert changes.pop("aws_autoscaling_group.was") == "update", "it gets the new version of the template"
    assert changes
    assert all(kind == "create" and address.endswith(".more") for address, kind in changes.items())
    result = three_tier.json("up")
    assert result["roots"][1]["summary"]["destroy"] == 0
    assert any("-more-" in name for name in three_tier.contents()["buckets"])


def test_09_losing_data_is_refused_before_anything_changes(three_tier: Project) -> None:
    text = (three_tier.folder / "giban.yaml").read_text()
    three_tier.write(re.sub(r"\n  more: \{\}", "", text))
    answer = three_tier.run("up", code=1)
    assert "aws_s3_bucket.more" in answer.stderr
    assert "--allow-delete aws_s3_bucket.more" in answer.stderr
    assert any("-more-" in name for name in three_tier.contents()["buckets"]), "nothing has changed"
    three_tier.run("up", "--allow-delete", "aws_s3_bucket.more")
    assert not any("-more-" in name for name in three_tier.contents()["buckets"])


def test_10_errors_of_the_provider_name_the_line_of_the_blueprint(three_tier: Project) -> None:
    text = (three_tier.folder / "giban.yaml").read_text()
    # What follows must find the blueprint as it was, whatever happens here.
    raw = 'terraform:\n  resource:\n    aws_sns_topic:\n      bad: {name: "not a good name!"}\n'
    three_tier.write(text + raw)
    try:
        answer = three_tier.run("up", code=2)
    finally:
        three_tier.write(text)
    line = len((text + raw).splitlines())
    assert f"giban.yaml:{line}:" in answer.stderr
    assert "aws_sns_topic.bad" in answer.stderr


def test_11_state_create_is_idempotent(three_tier: Project) -> None:
    result = three_tier.json("state", "create")
    assert {step["result"] for step in result["steps"]} == {"found"}


def test_12_down_leaves_nothing(three_tier: Project) -> None:
    result = three_tier.json("down")
    assert result["destroyed"][REGION] > 120
    left = three_tier.contents()
    assert [name for name in left.pop("buckets") if "tfstate" not in name] == []
    assert left == {}
    assert three_tier.json("status")["deployed"] is False
    assert "Nothing was deployed" in three_tier.run("down").stdout


def test_ctrl_c_saves_the_state_and_the_next_up_goes_on(worker: Project) -> None:
    with subprocess.Popen(
        command("up"),
        cwd=worker.folder,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        # A shell starts what runs in its background deaf to Ctrl-C, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            # A quiet moment: only the long waits are going on. What a provider is just sending when it is stopped may
            # exist without the state knowing, which no caller of Terraform can help.
            if "created aws_iam_instance_profile." in line:
                process.send_signal(signal.SIGINT)
                break
        rest = process.stderr.read()
        process.wait(120)
    assert process.returncode == 130, rest
    assert "was stopped" in rest
    assert "Traceback" not in rest
    half = worker.json("status")["roots"][0]
    assert 0 < half["deployed"] < half["expected"]
    worker.run("up")
    whole = worker.json("status")["roots"][0]
    assert whole["deployed"] == whole["expected"]


def test_two_runs_at_once(worker: Project) -> None:
    with subprocess.Popen(
        command("up"), cwd=worker.folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        lock = worker.folder / ".giban" / "rehearsal" / "default" / "lock"
        deadline = time.monotonic() + 30
        while not (lock.exists() and lock.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        second = worker.run("up", code=3)
        assert f"process {process.pid}" in second.stderr
        process.communicate(timeout=300)
    assert process.returncode == 0


def test_a_killed_emulator_is_noticed(worker: Project) -> None:
    worker.run("rehearsal", "start")
    states = worker.json("rehearsal", "status")["emulators"]
    os.kill(next(item["pid"] for item in states if item["emulator"] == "moto"), signal.SIGKILL)
    deadline = time.monotonic() + 10
    while worker_state(worker) != "crashed" and time.monotonic() < deadline:
        time.sleep(0.1)
    answer = worker.run("rehearsal", "status", code=1)
    assert "stopped by itself" in answer.stdout
    assert "stopped by itself" in worker.run("status").stdout
    again = worker.run("rehearsal", "start")
    assert "lost" in again.stderr
    assert worker_state(worker) == "running"


def worker_state(project: Project) -> str:
    answer = subprocess.run(
        command("rehearsal", "status", "--json"), cwd=project.folder, capture_output=True, text=True, check=False
    )
    states = json.loads(answer.stdout)["emulators"]
    return str(next(item["state"] for item in states if item["emulator"] == "moto"))


def test_without_a_provider_everything_up_to_the_documents_works(tmp_path: Path) -> None:
    """No mirror, no registry: `up` says so, says why and how to get it, and leaves no emulators behind."""
    project = Project(tmp_path, (REPOSITORY / "examples" / "minimal" / "giban.yaml").read_text())
    project.run("export", "out")
    config = tmp_path / "nothing.tfrc"
    (tmp_path / "mirror").mkdir()
    config.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{tmp_path}/mirror"\n  }}\n}}\n')
    answer = subprocess.run(
        command("up"),
        cwd=tmp_path,
        env={**os.environ, "TF_CLI_CONFIG_FILE": str(config)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 3, answer.stderr
    assert "rehearsal did not run" in answer.stderr
    assert "GIBAN_PROVIDER_MIRROR" in answer.stderr
    assert "Traceback" not in answer.stderr
    project.run("rehearsal", "stop")
