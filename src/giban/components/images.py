"""Which machine image a host boots: what the blueprint says, else the newest Amazon Linux 2023 for its processor."""

from __future__ import annotations

import re

from giban.components.environment import Environment, part

AMAZON_LINUX = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{arch}"
"""Public parameters of AWS (https://docs.aws.amazon.com/linux/al2023/ug/ec2.html#launch-via-aws-cli)."""
DEBIAN = "/aws/service/debian/release/12/latest/{arch}"
"""Public parameters of Debian (https://wiki.debian.org/Cloud/AmazonEC2Image)."""

_GRAVITON = re.compile(r"^(a1|[a-z]+\d+g[a-z]*)\.")


def architecture(instance_type: str) -> str:
    """The processor of an instance type: Graviton families carry a `g` after their number (t4g, m7gd, c8gn)."""
    return "arm64" if _GRAVITON.match(instance_type) else "x86_64"


def image(env: Environment, wanted: str | None, instance_type: str) -> str:
    """The image as an argument: an AMI ID as it is, a parameter as a reference to its value."""
    if wanted is not None and not wanted.startswith("/"):
        return wanted
    return _parameter(env, wanted or AMAZON_LINUX.format(arch=architecture(instance_type)))


def debian(env: Environment, instance_type: str) -> str:
    """The newest Debian 12, which has WireGuard and OpenVPN as packages."""
    arch = {"x86_64": "amd64", "arm64": "arm64"}[architecture(instance_type)]
    return _parameter(env, DEBIAN.format(arch=arch))


@part
def _parameter(env: Environment, name: str) -> str:
    label = re.sub(r"[^a-z0-9]+", "_", name.removeprefix("/aws/service/").lower()).strip("_")
    parameter = env.scope("services", label="images").data("aws_ssm_parameter", label, name=name)
    return str(parameter.ref("value"))
