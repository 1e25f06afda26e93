"""Checks of EBS volumes that outlive their instances."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.networks import SUBNET_TYPES, differ, zone
from giban.checks.registry import Hit, check
from giban.checks.values import flag, listed
from giban.graph.graph import Graph
from giban.graph.resource import Resource


@check("GB115", "error", fix="Make the volume in the zone of the instance's subnet.")
def volume_in_another_zone(graph: Graph) -> Iterator[Hit]:
    """Volume and instance are in different zones.

    ## What it finds
    A volume that is to be attached to an instance of another availability zone, by their own `availability_zone` or that of the
    instance's subnet.

    ## Why it matters
    A volume can only be attached in its zone. AWS refuses, after the instance and the volume have been made, and a volume
    is moved only by a snapshot.

    ## Example
    ```json
    {"resource": {
      "aws_subnet": {"a": {"availability_zone": "ap-northeast-2a"}},
      "aws_instance": {"dev": {"subnet_id": "${aws_subnet.a.id}"}},
      "aws_ebs_volume": {"home": {"availability_zone": "ap-northeast-2c", "size": 50}},
      "aws_volume_attachment": {"home": {"device_name": "/dev/sdf",
        "instance_id": "${aws_instance.dev.id}", "volume_id": "${aws_ebs_volume.home.id}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_subnet": {"a": {"availability_zone": "ap-northeast-2a"}},
      "aws_instance": {"dev": {"subnet_id": "${aws_subnet.a.id}"}},
      "aws_ebs_volume": {"home": {"availability_zone": "${aws_subnet.a.availability_zone}", "size": 50}},
      "aws_volume_attachment": {"home": {"device_name": "/dev/sdf",
        "instance_id": "${aws_instance.dev.id}", "volume_id": "${aws_ebs_volume.home.id}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/ebs/latest/userguide/ebs-attaching-volume.html
    """
    for attachment in graph.all("aws_volume_attachment"):
        volume, instance = graph.follow(attachment, "volume_id"), graph.follow(attachment, "instance_id")
        if volume is None or instance is None:
            continue
        there, here = _zone(graph, volume), _zone(graph, instance)
        if differ(there, here):
            yield attachment, f"{volume.address} is in {there}, {instance.address} in {here}."


def _zone(graph: Graph, resource: Resource, steps: int = 3) -> str | None:
    """The zone of a volume or instance, of its own or of what it names."""
    value = resource.value("availability_zone")
    if value is None:
        subnet = graph.follow(resource, "subnet_id")
        return zone(subnet) if subnet is not None and subnet.type in SUBNET_TYPES else None
    named = graph.follow(resource, "availability_zone")
    if named is not None and steps and value == f"${{{named.address}.availability_zone}}":
        return zone(named) if named.type in SUBNET_TYPES else _zone(graph, named, steps - 1)
    return zone(resource)


@check("GB116", "warning", fix="Add lifecycle with prevent_destroy = true, or final_snapshot = true.", relaxed=True)
def volume_can_be_destroyed(graph: Graph) -> Iterator[Hit]:
    """Volume with data is destroyed with everything else.

    ## What it finds
    An EBS volume with neither `lifecycle.prevent_destroy` nor `final_snapshot`.

    ## Why it matters
    A volume of its own is there to outlive its instance. A changed zone, key or snapshot makes Terraform replace it, which means
    an empty one; `destroy` takes it along. Nobody keeps a copy unless told to.

    ## Example
    ```json
    {"resource": {"aws_ebs_volume": {"home": {"availability_zone": "ap-northeast-2a", "size": 50}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_ebs_volume": {"home": {"availability_zone": "ap-northeast-2a", "size": 50,
      "final_snapshot": true, "lifecycle": {"prevent_destroy": true}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/ebs/latest/userguide/ebs-deleting-volume.html
    - https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle#prevent_destroy
    """
    for volume in graph.all("aws_ebs_volume"):
        lifecycle = [block for block in listed(volume.meta.get("lifecycle")) if isinstance(block, dict)]
        kept = any(str(block.get("prevent_destroy")).lower() not in ("none", "false") for block in lifecycle)
        if not kept and flag(volume, "final_snapshot", default=False) is False:
            yield volume, "One replacement in a plan and the data on it are gone."
