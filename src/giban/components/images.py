"""Which machine image a host boots: what the blueprint says, else the newest Amazon Linux 2023 for its processor."""

from __future__ import annotations

import re

from giban.blueprint.instance_types import architecture as architecture
from giban.components.environment import Environment, part

AMAZON_LINUX = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{arch}"
"""Public parameters of AWS (https://docs.aws.amazon.com/linux/al2023/ug/ec2.html#launch-via-aws-cli)."""
DEBIAN = "/aws/service/debian/release/12/latest/{arch}"
"""Public parameters of Debian (https://wiki.debian.org/Cloud/AmazonEC2Image)."""
UBUNTU = "/aws/service/canonical/ubuntu/server/24.04/stable/current/{arch}/hvm/ebs-gp3/ami-id"
"""Public parameters of Ubuntu (https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/)."""


def image(env: Environment, wanted: str | None, instance_type: str) -> str:
    """The image as an argument: an AMI ID as it is, a parameter as a reference to its value."""
    if wanted is not None and not wanted.startswith("/"):
        return wanted
    return _parameter(env, wanted or AMAZON_LINUX.format(arch=architecture(instance_type)))


def debian(env: Environment, instance_type: str) -> str:
    """The newest Debian 12, which has WireGuard and OpenVPN as packages."""
    return _parameter(env, DEBIAN.format(arch=debian_architecture(instance_type)))


def ubuntu(env: Environment, instance_type: str) -> str:
    """The newest Ubuntu 24.04: it has Docker and WireGuard as packages, and the Session Manager agent."""
    return _parameter(env, UBUNTU.format(arch=debian_architecture(instance_type)))


def debian_architecture(instance_type: str) -> str:
    """The processor as Debian and Ubuntu call it."""
    return {"x86_64": "amd64", "arm64": "arm64"}[architecture(instance_type)]


@part
def _parameter(env: Environment, name: str) -> str:
    label = re.sub(r"[^a-z0-9]+", "_", name.removeprefix("/aws/service/").lower()).strip("_")
    parameter = env.scope("services", label="images").data("aws_ssm_parameter", label, name=name)
    return str(parameter.ref("value"))
