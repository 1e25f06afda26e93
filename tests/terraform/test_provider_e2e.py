"""The real AWS provider against an emulator: what its events and errors really look like."""

from __future__ import annotations

import io
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from giban.graph.problems import Position
from giban.terraform.documents import PROVIDER_VERSION
from giban.terraform.errors import UserMistake
from giban.terraform.find import Engine
from giban.terraform.progress import Display
from giban.terraform.providers import find_providers
from giban.terraform.run import Applied, Terraform, child_environment

pytestmark = pytest.mark.e2e


class Made:
    def __init__(self, component: str, origin: Position | None) -> None:
        self.component = component
        self.origin = origin


def provider(emulator: str) -> dict[str, Any]:
    return {
        "aws": {
            "region": "ap-northeast-2",
            "access_key": "test",
            "secret_key": "test",
            "skip_credentials_validation": True,
            "skip_metadata_api_check": True,
            "endpoints": [{"ec2": emulator, "sts": emulator, "iam": emulator}],
        }
    }


def test_vpc_is_made_changed_and_mapped_back(tmp_path: Path, engine: Engine, emulator: str) -> None:
    source = find_providers(engine, PROVIDER_VERSION)
    environment = child_environment(os.environ, rehearsal=True, cli_config=source.write(str(tmp_path / "cli"), engine))
    root = tmp_path / "root"
    root.mkdir()
    document: dict[str, Any] = {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": PROVIDER_VERSION}}},
        "provider": provider(emulator),
        "resource": {
            "aws_vpc": {"main": {"cidr_block": "10.20.0.0/16"}},
            "aws_subnet": {"web_a": {"vpc_id": "${aws_vpc.main.id}", "cidr_block": "10.20.0.0/24"}},
        },
    }
    resources = {"aws_subnet.web_b": Made("network", Position("giban.yaml", 4, 3))}

    def write() -> None:
        (root / "network.tf.json").write_text(json.dumps(document, indent=2))

    write()
    stream = io.StringIO()
    with Display(stream, time.monotonic) as display:
        terraform = Terraform(engine, str(root), environment, listen=display, resources=resources)
        terraform.init()
        terraform.plan("plan")
        assert terraform.apply("plan") == Applied(added=2, changed=0, destroyed=0)
    assert "/2  created aws_vpc.main" in stream.getvalue()
    assert "2/2  created aws_subnet.web_a" in stream.getvalue()
    assert not terraform.plan("plan").changes

    document["resource"]["aws_subnet"]["web_b"] = {"vpc_id": "${aws_vpc.main.id}", "cidr_block": "10.20.0.0/25"}
    write()
    terraform.plan("plan")
    with pytest.raises(UserMistake) as caught:
        terraform.apply("plan")
    (report,) = caught.value.reports
    assert (report.kind, report.component, report.where) == ("cidr", "network", Position("giban.yaml", 4, 3))
    assert report.what.startswith("The addresses 10.20.0.0/25 are in use by another subnet")

    assert terraform.destroy().destroyed == 2
