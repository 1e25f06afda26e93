"""Instances and the groups that run them: hours, volumes, detailed monitoring, public addresses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from giban.cost.context import Context, Line
from giban.cost.ranges import ZERO, Range, fixed
from giban.cost.registry import free, prices
from giban.cost.topology import public_address
from giban.graph.power import switched
from giban.graph.refs import is_unknown
from giban.graph.resource import Resource

free(
    "describes instances; paid where they run",
    "aws_launch_template", "aws_launch_configuration", "aws_key_pair", "aws_placement_group", "aws_volume_attachment",
    "aws_autoscaling_attachment", "aws_autoscaling_lifecycle_hook", "aws_autoscaling_notification",
    "aws_autoscaling_schedule", "aws_autoscaling_traffic_source_attachment", "aws_ec2_tag", "aws_ami_launch_permission",
    "aws_ebs_encryption_by_default", "aws_ebs_default_kms_key", "aws_ec2_serial_console_access",
    "aws_ec2_instance_metadata_defaults", "aws_appautoscaling_target",
)  # fmt: skip

ROOT_DEVICES = frozenset({"/dev/xvda", "/dev/sda1"})
"""Root device names of Linux images (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html)."""
GP3_IOPS, GP3_MIBPS = 3000, 125
"""What every gp3 volume includes (https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html)."""
DETAILED_METRICS = 7
"""Metrics of one instance with detailed monitoring, paid as custom metrics (https://aws.amazon.com/cloudwatch/pricing/)."""


@prices("aws_instance")
def instance(resource: Resource, context: Context) -> Iterator[Line]:
    """One instance: hours, volumes, detailed monitoring, a public address of its own.

    One that stops when nobody works pays for hours, its own address and traffic only while it is on; for volumes always.
    """
    number = context.instances(resource)
    on_demand = switched(resource)
    hours = number * context.running(resource)
    yield _hours(resource.args.get("instance_type"), hours, context, "while it is on" if on_demand else "")
    root = resource.blocks("root_block_device") or [{}]
    for volume in [*root[:1], *resource.blocks("ebs_block_device")]:
        yield from volume_lines(volume, number, context)
    yield from _monitoring(resource.args.get("monitoring"), number, context)
    if public_address(context.topology, resource) and not _has_elastic_ip(resource, context):
        yield _address(hours, context)
    elif not _has_elastic_ip(resource, context):
        return
    gb = hours * context.use("workstation_gb_per_hour") if on_demand else context.use("public_host_gb") * number
    yield from context.internet(gb, "to the internet")


@prices("aws_autoscaling_group")
def group(resource: Resource, context: Context) -> Iterator[Line]:
    """As many instances as run on average: low is the minimum, high the maximum, likely the desired number.

    Without a desired number, likely is the minimum and a part (`group_fill`) of the way to the maximum. Volumes come and go
    with the instances: what is off at night pays for neither.
    """
    number = context.instances(resource)
    template = context.topology.template(resource)
    overrides = resource.blocks("mixed_instances_policy", "launch_template", "override")
    type_ = (overrides[0].get("instance_type") if overrides else None) or (
        template.args.get("instance_type") if template else None
    )
    spot = _on_spot(resource, template, context) * context.share(resource)
    hours = number * context.hours
    if spot == ZERO:
        yield _hours(type_, hours, context, _described(resource, context))
    else:
        left = number.less(spot)
        if left != ZERO:
            yield _hours(type_, left * context.hours, context, _described(resource, context))
        price = context.use("spot_price")
        note = f"on Spot, at {price.likely:g} of the on-demand price of the first type"
        line = _hours(type_, spot * price * context.hours, context, note)
        yield msgspec.structs.replace(line, item=f"{line.item} for Spot")
    for volume in _template_volumes(template):
        yield from volume_lines(volume, number, context)
    if template is not None:
        yield from _monitoring(template.value("monitoring", "enabled"), number, context)
    if public_address(context.topology, resource):
        yield _address(hours, context)
        yield from context.internet(context.use("public_host_gb") * number, "to the internet")


def _described(resource: Resource, context: Context) -> str:
    by_day = context.by_day(resource)
    told = [f"{round(by_day.low, 2):g} to {round(by_day.high, 2):g} instances, likely {round(by_day.likely, 2):g}"]
    if context.share(resource) < 1:
        told.append(f"on {context.share(resource) * 168:.4g} of 168 hours a week")
    return "; ".join(told)


def _on_spot(resource: Resource, template: Resource | None, context: Context) -> Range:
    """How many of a group's instances are Spot instances while it is on."""
    number = context.by_day(resource)
    policy = resource.blocks("mixed_instances_policy")
    if not policy:
        return number if template and template.blocks("instance_market_options") else ZERO
    # Defaults of the API: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html
    settings = next(iter(resource.blocks("mixed_instances_policy", "instances_distribution")), {})
    base = _number(settings.get("on_demand_base_capacity")) or 0.0
    above = _number(settings.get("on_demand_percentage_above_base_capacity"))
    return number.over(base) * (1 - (100.0 if above is None else above) / 100)


@prices("aws_ebs_volume")
def volume(resource: Resource, context: Context) -> Iterator[Line]:
    """A volume of its own; without a type it is gp2 (the API's default)."""
    settings = {
        **resource.args,
        "volume_type": resource.args.get("type", "gp2"),
        "volume_size": resource.args.get("size"),
    }
    yield from volume_lines(settings, fixed(1), context)


@prices("aws_ebs_snapshot", "aws_ami_from_instance")
def snapshot(_resource: Resource, context: Context) -> Iterator[Line]:
    """A snapshot by the data in it, taken as a full root volume."""
    yield context.line(
        "EBS", "snapshot standard", context.use("root_volume_gb"), "snapshot", "as large as a root volume"
    )


def volume_lines(settings: dict[str, Any], number: Range, context: Context) -> Iterator[Line]:
    """The lines of one volume per instance. A volume without a type is taken as gp3, as Amazon Linux 2023's is."""
    kind = settings.get("volume_type") or "gp3"
    size = _number(settings.get("volume_size"))
    gb = context.use("root_volume_gb") if size is None else fixed(size)
    label = f"{kind} volume"
    if kind not in ("gp3", "gp2", "io2"):
        yield context.unknown(label, "GB-month", gb * number, f"no price for {kind} in the files")
        return
    note = f"{gb.likely:g} GB each" + (", size of the image" if size is None else "")
    if kind == "io2":
        yield context.line("EBS", "io2 storage", gb * number, label, note)
        iops = fixed(_number(settings.get("iops")) or 0)
        yield context.line("EBS", "io2 IOPS", iops * number, "io2 IOPS")
        return
    yield context.line("EBS", f"{kind} storage", gb * number, label, note)
    if kind == "gp3":
        more_iops = max(0.0, (_number(settings.get("iops")) or 0) - GP3_IOPS)
        more_throughput = max(0.0, (_number(settings.get("throughput")) or 0) - GP3_MIBPS)
        if more_iops:
            yield context.line("EBS", "gp3 additional IOPS", number * more_iops, "gp3 IOPS above 3,000")
        if more_throughput:
            item = "gp3 additional throughput"
            yield context.line("EBS", item, number * more_throughput, "gp3 throughput above 125 MiB/s")


def _hours(type_: Any, hours: Range, context: Context, note: str) -> Line:
    if not isinstance(type_, str) or is_unknown(type_):
        return context.unknown("instance hours", "hour", hours, "the instance type is not known before apply")
    return context.at(context.book.instance(context.region, type_), hours, f"{type_} hours", note)


def _template_volumes(template: Resource | None) -> list[dict[str, Any]]:
    if template is None:
        return [{}]
    if template.type == "aws_launch_configuration":
        return [*(template.blocks("root_block_device") or [{}])[:1], *template.blocks("ebs_block_device")]
    mappings = template.blocks("block_device_mappings")
    volumes = [ebs for mapping in mappings for ebs in _as_list(mapping.get("ebs"))]
    has_root = any(mapping.get("device_name") in ROOT_DEVICES for mapping in mappings)
    return volumes if has_root else [{}, *volumes]


def _monitoring(value: Any, number: Range, context: Context) -> Iterator[Line]:
    if value in (True, "true"):
        metrics = number * float(DETAILED_METRICS)
        item = "custom metric first 10000"
        yield context.line("CloudWatch", item, metrics, "detailed monitoring", f"{DETAILED_METRICS} metrics each")


def _address(hours: Range, context: Context) -> Line:
    item = "public IPv4 address (in use or idle)"
    return context.line("VPC", item, hours, "public IPv4 address")


def _has_elastic_ip(resource: Resource, context: Context) -> bool:
    return bool(context.graph.referrers(resource, "aws_eip", "aws_eip_association"))


def _as_list(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _number(value: Any) -> float | None:
    try:
        return None if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None
