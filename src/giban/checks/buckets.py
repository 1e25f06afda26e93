"""Buckets and what belongs to them: settings in resources of their own or inline, and who delivers logs into them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from giban.checks.policies import Policy, policy
from giban.checks.values import flag, text
from giban.graph.graph import Graph
from giban.graph.resource import Resource

Key = tuple[str, str]


def parts(graph: Graph, type_: str) -> dict[Key, list[Resource]]:
    """The resources of one companion type (`aws_s3_bucket_versioning`…) by the bucket they belong to."""
    named = _by_name(graph)
    found: dict[Key, list[Resource]] = {}
    for part in graph.all(type_):
        for bucket in _buckets_of(graph, part, named):
            found.setdefault(bucket.key, []).append(part)
    return found


def policies(graph: Graph) -> dict[Key, Policy]:
    """The policy of every bucket: its own argument and its `aws_s3_bucket_policy` together."""
    separate = parts(graph, "aws_s3_bucket_policy")
    found: dict[Key, Policy] = {}
    for bucket in graph.all("aws_s3_bucket"):
        every = [policy(graph, bucket, "policy")]
        every += [policy(graph, part, "policy") for part in separate.get(bucket.key, [])]
        found[bucket.key] = Policy(
            tuple(statement for item in every for statement in item.statements),
            all(item.complete for item in every),
        )
    return found


class Delivery(msgspec.Struct, frozen=True):
    """Something that writes its logs into a bucket of the graph, below `prefix` (None: not known before apply)."""

    source: Resource
    bucket: Resource
    prefix: str | None


def deliveries(graph: Graph) -> Iterator[Delivery]:
    """Every delivery of logs into a bucket of the graph, as far as it is switched on."""
    named = _by_name(graph)
    for source in graph.all("aws_lb", "aws_alb", "aws_elb"):
        # Classic load balancers log as soon as the block is there, the others when told to.
        if flag(source, "access_logs", "enabled", default=source.type == "aws_elb") and source.blocks("access_logs"):
            name, prefix = ("bucket", "bucket_prefix") if source.type == "aws_elb" else ("bucket", "prefix")
            yield from _to(graph, source, named, ("access_logs", name), ("access_logs", prefix))
    for source in graph.all("aws_s3_bucket_logging"):
        yield from _to(graph, source, named, ("target_bucket",), ("target_prefix",))
    for source in graph.all("aws_s3_bucket"):
        if source.blocks("logging"):
            yield from _to(graph, source, named, ("logging", "target_bucket"), ("logging", "target_prefix"))
    for source in graph.all("aws_cloudtrail"):
        yield from _to(graph, source, named, ("s3_bucket_name",), ("s3_key_prefix",))
    for source in graph.all("aws_cloudfront_distribution"):
        yield from _to(graph, source, named, ("logging_config", "bucket"), ("logging_config", "prefix"))
    for source in graph.all("aws_flow_log"):
        yield from _to(graph, source, named, ("log_destination",), None)


def _to(
    graph: Graph, source: Resource, named: dict[str, Resource], target: tuple[str, ...], prefix: tuple[str, ...] | None
) -> Iterator[Delivery]:
    literal = text(source, *target)
    bucket = named.get(literal) if literal else graph.follow(source, *target)
    if bucket is not None and bucket.type == "aws_s3_bucket":
        yield Delivery(source, bucket, text(source, *prefix) if prefix else "")


def _by_name(graph: Graph) -> dict[str, Resource]:
    names = ((text(bucket, "bucket"), bucket) for bucket in graph.all("aws_s3_bucket"))
    return {name: bucket for name, bucket in names if name}


def _buckets_of(graph: Graph, part: Resource, named: dict[str, Resource]) -> list[Resource]:
    literal = text(part, "bucket")
    if literal:
        return [named[literal]] if literal in named else []
    targets = graph.follow_all(part, "bucket") or graph.targets(part, part.meta.get("for_each"))
    return [target for target in targets if target.type == "aws_s3_bucket"]
