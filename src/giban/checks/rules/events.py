"""Checks of EventBridge rules."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.queries import multiplied, passed_out
from giban.checks.registry import Hit, check
from giban.checks.values import flag, text
from giban.graph.graph import Graph
from giban.graph.refs import is_unknown
from giban.graph.resource import Resource


@check("GB117", "warning", fix="Add an aws_cloudwatch_event_target, or remove the rule.")
def rule_without_target(graph: Graph) -> Iterator[Hit]:
    """Event rule without a target.

    ## What it finds
    An EventBridge rule that is switched on and that no `aws_cloudwatch_event_target` names. Rules that an output hands on are
    left out.

    ## Why it matters
    The event is met and thrown away. Whoever wrote the rule believes that something happens.

    ## Example
    ```json
    {"resource": {"aws_cloudwatch_event_rule": {"state": {
      "event_pattern": "{\\"source\\": [\\"aws.ec2\\"]}"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_cloudwatch_event_rule": {"state": {"event_pattern": "{\\"source\\": [\\"aws.ec2\\"]}"}},
      "aws_cloudwatch_event_target": {"state": {
        "rule": "${aws_cloudwatch_event_rule.state.name}", "arn": "${aws_sns_topic.state.arn}"}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
    """
    targets = graph.all("aws_cloudwatch_event_target")
    unsure = {
        target.stack.key
        for target in targets
        if is_unknown(target.value("rule")) and graph.follow(target, "rule") is None
    }
    for rule in graph.all("aws_cloudwatch_event_rule"):
        off = text(rule, "state", default="ENABLED") not in ("ENABLED", None)
        off = off or flag(rule, "is_enabled", default=True) is not True
        if off or rule.stack.key in unsure or multiplied(rule) or passed_out(rule):
            continue
        if not any(_names(graph, target, rule) for target in targets):
            yield rule, "Its events lead to nothing."


def _names(graph: Graph, target: Resource, rule: Resource) -> bool:
    by_name = target.stack is rule.stack and text(target, "rule") and text(target, "rule") == text(rule, "name")
    return graph.follow(target, "rule") is rule or bool(by_name)
