"""Checks of the web application firewall: is it attached, does it block, can one see what it does?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from giban.checks.registry import Hit, check
from giban.checks.roots import exported
from giban.checks.values import flag, given, listed, text
from giban.graph.graph import Graph
from giban.graph.refs import EXPRESSION
from giban.graph.resource import Resource

LOG_NAME = "aws-waf-logs-"
ATTACHMENTS = ("aws_wafv2_web_acl_association", "aws_wafregional_web_acl_association")


@check("GB062", "error", fix=f"Begin the name with {LOG_NAME}.")
def waf_log_with_a_wrong_name(graph: Graph) -> Iterator[Hit]:
    """WAF log goes to a name that WAF refuses.

    ## What it finds
    A log group, bucket or delivery stream that a web ACL logs to and whose name does not begin with `aws-waf-logs-`.

    ## Why it matters
    WAF accepts no other names: `apply` fails with WAFInvalidParameterException at the logging configuration, when everything
    else is there already.

    ## Example
    ```json
    {"resource": {
      "aws_wafv2_web_acl_logging_configuration": {"main": {"resource_arn": "${aws_wafv2_web_acl.main.arn}",
        "log_destination_configs": ["${aws_cloudwatch_log_group.waf.arn}"]}},
      "aws_cloudwatch_log_group": {"waf": {"name": "/scv/waf"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_wafv2_web_acl_logging_configuration": {"main": {"resource_arn": "${aws_wafv2_web_acl.main.arn}",
        "log_destination_configs": ["${aws_cloudwatch_log_group.waf.arn}"]}},
      "aws_cloudwatch_log_group": {"waf": {"name": "aws-waf-logs-scv"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/waf/latest/developerguide/logging-destinations.html
    """
    arguments = {"aws_s3_bucket": "bucket", "aws_kinesis_firehose_delivery_stream": "name"}
    for logging in graph.all("aws_wafv2_web_acl_logging_configuration"):
        for destination in graph.follow_all(logging, "log_destination_configs"):
            argument = arguments.get(destination.type, "name")
            if given(destination, f"{argument}_prefix"):
                argument = f"{argument}_prefix"
            name = destination.value(argument)
            if not isinstance(name, str):
                continue
            # What stands before the first expression is enough to see a wrong beginning.
            expression = EXPRESSION.search(name)
            head = name[: expression.start()] if expression else name
            if not (head.startswith(LOG_NAME) or (expression and LOG_NAME.startswith(head))):
                yield destination, f"{logging.address} logs here, but the name does not begin with {LOG_NAME}."


@check("GB072", "error", fix="Add an aws_wafv2_web_acl_association, or set web_acl_id of the distribution.")
def waf_not_attached(graph: Graph) -> Iterator[Hit]:
    """WAF is declared but not attached.

    ## What it finds
    A web ACL that no association and no CloudFront distribution, API or user pool refers to, and that is no output of the root.

    ## Why it matters
    It costs money every month and inspects nothing, while everybody believes it does.

    ## Example
    ```json
    {"resource": {"aws_wafv2_web_acl": {"main": {"scope": "REGIONAL"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_wafv2_web_acl_association": {"web": {
      "resource_arn": "${aws_lb.web.arn}", "web_acl_arn": "${aws_wafv2_web_acl.main.arn}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-associating-aws-resource.html
    """
    inside = ("aws_wafv2_web_acl_logging_configuration", "aws_wafv2_web_acl_rule_group_association")
    for acl in graph.all("aws_wafv2_web_acl", "aws_wafregional_web_acl"):
        users = [user for user in graph.referrers(acl) if user.type not in inside and user.mode == "managed"]
        if not users and not exported(acl):
            yield acl, "No load balancer, distribution or API uses this web ACL."


@check("GB073", "warning", fix="Attach a web ACL with an aws_wafv2_web_acl_association.")
def public_balancer_without_waf(graph: Graph) -> Iterator[Hit]:
    """Public load balancer has no WAF.

    ## What it finds
    An internet-facing application load balancer without a web ACL, where no CloudFront distribution with one stands before it.

    ## Why it matters
    Scanners find a new address within minutes. Managed rules stop the known attacks on frameworks, and a rate limit keeps one
    client from using up what is meant for all.

    ## Example
    ```yaml
    waf: false
    ```
    Use instead:
    ```yaml
    waf: true
    ```

    ## References
    - https://docs.aws.amazon.com/waf/latest/developerguide/waf-chapter.html
    """
    for balancer in graph.all("aws_lb", "aws_alb"):
        kind = text(balancer, "load_balancer_type", default="application")
        if kind != "application" or flag(balancer, "internal", default=False) is not False:
            continue
        fronts = graph.referrers(balancer, "aws_cloudfront_distribution")
        if not graph.referrers(balancer, *ATTACHMENTS) and not any(given(front, "web_acl_id") for front in fronts):
            yield balancer, "It faces the internet without a web ACL."


@check(
    "GB074",
    "notice",
    fix="Add a rule with a rate_based_statement, for example 2000 requests in five minutes per address.",
)
def waf_without_a_rate_limit(graph: Graph) -> Iterator[Hit]:
    """WAF has no rate limit.

    ## What it finds
    A web ACL without a rate-based rule. Rule groups and rules that are not known before apply are given the benefit of the doubt.

    ## Why it matters
    Managed rules look at single requests. Password guessing and scraping are made of requests that are each in order; only
    their number is not.

    ## Example
    ```json
    {"resource": {"aws_wafv2_web_acl": {"main": {"rule": []}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_wafv2_web_acl": {"main": {"rule": [{"name": "rate", "priority": 0, "action": {"block": {}},
      "statement": {"rate_based_statement": {"limit": 2000, "aggregate_key_type": "IP"}}}]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based.html
    """
    for acl in graph.all("aws_wafv2_web_acl"):
        unknown = _rules_unknown(acl) or graph.referrers(acl, "aws_wafv2_web_acl_rule_group_association")
        if not unknown and not _contains(
            acl.args.get("rule"), {"rate_based_statement", "rule_group_reference_statement"}
        ):
            yield acl, "No rule limits how many requests one client may send."


@check("GB075", "notice", fix="Add an aws_wafv2_web_acl_logging_configuration.")
def waf_without_logs(graph: Graph) -> Iterator[Hit]:
    """WAF writes no log.

    ## What it finds
    A web ACL without `aws_wafv2_web_acl_logging_configuration`.

    ## Why it matters
    When a customer is blocked by mistake, or an attack got through, the log is the only place that says which rule saw which
    request. Sampled requests are kept for three hours.

    ## Example
    ```json
    {"resource": {"aws_wafv2_web_acl": {"main": {"scope": "REGIONAL"}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_wafv2_web_acl_logging_configuration": {"main": {
      "resource_arn": "${aws_wafv2_web_acl.main.arn}",
      "log_destination_configs": ["${aws_cloudwatch_log_group.waf.arn}"]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/waf/latest/developerguide/logging.html
    """
    for acl in graph.all("aws_wafv2_web_acl"):
        if not graph.referrers(acl, "aws_wafv2_web_acl_logging_configuration"):
            yield acl, "What it allows and blocks is not logged."


@check(
    "GB076", "warning", fix="Set the override_action of the managed rules to none once their log shows no false alarms."
)
def waf_only_counts(graph: Graph) -> Iterator[Hit]:
    """WAF only counts.

    ## What it finds
    A web ACL that has managed rule groups and has all of them in count mode.

    ## Why it matters
    Counting is right for the first days, to see what would be blocked. Forgotten there, it is a firewall that lets everything
    through.

    ## Example
    ```yaml
    waf: {count_only: true}
    ```
    Use instead:
    ```yaml
    waf: {count_only: false}
    ```

    ## References
    - https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-testing.html
    """
    for acl in graph.all("aws_wafv2_web_acl"):
        groups = [
            rule for rule in acl.blocks("rule") if _contains(rule.get("statement"), {"managed_rule_group_statement"})
        ]
        if groups and not _rules_unknown(acl) and all(_counts(rule) for rule in groups):
            yield acl, "All its managed rules count only; nothing is blocked by them."


def _counts(rule: dict[str, Any]) -> bool:
    return any(isinstance(action, dict) and "count" in action for action in listed(rule.get("override_action")))


def _rules_unknown(acl: Resource) -> bool:
    return "dynamic" in acl.meta or given(acl, "rule_json") or isinstance(acl.args.get("rule"), str)


def _contains(value: Any, names: set[str]) -> bool:
    """Whether nested data have one of these keys anywhere."""
    if isinstance(value, dict):
        return any(key in names or _contains(item, names) for key, item in value.items())
    return isinstance(value, list) and any(_contains(item, names) for item in value)
