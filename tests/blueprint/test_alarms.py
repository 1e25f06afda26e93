"""`alarms` and `budget` in a blueprint: what is taken, and what is told when something cannot be."""

from __future__ import annotations

import pytest

from giban.blueprint.durations import seconds_of
from giban.blueprint.load import load
from giban.blueprint.types import Blueprint
from giban.blueprint.types_alarms import Inhibition, RuleChange
from giban.blueprint.validate_alarms import log_target
from giban.graph.problems import Problems

HEAD = """\
name: scv
domain: scv.example.com
regions: [ap-northeast-2]
services:
  web: {kind: instances, public: true, port: 80}
  was: {kind: instances, port: 8080}
"""
BASE = (
    HEAD
    + """\
alarms:
  channels:
    team: {slack: secret:scv/slack}
    owner: {sms: "+821012345678"}
  routes:
    - {match: {priority: P1}, to: [owner, team], escalate: {after: 10m, to: [owner], repeat: 3}}
    - {to: [team]}
"""
)


def blueprint(*sets: str, text: str = BASE) -> Blueprint:
    return load("giban.yaml", None, sets, read=lambda _path: text.encode()).blueprint


def told(*sets: str, text: str = BASE) -> str:
    with pytest.raises(Problems) as caught:
        blueprint(*sets, text=text)
    return "\n".join(f"{problem.path}: {problem.what} {problem.fix}" for problem in caught.value.problems)


def test_defaults() -> None:
    found = blueprint(text=HEAD + "alarms: {channels: {team: {slack: secret:a}}}").alarms
    assert found is not None
    assert (found.rules, found.routes, found.language, found.time_zone, found.dashboard) == (
        "standard",
        [],
        "en",
        "UTC",
        True,
    )
    route = blueprint().alarms.routes[1]  # type: ignore[union-attr] # BASE has alarms
    assert (route.group.by, route.group.wait, route.group.interval, route.repeat) == (["service"], "30s", "5m", "4h")


def test_rules_can_be_changed_in_four_ways() -> None:
    found = blueprint("alarms.rules={a.b: 90, a.c: off, a.d: P1, a.e: {threshold: 2.5, priority: P2}, a.f: on}").alarms
    assert found is not None
    assert found.rules == {
        "a.b": 90,
        "a.c": False,
        "a.d": "P1",
        "a.e": RuleChange(threshold=2.5, priority="P2"),
        "a.f": True,
    }


def test_inhibition_is_read() -> None:
    found = blueprint("alarms.inhibit=[{while: {kind: region}, same: [region]}]").alarms
    assert found is not None
    assert found.inhibit == [Inhibition(while_={"kind": "region"}, same=["region"])]


CHANNELS = [
    ("{slack: https://hooks.slack.com/services/T/B/x}", "secret:"),
    ("{slack: secret:a, sms: '+821012345678'}", "this is slack and sms"),
    ("{}", "this is none of them"),
    ("{sms: '01012345678'}", "+821012345678"),
    ("{sms: '+0821012345678'}", "E.164"),
    ("{sms: '+82 10 1234 5678'}", "E.164"),
    ("{email: nobody}", "e-mail address"),
    ("{email: a@b}", "e-mail address"),
    ("{email: []}", "There is no address"),
    ("{email: [a@b.co, a@b.co]}", "listed twice"),
    ("{slack_bot: {token: secret:a, channel: '#general'}}", "ID of the conversation"),
    ("{slack_bot: {channel: C0123456}}", "token"),
    ("{telegram: {token: secret:a, chat: my chat}}", "ID of the chat"),
    ("{pager: secret:a}", "pagerduty"),
    ("{slack: 'secret:'}", "Secrets Manager"),
    ("{slack: 'secret:a b'}", "Secrets Manager"),
]


@pytest.mark.parametrize(("channel", "expected"), CHANNELS)
def test_channels_that_cannot_be(channel: str, expected: str) -> None:
    assert expected in told(text=BASE.replace("{slack: secret:scv/slack}", channel))


@pytest.mark.parametrize(
    "channel",
    [
        "{email: ops+aws@mail.example.co.kr}",
        "{email: [a@example.com, b@example.com]}",
        "{sms: '+14155552671'}",
        "{telegram: {token: secret:a, chat: -1001234567890}}",
        "{telegram: {token: secret:a, chat: '@channel_name'}}",
        "{slack_bot: {token: secret:a, channel: C0123456789, signing: secret:b}}",
        "{webhook: secret:a/b+c=d@e.f}",
    ],
)
def test_channels_that_can_be(channel: str) -> None:
    assert blueprint(text=BASE.replace("{slack: secret:scv/slack}", channel)).alarms is not None


ROUTES = [
    ("[{to: [tem]}]", "Did you mean `team`?"),
    ("[{to: [team, owner, team]}]", "listed twice"),
    ("[{to: []}]", "Write at least 1"),
    ("[{match: {priority: P5}, to: [team]}, {to: [owner]}]", "There is no priority `P5`"),
    ("[{match: {prioritiy: P1}, to: [team]}, {to: [owner]}]", "Did you mean `priority`?"),
    ("[{match: {kind: logs}, to: [team]}, {to: [owner]}]", "Did you mean `log`?"),
    ("[{match: {service: services.wep}, to: [team]}, {to: [owner]}]", "Did you mean `services.web`?"),
    ("[{match: {service: []}, to: [team]}, {to: [owner]}]", "This matches nothing"),
    ("[{match: {label.: x}, to: [team]}, {to: [owner]}]", "Alarms have no `label.`"),
    ("[{match: {priority: P1}, to: [team, owner]}]", "would reach nobody. End with a route"),
    ("[{to: [team]}, {match: {priority: P1}, to: [owner]}]", "route 1 takes all of these"),
    (
        "[{match: {priority: [P1, P2]}, to: [team]}, {match: {priority: P2}, to: [owner]}, {to: [team]}]",
        "route 1 takes",
    ),
    (
        "[{match: {service: services.*}, to: [team]}, {match: {service: services.web}, to: [owner]}, {to: [team]}]",
        "route 1",
    ),
    ("[{to: [team]}]", "No route leads to `owner`"),
    ("[{to: [team, owner], group: {by: [servise]}}]", "Did you mean `service`?"),
    ("[{to: [team, owner], group: {wait: 16m}}]", "Choose 15m or less"),
    ("[{to: [team, owner], group: {wait: 0s}}]", "30s"),
    ("[{to: [team, owner], group: {interval: 5s}}]", "Choose 10s to 1d"),
    ("[{to: [team, owner], repeat: 1m}]", "Choose 5m to 30d"),
    ("[{to: [team, owner], escalate: {after: 2d, to: [owner]}}]", "Choose 1m to 1d"),
    ("[{to: [team, owner], escalate: {after: 10m, to: [boss]}}]", "There is no channel `boss`"),
    ("[{to: [team, owner], escalate: {after: 10m, to: [owner], repeat: 0}}]", "less than 1"),
    ("[{to: [team, owner], quiet: {time_zone: Asia/Soul, hours: '22:00-08:00'}}]", "Did you mean `Asia/Seoul`?"),
    ("[{to: [team, owner], quiet: {time_zone: Asia/Seoul, hours: '22:00-22:00'}}]", "is no time"),
    ("[{to: [team, owner], quiet: {time_zone: Asia/Seoul, hours: '22-8'}}]", "22:00-08:00"),
    ("[{to: [team, owner], quiet: {time_zone: Asia/Seoul, hours: '24:00-08:00'}}]", "22:00-08:00"),
]


@pytest.mark.parametrize(("routes", "expected"), ROUTES)
def test_routes_that_cannot_be(routes: str, expected: str) -> None:
    assert expected in told(f"alarms.routes={routes}")


@pytest.mark.parametrize(
    "routes",
    [
        "[{match: {priority: P1}, to: [owner], continue: true}, {match: {priority: P1}, to: [team]}, {to: [team]}]",
        "[{match: {service: [services.web, custom]}, to: [owner]}, {to: [team]}]",
        "[{match: {label.team: data}, to: [owner]}, {to: [team]}]",
        "[{match: {priority: P1}, to: [owner]}, {match: {priority: [P1, P2]}, to: [team]}, {to: [team]}]",
        "[{match: {name: '*.cpu'}, to: [owner]}, {match: {name: '*cpu*'}, to: [team]}, {to: [team]}]",
        "[]",
    ],
)
def test_routes_that_can_be(routes: str) -> None:
    assert blueprint(f"alarms.routes={routes}").alarms is not None


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("log_errors={wsa: [ERROR]}", "Did you mean `was`?"),
        ("log_errors={was: []}", "There is no word"),
        ("log_errors={was: ['']}", "at least 1"),
        ("log_errors={was: [' ']}", "This is no word"),
        ("log_errors={was: ['{ $.level = \"error\" }', ERROR]}", "stands alone"),
        ("log_errors={services.nope: [ERROR]}", "Nothing that writes logs"),
        ("inhibit=[{while: {}, mute: {service: services.web}}]", "This is every alarm"),
        ("inhibit=[{while: {kind: region}, mute: {}}]", "This is every alarm"),
        ("inhibit=[{mute: {service: services.web}}]", "while"),
        ("inhibit=[{while: {kind: region}, same: [regoin]}]", "Did you mean `region`?"),
        ("inhibit=[{while: {kind: region}, mute: {region: x}, same: [region]}]", "already"),
        ("time_zone=Asia/Soul", "Did you mean `Asia/Seoul`?"),
        ("language=de", "en or ko"),
        ("rules=some", "standard"),
        ("rules={services.web.cpu: {treshold: 3}}", "Did you mean"),
        ("rules={services.web.cpu: {runbook: 'ftp://x'}}", "https://"),
    ],
)
def test_what_else_cannot_be(setting: str, expected: str) -> None:
    assert expected in told(f"alarms.{setting}")


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        ("{monthly_usd: 0}", "less than 1"),
        ("{alert: [50]}", "monthly_usd"),
        ("{monthly_usd: 10, alert: []}", "at least 1"),
        ("{monthly_usd: 10, alert: [50, 50]}", "listed twice"),
        ("{monthly_usd: 10, alert: [0]}", "1 to 1000"),
        ("{monthly_usd: 10, alert: [forcast]}", "forecast"),
        ("{monthly_usd: 10, alert: [1,2,3,4,5,6,7,8,9,10,11]}", "more than 10"),
    ],
)
def test_budgets_that_cannot_be(budget: str, expected: str) -> None:
    assert expected in told(f"budget={budget}")


def test_somebody_has_to_be_told() -> None:
    assert "This is empty" in told(text=HEAD + "alarms: {channels: {}}")


def test_without_nat_the_agent_needs_endpoints() -> None:
    said = told("network={nat: none, endpoints: [logs, secretsmanager]}")
    assert "Add `monitoring` to `network.endpoints`." in said
    assert blueprint("network={nat: none, endpoints: [logs, monitoring]}").alarms is not None


def test_a_budget_needs_somebody_to_tell() -> None:
    assert "nobody to tell" in told(text=HEAD + "budget: {monthly_usd: 10}")


def test_problems_say_where() -> None:
    with pytest.raises(Problems) as caught:
        blueprint("alarms.routes=[{to: [team, owner, boss]}]")
    assert caught.value.problems[0].path == "alarms.routes[0].to[2]"


@pytest.mark.parametrize(("name", "target"), [("was", "services.was"), ("services.web", "services.web"), ("db", None)])
def test_what_a_key_of_log_errors_means(name: str, target: str | None) -> None:
    assert log_target(blueprint(), name) == target


def test_seconds_can_be_written() -> None:
    assert (seconds_of("30s"), seconds_of("5m")) == (30, 300)
