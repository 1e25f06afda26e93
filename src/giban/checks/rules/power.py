"""Checks of what is switched off by the clock."""

from __future__ import annotations

from collections.abc import Iterator

from giban.checks.firewalls import firewalls, groups_of
from giban.checks.registry import Hit, check
from giban.checks.serving import template_of
from giban.checks.values import flag
from giban.graph.graph import Graph
from giban.graph.power import DAY, DAYS, WEEK, Span, hours_of, peaks_of, switched
from giban.graph.resource import Resource

DATABASES = ("aws_db_instance", "aws_rds_cluster")
USERS = ("aws_autoscaling_group", "aws_instance", "aws_ecs_service", "aws_lambda_function")


@check("GB165", "warning", fix="Give both the same schedule, or let the database run whenever one of its users does.")
def database_sleeps_before_its_users(graph: Graph) -> Iterator[Hit]:
    """Database is switched off while a service that uses it runs.

    ## What it finds
    A database with hours (the tag `giban:hours`, made by `power`) that lets the security group of a group, instance or function
    in which runs at hours when it does not. Machines that are started on demand are left out.

    ## Why it matters
    The load balancer answers, every request ends with an error, and the alarms for it come every evening until somebody mutes
    them for good.

    ## Example
    ```json
    {"resource": {
      "aws_security_group": {"db": {"ingress": [{"protocol": "tcp", "from_port": 5432, "to_port": 5432,
        "security_groups": ["${aws_security_group.web.id}"]}]}, "web": {"name": "web"}},
      "aws_db_instance": {"main": {"vpc_security_group_ids": ["${aws_security_group.db.id}"],
        "tags": {"giban:hours": "Mon-Fri 08:00-20:00 Asia/Seoul"}}},
      "aws_instance": {"web": {"vpc_security_group_ids": ["${aws_security_group.web.id}"]}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_security_group": {"db": {"ingress": [{"protocol": "tcp", "from_port": 5432, "to_port": 5432,
        "security_groups": ["${aws_security_group.web.id}"]}]}, "web": {"name": "web"}},
      "aws_db_instance": {"main": {"vpc_security_group_ids": ["${aws_security_group.db.id}"],
        "tags": {"giban:hours": "Mon-Fri 08:00-20:00 Asia/Seoul"}}},
      "aws_instance": {"web": {"vpc_security_group_ids": ["${aws_security_group.web.id}"],
        "tags": {"giban:hours": "Mon-Fri 08:30-20:00 Asia/Seoul"}}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html
    """
    for database in graph.all(*DATABASES):
        mine = hours_of(database)
        if mine is None:
            continue
        for user in _let_in(graph, database):
            theirs = hours_of(user)
            if theirs is not None and theirs.zone != mine.zone:
                continue
            gap = _first_gap(theirs.spans if theirs is not None else ((0, WEEK),), mine.spans)
            if gap is not None and not switched(user):
                yield database, f"It is off from {_time(gap)} on while {user.address} runs."


def _let_in(graph: Graph, database: Resource) -> list[Resource]:
    """The groups, instances and functions whose security group a database lets in by name."""
    rules = [
        rule for group in groups_of(graph, database).resources for rule in firewalls(graph).rules(group, "ingress")
    ]
    peers = {group.key for rule in rules for group in rule.groups.resources}
    found = []
    for user in graph.all(*USERS):
        machine = template_of(graph, user) or user
        if peers & {group.key for one in (user, machine) for group in groups_of(graph, one).resources}:
            found.append(user)
    return found


def _first_gap(wanted: tuple[Span, ...], given: tuple[Span, ...]) -> int | None:
    """The first minute of the week that is wanted and not given; both are in order and without overlap."""
    for begin, end in wanted:
        at = begin
        for here, there in given:
            if here <= at < there:
                at = there
        if at < end:
            return at
    return None


def _time(minute: int) -> str:
    return f"{DAYS[minute // DAY % 7]} {minute % DAY // 60:02d}:{minute % 60:02d}"


@check("GB166", "notice", fix="Leave the database out of the schedule, or do without the second zone.")
def two_zones_and_off_at_night(graph: Graph) -> Iterator[Hit]:
    """Production database in two zones is switched off by the clock.

    ## What it finds
    A database with `multi_az` and with hours (the tag `giban:hours`, made by `power`) in a production stage.

    ## Why it matters
    The second zone is paid for so that the database answers at every hour. Whoever needs that does not switch it off, and whoever
    switches it off pays twice for the hours that are left. Starting takes minutes, sometimes hours.

    ## Example
    ```json
    {"resource": {"aws_db_instance": {"main": {"multi_az": true,
      "tags": {"giban:hours": "Mon-Fri 08:00-20:00 Asia/Seoul"}}}}}
    ```
    Use instead:
    ```json
    {"resource": {"aws_db_instance": {"main": {"multi_az": true}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html
    """
    for database in graph.all("aws_db_instance") if graph.stage == "production" else ():
        hours = hours_of(database)
        if hours is not None and flag(database, "multi_az", default=False):
            yield (
                database,
                f"It has a standby in a second zone, but is off {100 - 100 * hours.share:.0f} % of the week.",
            )


@check("GB167", "warning", fix="Remove the scheduled action, and say its size with scale.schedules.")
def two_owners_of_a_size(graph: Graph) -> Iterator[Hit]:
    """Two clocks set the size of one group.

    ## What it finds
    An `aws_autoscaling_schedule` of a group that has hours or peaks of giban's keeper (the tags `giban:hours`, `giban:peaks`).

    ## Why it matters
    The keeper takes a size that it did not set for somebody's wish and respects it: the group stays on over the weekend, or is
    started at night by the one and stopped by the other.

    ## Example
    ```json
    {"resource": {
      "aws_autoscaling_group": {"web": {"min_size": 2, "max_size": 6,
        "tag": [{"key": "giban:hours", "value": "Mon-Fri 08:00-20:00 Asia/Seoul", "propagate_at_launch": false}]}},
      "aws_autoscaling_schedule": {"noon": {"autoscaling_group_name": "${aws_autoscaling_group.web.name}",
        "scheduled_action_name": "noon", "min_size": 4, "recurrence": "0 12 * * *", "time_zone": "Asia/Seoul"}}}}
    ```
    Use instead:
    ```json
    {"resource": {
      "aws_autoscaling_group": {"web": {"min_size": 2, "max_size": 6, "tag": [
        {"key": "giban:hours", "value": "Mon-Fri 08:00-20:00 Asia/Seoul", "propagate_at_launch": false},
        {"key": "giban:peaks", "value": "Mon-Fri 12:00 4 Asia/Seoul", "propagate_at_launch": false}]}}}}
    ```

    ## References
    - https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html
    """
    for action in graph.all("aws_autoscaling_schedule"):
        group = graph.follow(action, "autoscaling_group_name")
        if group is not None and (hours_of(group) or peaks_of(group)):
            yield action, f"{group.address} has hours of its own; the two undo what the other did."
