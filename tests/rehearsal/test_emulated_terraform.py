"""Real Terraform with the real provider on the real emulators: made, nothing to change, nothing left.

The document is made of what the corrections are for and what the guard has to let through; resources with long waits of
the provider's own (load balancer, database) are in the life-cycle test of the examples.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from giban.rehearsal.contents import clients, contents
from giban.rehearsal.override import environment, override
from giban.rehearsal.process import Rehearsal, Running
from giban.terraform.backend import create_state_bucket, read_settings
from giban.terraform.documents import PROVIDER_VERSION
from giban.terraform.errors import StateLocked, TerraformError
from giban.terraform.find import find_engine
from giban.terraform.providers import find_providers
from giban.terraform.run import Terraform, child_environment

pytestmark = pytest.mark.e2e

REGION = "ap-northeast-2"
PARALLEL = 40


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Running]:
    """Emulators of this test alone, since it counts what they hold."""
    made = Rehearsal(str(tmp_path / "emulators"))
    yield made.start(REGION)
    made.stop()


def backend(lock: str) -> dict[str, Any]:
    locking = {"use_lockfile": True} if lock == "s3" else {"dynamodb_table": "giban-state"}
    return {"bucket": "giban-state", "key": "main.tfstate", "region": REGION, "encrypt": True, **locking}


def allow(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def document(lock: str) -> dict[str, Any]:
    """A small root: network, an instance, a group with a policy, a zone, a bucket, a parameter group, a secret."""
    tags = {"Name": "main"}
    tracking = {
        "predefined_metric_specification": {"predefined_metric_type": "ASGAverageCPUUtilization"},
        "target_value": 60,
    }
    image = "${data.aws_ssm_parameter.image.value}"
    return {
        "terraform": {
            "required_providers": {"aws": {"source": "hashicorp/aws", "version": PROVIDER_VERSION}},
            "backend": {"s3": backend(lock)},
        },
        "provider": {
            "aws": [
                {"region": REGION, "default_tags": {"tags": {"Project": "t"}}},
                {"alias": "use1", "region": "us-east-1"},
            ]
        },
        "data": {
            "aws_caller_identity": {"current": {}},
            "aws_ssm_parameter": {
                "image": {"name": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"}
            },
        },
        "resource": {
            "aws_vpc": {"main": {"cidr_block": "10.20.0.0/16", "tags": tags}},
            "aws_subnet": {
                "a": {"vpc_id": "${aws_vpc.main.id}", "cidr_block": "10.20.0.0/24", "availability_zone": f"{REGION}a"}
            },
            "aws_security_group": {
                name: {"name": name, "description": name, "vpc_id": "${aws_vpc.main.id}"} for name in ("front", "back")
            },
            "aws_vpc_security_group_ingress_rule": {
                "back": {
                    "security_group_id": "${aws_security_group.back.id}",
                    "referenced_security_group_id": "${aws_security_group.front.id}",
                    "ip_protocol": "tcp", "from_port": 80, "to_port": 80, "description": "from the front",
                }
            },
            "aws_iam_role": {"host": {"name": "host", "assume_role_policy": allow("ec2.amazonaws.com")}},
            "aws_iam_role_policy_attachment": {
                "host": {
                    "role": "${aws_iam_role.host.name}",
                    "policy_arn": "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
                }
            },
            "aws_iam_instance_profile": {"host": {"name": "host", "role": "${aws_iam_role.host.name}"}},
            "aws_instance": {
                "host": {
                    "ami": image, "instance_type": "t3.nano", "subnet_id": "${aws_subnet.a.id}", "monitoring": True,
                    "vpc_security_group_ids": ["${aws_security_group.back.id}"], "associate_public_ip_address": True,
                    "iam_instance_profile": "${aws_iam_instance_profile.host.name}",
                    "metadata_options": {"http_tokens": "required", "http_endpoint": "enabled"},
                    "root_block_device": {"encrypted": True, "volume_type": "gp3"},
                }
            },
            "aws_launch_template": {
                "app": {
                    "name": "app", "image_id": image, "instance_type": "t3.nano", "tags": tags,
                    "tag_specifications": [{"resource_type": "instance", "tags": tags}],
                    "vpc_security_group_ids": ["${aws_security_group.back.id}"],
                }
            },
            "aws_autoscaling_group": {
                "app": {
                    "name": "app", "min_size": 1, "max_size": 2, "vpc_zone_identifier": ["${aws_subnet.a.id}"],
                    "launch_template": {
                        "id": "${aws_launch_template.app.id}", "version": "${aws_launch_template.app.latest_version}"
                    },
                    "default_instance_warmup": 60,
                }
            },
            "aws_autoscaling_policy": {
                "cpu": {
                    "name": "app-cpu", "autoscaling_group_name": "${aws_autoscaling_group.app.name}",
                    "policy_type": "TargetTrackingScaling", "target_tracking_configuration": tracking,
                }
            },
            "aws_route53_zone": {"main": {"name": "t.example"}},
            "aws_route53_record": {
                "www": {
                    "zone_id": "${aws_route53_zone.main.zone_id}", "name": "www.t.example", "type": "A", "ttl": 60,
                    "records": ["192.0.2.1"],
                }
            },
            "aws_s3_bucket": {"files": {"bucket": "t-files-${data.aws_caller_identity.current.account_id}"}},
            "aws_s3_bucket_versioning": {
                "files": {"bucket": "${aws_s3_bucket.files.id}", "versioning_configuration": {"status": "Enabled"}}
            },
            "aws_db_parameter_group": {
                "main": {
                    "name": "main", "family": "postgres16",
                    "parameter": [{"name": "rds.force_ssl", "value": "1", "apply_method": "immediate"}],
                }
            },
            "aws_secretsmanager_secret": {"app": {"name": "t/app", "recovery_window_in_days": 0}},
            "aws_sns_topic": {"far": {"name": "far", "provider": "aws.use1"}},
        },
    }  # fmt: skip


def root(folder: Path, running: Running, lock: str) -> Terraform:
    """The document and its override in a folder, ready to be initialised."""
    engine = find_engine()
    source = find_providers(engine, PROVIDER_VERSION)
    variables = child_environment(os.environ, rehearsal=True, cli_config=source.write(str(folder / "cli"), engine))
    place = folder / "root"
    place.mkdir(exist_ok=True)
    (place / "main.tf.json").write_text(json.dumps(document(lock)))
    (place / "rehearsal_override.tf.json").write_text(json.dumps(override(running, backend(lock), ["use1"])))
    return Terraform(engine, str(place), {**variables, **environment(running)})


def make_bucket(running: Running, lock: str) -> None:
    settings = msgspec.structs.replace(read_settings(backend(lock)), tls_only=False)
    create_state_bucket(clients(running, REGION), settings)


def test_made_then_nothing_to_change_then_nothing_left(tmp_path: Path, empty: Running) -> None:
    client = clients(empty, REGION)
    make_bucket(empty, "s3")
    terraform = root(tmp_path, empty, "s3")
    terraform.init(reconfigure=True)
    assert terraform.plan("plan", parallelism=PARALLEL).changes
    applied = terraform.apply("plan", parallelism=PARALLEL)
    assert applied.added == sum(len(made) for made in document("s3")["resource"].values())
    assert client("s3").head_object(Bucket="giban-state", Key="main.tfstate")["ContentLength"] > 0
    instances = contents(client)["instances"]
    assert len(instances) == 2, "the group has made its instance"
    assert not terraform.plan("plan", parallelism=PARALLEL).changes
    terraform.destroy(parallelism=PARALLEL)
    assert contents(client, leave_out=["giban-state"]) == {}
    assert contents(clients(empty, "us-east-1")).get("topics") is None


@pytest.mark.parametrize("lock", ["s3", "dynamodb"])
def test_a_state_that_is_locked_is_not_written(tmp_path: Path, empty: Running, lock: str) -> None:
    client = clients(empty, REGION)
    make_bucket(empty, lock)
    terraform = root(tmp_path, empty, lock)
    terraform.init(reconfigure=True)
    held = {"ID": "held", "Operation": "OperationTypeApply", "Who": "kim@laptop", "Created": "2026-11-21T09:00:00Z"}
    if lock == "s3":
        client("s3").put_object(Bucket="giban-state", Key="main.tfstate.tflock", Body=json.dumps(held).encode())
    else:
        item = {"LockID": {"S": "giban-state/main.tfstate"}, "Info": {"S": json.dumps(held)}}
        client("dynamodb").put_item(TableName="giban-state", Item=item)
    with pytest.raises(StateLocked) as caught:
        terraform.destroy()
    assert caught.value.lock.who == "kim@laptop"


def test_with_the_token_of_another_run_nothing_happens(tmp_path: Path, empty: Running) -> None:
    make_bucket(empty, "s3")
    terraform = root(tmp_path, msgspec.structs.replace(empty, token="0" * 64), "s3")
    with pytest.raises(TerraformError) as caught:
        terraform.init(reconfigure=True)
    assert "403" in str(caught.value)
