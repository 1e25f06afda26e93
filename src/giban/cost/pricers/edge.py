"""DNS, content delivery, accelerators, budgets: what has no region, at the prices of the first region's column."""

from __future__ import annotations

from collections.abc import Iterator

from giban.cost.context import Context, Line
from giban.cost.ranges import Range, fixed
from giban.cost.registry import free, prices
from giban.graph.resource import Resource

free(
    "part of a zone",
    "aws_route53_record", "aws_route53_zone_association", "aws_route53_delegation_set", "aws_route53_key_signing_key",
    "aws_route53_hosted_zone_dnssec", "aws_route53_vpc_association_authorization",
)  # fmt: skip
free(
    "part of a distribution",
    "aws_cloudfront_origin_access_control", "aws_cloudfront_origin_access_identity", "aws_cloudfront_cache_policy",
    "aws_cloudfront_origin_request_policy", "aws_cloudfront_response_headers_policy", "aws_cloudfront_public_key",
    "aws_cloudfront_key_group", "aws_cloudfront_function",
)  # fmt: skip
free("what it writes is counted at its log group", "aws_route53_query_log")
free("part of an accelerator", "aws_globalaccelerator_listener", "aws_globalaccelerator_endpoint_group")


@prices("aws_route53_zone")
def zone(resource: Resource, context: Context) -> Iterator[Line]:
    """A hosted zone; queries are paid for records that are not aliases (https://aws.amazon.com/route53/pricing/)."""
    yield context.global_line("Route 53", "hosted zone (first 25)", fixed(1), "hosted zone")
    records = context.graph.referrers(resource, "aws_route53_record")
    if any(record.args.get("type") in ("A", "AAAA", "CNAME") and not _free(record) for record in records):
        yield context.global_line("Route 53", "standard queries", context.use("dns_queries"), "queries")


def _free(record: Resource) -> bool:
    """An alias, or a record that only a certificate's validation asks for."""
    return bool(record.blocks("alias")) or "domain_validation_options" in str(record.args)


@prices("aws_route53_health_check")
def health_check(resource: Resource, context: Context) -> Iterator[Line]:
    """A health check of something in AWS: the first 50 in an account are free, its options are not."""
    yield context.global_line("Route 53", "health check", Range(0, 1, 1), "health check", "50 are free in an account")
    options = [
        "HTTPS" in str(resource.args.get("type")),
        "STR_MATCH" in str(resource.args.get("type")),
        str(resource.args.get("request_interval")) == "10",
        resource.args.get("measure_latency") in (True, "true"),
    ]
    if any(options):
        yield context.global_line("Route 53", "health check option", fixed(sum(options)), "health check options")


@prices("aws_cloudfront_distribution")
def distribution(_resource: Resource, context: Context) -> Iterator[Line]:
    """Data and requests of viewers, at the edge of Korea (Asia Pacific) or Japan, after the first region."""
    data = next(item for service, item in context.book.items() if item.startswith("data out first 10 TB"))
    yield context.global_line("CloudFront", data, context.use("cdn_gb"), "to viewers")
    japan = context.home == "ap-northeast-1"
    item = "HTTPS requests Japan edge" if japan else "HTTP requests Asia Pacific edge"
    note = "" if japan else "at the HTTP price; HTTPS costs a little more"
    yield context.global_line("CloudFront", item, context.use("cdn_requests"), "requests", note)


@prices("aws_globalaccelerator_accelerator")
def accelerator(_resource: Resource, context: Context) -> Iterator[Line]:
    """Hours of an accelerator; no price was found."""
    yield context.global_line("Global Accelerator", "accelerator", context.hours, "hours")


@prices("aws_budgets_budget")
def budget(_resource: Resource, context: Context) -> Iterator[Line]:
    """A budget that only tells costs nothing."""
    yield context.global_line("Budgets", "budget without actions", fixed(1), "budget")
