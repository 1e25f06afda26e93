"""What alarms promise beyond what the cases pin down: who may do what, what is watched, what the router is told."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from giban.blueprint.load import load
from giban.components.alarm_logs import filter_pattern
from giban.components.alarm_rules.db_instance import memory_of
from giban.components.compile import compile_graph
from giban.graph.graph import Graph
from giban.graph.problems import Problems
from giban.graph.resource import Resource

BASE = """\
name: scv
domain: scv.example.com
regions: [ap-northeast-2]
access: {bastion: {allow: [203.0.113.0/24], key: admin}}
services:
  web: {kind: instances, public: true, port: 80, uses: [services.was]}
  was: {kind: instances, port: 8080, uses: [databases.main]}
databases:
  main: {engine: postgres, version: "16", instance: db.t4g.medium, storage: 100}
workstations:
  dev: {allow: [203.0.113.0/24]}
"""
ALARMS = """\
alarms:
  channels:
    team: {slack: secret:scv/slack}
    bot: {slack_bot: {token: secret:scv/token, channel: C0123456789, signing: secret:scv/signing}}
    owner: {sms: "+821012345678"}
    mail: {email: ops@example.com}
"""


def graph(*sets: str, text: str = BASE + ALARMS) -> Graph:
    loaded = load("giban.yaml", None, sets, read=lambda _path: text.encode())
    return compile_graph(loaded.blueprint, None, loaded.positions)


def resource(found: Graph, address: str) -> Resource:
    return found.stacks[-1].resources[address]  # of the region; the global root has a key of the same address


def statements(found: Graph, address: str) -> dict[str, dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(resource(found, address).args["policy"])["Statement"]
    return {statement["Sid"]: statement for statement in listed}


def config(found: Graph) -> dict[str, Any]:
    written = found.stacks[-1].files["files/alarms.json"]
    assert callable(written)
    read: dict[str, Any] = json.loads(written())
    return read


def names(found: Graph) -> set[str]:
    return {alarm["name"] for alarm in config(found)["alarms"].values()}


def alarms(found: Graph) -> list[Resource]:
    return [item for item in found.managed if item.type == "aws_cloudwatch_metric_alarm" and "scale_" not in item.label]


def test_without_the_section_nothing_is_there() -> None:
    found = graph(text=BASE)
    types = {item.type for item in found.managed}
    assert not types & {"aws_sns_topic", "aws_cloudwatch_dashboard", "aws_cloudwatch_log_subscription_filter"}
    key = json.loads(resource(found, "aws_kms_key.main").args["policy"])
    assert [statement["Sid"] for statement in key["Statement"]] == ["AccountDecides", "LogGroups"]
    assert all("alarm_actions" not in alarm.args for alarm in alarms(found))


def test_every_alarm_tells_the_router_when_it_begins_and_when_it_ends() -> None:
    found = graph()
    for alarm in alarms(found):
        topic = "${aws_sns_topic.alarms.arn}"
        assert alarm.args["alarm_actions"][0] == topic, alarm.address
        assert alarm.args["ok_actions"] == [topic], alarm.address
        assert alarm.args["alarm_name"] in config(found)["alarms"], alarm.address


def test_what_is_wrong_with_the_router_itself_goes_to_mailboxes_directly() -> None:
    found = graph()
    for alarm in alarms(found):
        direct = "${aws_sns_topic.alarms_mail.arn}" in alarm.args["alarm_actions"]
        assert direct is (alarm.component == "alarms"), alarm.address


def test_every_component_has_its_standard_alarms() -> None:
    expected = {
        "access.bastion.check",
        "alarms.age",
        "alarms.dead.messages",
        "alarms.errors",
        "alarms.heartbeat",
        "databases.main.connections",
        "databases.main.cpu",
        "databases.main.memory",
        "databases.main.storage",
        "dns.certificate",
        "network.nat-a.bytes",
        "network.nat-a.ports",
        "services.web.5xx",
        "services.web.cpu",
        "services.web.disk",
        "services.web.healthy",
        "services.web.latency",
        "services.web.memory",
        "services.web.unhealthy",
        "workstations.dev.admin.errors",
        "workstations.dev.disk",
        "workstations.keeper.errors",
        "workstations.keeper.heartbeat",
    }
    assert expected <= names(graph())


def test_no_two_alarms_have_the_same_name_and_none_is_too_long() -> None:
    found = [str(alarm.args["alarm_name"]) for alarm in alarms(graph())]
    assert len(set(found)) == len(found)
    assert all(len(name) <= 255 for name in found)


def test_every_alarm_says_what_is_wrong() -> None:
    for name, alarm in config(graph())["alarms"].items():
        assert alarm["what"].endswith("."), name
        assert "{" not in alarm["what"], name
        assert alarm["priority"] in ("P1", "P2", "P3", "P4"), name
        assert alarm["do"], name


def test_thresholds_and_priorities_change_by_name() -> None:
    found = graph(
        'alarms.rules={services.web.cpu: 70, "*.cpu": {priority: P3}, databases.main.storage: off, '
        "services.web.latency: {threshold: 2.5, runbook: 'https://wiki.example.com/x'}, workstations.keeper.errors: 4}"
    )
    told = config(found)["alarms"]
    assert resource(found, "aws_cloudwatch_metric_alarm.services_web_cpu").args["threshold"] == 70
    assert told["scv-services.web.cpu"]["priority"] == told["scv-databases.main.cpu"]["priority"] == "P3"
    assert "70 %" in told["scv-services.web.cpu"]["what"]
    assert found.get("aws_cloudwatch_metric_alarm.databases_main_storage") is None
    assert resource(found, "aws_cloudwatch_metric_alarm.services_web_latency").args["threshold"] == 2.5
    assert told["scv-services.web.latency"]["runbook"] == "https://wiki.example.com/x"
    assert resource(found, "aws_cloudwatch_metric_alarm.keeper_errors").args["threshold"] == 4


def test_the_exact_name_wins_over_a_pattern() -> None:
    found = names(graph('alarms.rules={"services.*": off, services.web.cpu: on}'))
    assert "services.web.cpu" in found
    assert "services.web.memory" not in found


@pytest.mark.parametrize(
    ("name", "fix"),
    [("services.web.cpuu", "Did you mean `services.web.cpu`?"), ("*.nothing", "giban alarms rules")],
)
def test_an_unknown_alarm_is_told_with_its_place(name: str, fix: str) -> None:
    with pytest.raises(Problems) as caught:
        graph(f'alarms.rules={{"{name}": 3}}')
    assert fix in str(caught.value)
    assert "alarms.rules" in str(caught.value)


def test_no_rules_leave_the_router_watched() -> None:
    found = names(graph("alarms.rules=none"))
    assert {"alarms.heartbeat", "alarms.dead.messages", "workstations.keeper.errors"} <= found
    assert not any(name.startswith(("services.", "databases.")) for name in found)


def test_units_are_those_of_people_and_values_those_of_cloudwatch() -> None:
    found = graph()
    storage = resource(found, "aws_cloudwatch_metric_alarm.databases_main_storage").args
    assert storage["threshold"] == 8 * 2**30
    told = config(found)["alarms"]["scv-databases.main.storage"]
    assert (told["unit"], told["scale"]) == ("GiB", 2**30)
    assert "8 GiB" in told["what"]


@pytest.mark.parametrize(
    ("instance_class", "gib"),
    [
        ("db.t4g.micro", 1),
        ("db.t4g.medium", 4),
        ("db.m7g.large", 8),
        ("db.r6g.2xlarge", 64),
        ("db.serverless", None),
        ("db.m5.metal", None),
        ("nonsense", None),
    ],
)
def test_memory_of_classes(instance_class: str, gib: float | None) -> None:
    assert memory_of(instance_class) == gib


def test_the_router_may_do_what_it_is_for_and_nothing_else() -> None:
    found = statements(graph(), "aws_iam_role_policy.alarms")
    for statement in found.values():
        assert not any("*" in action for action in statement["Action"])
        assert statement.get("Resource") != "*" or statement["Action"] == ["cloudwatch:GetMetricData"]
    channels = [str(arn).rsplit(":secret:", 1)[-1] for arn in found["Channels"]["Resource"]]
    assert channels[:3] == ["scv/signing-??????", "scv/slack-??????", "scv/token-??????"]
    assert found["Phones"]["NotResource"] == "arn:aws:sns:*:*:*"
    assert found["Mail"]["Resource"] == ["${aws_sns_topic.alarms_mail.arn}"]


def test_without_phones_and_mail_it_may_not_publish() -> None:
    found = statements(graph(text=BASE + "alarms: {channels: {team: {slack: secret:a}}}"), "aws_iam_role_policy.alarms")
    assert not any("sns:Publish" in statement["Action"] for statement in found.values())


def test_who_may_publish_may_use_the_key() -> None:
    found = graph()
    key = statements(found, "aws_kms_key.main")
    services = {*key["Publishers"]["Principal"]["Service"], key["Events"]["Principal"]["Service"]}
    policy = statements(found, "aws_sns_topic_policy.alarms")
    assert services == {
        statement["Principal"]["Service"] for statement in policy.values() if "Service" in statement["Principal"]
    }
    # With a condition, no event of EventBridge would ever arrive.
    assert "Condition" not in key["Events"]
    assert "Condition" not in policy["Events"]
    assert "Condition" in policy["Alarms"]
    assert "Condition" in policy["Budgets"]


def test_the_archive_holds_the_configuration() -> None:
    found = graph()
    written = found.stacks[-1].files["files/alarms.zip"]
    assert callable(written)
    archive = zipfile.ZipFile(io.BytesIO(written()))
    read = json.loads(archive.read("runtime/alarms/config.json"))
    assert read == config(found)
    assert read["channels"]["bot"] == {
        "kind": "slack_bot",
        "secret": "scv/token",
        "channel": "C0123456789",
        "signing_secret": "scv/signing",
    }
    assert read["channels"]["mail"] == {"kind": "email", "topic": "scv-alarms-mail"}
    assert read["channels"]["owner"] == {"kind": "sms", "number": "+821012345678"}
    assert read["routes"] == [{"match": {}, "to": ["bot", "mail", "owner", "team"]}]
    assert read["resources"] == {"scv-main": "databases.main", "scv-was": "services.was", "scv-web": "services.web"}


def test_durations_become_seconds() -> None:
    found = graph(
        "alarms.routes=[{match: {priority: P1}, to: [owner, bot], escalate: {after: 10m, to: [owner], repeat: 3}, "
        "group: {by: [name], wait: 1s, interval: 1m}, repeat: 1h, continue: true}, "
        "{to: [team, mail], quiet: {time_zone: Asia/Seoul, hours: '22:00-08:00'}}]"
    )
    assert config(found)["routes"] == [
        {
            "match": {"priority": "P1"},
            "to": ["owner", "bot"],
            "group": {"by": ["name"], "wait": 1, "interval": 60},
            "repeat": 3600,
            "escalate": {"after": 600, "to": ["owner"], "repeat": 3},
            "continue": True,
        },
        {
            "match": {},
            "to": ["team", "mail"],
            "group": {"by": ["service"], "wait": 30, "interval": 300},
            "repeat": 14_400,
            "quiet": {"time_zone": "Asia/Seoul", "hours": "22:00-08:00"},
        },
    ]


def test_the_configuration_is_one_that_the_rules_read() -> None:
    from giban.runtime.alarms.rules import intake, quiet, routing

    found = graph(
        "alarms.routes=[{match: {priority: P2}, to: [owner, bot], quiet: {time_zone: Asia/Seoul, hours: '22:00-08:00'}}, "
        "{to: [team, mail]}]"
    )
    read = config(found)
    quiet.check(read["routes"][0]["quiet"])
    message = {
        "AlarmName": "scv-databases.main.storage",
        "AlarmArn": "arn:aws:cloudwatch:ap-northeast-2:000000000000:alarm:scv-databases.main.storage",
        "NewStateValue": "ALARM",
        "NewStateReason": "Threshold Crossed: 1 datapoint [4294967296.0 (21/11/26 09:00:00)] was less than the threshold.",
        "StateChangeTime": "2026-11-21T09:01:00.000+0000",
        "Trigger": {"MetricName": "FreeStorageSpace", "Threshold": 8589934592.0},
    }
    alert = intake.read(message, read, 1795000000.0)[0]
    assert (alert["priority"], alert["service"], alert["unit"]) == ("P1", "databases.main", "GiB")
    assert (alert["value"], alert["threshold"]) == (4, 8)
    assert [match.route["to"] for match in routing.routes_of(alert, read)] == [["team", "mail"]]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["ERROR"], '"ERROR"'),
        (["ERROR", "Traceback"], '?"ERROR" ?"Traceback"'),
        (['say "no"'], '"say \\"no\\""'),
        (["C:\\temp"], '"C:\\\\temp"'),
        (['{ $.level = "error" }'], '{ $.level = "error" }'),
        (["[ip, user, code=5*]"], "[ip, user, code=5*]"),
    ],
)
def test_words_become_a_filter(patterns: list[str], expected: str) -> None:
    assert filter_pattern(patterns) == expected


def test_logs_of_a_service_reach_the_router() -> None:
    found = graph("alarms.log_errors={was: [ERROR]}")
    made = resource(found, "aws_cloudwatch_log_subscription_filter.alarms_log_services_was")
    assert made.args["log_group_name"] == "${aws_cloudwatch_log_group.was_app.name}"
    assert made.meta["depends_on"] == ["aws_lambda_permission.alarms_log_services_was"]
    assert config(found)["logs"] == {
        "/scv/services/was": {"service": "services.was", "patterns": ["ERROR"], "priority": "P3"}
    }


def test_hosts_measure_and_may_measure_in_their_own_namespace_only() -> None:
    found = graph()
    template = str(resource(found, "aws_launch_template.web").args["user_data"])
    assert 'file("files/monitoring.sh")}${file("files/boot.sh")' in template
    assert '\\"namespace\\":\\"scv\\"' in template
    for address in ("web", "dev"):
        measured = statements(found, f"aws_iam_role_policy.{address}")["Measurements"]
        assert measured["Condition"] == {"StringEquals": {"cloudwatch:namespace": "scv"}}
    settings = str(resource(found, "aws_s3_object.dev_settings").args["content"])
    assert "NAMESPACE='scv'" in settings
    assert "measure" in settings


def test_workstations_stop_without_news() -> None:
    found = graph()
    pattern = json.loads(resource(found, "aws_cloudwatch_event_rule.alarms_on_workstations").args["event_pattern"])
    assert pattern["detail"] == {"instance-id": ["${aws_instance.dev.id}"], "state": ["terminated"]}
    hosts = json.loads(resource(found, "aws_cloudwatch_event_rule.alarms_on_hosts").args["event_pattern"])
    assert hosts["detail"]["instance-id"] == ["${aws_instance.bastion.id}"]


def test_pipelines_of_the_user_are_watched() -> None:
    raw = """\
terraform:
  resource:
    aws_codebuild_project:
      app:
        name: app
        service_role: arn:aws:iam::000000000000:role/build
        artifacts: {type: NO_ARTIFACTS}
        environment: {compute_type: BUILD_GENERAL1_SMALL, image: "aws/codebuild/standard:7.0", type: LINUX_CONTAINER}
        source: {type: NO_SOURCE, buildspec: "version: 0.2"}
"""
    found = graph(text=BASE + ALARMS + raw)
    pattern = json.loads(resource(found, "aws_cloudwatch_event_rule.alarms_on_builds").args["event_pattern"])
    assert pattern["detail"] == {
        "project-name": ["${aws_codebuild_project.app.name}"],
        "build-status": ["FAILED", "SUCCEEDED"],
    }
    assert "aws_cloudwatch_event_rule.alarms_on_builds" not in graph().stacks[-1].resources


def test_the_dashboard_shows_every_alarm_within_its_columns() -> None:
    found = graph()
    body = json.loads(resource(found, "aws_cloudwatch_dashboard.alarms").args["dashboard_body"])
    graphs = [widget for widget in body["widgets"] if widget["type"] == "metric"]
    assert {widget["properties"]["title"] for widget in graphs} == names(found)
    taken: set[tuple[int, int]] = set()
    for widget in body["widgets"]:
        cells = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert max(x for x, _ in cells) < 24
        assert not taken & cells, widget["properties"]
        taken |= cells
    assert len(body["widgets"]) <= 500


def test_no_dashboard_when_it_is_not_wanted() -> None:
    assert graph("alarms.dashboard=false").get("aws_cloudwatch_dashboard.alarms") is None


def test_the_budget_tells_the_topic() -> None:
    found = resource(graph("budget={monthly_usd: 200, alert: [80, forecast]}"), "aws_budgets_budget.budget")
    assert found.args["limit_amount"] == "200.00"
    assert [(item["threshold"], item["notification_type"]) for item in found.args["notification"]] == [
        (80, "ACTUAL"),
        (100, "FORECASTED"),
    ]
    assert all(
        item["subscriber_sns_topic_arns"] == ["${aws_sns_topic.alarms.arn}"] for item in found.args["notification"]
    )


def test_a_budget_of_the_environment_counts_its_tags() -> None:
    found = resource(graph("budget={monthly_usd: 200, scope: environment}"), "aws_budgets_budget.budget")
    assert [item["values"] for item in found.args["cost_filter"]] == [
        ["user:Environment$default"],
        ["user:Project$scv"],
    ]


def test_without_a_domain_links_lead_to_the_api_itself() -> None:
    text = "name: scv\nregions: [ap-northeast-2]\n" + ALARMS
    found = graph(text=text)
    variables = resource(found, "aws_lambda_function.alarms").args["environment"]["variables"]
    assert variables["GIBAN_ALARMS_API"] == "${aws_apigatewayv2_api.alarms.api_endpoint}"
    assert found.get("aws_apigatewayv2_domain_name.alarms") is None
