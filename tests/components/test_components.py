"""What the components promise beyond what the cases pin down: stable addresses, least privilege, closed networks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from giban.blueprint.load import load
from giban.components.compile import compile_graph
from giban.components.environment import fit
from giban.components.images import architecture
from giban.components.state import state_bucket
from giban.graph.graph import Graph
from giban.graph.problems import Problem, Problems
from giban.graph.resource import Resource

BASE = """\
name: scv
domain: scv.example.com
regions: [ap-northeast-2]
services:
  web: {kind: instances, public: true, port: 80}
  was: {kind: instances, port: 8080, allow: [web], uses: [databases.main, buckets.uploads]}
  job: {kind: instances}
databases:
  main: {engine: postgres, version: "16"}
  other: {engine: mysql, version: "8.4"}
buckets: {uploads: {}, secret-plans: {}}
"""


def graph(*sets: str, text: str = BASE, environment: str | None = None) -> Graph:
    loaded = load("giban.yaml", environment, sets, read=lambda path: b"{}" if "env" in path else text.encode())
    return compile_graph(loaded.blueprint, environment, loaded.positions)


def problems(*sets: str, text: str = BASE) -> list[Problem]:
    with pytest.raises(Problems) as caught:
        graph(*sets, text=text)
    return caught.value.problems


def resource(found: Graph, address: str) -> Resource:
    there = found.get(address)
    assert there is not None, address
    return there


def statements(found: Graph, address: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(resource(found, address).args["policy"])["Statement"]
    return listed


def test_adding_a_zone_renumbers_nothing() -> None:
    two, four = graph("network.zones=2"), graph("network.zones=4")
    for subnet in two.all("aws_subnet"):
        assert resource(four, subnet.address).args == subnet.args


def test_adding_a_service_changes_no_other_address() -> None:
    before = {item.address for item in graph()}
    after = {item.address for item in graph("services.extra={kind: instances, port: 9000}")}
    assert before < after
    assert all("extra" in address for address in after - before)


def test_a_role_may_do_what_uses_says_and_nothing_else() -> None:
    found = graph()
    was = statements(found, "aws_iam_role_policy.was")
    named = json.dumps(was)
    assert "aws_s3_bucket.uploads.arn" in named
    assert "aws_secretsmanager_secret.main_connection.arn" in named
    assert "secret_plans" not in named
    assert "other_connection" not in named
    assert all(statement["Resource"] != "*" for statement in was)
    assert not any("*" in action for statement in was for action in statement["Action"])
    assert "aws_db_instance" not in json.dumps(statements(found, "aws_iam_role_policy.job"))


def test_only_callers_reach_an_internal_balancer() -> None:
    found = graph()
    rules = [
        rule
        for rule in found.all("aws_vpc_security_group_ingress_rule")
        if found.follow(rule, "security_group_id") is resource(found, "aws_security_group.was_alb")
    ]
    sources = {source.address for rule in rules if (source := found.follow(rule, "referenced_security_group_id"))}
    assert sources == {"aws_security_group.web"}
    assert all("cidr_ipv4" not in rule.args for rule in rules)


def test_a_database_lets_in_its_users_only() -> None:
    found = graph()
    for name, expected in (("main", {"aws_security_group.was"}), ("other", set())):
        group = resource(found, f"aws_security_group.{name}_db")
        rules = [
            rule
            for rule in found.all("aws_vpc_security_group_ingress_rule")
            if found.follow(rule, "security_group_id") is group
        ]
        sources = {source.address for rule in rules if (source := found.follow(rule, "referenced_security_group_id"))}
        assert sources == expected


def test_uses_of_a_service_is_the_same_as_allow() -> None:
    text = BASE.replace("port: 8080, allow: [web]", "port: 8080")
    used = graph("services.web.uses=[services.was]", text=text)
    assert {item.address for item in used} == {item.address for item in graph()}
    assert (
        "SERVICE_WAS_URL=https://was.internal.scv.example.com" in used.all("aws_launch_template")[2].args["user_data"]
    )


def test_a_rename_moves_and_keeps_the_names_in_aws() -> None:
    text = BASE.replace("  web: {kind", "  front: {was: web, kind").replace("allow: [web]", "allow: [front]")
    text = text.replace("  main: {engine", "  orders: {was: main, engine").replace("databases.main", "databases.orders")
    renamed, before = graph(text=text), graph()
    moved = dict(renamed.stacks[-1].moved)
    assert moved["aws_lb.web"] == "aws_lb.front"
    assert moved["aws_db_instance.main"] == "aws_db_instance.orders"
    assert resource(renamed, "aws_lb.front").args["name"] == resource(before, "aws_lb.web").args["name"]
    for kind in ("aws_db_instance", "aws_s3_bucket"):
        identifiers = [
            sorted(str(item.args.get("identifier", item.args.get("bucket"))) for item in made.all(kind))
            for made in (renamed, before)
        ]
        assert identifiers[0] == identifiers[1]
    gone = {item.address for item in before.managed} - {item.address for item in renamed.managed}
    rules = {address for address in gone if address not in moved}
    assert not any("db_instance" in address or "s3_bucket" in address or "aws_lb." in address for address in rules)


def test_development_is_cheaper_and_production_safer() -> None:
    production, development = graph(), graph(environment="dev")
    assert len(production.all("aws_nat_gateway")) == 2
    assert len(development.all("aws_nat_gateway")) == 1
    assert resource(production, "aws_db_instance.main").args["multi_az"] is True
    assert resource(development, "aws_db_instance.main").args["multi_az"] is False
    assert development.stage == "development"
    assert graph("stage=development").stage == "development"


def test_names_fit_the_limits_of_aws() -> None:
    name = "a-service-of-24-letters-"[:24].rstrip("-")
    found = graph(
        f"services.{name}={{kind: instances, port: 9000}}",
        f"buckets.{name}={{}}",
        "name=a-name-of-22-letters",
        environment="staging",
    )
    for kind in ("aws_lb", "aws_lb_target_group"):
        for item in found.all(kind):
            assert len(item.args["name"]) <= 32
            assert not item.args["name"].endswith("-")
    for item in found.all("aws_iam_role"):
        assert len(item.args["name"]) <= 64
    for item in found.all("aws_s3_bucket"):
        assert len(item.args["bucket"].split("${")[0]) + 12 <= 63
    assert len({item.args["name"] for item in found.all("aws_lb")}) == len(found.all("aws_lb"))


def test_fit_keeps_different_names_apart() -> None:
    assert fit("short", 32) == "short"
    long = [fit(f"{'x' * 40}{n}", 32) for n in range(50)]
    assert len(set(long)) == 50
    assert all(len(item) <= 32 for item in long)


@pytest.mark.parametrize(
    ("instance", "arch"),
    [("t3.small", "x86_64"), ("t4g.nano", "arm64"), ("m7gd.large", "arm64"), ("c7gn.xlarge", "arm64"),
     ("g5.xlarge", "x86_64"), ("g4dn.xlarge", "x86_64"), ("a1.large", "arm64"), ("x2gd.large", "arm64"),
     ("r6i.large", "x86_64"), ("g5g.xlarge", "arm64"), ("im4gn.large", "arm64"), ("u-6tb1.metal", "x86_64")],
)  # fmt: skip
def test_architecture(instance: str, arch: str) -> None:
    assert architecture(instance) == arch


def test_state_buckets_of_two_teams_differ() -> None:
    def bucket(domain: str, environment: str | None = None) -> str:
        backend = graph(f"domain={domain}", environment=environment).stacks[-1].backend
        assert backend is not None
        return str(backend["bucket"])

    assert state_bucket.__doc__
    names = {bucket("a.example.com"), bucket("b.example.com"), bucket("a.example.com", "dev")}
    assert len(names) == 3
    assert all(len(name) <= 63 for name in names)


def test_steps_are_relative_to_the_first() -> None:
    found = graph(
        "services.web.scale={min: 1, max: 9, cpu: 50, steps: [{over: 30, change: 4}, {over: 10, change: 1}, "
        "{over: -20, change: -1}, {over: -40, change: -2}]}"
    )
    out = resource(found, "aws_autoscaling_policy.web_scale_out").args["step_adjustment"]
    assert out == [
        {"scaling_adjustment": 1, "metric_interval_lower_bound": "0", "metric_interval_upper_bound": "20"},
        {"scaling_adjustment": 4, "metric_interval_lower_bound": "20"},
    ]
    back = resource(found, "aws_autoscaling_policy.web_scale_in").args["step_adjustment"]
    assert back == [
        {"scaling_adjustment": -1, "metric_interval_lower_bound": "-20", "metric_interval_upper_bound": "0"},
        {"scaling_adjustment": -2, "metric_interval_upper_bound": "-20"},
    ]
    assert resource(found, "aws_cloudwatch_metric_alarm.web_scale_out").args["threshold"] == 60
    assert resource(found, "aws_cloudwatch_metric_alarm.web_scale_in").args["threshold"] == 30


def test_the_users_text_is_never_a_template() -> None:
    found = graph(
        "services.job.env={A: '${aws_db_instance.main.password}', B: '%{if true}'}", "services.job.command='echo ${x}'"
    )
    text = resource(found, "aws_launch_template.job").args["user_data"]
    assert r"""A=\"$${aws_db_instance.main.password}\"""" in text
    assert r"""B=\"%%{if true}\"""" in text
    assert "echo $${x}" in text


def test_the_users_text_is_never_a_reference() -> None:
    found = graph(
        "services.job.env={A: '${aws_nothing.here.id}', MODULE: my_app.settings}",
        "services.job.command=python my_app.py",
    )
    assert "my_app.py" in resource(found, "aws_launch_template.job").args["user_data"]


class TestRawAndPatch:
    def test_patch_merges_replaces_and_removes(self) -> None:
        found = graph(
            "patch={aws_lb.web: {idle_timeout: 99, desync_mitigation_mode: null, access_logs: {prefix: mine}}}"
        )
        args = resource(found, "aws_lb.web").args
        assert args["idle_timeout"] == 99
        assert "desync_mitigation_mode" not in args
        assert args["access_logs"] == {"enabled": True, "bucket": "${aws_s3_bucket.logs.id}", "prefix": "mine"}

    def test_patch_of_an_unknown_address(self) -> None:
        found = problems("patch={aws_lb.wbe: {idle_timeout: 99}}")
        assert "no resource `aws_lb.wbe`" in found[0].what
        assert "aws_lb.web" in found[0].fix

    def test_patch_with_an_unknown_argument(self) -> None:
        found = problems("patch={aws_lb.web: {idel_timeout: 99}}")
        assert "idel_timeout" in str(found[0])
        assert "idle_timeout" in found[0].fix
        assert found[0].path.startswith("patch.'aws_lb.web'")
        assert found[0].where is not None

    def test_raw_resources_are_checked(self) -> None:
        found = problems("terraform={resource: {aws_sns_topic: {a: {nmae: x}}, aws_nothing: {b: {}}}}")
        assert ["nmae" in str(found[0]), "aws_nothing" in str(found[1])] == [True, True]

    def test_raw_cannot_take_an_address(self) -> None:
        found = problems("terraform={resource: {aws_lb: {web: {name: x}}}}")
        assert "there already" in found[0].what
        assert "patch" in found[0].fix

    def test_references_must_lead_somewhere(self) -> None:
        raw = "terraform={resource: {aws_sns_topic: {a: {name: x, kms_master_key_id: '${aws_kms_key.mian.arn}'}}}}"
        found = problems(raw)
        assert "aws_kms_key.mian" in found[0].what
        assert "aws_kms_key.main" in found[0].fix
        found = problems(raw.replace("mian.arn", "main.anr"))
        assert "no attribute `anr`" in found[0].what
        assert "`arn`" in found[0].fix

    @pytest.mark.parametrize("body", ["resource: 5", "resource: {aws_sns_topic: 5}", "resource: {aws_sns_topic: {a: 5}}",
                                      "provider: {}", "locals: 5"])  # fmt: skip
    def test_wrong_shapes(self, body: str) -> None:
        assert problems(f"terraform={{{body}}}")[0].fix

    @pytest.mark.parametrize(
        ("patch", "path", "what"),
        [
            ("{lifecycle: 3}", ".lifecycle", "is a mapping"),
            ("{lifecycle: {prevent_destory: true}}", ".lifecycle.prevent_destory", "has no `prevent_destory`"),
            ("{lifecycle: {ignore_changes: tags}}", ".lifecycle.ignore_changes", "no value"),
            ("{depends_on: aws_vpc.main}", ".depends_on", "list of addresses"),
            ("{depends_on: [aws_vpc.mian]}", ".depends_on", "no resource `aws_vpc.mian`"),
            ("{provider: aws.tokyo}", ".provider", "no provider `aws.tokyo`"),
            ("{count: 2}", ".count", "cannot become several"),
            ("{idle_timeout: '${var.seconds}'}", "", "no `var.seconds`"),
            ("{name: '${local.x'}", "", "not closed"),
            ("{name: '${aws_vpc.mian.id}'}", "", "no resource `aws_vpc.mian`"),
        ],
    )
    def test_what_terraform_would_refuse_later(self, patch: str, path: str, what: str) -> None:
        (found,) = problems(f"patch={{aws_lb.web: {patch}}}")
        assert found.path == f"patch.'aws_lb.web'{path}"
        assert what in found.what
        assert found.where is not None

    @pytest.mark.parametrize(
        ("body", "what"),
        [
            ("resource: {aws_sqs_queue: {bad name: {}}}", "`bad name` cannot be a name"),
            ("resource: {aws_sqs_queue: {1x: {}}}", "`1x` cannot be a name"),
            ("locals: {a: '${aws_vpc.mian.id}'}", "no resource `aws_vpc.mian`"),
            ("output: {a: {value: '${local.a}'}}", "no `local.a`"),
            ("output: {web_url: {value: a}}", "output `web_url` already"),
            ("resource: {aws_sqs_queue: {a: {count: 2, for_each: {a: b}}}}", "exclude each other"),
        ],
    )
    def test_raw_blocks_that_terraform_would_refuse_later(self, body: str, what: str) -> None:
        (found,) = problems(f"terraform={{{body}}}")
        assert what in found.what

    def test_meta_arguments_and_names_that_are_right(self) -> None:
        found = graph(
            "terraform={variable: {v: {default: a}}, module: {m: {source: ./m}}, locals: {b: '${var.v}'}, resource: "
            "{aws_sqs_queue: {a: {name: '${local.b}-$${var.x}-${module.m.n}', depends_on: [module.m, aws_vpc.main]}}}}",
            "patch={aws_lb.web: {lifecycle: {ignore_changes: all}, provider: aws, depends_on: [aws_sqs_queue.a]}}",
        )
        assert resource(found, "aws_lb.web").meta["provider"] == "aws"

    def test_a_waiver_of_nothing_is_a_typing_error(self) -> None:
        found = problems(
            "waivers=[{check: GB012, resource: aws_lb.wbe, reason: a long enough reason, until: 2027-01-01}]"
        )
        assert "aws_lb.wbe" in found[0].what
        assert found[0].path == "waivers[0].resource"


def test_two_components_that_need_one_address() -> None:
    """`web` with a balancer owns the group `web_alb`; a service named `web-alb` wants the same."""
    found = problems("services.web-alb={kind: instances}")
    assert "aws_security_group.web_alb" in found[0].what
    assert "services.web and services.web-alb" in found[0].what or "services.web-alb and services.web" in found[0].what
    assert "Rename" in found[0].fix
