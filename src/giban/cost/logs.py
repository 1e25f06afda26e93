"""How much is written to each log group, and for how long it stays there."""

from __future__ import annotations

from collections.abc import Iterator

from giban.cost.calls import api_requests, calls
from giban.cost.context import Context, Line
from giban.cost.ranges import ZERO, Range
from giban.cost.topology import FUNCTION_PREFIX
from giban.graph.resource import Resource

DAYS_PER_MONTH = 365 / 12
KEPT_FOR_EVER = 12.0
"""Months that logs without expiry are counted with: what is stored after a year."""
RDS_PREFIX = "/aws/rds/instance/"
"""Log groups of exported database logs; ingestion is counted at the database."""


QUERY_LOG_BYTES = 200.0
"""One line of a DNS query log: time, zone, name, type, answer, addresses
(https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html)."""


def months_kept(days: object) -> float:
    """Retention in months; none, 0 or unknown means for ever."""
    try:
        number = float(str(days))
    except ValueError:
        return KEPT_FOR_EVER
    return number / DAYS_PER_MONTH if number > 0 else KEPT_FOR_EVER


def stored(gb_a_month: Range, months: float, context: Context) -> Line:
    """The line for logs that are kept: what was written in `months` months, compressed."""
    kept = gb_a_month * context.use("log_compression") * months
    return context.line("CloudWatch", "Logs storage", kept, "log storage", f"{months:.0f} months")


def written(group: Resource, context: Context) -> Iterator[tuple[str, str, Range]]:
    """What is written to a log group in a month: (writer, item of the price list, GB)."""
    graph, known = context.graph, False
    for flow_log in graph.referrers(group, "aws_flow_log"):
        known = True
        yield "flow logs", "vended logs first 10 TB", _flow_logs(flow_log, context)
    for config in graph.referrers(group, "aws_wafv2_web_acl_logging_configuration"):
        known = True
        yield "web ACL", "vended logs first 10 TB", waf_logs(config, context)
    for query_log in graph.referrers(group, "aws_route53_query_log"):
        known = True
        gb = context.use("dns_queries", query_log) * QUERY_LOG_BYTES * 1e-9
        yield "DNS queries", "Logs standard ingest", gb
    for stage in graph.referrers(group, "aws_apigatewayv2_stage"):
        api = graph.follow(stage, "api_id")
        if api is not None and graph.follow(stage, "access_log_settings", "destination_arn") is group:
            known = True
            gb = api_requests(api, context) * context.use("access_log_kb", stage) * 1e-6
            yield api.address, "Logs standard ingest", gb
    for function in _functions(group, context):
        known = True
        gb = calls(function, context)[0] * context.use("function_log_kb", function) * 1e-6
        yield function.address, "Logs standard ingest", gb
    if not known:
        fleets = context.topology.writers(group)
        for fleet in fleets:
            groups = len(context.topology.log_groups(fleet))
            gb = context.instances(fleet) * context.use("log_gb_per_instance", fleet) * (1 / groups)
            yield fleet.address, "Logs standard ingest", gb
        if not fleets:
            yield "unknown writer", "Logs standard ingest", context.use("log_group_gb", group)


def _functions(group: Resource, context: Context) -> list[Resource]:
    """The functions that write to a group: those that name it, or whose name its name ends with."""
    named = context.graph.referrers(group, "aws_lambda_function")
    name = str(group.args.get("name", ""))
    if named or not name.startswith(FUNCTION_PREFIX):
        return named
    functions = context.graph.all("aws_lambda_function")
    own = name.removeprefix(FUNCTION_PREFIX)
    return [f for f in functions if own in (f.args.get("function_name"), str(f.ref("function_name")))]


def _flow_logs(flow_log: Resource, context: Context) -> Range:
    """GB of a flow log: the instances of its VPC (or subnet)."""
    topology = context.topology
    vpc = topology.vpc(flow_log)
    subnet = context.graph.follow(flow_log, "subnet_id")
    gb = ZERO
    for fleet in topology.fleets():
        places = topology.subnets(fleet)
        share = 0.0
        if vpc is not None and topology.vpc(fleet) is vpc:
            share = 1.0
        elif subnet is not None and subnet in places:
            share = 1 / len(places)
        gb = gb + context.instances(fleet) * context.use("flow_log_gb_per_instance", fleet) * share
    return gb


def waf_logs(config: Resource, context: Context) -> Range:
    """GB that a web ACL logs: every request, or a part of them where a filter drops the rest."""
    acl = context.graph.follow(config, "resource_arn")
    requests = waf_requests(acl, context) if acl is not None else ZERO
    filters = config.blocks("logging_filter")
    if filters and filters[0].get("default_behavior") == "DROP":
        requests = requests * context.use("logged_share")
    return requests * context.use("waf_log_kb") * 1e-6


def waf_requests(acl: Resource, context: Context) -> Range:
    """Requests in a month that a web ACL looks at: those of the load balancers it is attached to."""
    requests = ZERO
    for link in context.graph.referrers(acl, "aws_wafv2_web_acl_association"):
        target = context.graph.follow(link, "resource_arn")
        if target is not None and target.type in ("aws_lb", "aws_alb"):
            requests = requests + context.monthly(context.requests(target))
        elif target is not None:
            requests = requests + context.monthly(context.use("requests_per_second", target))
    for distribution in context.graph.referrers(acl, "aws_cloudfront_distribution"):
        requests = requests + context.use("cdn_requests", distribution)
    return requests
