"""What measures on hosts: scripts that are read, configuration that says what alarms look for, measurements that arrive."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from giban.components import boot, workstation_boot
from tests.components.test_alarms import alarms, graph, resource

FILES = Path(boot.__file__).parent / "files"


def settings() -> dict[str, str]:
    """The shell variables of the service `web`."""
    data = str(resource(graph(), "aws_launch_template.web").args["user_data"])
    text = data.split('base64encode("', 1)[1].rsplit("${file", 2)[0].replace('\\"', '"').replace("\\n", "\n")
    return dict(re.findall(r"^(\w+)='(.*)'$", text, re.MULTILINE))


def test_bash_reads_the_script() -> None:
    answer = subprocess.run(["bash", "-n", str(FILES / "monitoring.sh")], capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")


def test_the_agent_measures_what_alarms_look_for() -> None:
    told = settings()
    config = json.loads(told["MONITORING"])
    written = {
        f"{kind}_{name}"
        for kind, what in config["metrics"]["metrics_collected"].items()
        for name in what["measurement"]
    }
    wanted = {
        alarm.args["metric_name"]
        for alarm in alarms(graph())
        if alarm.args.get("namespace") == "scv" and alarm.component == "services.web"
    }
    assert wanted == written == {"disk_used_percent", "mem_used_percent"}
    assert config["metrics"]["namespace"] == "scv"
    for what in config["metrics"]["metrics_collected"].values():
        assert what["append_dimensions"] == {"AutoScalingGroupName": "scv-web"}
    assert config["metrics"]["aggregation_dimensions"] == [["AutoScalingGroupName"]]
    collected = config["logs"]["logs_collected"]["files"]["collect_list"][0]
    assert collected["file_path"] == told["LOG"]
    assert collected["log_group_name"] == "${aws_cloudwatch_log_group.web_app.name}"


def test_user_data_stays_below_the_limit() -> None:
    """16 KB before it is encoded: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html"""
    written = sum(len(value) for value in settings().values()) + 1000
    assert written + sum(len((FILES / name).read_bytes()) for name in ("monitoring.sh", "boot.sh")) < 14_000


class _CloudWatch(BaseHTTPRequestHandler):
    bodies: list[bytes] = []  # noqa: RUF012 - one receiver at a time

    def do_POST(self) -> None:
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        answer = b"<PutMetricDataResponse/>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def cloudwatch() -> Iterator[str]:
    _CloudWatch.bodies.clear()
    server = HTTPServer(("127.0.0.1", 0), _CloudWatch)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_workstation_measures_memory_and_disks(cloudwatch: str, tmp_path: Path) -> None:
    script = FILES / "workstation" / workstation_boot.MEASURE
    child = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL_CLOUDWATCH": cloudwatch,
        "AWS_DEFAULT_REGION": "ap-northeast-2",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
    }
    command = [sys.executable, str(script), "scv", "i-0123456789", "/", str(tmp_path)]
    answer = subprocess.run(command, env=child, capture_output=True, text=True, check=False, timeout=60)
    assert answer.returncode == 0, answer.stderr
    sent = _fields(_CloudWatch.bodies[0])
    assert sent.count("i-0123456789") == 3
    assert sent.count("mem_used_percent") == 1
    assert sent.count("disk_used_percent") == 2
    assert "scv" in sent


def _fields(body: bytes) -> list[str]:
    """Every value of a request, whichever protocol this botocore speaks: a form, or compressed forms and CBOR."""
    import gzip

    plain = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
    if b"Action=" in plain:
        return [value for values in parse_qs(plain.decode()).values() for value in values]
    return re.findall(r"i-0123456789|mem_used_percent|disk_used_percent|scv", plain.decode("latin-1"))
