"""Checks of fleets that change with the clock and the market: spot instances and schedules."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.registry import Hit, check
from giban.checks.values import given, made_dynamically, number, text
from giban.graph.graph import Graph
from giban.graph.resource import Resource


@check("GB153", "warning", fix="Set on_demand_base_capacity to 1 or more.", relaxed=True)
def group_of_spot_only(graph: Graph) -> Iterator[Hit]:
    """Group has nothing but spot instances.

    ## What it finds
    An auto scaling group with a `min_size` of 1 or more whose instances are all spot: a mixed instances policy without an
    on-demand base and with nothing on demand above it, or a launch template that asks for spot.

    ## Why it matters
    AWS takes spot instances back with two minutes' notice, all of one type in a zone at once, and may have none to give for
    hours. A service that has to answer then has no instance left.

    ## Example
    ```json
    {"resource": {"aws_autoscaling_group": {"web": {"min_size": 2, "max_size": 6, "mixed_instances_policy": {
      "instances_distribution": {"on_demand_percentage_above_base_capacity": 0},
      "launch_template": {"launch_template_specification": {"launch_template_id": "lt-1"}}}}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_autoscaling_group": {"web": {"min_size": 2, "max_size": 6, "mixed_instances_policy": {
      "instances_distribution": {"on_demand_base_capacity": 1, "on_demand_percentage_above_base_capacity": 0},
      "launch_template": {"launch_template_specification": {"launch_template_id": "lt-1"}}}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-mixed-instances-groups.html
    - https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-best-practices.html
    """
    for group in graph.all("aws_autoscaling_group"):
        least = number(group, "min_size", default=0)
        if not least or least < 1:
            continue
        if group.blocks("mixed_instances_policy"):
            base, above = (_distribution(group, name, default) for name, default in _SHARES)
            if base == 0 and above == 0:
                yield group, f"Of its at least {least:g} instances not one is on demand."
        elif not made_dynamically(group, "mixed_instances_policy"):
            template = graph.follow(group, "launch_template") or graph.follow(group, "launch_configuration")
            if template is not None and _asks_for_spot(template):
                yield group, f"Its instances are all spot: {template.address} asks for nothing else."


_SHARES = (("on_demand_base_capacity", 0), ("on_demand_percentage_above_base_capacity", 100))
"""Arguments and the provider's defaults."""


def _distribution(group: Resource, name: str, default: int) -> float | None:
    return number(group, "mixed_instances_policy", "instances_distribution", name, default=default)


def _asks_for_spot(template: Resource) -> bool:
    return text(template, "instance_market_options", "market_type") == "spot" or given(template, "spot_price")


@check(
    "GB154",
    "notice",
    fix="Add overrides with two or more instance types of about the same size, or instance_requirements.",
)
def spot_of_one_kind(graph: Graph) -> Iterator[Hit]:
    """Spot instances of a single type.

    ## What it finds
    A mixed instances policy that uses spot instances but knows one instance type only.

    ## Why it matters
    Each type in each zone is a pool of its own. When the one pool is empty, the group gets nothing, although the next size or
    the last generation stands there for the same price.

    ## Example
    ```json
    {"resource": {"aws_autoscaling_group": {"web": {"min_size": 2, "max_size": 6, "mixed_instances_policy": {
      "instances_distribution": {"on_demand_base_capacity": 1, "on_demand_percentage_above_base_capacity": 30},
      "launch_template": {"launch_template_specification": {"launch_template_id": "lt-1"}}}}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_autoscaling_group": {"web": {"min_size": 2, "max_size": 6, "mixed_instances_policy": {
      "instances_distribution": {"on_demand_base_capacity": 1, "on_demand_percentage_above_base_capacity": 30},
      "launch_template": {"launch_template_specification": {"launch_template_id": "lt-1"},
        "override": [{"instance_type": "t3.small"}, {"instance_type": "t3a.small"}]}}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-best-practices.html
    """
    for group in graph.all("aws_autoscaling_group"):
        if not group.blocks("mixed_instances_policy") or group.meta.get("dynamic"):
            continue
        above = _distribution(group, *_SHARES[1])
        overrides = group.blocks("mixed_instances_policy", "launch_template", "override")
        kinds = {str(one.get("instance_type")) for one in overrides if one.get("instance_type")}
        open_ended = any(one.get("instance_requirements") for one in overrides) or "dynamic" in str(group.args)
        if above is not None and above < 100 and len(kinds) < 2 and not open_ended:
            yield (
                group,
                f"When there is no {next(iter(kinds), 'instance of its type')} to spare, it gets no spot instance at all.",
            )


@check("GB155", "notice", fix='Set time_zone (or schedule_expression_timezone), for example to "Asia/Seoul".')
def schedule_in_another_time(graph: Graph) -> Iterator[Hit]:
    """Schedule by the clock without a time zone.

    ## What it finds
    A scheduled action of a group or an EventBridge schedule with hours in it and without a time zone.

    ## Why it matters
    The hours are UTC then. What is to start at 08:00 in Seoul starts at 17:00, and where the clocks change it is an hour off for
    half of the year.

    ## Example
    ```json
    {"resource": {"aws_autoscaling_schedule": {"morning": {"autoscaling_group_name": "web",
      "scheduled_action_name": "morning", "recurrence": "0 8 * * 1-5", "min_size": 4}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_autoscaling_schedule": {"morning": {"autoscaling_group_name": "web", "time_zone": "Asia/Seoul",
      "scheduled_action_name": "morning", "recurrence": "0 8 * * 1-5", "min_size": 4}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html
    - https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
    """
    for action in graph.all("aws_autoscaling_schedule"):
        if _has_hours((text(action, "recurrence") or "").split()) and not given(action, "time_zone"):
            yield action, f"Its hours are UTC: {text(action, 'recurrence')}."
    for schedule in graph.all("aws_scheduler_schedule"):
        expression = text(schedule, "schedule_expression") or ""
        fields = expression[5:-1].split() if expression.startswith("cron(") else []
        if _has_hours(fields) and not given(schedule, "schedule_expression_timezone"):
            yield schedule, f"Its hours are UTC: {expression}."


def _has_hours(fields: list[str]) -> bool:
    """Whether a cron expression names hours, not every hour or every few."""
    return len(fields) >= 5 and not fields[1].startswith("*")


@check("GB156", "error", fix="Set min_size, max_size and desired_capacity of the action so that they fit together.")
def scheduled_size_out_of_range(graph: Graph) -> Iterator[Hit]:
    """Scheduled size does not fit the group.

    ## What it finds
    A scheduled action whose `min_size` is above its `max_size` (or, where it sets none, that of the group), or whose
    `desired_capacity` lies outside of both.

    ## Why it matters
    AWS accepts the action and fails at it when its time comes: the group stays small at the hour it was to be large.

    ## Example
    ```json
    {"resource": {
      "aws_autoscaling_group": {"web": {"min_size": 1, "max_size": 4}},
      "aws_autoscaling_schedule": {"noon": {"autoscaling_group_name": "${aws_autoscaling_group.web.name}",
        "scheduled_action_name": "noon", "min_size": 6}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_autoscaling_group": {"web": {"min_size": 1, "max_size": 8}},
      "aws_autoscaling_schedule": {"noon": {"autoscaling_group_name": "${aws_autoscaling_group.web.name}",
        "scheduled_action_name": "noon", "min_size": 6}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScheduledUpdateGroupAction.html
    """
    for action in graph.all("aws_autoscaling_schedule"):
        group = graph.follow(action, "autoscaling_group_name")
        low, high, wanted = (_size(action, group, name) for name in ("min_size", "max_size", "desired_capacity"))
        if low is not None and high is not None and low > high:
            yield action, f"It asks for at least {low:g} instances of at most {high:g}."
        elif wanted is not None and not (low or 0) <= wanted <= (high if high is not None else wanted):
            yield action, f"It asks for {wanted:g} instances, outside of the group's sizes."


def _size(action: Resource, group: Resource | None, name: str) -> float | None:
    """A size as the action leaves it; -1 means that the action leaves it be."""
    own = number(action, name, default=-1)
    if own is None or own >= 0:
        return own
    if name == "desired_capacity" or group is None or group.type != "aws_autoscaling_group":
        return None
    return number(group, name, default=None)


@check(
    "GB157",
    "notice",
    fix="Set retry_policy with maximum_event_age_in_seconds below the interval and maximum_retry_attempts 0 to 2.",
)
def old_ticks_pile_up(graph: Graph) -> Iterator[Hit]:
    """Ticks of a frequent schedule are repeated for a day.

    ## What it finds
    An EventBridge schedule that runs every ten minutes or more often, without a `retry_policy`.

    ## Why it matters
    What fails is tried again for 24 hours, up to 185 times. After an hour of trouble sixty old ticks arrive together with the
    new ones, although the next tick does the same work.

    ## Example
    ```json
    {"resource": {"aws_scheduler_schedule": {"tick": {"schedule_expression": "rate(1 minute)", "target": {
      "arn": "arn:aws:lambda:ap-northeast-2:123456789012:function:keeper", "role_arn": "arn:aws:iam::123456789012:role/tick"}}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_scheduler_schedule": {"tick": {"schedule_expression": "rate(1 minute)", "target": {
      "arn": "arn:aws:lambda:ap-northeast-2:123456789012:function:keeper", "role_arn": "arn:aws:iam::123456789012:role/tick",
      "retry_policy": {"maximum_event_age_in_seconds": 60, "maximum_retry_attempts": 0}}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/scheduler/latest/APIReference/API_RetryPolicy.html
    """
    for schedule in graph.all("aws_scheduler_schedule"):
        expression = text(schedule, "schedule_expression") or ""
        words = expression.removeprefix("rate(").removesuffix(")").split()
        often = (
            expression.startswith("rate(")
            and len(words) == 2
            and words[1].startswith("minute")
            and words[0].isdecimal()
        )
        if often and int(words[0]) <= 10 and not given(schedule, "target", "retry_policy"):
            yield schedule, f"A run that fails ({expression}) is tried again for a day."
