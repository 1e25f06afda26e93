"""What a workstation promises beyond what the cases pin down: who may do what, what is open, what survives."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from giban.blueprint.load import load
from giban.components.code import RUNTIME
from giban.components.compile import compile_graph
from giban.graph.graph import Graph
from giban.graph.problems import Problems
from giban.graph.resource import Resource
from giban.runtime.power.settings import Settings

BASE = """\
name: scv
domain: scv.example.com
regions: [ap-northeast-2]
workstations:
  dev: {allow: [203.0.113.0/24], repositories: [https://github.com/acme/app.git], git_token: acme/token}
  lab: {allow: [203.0.113.0/24], instance: [t4g.large, m7g.large], vpn: wireguard}
"""


def graph(*sets: str, text: str = BASE, environment: str | None = None) -> Graph:
    loaded = load("giban.yaml", environment, sets, read=lambda path: b"{}" if "env" in path else text.encode())
    return compile_graph(loaded.blueprint, environment, loaded.positions)


def resource(found: Graph, address: str) -> Resource:
    there = found.get(address)
    assert there is not None, address
    return there


def statements(found: Graph, address: str) -> dict[str, dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(resource(found, address).args["policy"])["Statement"]
    return {statement["Sid"]: statement for statement in listed}


def variables(found: Graph, address: str) -> dict[str, str]:
    read: dict[str, str] = resource(found, address).args["environment"]["variables"]
    return read


def settings_file(found: Graph, name: str) -> str:
    return str(resource(found, f"aws_s3_object.{name}_settings").args["content"])


def test_roles_may_do_what_they_are_for_and_nothing_else() -> None:
    found = graph()
    for address in ("dev", "dev_admin", "lab", "lab_admin", "keeper", "keeper_tick"):
        for statement in statements(found, f"aws_iam_role_policy.{address}").values():
            assert not any("*" in action for action in statement["Action"]), address
            assert statement["Resource"] != "*" or statement["Action"] == ["ec2:DescribeInstances"], address


def test_a_workstation_reaches_nothing_of_another() -> None:
    found = graph()
    for address in ("aws_iam_role_policy.dev", "aws_iam_role_policy.dev_admin"):
        assert "lab" not in json.dumps(statements(found, address))
    keys = statements(found, "aws_iam_role_policy.dev_admin")["Table"]["Condition"]["ForAllValues:StringLike"]
    assert keys == {"dynamodb:LeadingKeys": ["evidence", "observed", "want", "*/dev"]}
    assert "lab_host" in json.dumps(statements(found, "aws_iam_role_policy.keeper")["Secrets"])
    assert "pairing" not in json.dumps(statements(found, "aws_iam_role_policy.keeper"))


def test_the_host_may_prove_its_own_name_only() -> None:
    challenge = statements(graph(), "aws_iam_role_policy.dev")["Challenge"]
    assert challenge["Condition"] == {
        "ForAllValues:StringEquals": {
            "route53:ChangeResourceRecordSetsNormalizedRecordNames": ["_acme-challenge.dev.scv.example.com"],
            "route53:ChangeResourceRecordSetsRecordTypes": ["TXT"],
        }
    }


def test_the_git_token_is_read_by_its_own_host_only() -> None:
    found = graph()
    assert statements(found, "aws_iam_role_policy.dev")["GitToken"]["Resource"].endswith(":secret:acme/token-??????")
    assert "GitToken" not in statements(found, "aws_iam_role_policy.lab")
    assert "aws_secretsmanager_secret" not in {item.type for item in found if "token" in json.dumps(item.args)}


def test_functions_may_call_what_their_code_calls() -> None:
    """Emulators let everybody do everything: a forgotten permission would be found on AWS only."""
    called = set()
    for package in ("common", "power", "admin"):
        for path in (Path(RUNTIME) / package).rglob("*.py"):
            called |= set(re.findall(r"\b(?:ec2|client)\.([a-z]+(?:_[a-z]+)+)\(", path.read_text()))
    wanted = {
        {"transact_write_items": "PutItem"}.get(name) or "".join(word.capitalize() for word in name.split("_"))
        for name in called
    }
    found = graph()
    granted = {
        action.partition(":")[2]
        for statement in statements(found, "aws_iam_role_policy.dev_admin").values()
        for action in statement["Action"]
    }
    assert {"PutItem", "StartInstances", "GetSecretValue"} <= wanted
    assert wanted <= granted
    keeper = {
        action.partition(":")[2]
        for statement in statements(found, "aws_iam_role_policy.keeper").values()
        for action in statement["Action"]
    }
    assert wanted - keeper == {"DeleteItem"}, "codes are taken by the admin API"


def test_no_secret_has_a_value_in_the_state() -> None:
    found = graph()
    assert not found.all("aws_secretsmanager_secret_version", "random_password")
    assert all("name_prefix" in secret.args for secret in found.all("aws_secretsmanager_secret"))


def test_the_editor_is_open_to_the_allowed_and_behind_a_tunnel_to_nobody() -> None:
    found = graph()

    def open_ports(name: str) -> list[tuple[str, int, str]]:
        group = resource(found, f"aws_security_group.{name}")
        rules = [
            rule
            for rule in found.all("aws_vpc_security_group_ingress_rule")
            if found.follow(rule, "security_group_id") is group
        ]
        return [(rule.args["ip_protocol"], rule.args["from_port"], rule.args["cidr_ipv4"]) for rule in rules]

    assert open_ports("dev") == [("tcp", 443, "203.0.113.0/24")]
    assert open_ports("lab") == [("udp", 51820, "203.0.113.0/24")]
    records = {
        item.args["name"]: item.args["records"] for item in found.all("aws_route53_record") if "ttl" in item.args
    }
    assert records["lab.scv.example.com"] == ["10.97.0.1"]
    assert records["lab-vpn.scv.example.com"] == ["${aws_eip.lab.public_ip}"]
    assert records["dev.scv.example.com"] == ["${aws_eip.dev.public_ip}"]


def test_ipv6_ranges_open_the_admin_api_to_ipv6_and_nothing_else() -> None:
    four = graph()
    six = graph("workstations.dev.allow=[203.0.113.0/24, 2001:db8::/32]")
    assert resource(six, "aws_apigatewayv2_api.dev_admin").args["ip_address_type"] == "dualstack"
    assert resource(six, "aws_route53_record.dev_admin_ipv6").args["type"] == "AAAA"
    assert variables(six, "aws_lambda_function.dev_admin")["GIBAN_ALLOW"] == "203.0.113.0/24,2001:db8::/32"
    assert "ip_address_type" not in resource(four, "aws_apigatewayv2_api.dev_admin").args
    assert four.get("aws_route53_record.dev_admin_ipv6") is None
    assert six.get("aws_vpc_security_group_ingress_rule.dev_editor_1") is None


def test_the_admin_api_has_one_way_in() -> None:
    found = graph()
    api = resource(found, "aws_apigatewayv2_api.dev_admin")
    assert api.args["disable_execute_api_endpoint"] is True
    permission = resource(found, "aws_lambda_permission.dev_admin")
    assert permission.args["source_arn"] == "${aws_apigatewayv2_api.dev_admin.execution_arn}/*/*"
    line = json.loads(resource(found, "aws_apigatewayv2_stage.dev_admin").args["access_log_settings"]["format"])
    assert not any("header" in value.lower() or "cookie" in value.lower() for value in line.values())


def test_the_instance_is_what_the_rules_and_the_rehearsal_look_for() -> None:
    host = resource(graph(environment="dev"), "aws_instance.dev").args
    assert host["tags"] == {
        "Name": "scv-dev-dev",
        "giban:admin": "dev-admin.scv.example.com",
        "giban:host-secret": "${aws_secretsmanager_secret.dev_host.arn}",
        "giban:power": "scv-dev/dev",
        "giban:workstation": "scv-dev/dev",
    }
    assert host["instance_initiated_shutdown_behavior"] == "stop"
    assert host["metadata_options"]["http_put_response_hop_limit"] == 1


def test_terraform_leaves_the_type_to_the_keeper_where_there_are_several() -> None:
    found = graph()
    one, several = (resource(found, f"aws_instance.{name}") for name in ("dev", "lab"))
    assert "instance_type" not in one.meta["lifecycle"]["ignore_changes"]
    assert "instance_type" in several.meta["lifecycle"]["ignore_changes"]
    assert several.args["instance_type"] == "t4g.large"
    assert "arm64" in several.args["ami"]


def test_the_home_volume_outlives_everything() -> None:
    home = resource(graph(), "aws_ebs_volume.dev_home")
    assert home.meta["lifecycle"] == {"prevent_destroy": True}
    assert home.args["final_snapshot"] is True
    assert home.args["encrypted"] is True
    assert "kms_key_id" not in home.args, "its snapshot is readable without the environment's key"


def test_functions_understand_their_settings() -> None:
    found = graph(
        "workstations.dev.auto_stop={idle: 45m, max_uptime: 1d, tab: 1h30m, silent: 5m}",
        'workstations.dev.schedule={time_zone: Asia/Seoul, start: "09:00 Mon-Fri"}',
        "workstations.dev.instance=[t3.large, m5.large]",
    )
    admin = variables(found, "aws_lambda_function.dev_admin")
    settings = Settings.of(json.loads(admin["GIBAN_SETTINGS"]))
    assert (settings.idle, settings.max_uptime, settings.tab, settings.silent) == (2700, 86400, 5400, 300)
    assert settings.sizes == ("t3.large", "m5.large")
    assert settings.schedule == ("Asia/Seoul", "09:00 Mon-Fri")
    known = json.loads(variables(found, "aws_lambda_function.keeper")["GIBAN_WORKSTATIONS"])
    assert known["dev"]["settings"] == json.loads(admin["GIBAN_SETTINGS"])
    assert known["lab"]["instance"] == "${aws_instance.lab.id}"


def test_the_most_workstations_fit_into_the_keepers_environment() -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 4 KB for all variables together."""
    one = (
        "{allow: [203.0.113.0/24], instance: [m7gd.12xlarge, m8gd.12xlarge, r7gd.12xlarge, r8gd.12xlarge, c7gd.12xlarge], "
        'schedule: {time_zone: America/Argentina/Buenos_Aires, start: "09:00 Mon,Tue,Wed,Thu,Fri"}}'
    )
    names = [f"workstation-of-someone-{number}" for number in range(8)]
    text = BASE.split("workstations:")[0].replace("name: scv", f"name: {'n' * 24}") + "workstations:\n"
    found = graph(text=text + "".join(f"  {name}: {one}\n" for name in names), environment="stage")
    read = dict(variables(found, "aws_lambda_function.keeper"))
    entry = re.compile(r"\$\{aws_instance[^}]*\}")
    read["GIBAN_WORKSTATIONS"] = entry.sub("i-0123456789abcdef0", read["GIBAN_WORKSTATIONS"])
    arn = (
        "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:" + f"{'n' * 24}-stage/workstations/{names[0]}/host-"
    )
    arn += "20261121000000000000000001-AbCdEf"
    read["GIBAN_WORKSTATIONS"] = re.sub(r"\$\{aws_secretsmanager[^}]*\}", arn, read["GIBAN_WORKSTATIONS"])
    assert sum(len(key) + len(value) for key, value in read.items()) <= 4096


def test_settings_of_the_host_say_what_it_is() -> None:
    found = graph("workstations.lab.peers=[{name: phone, public_key: xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=}]")
    dev, lab = settings_file(found, "dev"), settings_file(found, "lab")
    assert "REPOSITORIES='app https://github.com/acme/app.git'" in dev
    assert "GIT_HOSTS='github.com'" in dev
    assert "VOLUME='${aws_ebs_volume.dev_home.id}'" in dev
    assert "VPN='none'" in dev
    assert "VPN_PEERS='phone xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg= 10.97.0.2'" in lab
    listed = re.search(r"FILES='([^']+)'", dev)
    assert listed is not None
    there = {name.rsplit("/", 1)[-1] for name in found.stacks[-1].files if name.startswith("files/workstation/")}
    assert set(listed[1].split()) | {"start.sh"} == there


def test_user_data_is_small_and_the_same_whatever_the_workstation_is() -> None:
    found = graph()
    one = resource(found, "aws_instance.dev").args["user_data_base64"]
    other = resource(graph("workstations.dev.repositories=[]", "workstations.dev.git_token=null"), "aws_instance.dev")
    assert other.args["user_data_base64"] == one
    script = found.stacks[-1].files["files/workstation/start.sh"]
    assert isinstance(script, str)
    assert len(script) + len(one) < 16_384, "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html"


def test_adding_a_workstation_changes_nothing_of_the_others() -> None:
    before, after = graph(), graph("workstations.extra={allow: [203.0.113.0/24]}")
    for item in before:
        same = after.get(item.address, item.stack.key)
        assert same is not None
        if "keeper" not in item.label:
            assert (same.args, same.meta) == (item.args, item.meta), item.address


def test_workstations_alone_need_no_nat() -> None:
    assert not graph().all("aws_nat_gateway")
    assert graph("services={web: {kind: instances}}").all("aws_nat_gateway")
    assert graph("network.nat=single").all("aws_nat_gateway")


def test_sessions_on_the_host_are_recorded() -> None:
    attached = resource(graph(), "aws_iam_role_policy_attachment.session_dev")
    assert attached.args["role"] == "${aws_iam_role.dev.name}"


def test_names_that_meet_something_else_are_told() -> None:
    with pytest.raises(Problems) as caught:
        graph("services={dev-admin: {kind: instances}}")
    assert "dev-admin" in str(caught.value.problems[0])
