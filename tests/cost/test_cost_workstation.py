"""Machines that stop when nobody works, and the functions that look after them; the arithmetic stands in the tests."""

from __future__ import annotations

from typing import Any

import pytest

from giban.cost.calls import runs_a_month
from giban.cost.estimate import Estimate, estimate
from giban.cost.usage import parse_usage
from tests.cost.worlds import SEOUL, TOKYO, World, of, usd

DEV, SHARED = "workstations.dev", "workstations"
REPORTS = (60 * 60, 160 * 60, 320 * 60)
"""A report a minute while it is on."""
TICKS = 730 * 60


class Workstation(World):
    """A host that stops by itself, its administration, and the keeper that ticks every minute."""

    def __init__(self, region: str = SEOUL) -> None:
        super().__init__(region)
        subnet = self.subnet("a", "a")
        self.host = self.add(
            "aws_instance",
            "dev",
            component=DEV,
            ami="ami-1",
            instance_type="t3.large",
            subnet_id=subnet.id,
            tags={"Name": "dev", "giban:power": "scv/dev"},
            root_block_device={"volume_size": 20, "volume_type": "gp3"},
        )
        self.add("aws_eip", "dev", component=DEV, domain="vpc", instance=self.host.id)
        home = self.add(
            "aws_ebs_volume", "dev_home", component=DEV, availability_zone=f"{region}a", size=50, type="gp3"
        )
        self.add(
            "aws_volume_attachment",
            "dev_home",
            component=DEV,
            device_name="/dev/sdf",
            instance_id=self.host.id,
            volume_id=home.id,
        )
        self.table = self.add(
            "aws_dynamodb_table",
            "workstations",
            component=SHARED,
            name="w",
            hash_key="pk",
            billing_mode="PAY_PER_REQUEST",
            attribute={"name": "pk", "type": "S"},
            point_in_time_recovery={"enabled": True},
        )
        self.admin = self.function("dev_admin", DEV)
        self.keeper = self.function("keeper", SHARED)
        self.api = self.add("aws_apigatewayv2_api", "dev_admin", component=DEV, name="x", protocol_type="HTTP")
        self.add(
            "aws_apigatewayv2_integration",
            "dev_admin",
            component=DEV,
            api_id=self.api.id,
            integration_type="AWS_PROXY",
            integration_uri=self.admin.invoke_arn,
        )
        self.schedule("keeper", "rate(1 minute)", self.keeper)

    def function(self, label: str, component: str, **args: Any) -> Any:
        return self.add(
            "aws_lambda_function",
            label,
            component=component,
            function_name=label,
            role="arn:aws:iam::123456789012:role/x",
            memory_size=256,
            architectures=["arm64"],
            environment={"variables": {"GIBAN_TABLE": self.table.name}},
            **args,
        )

    def schedule(self, label: str, expression: str, function: Any) -> None:
        self.add(
            "aws_scheduler_schedule",
            label,
            component=SHARED,
            schedule_expression=expression,
            flexible_time_window={"mode": "OFF"},
            target={"arn": function.arn, "role_arn": "arn:aws:iam::123456789012:role/x"},
        )


def near(*expected: float) -> object:
    return pytest.approx(expected, abs=1e-4)


def quantity(found: Estimate, address: str, item: str) -> tuple[float, float, float]:
    line = next(line for line in of(found, address).lines if line.item == item)
    return (line.quantity.low, line.quantity.likely, line.quantity.high)


def test_a_machine_that_stops_is_paid_while_it_is_on() -> None:
    found = estimate(Workstation().graph)
    assert usd(found, "aws_instance.dev", "t3.large hours") == near(60 * 0.104, 160 * 0.104, 320 * 0.104)
    # Disks and the address are paid all month.
    assert usd(found, "aws_instance.dev", "gp3 volume") == near(*[20 * 0.0912] * 3)
    assert usd(found, "aws_ebs_volume.dev_home", "gp3 volume") == near(*[50 * 0.0912] * 3)
    assert usd(found, "aws_eip.dev", "public IPv4 address") == near(*[730 * 0.005] * 3)


def test_its_hours_can_be_given() -> None:
    found = estimate(Workstation().graph, parse_usage([], ["aws_instance.dev.workstation_hours=100"]))
    assert usd(found, "aws_instance.dev", "t3.large hours") == near(*[100 * 0.104] * 3)
    assert found.on_demand[0].hours == 100


def test_what_it_costs_off_and_on() -> None:
    found = estimate(Workstation().graph)
    (one,) = found.on_demand
    assert (one.component, one.hours) == (DEV, 160)
    # 70 GB of disks, an address, and 5,000 requests of people at 1.23 + 0.2 a million, 100 ms of 0.25 GB and 3 kB each.
    people = 5000 * (1.43e-6 + 0.1 * 0.25 * 0.0000133334 + 3e-6 * 0.126)
    assert one.off == pytest.approx(70 * 0.0912 + 3.65 + people, abs=1e-3)
    # The instance, 50 MB to the internet, and 60 reports.
    reports = 60 * (1.43e-6 + 0.1 * 0.25 * 0.0000133334 + 3e-6 * 0.126)
    assert one.hour == pytest.approx(0.104 + 0.05 * 0.126 + reports, abs=1e-6)
    assert one.always == pytest.approx(one.off + 730 * one.hour)
    likely = next(component.total.likely for component in found.components if component.component == DEV)
    assert one.off + 160 * one.hour == pytest.approx(likely)


def test_the_keeper_pays_for_every_minute() -> None:
    found = estimate(Workstation().graph)
    assert quantity(found, "aws_lambda_function.keeper", "requests") == near(*[TICKS / 1e6] * 3)
    # 20, 100 and 500 ms of 256 MB.
    one = TICKS * 0.25 * 0.0000133334
    assert usd(found, "aws_lambda_function.keeper", "duration") == near(0.02 * one, 0.1 * one, 0.5 * one)
    line = next(line for line in of(found, "aws_lambda_function.keeper").lines if line.item == "requests")
    assert line.note == "by aws_scheduler_schedule.keeper"


def test_the_administration_is_called_by_its_machine_and_by_people() -> None:
    found = estimate(Workstation().graph)
    requests = [(r + p) / 1e6 for r, p in zip(REPORTS, (500, 5000, 50_000), strict=True)]
    assert quantity(found, "aws_apigatewayv2_api.dev_admin", "requests") == near(*requests)
    assert quantity(found, "aws_lambda_function.dev_admin", "requests") == near(*requests)


def test_an_api_without_such_a_machine_serves_users() -> None:
    world = World()
    world.add("aws_apigatewayv2_api", "x", name="x", protocol_type="HTTP", component="api")
    world.add("aws_instance", "x", ami="ami-1", instance_type="t3.micro", component="api")
    assert quantity(estimate(world.graph), "aws_apigatewayv2_api.x", "requests") == near(
        *[rate * 730 * 3600 / 1e6 for rate in (1, 5, 25)]
    )


def test_the_table_is_used_by_the_calls_of_its_functions() -> None:
    found = estimate(Workstation().graph)
    calls = [TICKS + r + p for r, p in zip(REPORTS, (500, 5000, 50_000), strict=True)]
    address = "aws_dynamodb_table.workstations"
    assert quantity(found, address, "writes") == near(*[c * n / 1e6 for c, n in zip(calls, (0, 1, 4), strict=True)])
    assert quantity(found, address, "reads") == near(*[c * n / 1e6 for c, n in zip(calls, (1, 4, 12), strict=True)])
    # It holds no more than a year of writes of 1 kB: 58,400 x 12 = 0.7 GB, not the 2 GB of any table.
    assert quantity(found, address, "storage")[1] == pytest.approx(calls[1] * 12e-6)
    # No price of DynamoDB storage in Seoul was found; in Tokyo there is one.
    assert {unknown.item for unknown in found.unknown} == {"storage", "point-in-time recovery"}
    tokyo = estimate(Workstation(TOKYO).graph)
    assert tokyo.unknown == []
    assert usd(tokyo, address, "point-in-time recovery")[1] == pytest.approx(calls[1] * 12e-6 * 0.228, abs=1e-4)


def test_logs_are_written_by_calls() -> None:
    world = Workstation()
    name = f"/aws/lambda/{world.keeper.function_name}"
    world.add("aws_cloudwatch_log_group", "keeper", component=SHARED, name=name, retention_in_days=30)
    group = world.add("aws_cloudwatch_log_group", "api", component=DEV, name="/scv/dev-admin", retention_in_days=30)
    world.add("aws_cloudwatch_log_group", "host", component=DEV, name="/scv/dev", retention_in_days=30)
    world.add(
        "aws_apigatewayv2_stage",
        "dev_admin",
        component=DEV,
        api_id=world.api.id,
        name="$default",
        access_log_settings={"destination_arn": group.arn, "format": "x"},
    )
    found = estimate(world.graph)
    assert quantity(found, "aws_cloudwatch_log_group.keeper", "log ingestion") == near(
        *[TICKS * kb * 1e-6 for kb in (0.4, 1, 3)]
    )
    assert quantity(found, "aws_cloudwatch_log_group.api", "log ingestion")[1] == pytest.approx(14_600 * 0.4e-6)
    # The host's own logs are not shared with the others of its component.
    assert quantity(found, "aws_cloudwatch_log_group.host", "log ingestion") == near(0.2, 2, 10)


def test_a_trigger_without_a_rate_leaves_the_assumption() -> None:
    world = Workstation()
    world.add(
        "aws_lambda_function_url",
        "keeper",
        function_name=world.keeper.function_name,
        authorization_type="AWS_IAM",
    )
    found = estimate(world.graph)
    assert quantity(found, "aws_lambda_function.keeper", "requests") == near(0.01, 1, 10)
    assert quantity(found, "aws_dynamodb_table.workstations", "writes") == near(0.1, 1, 10)


def test_event_rules_call_now_and_then() -> None:
    world = Workstation()
    rule = world.add("aws_cloudwatch_event_rule", "state", event_pattern='{"source": ["aws.ec2"]}')
    world.add("aws_cloudwatch_event_target", "state", rule=rule.name, arn=world.keeper.arn)
    found = estimate(world.graph)
    expected = [(TICKS + events) / 1e6 for events in (20, 200, 2000)]
    assert quantity(found, "aws_lambda_function.keeper", "requests") == near(*expected)


def test_nobody_is_told_to_stop_what_stops_by_itself() -> None:
    hints = estimate(Workstation().graph).hints
    assert [hint.id for hint in hints if "aws_instance.dev" in hint.resources] == ["arm"]
    # t4g.large instead of t3.large for 160 hours, not 730.
    assert next(hint.usd for hint in hints if hint.id == "arm") == pytest.approx(160 * (0.104 - 0.0832), abs=0.01)


def test_an_ordinary_environment_has_no_such_section() -> None:
    world = World()
    world.group("web", [world.subnet("a", "a")])
    assert estimate(world.graph).on_demand == []


@pytest.mark.parametrize(
    ("expression", "runs"),
    [
        ("rate(1 minute)", 43_800),
        ("rate(5 minutes)", 8760),
        ("rate(1 hour)", 730),
        ("rate(7 days)", 730 / 24 / 7),
        ("cron(0 9 * * ? *)", 730 / 24),
        ("cron(0/5 * * * ? *)", 12 * 730),
        ("cron(*/15 8-17 ? * MON-FRI *)", 4 * 10 * 5 / 7 * 730 / 24),
        ("cron(0 0,12 1 * ? *)", 2 / 31 * 730 / 24),
        ("cron(0 3 ? 6 SUN *)", 1 / 7 / 12 * 730 / 24),
        ("at(2027-01-01T00:00:00)", 0),
    ],
)
def test_schedules_are_counted(expression: str, runs: float) -> None:
    assert runs_a_month(expression) == pytest.approx(runs)


@pytest.mark.parametrize(
    "expression",
    [None, "", "rate()", "rate(x minutes)", "cron(0 9)", "cron(0 9 L * ? *)", "cron(a b c d e f)", "${x}", 5],
)
def test_schedules_that_cannot_be_read_are_not_guessed(expression: object) -> None:
    assert runs_a_month(expression) is None
