"""Checks of instances and of what auto scaling groups boot them from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from giban.checks.firewalls import subnets_of_peer
from giban.checks.networks import gives_public_addresses
from giban.checks.registry import Hit, check
from giban.checks.routing import routing
from giban.checks.serving import hosts, serving
from giban.checks.values import flag, listed, made_dynamically, text
from giban.graph.graph import Graph
from giban.graph.refs import is_unknown
from giban.graph.resource import Resource

_HOSTS = ("aws_launch_template", "aws_launch_configuration", "aws_instance")
_DISKS = ("root_block_device", "ebs_block_device")


@check("GB033", "error", fix='Set metadata_options with http_tokens = "required".')
def metadata_without_token(graph: Graph) -> Iterator[Hit]:
    """Instance metadata without a token (IMDSv1).

    ## What it finds
    A launch template, launch configuration or instance without `metadata_options.http_tokens = "required"`, in a root that
    does not set it for the whole account (`aws_ec2_instance_metadata_defaults`).

    ## Why it matters
    With version 1, any hole that lets somebody make the server fetch an address (a preview, a webhook, a PDF maker) gives out
    the credentials of the instance role. Version 2 asks for a token first, which such a hole cannot get.

    ## Example
    ```json
    {"resource": {"aws_launch_template": {"web": {"instance_type": "t3.small"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_launch_template": {"web": {"instance_type": "t3.small",
      "metadata_options": {"http_tokens": "required"}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
    """
    settled = {
        one.stack.key
        for one in graph.all("aws_ec2_instance_metadata_defaults")
        if text(one, "http_tokens", default="no-preference") in ("required", None)
    }
    for host in graph.all(*_HOSTS):
        if (
            host.stack.key in settled
            or _inherits(host)
            or text(host, "metadata_options", "http_endpoint") == "disabled"
        ):
            continue
        tokens = text(host, "metadata_options", "http_tokens", default="optional")
        if tokens is not None and tokens != "required":
            yield host, "Whoever makes the instance fetch an address gets the credentials of its role."


@check("GB034", "error", fix="Set encrypted to true on every disk.")
def unencrypted_disk(graph: Graph) -> Iterator[Hit]:
    """Disk that is not encrypted.

    ## What it finds
    A volume, or a disk of a launch template, launch configuration or instance, without `encrypted`; and one that describes no
    disk at all, so that the image decides. In a root with `aws_ebs_encryption_by_default` everything is encrypted anyway.

    ## Why it matters
    Snapshots and images made from the disk are unencrypted too and can be shared with another account. A disk cannot be
    encrypted later: it has to be copied.

    ## Example
    ```json
    {"resource": {"aws_launch_template": {"web": {
      "block_device_mappings": [{"device_name": "/dev/xvda", "ebs": {"volume_size": 20}}]}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_launch_template": {"web": {
      "block_device_mappings": [{"device_name": "/dev/xvda", "ebs": {"volume_size": 20, "encrypted": "true"}}]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html
    """
    settled = {
        one.stack.key
        for one in graph.all("aws_ebs_encryption_by_default")
        if flag(one, "enabled", default=True) is not False
    }
    for volume in graph.all("aws_ebs_volume"):
        copied = volume.value("snapshot_id")
        if volume.stack.key not in settled and not copied and flag(volume, "encrypted", default=False) is False:
            yield volume, "The volume, and with it every snapshot, is not encrypted."
    for host in graph.all(*_HOSTS):
        if host.stack.key not in settled and not _inherits(host):
            plain = _plain_disk(host)
            if plain:
                yield host, plain


@check(
    "GB035", "error", fix="Set associate_public_ip_address to false, and reach the instances through the load balancer."
)
def public_address_in_private_tier(graph: Graph) -> Iterator[Hit]:
    """Public address in a private tier.

    ## What it finds
    Instances that get a public address although they stand behind a load balancer, or are in a subnet without a route to an
    internet gateway: by `associate_public_ip_address`, or because their subnet has `map_public_ip_on_launch`.

    ## Why it matters
    Behind a load balancer, the address is a way around it: around its TLS, its firewall and its logs. In a private subnet it
    serves nothing. Either way every public IPv4 address is paid for by the hour.

    ## Example
    ```json
    {"resource": {
      "aws_launch_template": {"web": {"network_interfaces": [{"associate_public_ip_address": "true"}]}},
      "aws_autoscaling_group": {"web": {
        "launch_template": {"id": "${aws_launch_template.web.id}"}, "target_group_arns": ["${aws_lb_target_group.web.arn}"]}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_launch_template": {"web": {"network_interfaces": [{"associate_public_ip_address": "false"}]}},
      "aws_autoscaling_group": {"web": {
        "launch_template": {"id": "${aws_launch_template.web.id}"}, "target_group_arns": ["${aws_lb_target_group.web.arn}"]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/vpc/latest/userguide/vpc-ip-addressing.html
    """
    index = serving(graph)
    behind = {member.resource.key for members in index.members.values() for member in members} | index.attached
    for member in graph.all("aws_autoscaling_group", "aws_instance"):
        host = hosts(graph, member)
        if host is None:
            continue
        own = _asks_for_address(host)
        subnets = subnets_of_peer(graph, member).known
        giving = [subnet for subnet in subnets if own or (own is None and gives_public_addresses(subnet))]
        if member.key in behind and (own or giving):
            whose = "its template asks for it" if own else f"{giving[0].address} gives it"
            yield member, f"Its instances have a public address ({whose}), a way around the load balancer."
            continue
        private = [subnet for subnet in giving if _is_private(graph, subnet)]
        if private:
            yield (
                member,
                f"It gets a public address in {private[0].address}, which has no route to an internet gateway.",
            )


@check("GB036", "warning", fix='Set health_check_type to "ELB".')
def group_without_elb_health_check(graph: Graph) -> Iterator[Hit]:
    """Group behind a load balancer without its health check.

    ## What it finds
    An auto scaling group that is attached to a target group and whose `health_check_type` is not `ELB`.

    ## Why it matters
    The group then looks at the machine only. An application that hangs is taken out of the load balancer and never replaced:
    the group believes that all is well, while fewer and fewer instances do the work.

    ## Example
    ```json
    {"resource": {"aws_autoscaling_group": {"web": {"target_group_arns": ["${aws_lb_target_group.web.arn}"]}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_autoscaling_group": {"web": {
      "target_group_arns": ["${aws_lb_target_group.web.arn}"], "health_check_type": "ELB"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/autoscaling/ec2/userguide/health-checks-overview.html
    """
    attached = serving(graph).attached
    for group in graph.all("aws_autoscaling_group"):
        if group.key not in attached:
            continue
        kind = text(group, "health_check_type", default="EC2")
        if kind is not None and "ELB" not in kind:
            yield group, "An instance whose application hangs is taken out of the load balancer and never replaced."


@check("GB100", "notice", fix="Add instance_refresh, so that a new version of the launch template is rolled out.")
def group_without_instance_refresh(graph: Graph) -> Iterator[Hit]:
    """Group without instance refresh.

    ## What it finds
    An auto scaling group with a launch template behind a load balancer and without `instance_refresh`.

    ## Why it matters
    A new image or new user data changes the template and no running instance. The old version goes on until instances are
    replaced by chance, and then old and new run side by side for weeks.

    ## Example
    ```json
    {"resource": {"aws_autoscaling_group": {"web": {"launch_template": {"id": "${aws_launch_template.web.id}"}}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_autoscaling_group": {"web": {
      "launch_template": {"id": "${aws_launch_template.web.id}", "version": "${aws_launch_template.web.latest_version}"},
      "instance_refresh": {"strategy": "Rolling", "preferences": {"min_healthy_percentage": 90}}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh.html
    """
    attached = serving(graph).attached
    for group in graph.all("aws_autoscaling_group"):
        if group.key not in attached or not (group.blocks("launch_template") or group.blocks("mixed_instances_policy")):
            continue
        if not group.blocks("instance_refresh") and not made_dynamically(group, "instance_refresh"):
            yield group, "A new version of the launch template reaches no running instance."


def _inherits(host: Resource) -> bool:
    """Whether an instance takes what it does not say from a launch template."""
    return host.type == "aws_instance" and bool(host.blocks("launch_template"))


def _plain_disk(host: Resource) -> str | None:
    """Which disk of a host is certainly not encrypted, as a sentence."""
    if host.type == "aws_launch_template":
        if made_dynamically(host, "block_device_mappings") or isinstance(host.value("block_device_mappings"), str):
            return None
        mappings = host.blocks("block_device_mappings")
        if not mappings:
            return "It describes no disk, so the disks are as the image has them: not encrypted, for public images."
        for mapping in mappings:
            for disk in _bodies(mapping.get("ebs")):
                if _plain(disk):
                    return f"The disk {mapping.get('device_name') or 'without a name'} is not encrypted."
        return None
    for kind in _DISKS:
        if made_dynamically(host, kind):
            return None
        for disk in host.blocks(kind):
            if _plain(disk):
                return f"The disk {disk.get('device_name') or '/ (root_block_device)'} is not encrypted."
    if not host.blocks("root_block_device"):
        return "It says nothing of its root disk, so that is as the image has it: not encrypted, for public images."
    return None


def _plain(disk: dict[str, Any]) -> bool:
    """Certainly not encrypted. A copy of a snapshot is as the snapshot is."""
    value = disk.get("encrypted")
    if is_unknown(value) or (value is None and disk.get("snapshot_id")):
        return False
    return str(value).lower() not in ("true", "1")


def _bodies(value: Any) -> list[dict[str, Any]]:
    return [item for item in listed(value) if isinstance(item, dict)]


def _asks_for_address(host: Resource) -> bool | None:
    """Whether a host asks for a public address; False also when that is not known, None when it leaves it to the subnet."""
    for path in (("associate_public_ip_address",), ("network_interfaces", "associate_public_ip_address")):
        if host.value(*path) is not None:
            return flag(host, *path, default=False) or False
    return None


def _is_private(graph: Graph, subnet: Resource) -> bool:
    way = routing(graph).way(graph, subnet)
    if not way.complete or subnet.type != "aws_subnet":
        return False
    return all(route.nat for route in way.routes if route.destination is None or route.default)
