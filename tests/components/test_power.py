"""Power schedules, peaks and spot as resources: what the keeper is told, what it may do, what Terraform leaves to it."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from giban.components.power import CONFIG
from giban.graph.graph import Graph
from giban.graph.power import hours_of, peaks_of
from giban.graph.problems import Problems
from giban.runtime.fleets.hours import hours_per_month
from tests.components.test_workstations import graph, resource, statements, variables

BASE = """\
name: scv
domain: scv.example.com
regions: [ap-northeast-2]
services:
  web: {kind: instances, public: true, port: 80, scale: {min: 2, max: 6}}
  was: {kind: instances, port: 8080, allow: [web], scale: {min: 1, max: 3}}
databases: {main: {engine: postgres, version: "16"}, other: {engine: postgres, version: "16"}}
power:
  office:
    time_zone: Asia/Seoul
    on: 08:00 Mon-Fri
    off: 20:00 daily
    targets: [services.web, databases.main]
    holidays: [2026-12-25]
"""
PEAKS = (
    "services.was.scale={min: 1, max: 3, time_zone: Asia/Tokyo, "
    "schedules: [{at: 11:30 daily, min: 2}, {at: 14:00 daily, min: 1}]}"
)
WORKSTATION = "workstations.dev={allow: [203.0.113.0/24]}"


def found(*sets: str, environment: str | None = None) -> Graph:
    return graph(*sets, text=BASE, environment=environment)


def archive(made: Graph) -> dict[str, bytes]:
    written = made.stacks[-1].files["files/keeper.zip"]
    assert callable(written)
    with zipfile.ZipFile(io.BytesIO(written())) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def config(made: Graph) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(archive(made)[CONFIG])
    return read


def ignored(made: Graph, address: str) -> list[str]:
    listed: list[str] = resource(made, address).meta["lifecycle"]["ignore_changes"]
    return listed


def test_the_keeper_is_told_names_numbers_and_hours() -> None:
    told = config(found(PEAKS))
    assert told["schedules"] == {
        "office": {
            "time_zone": "Asia/Seoul",
            "on": "08:00 Mon-Fri",
            "off": "20:00 daily",
            "holidays": ["2026-12-25"],
            "grace": 7200,
        }
    }
    assert told["targets"] == {
        "databases.main": {"kind": "rds", "name": "scv-main", "schedules": ["office"]},
        "services.was": {
            "kind": "group",
            "name": "scv-was",
            "schedules": [],
            "min": 1,
            "max": 3,
            "desired": 1,
            "peaks": [{"at": "11:30 daily", "min": 2}, {"at": "14:00 daily", "min": 1}],
            "time_zone": "Asia/Tokyo",
        },
        "services.web": {"kind": "group", "name": "scv-web", "schedules": ["office"], "min": 2, "max": 6, "desired": 2},
    }


def test_the_keeper_itself_reads_what_it_is_told() -> None:
    from giban.runtime.fleets.target import targets_of

    targets = targets_of(config(found(PEAKS)))
    assert sorted(targets) == ["databases.main", "services.was", "services.web"]
    assert targets["services.web"].schedules["office"]["grace"] == 7200
    assert targets["services.was"].zone == "Asia/Tokyo"


def test_names_in_aws_are_those_of_the_documents() -> None:
    told = config(found("services.web.was=front", "power.office.manual=1d", environment="dev"))
    assert told["targets"]["services.web"]["name"] == "scv-dev-front"
    assert told["targets"]["databases.main"]["name"] == "scv-dev-main"
    assert told["schedules"]["office"]["grace"] == 86_400


def test_patched_names_are_found() -> None:
    told = config(found("patch={aws_autoscaling_group.web: {name: own}}"))
    assert told["targets"]["services.web"]["name"] == "own"


def test_terraform_leaves_to_the_keeper_what_it_changes() -> None:
    made = found(PEAKS)
    kept = ["desired_capacity", "max_size", "min_size", "suspended_processes"]
    assert ignored(made, "aws_autoscaling_group.web") == kept
    assert ignored(made, "aws_autoscaling_group.was") == kept, "peaks move the limits too"
    assert ignored(found(), "aws_autoscaling_group.was") == ["desired_capacity"]


def test_hours_stand_in_tags_of_the_thing_and_not_of_its_instances() -> None:
    made = found(PEAKS)
    web = resource(made, "aws_autoscaling_group.web")
    tag = next(tag for tag in web.args["tag"] if tag["key"] == "giban:hours")
    assert tag == {"key": "giban:hours", "value": "Mon-Fri 08:00-20:00 Asia/Seoul", "propagate_at_launch": False}
    main = resource(made, "aws_db_instance.main")
    assert main.args["tags"] == {"Name": "scv-main", "giban:hours": "Mon-Fri 08:00-20:00 Asia/Seoul"}
    assert "giban:hours" not in resource(made, "aws_db_instance.other").args["tags"]
    peaks = peaks_of(resource(made, "aws_autoscaling_group.was"))
    assert peaks is not None
    assert peaks.zone == "Asia/Tokyo"
    assert peaks.steps[:2] == ((690, 2), (840, 1))


def test_hours_of_overlapping_schedules_are_those_of_any() -> None:
    late = "power.late={time_zone: Asia/Seoul, on: 18:00 Thu, off: 23:00 Thu, targets: [services.web]}"
    hours = hours_of(resource(found(late), "aws_autoscaling_group.web"))
    assert hours is not None
    assert hours.share * 168 == pytest.approx(63)


def test_another_zone_is_laid_over_the_first() -> None:
    """In January, 17:00 in Seoul is 08:00 in London and 09:00 in Berlin."""
    sets = (
        "power.office={time_zone: Europe/London, on: 08:00 Mon, off: 10:00 Mon, targets: [services.web]}",
        "power.seoul={time_zone: Asia/Seoul, on: 19:00 Mon, off: 21:00 Mon, targets: [services.web]}",
        "services.web.scale={min: 1, max: 3, time_zone: Europe/Berlin, "
        "schedules: [{at: 09:30 Mon, min: 3}, {at: 11:00 Mon, min: 1}]}",
    )
    web = resource(found(*sets), "aws_autoscaling_group.web")
    hours, peaks = hours_of(web), peaks_of(web)
    assert hours is not None
    assert hours.zone == "Europe/London"
    assert hours.spans == ((480, 720),)
    assert peaks is not None
    assert peaks.steps == ((510, 3), (600, 1))


DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
TIMES = st.builds(
    lambda hour, minute, days: f"{hour:02d}:{minute:02d} {','.join(days)}",
    st.integers(0, 23),
    st.sampled_from((0, 15, 30, 59)),
    st.lists(st.sampled_from(DAYS), min_size=1, max_size=3, unique=True),
)


@settings(max_examples=40, deadline=None)
@given(TIMES, TIMES, st.sampled_from(("Asia/Seoul", "Europe/Berlin", "America/St_Johns", "UTC")), st.booleans())
def test_tags_tell_the_hours_that_the_keeper_keeps(on: str, off: str, zone: str, twice: bool) -> None:
    """Whatever the schedules: the hours of a month by the tag are those by the keeper's own rules."""
    assume(on[:5] != off[:5])
    schedules = {"office": {"time_zone": zone, "on": on, "off": off}}
    if twice:
        schedules["seoul"] = {"time_zone": "Asia/Seoul", "on": "19:00 Mon", "off": "21:00 Mon"}
    sets = [
        f"power.{name}={{time_zone: {each['time_zone']}, on: '{each['on']}', off: '{each['off']}', targets: [services.web]}}"
        for name, each in schedules.items()
    ]
    hours = hours_of(resource(found(*sets), "aws_autoscaling_group.web"))
    assert hours is not None
    assert hours.share * 730 == pytest.approx(hours_per_month(schedules), abs=0.1)


def test_too_many_different_hours_are_told() -> None:
    sets = [
        f"power.s{day}{hour}={{time_zone: UTC, on: {hour:02d}:{day:02d} {name}, off: {hour + 1:02d}:{day:02d} {name}, "
        "targets: [services.web]}"
        for day, name in enumerate(DAYS)
        for hour in range(0, 24, 4)
    ]
    with pytest.raises(Problems) as caught:
        found(*sets)
    assert "too many different ones for a tag" in str(caught.value)


def test_the_keeper_may_change_its_own_targets_only() -> None:
    may = statements(found(PEAKS), "aws_iam_role_policy.keeper")
    assert may["Groups"]["Resource"] == ["${aws_autoscaling_group.was.arn}", "${aws_autoscaling_group.web.arn}"]
    assert may["Databases"]["Resource"] == ["${aws_db_instance.main.arn}"]
    assert "Secrets" not in may
    assert "Power" not in may, "there are no workstations"
    for statement in may.values():
        assert not any("*" in action for action in statement["Action"])
        if statement["Resource"] == "*":
            assert all(action.split(":")[1].startswith("Describe") for action in statement["Action"])


@pytest.mark.parametrize("target", ["services.web", "databases.main"])
def test_without_a_kind_there_are_no_rights_for_it(target: str) -> None:
    may = statements(found(f"power.office.targets=[{target}]"), "aws_iam_role_policy.keeper")
    assert ("Groups" in may) == (target == "services.web")
    assert ("Databases" in may) == (target == "databases.main")


def test_one_keeper_and_one_table_for_everything() -> None:
    """Addresses and names stay when the first workstation or the first schedule comes: nothing is replaced."""
    alone, both = found(), found(WORKSTATION)
    for address in (
        "aws_dynamodb_table.workstations",
        "aws_lambda_function.keeper",
        "aws_scheduler_schedule.keeper_tick",
    ):
        name = "function_name" if "lambda" in address else "name"
        assert resource(alone, address).args[name] == resource(both, address).args[name]
    assert "GIBAN_WORKSTATIONS" not in variables(alone, "aws_lambda_function.keeper")
    assert "GIBAN_WORKSTATIONS" in variables(both, "aws_lambda_function.keeper")
    assert set(statements(both, "aws_iam_role_policy.keeper")) >= {"Secrets", "Power", "Groups", "Databases"}
    assert len(both.all("aws_lambda_function")) == 2, "the admin function and one keeper"


def test_without_schedules_there_is_no_keeper() -> None:
    made = graph(text=BASE[: BASE.index("power:")])
    assert made.get("aws_lambda_function.keeper") is None
    assert hours_of(resource(made, "aws_autoscaling_group.web")) is None


def test_planned_stops_and_problems_are_told_where_alarms_arrive() -> None:
    made = found("alarms={channels: {team: {slack: secret:slack-webhook}}}")
    table = resource(made, "aws_dynamodb_table.alarms")
    assert variables(made, "aws_lambda_function.keeper")["GIBAN_ALARMS_TABLE"] == str(table.ref("name"))
    assert "GIBAN_ALARMS_TOPIC" in variables(made, "aws_lambda_function.keeper")
    may = statements(made, "aws_iam_role_policy.keeper")
    assert may["Mutes"]["Action"] == ["dynamodb:PutItem"]
    assert may["Problems"]["Action"] == ["sns:Publish"]
    assert "sns.ap-northeast-2.amazonaws.com" in may["Decrypt"]["Condition"]["StringEquals"]["kms:ViaService"]
    assert "Mutes" not in statements(found(), "aws_iam_role_policy.keeper")


def test_spot_beside_on_demand() -> None:
    made = found("services.web.spot={base: 1, percent: 70, instances: [t3a.small, t3.medium]}")
    group = resource(made, "aws_autoscaling_group.web")
    distribution = group.value("mixed_instances_policy", "instances_distribution")
    assert distribution["on_demand_base_capacity"] == 1
    assert distribution["on_demand_percentage_above_base_capacity"] == 30
    assert distribution["spot_allocation_strategy"] == "price-capacity-optimized"
    types = [one["instance_type"] for one in group.blocks("mixed_instances_policy", "launch_template", "override")]
    assert types == ["t3.small", "t3a.small", "t3.medium"]
    assert group.args["capacity_rebalance"] is True
    assert "launch_template" not in group.args
    # EC2 gives two minutes; requests must have ended by then.
    assert resource(made, "aws_lb_target_group.web").args["deregistration_delay"] < 120
    assert "capacity_rebalance" not in resource(made, "aws_autoscaling_group.was").args
