"""The shipped schema: what it says about types that matter, and how arguments are judged against it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.graph import provider, schema

LISTENER = {"load_balancer_arn": "${aws_lb.web.arn}", "default_action": {"type": "forward"}}
INSTANCE = {"ami": "ami-1", "instance_type": "t3.micro"}
INGRESS = {"from_port": 80, "to_port": 80, "protocol": "tcp", "cidr_blocks": ["10.0.0.0/8"]}


def judge(type_: str, mode: str = "managed", **args: Any) -> list[tuple[str, str, str]]:
    """The problems as (dotted path, what, fix)."""
    problems = schema.check_arguments(mode, type_, args)
    return [(".".join(map(str, problem.path)), problem.what, problem.fix) for problem in problems]


def paths(type_: str, **args: Any) -> list[str]:
    return [path for path, _, _ in judge(type_, **args)]


def arg(type_: str, *path: str, mode: str = "managed") -> schema.Arg:
    found = schema.lookup(type_, mode)
    assert found is not None
    fields: schema.Args | None = found.args
    for name in path[:-1]:
        assert fields is not None
        fields = fields[name].nested
    assert fields is not None
    return fields[path[-1]]


# What the data say


def test_the_file_is_of_the_version_the_module_names() -> None:
    assert provider.Store(provider._FILE).head["provider"] == schema.PROVIDER_VERSION


def test_every_type_can_be_read_to_the_last_field() -> None:
    def walk(fields: schema.Args) -> int:
        count = 0
        for field in fields.values():
            assert field.required + field.optional + field.computed in (1, 2)
            assert field.kind
            assert field.nested is None or "o" in field.shape
            count += 1 + (walk(field.nested) if field.nested is not None else 0)
        return count

    for mode, at_least in (("managed", 1700), ("data", 650)):
        names = schema.type_names(mode)
        assert len(names) >= at_least
        for name in names:
            found = schema.lookup(name, mode)
            assert found is not None
            assert walk(found.args) > 0


def test_flags_and_kinds() -> None:
    assert arg("aws_vpc", "cidr_block").optional
    assert arg("aws_vpc", "cidr_block").computed
    assert arg("aws_vpc", "arn").read_only
    assert arg("aws_vpc", "id").read_only
    assert arg("aws_subnet", "vpc_id").required
    assert arg("aws_db_instance", "allocated_storage").kind == "number"
    assert arg("aws_db_instance", "multi_az").kind == "bool"
    assert arg("aws_db_instance", "password_wo").write_only
    assert (arg("aws_lb", "subnets").kind, arg("aws_lb", "subnets").element) == ("set", "string")
    assert (arg("aws_vpc", "tags").kind, arg("aws_vpc", "tags").element) == ("map", "string")
    assert arg("aws_autoscaling_group", "termination_policies").kind == "list"


@pytest.mark.parametrize(
    ("type_", "path", "single"),
    [
        ("aws_instance", ("root_block_device",), True),
        ("aws_instance", ("ebs_block_device",), False),
        ("aws_launch_template", ("metadata_options",), True),
        ("aws_lb_listener", ("default_action",), False),
        ("aws_lb_listener", ("default_action", "redirect"), True),
        ("aws_lb_target_group", ("health_check",), True),
        ("aws_autoscaling_group", ("tag",), False),
        ("aws_wafv2_web_acl", ("rule", "override_action", "none"), True),
        ("aws_s3_bucket_server_side_encryption_configuration", ("rule",), False),
        ("aws_db_instance", ("timeouts",), True),
    ],
)
def test_blocks(type_: str, path: tuple[str, ...], single: bool) -> None:
    assert arg(type_, *path).block
    assert arg(type_, *path).single is single


@pytest.mark.parametrize(
    ("type_", "name"),
    [
        ("aws_security_group", "ingress"),
        ("aws_default_security_group", "egress"),
        ("aws_route_table", "route"),
        ("aws_network_acl", "ingress"),
    ],
)
def test_attributes_that_hold_objects_are_no_blocks(type_: str, name: str) -> None:
    assert not arg(type_, name).block
    assert (arg(type_, name).kind, arg(type_, name).element) == ("set", "object")


def test_types_of_the_plugin_framework() -> None:
    assert arg("aws_vpc_security_group_ingress_rule", "security_group_id").required
    assert arg("aws_vpc_security_group_ingress_rule", "from_port").kind == "number"
    assert arg("aws_vpc_security_group_ingress_rule", "security_group_rule_id").read_only
    assert arg("aws_s3_bucket_lifecycle_configuration", "rule").block
    assert arg("aws_s3_bucket_lifecycle_configuration", "rule", "filter", "and", "tags").kind == "map"
    assert arg("aws_s3_bucket_lifecycle_configuration", "rule", "status").required


def test_endless_nesting_is_cut() -> None:
    assert arg("aws_wafv2_web_acl", "rule", "statement").kind == "any"


def test_data_sources() -> None:
    assert arg("aws_ami", "filter", "values", mode="data").required
    assert arg("aws_subnet", "id", mode="data").optional
    assert schema.lookup("aws_iam_policy_document") is None
    assert schema.lookup("aws_iam_policy_document", "data") is not None


# References


@pytest.mark.parametrize(
    ("type_", "name", "exists"),
    [
        ("aws_vpc", "id", True),
        ("aws_vpc", "vpc_id", False),
        ("aws_db_instance", "master_user_secret[0].secret_arn", True),
        ("aws_db_instance", "master_user_secret[*].secret_arn", True),
        ("aws_db_instance", "master_user_secret.0.secret_arn", True),
        ("aws_db_instance", "master_user_secret[0].arn", False),
        ("aws_db_instance", "master_user_secret.secret_arn", False),
        ("aws_db_instance", "endpoint.port", False),
        ("aws_vpc", "tags.Name", True),
        ("aws_vpc", 'tags["Name"]', True),
        ("aws_vpc", "arn[0]", False),
        ("aws_nope", "id", False),
        ("random_password", "result", True),
        ("terraform_data", "output", True),
    ],
)
def test_attribute_exists(type_: str, name: str, exists: bool) -> None:
    assert schema.attribute_exists("managed", type_, name) is exists


def test_suggest() -> None:
    assert schema.suggest("managed", "aws_vpc", "arm") == "arn"
    assert schema.suggest("managed", "aws_subnet", "cidr") == "cidr_block"
    assert schema.suggest("managed", "aws_vpc", "qqqqqq") is None
    assert schema.suggest("managed", "random_password", "resul") is None


# Arguments, each case also judged the same by `terraform validate` (1.11, provider 5.100)


@pytest.mark.parametrize(
    ("type_", "args"),
    [
        ("aws_security_group", {"ingress": [INGRESS]}),
        ("aws_security_group", {"ingress": []}),
        ("aws_security_group", {"ingress": "${local.rules}"}),
        ("aws_security_group", {"name": 5, "revoke_rules_on_delete": "true"}),
        ("aws_security_group", {"name": True, "revoke_rules_on_delete": "0"}),
        ("aws_security_group", {"//": "a comment", "timeouts": [{"create": "1m"}]}),
        ("aws_security_group", {"tags": {"a": 1, "b": True, "c": None}}),
        ("aws_security_group", {"tags": "${merge(local.a, local.b)}"}),
        ("aws_security_group", {"tags_all": {"a": "b"}, "timeouts": None}),
        ("aws_instance", INSTANCE | {"root_block_device": {"volume_size": "8"}}),
        ("aws_instance", INSTANCE | {"root_block_device": {"volume_size": "1e1"}}),
        ("aws_instance", INSTANCE | {"root_block_device": [{"volume_size": "${local.size}"}]}),
        ("aws_instance", INSTANCE | {"vpc_security_group_ids": ["a", 1], "metadata_options": []}),
        ("aws_instance", INSTANCE | {"ebs_optimized": "${var.optimized}", "monitoring": "%{if var.m}true%{endif}"}),
        ("aws_instance", INSTANCE | {"dynamic": {"ebs_block_device": {"for_each": [1], "content": {}}}}),
        ("aws_instance", INSTANCE | {"lifecycle": {}, "depends_on": [], "count": 2, "provider": "aws.tokyo"}),
        ("aws_lb_listener", LISTENER),
        (
            "aws_lb_listener",
            {"load_balancer_arn": "a", "dynamic": {"default_action": {"for_each": [1], "content": {}}}},
        ),
        ("aws_lb_listener", {"load_balancer_arn": "a", "dynamic": [{"default_action": [{"for_each": [1]}]}]}),
        ("random_password", {"whatever": ["goes"]}),
    ],
)
def test_good_arguments(type_: str, args: dict[str, Any]) -> None:
    assert judge(type_, **args) == []


@pytest.mark.parametrize(
    ("type_", "args", "path", "words"),
    [
        ("aws_security_group", {"ingress": INGRESS}, "ingress", "A set of objects is needed"),
        ("aws_security_group", {"ingress": [INGRESS | {"nope": 1}]}, "ingress.0.nope", "no argument"),
        ("aws_security_group", {"ingress": [{"from_port": "x"}]}, "ingress.0.from_port", "A number is needed"),
        ("aws_security_group", {"name": ["x"]}, "name", "without the list"),
        ("aws_security_group", {"revoke_rules_on_delete": "yes"}, "revoke_rules_on_delete", "true or false"),
        ("aws_security_group", {"revoke_rules_on_delete": 1}, "revoke_rules_on_delete", "not the number 1"),
        ("aws_security_group", {"tags": ["a"]}, "tags", "A map of strings"),
        ("aws_security_group", {"tags": {"a": ["b"]}}, "tags.a", "A string is needed"),
        ("aws_security_group", {"timeouts": "${local.x}"}, "timeouts", "dynamic"),
        ("aws_security_group", {"timeouts": [{}, {}]}, "timeouts", "once"),
        ("aws_security_group", {"timeouts": {"nope": "1m"}}, "timeouts.nope", "`create`, `delete`"),
        (
            "aws_instance",
            INSTANCE | {"root_block_device": {"volume_size": True}},
            "root_block_device.volume_size",
            "not true",
        ),
        (
            "aws_instance",
            INSTANCE | {"root_block_device": {"volume_size": "8x"}},
            "root_block_device.volume_size",
            '"8x"',
        ),
        (
            "aws_instance",
            INSTANCE | {"root_block_device": {"device_name": "x"}},
            "root_block_device.device_name",
            "read-only",
        ),
        ("aws_instance", INSTANCE | {"root_block_device": ["x"]}, "root_block_device.0", "is a block"),
        ("aws_instance", INSTANCE | {"vpc_security_group_ids": "sg-1"}, "vpc_security_group_ids", "in a list"),
        ("aws_instance", INSTANCE | {"vpc_security_group_ids": "sg-${local.y}"}, "vpc_security_group_ids", "in a list"),
        ("aws_instance", INSTANCE | {"vpc_security_group_ids": "$${x}"}, "vpc_security_group_ids", "in a list"),
        (
            "aws_instance",
            INSTANCE | {"vpc_security_group_ids": [["x"]]},
            "vpc_security_group_ids.0",
            "A string is needed",
        ),
        ("aws_instance", INSTANCE | {"ebs_optimized": "$${x}"}, "ebs_optimized", "true or false"),
        ("aws_instance", INSTANCE | {"arn": "x"}, "arn", "read-only"),
        ("aws_instance", INSTANCE | {"id": "x"}, "id", "read-only"),
        ("aws_lb_listener", {"load_balancer_arn": "a"}, "default_action", "needs the block"),
        ("aws_lb_listener", LISTENER | {"default_action": []}, "default_action", "At least one"),
        ("aws_lb_listener", LISTENER | {"default_action": {}}, "default_action.type", "needs the argument"),
        ("aws_lb_listener", LISTENER | {"load_balancer_arn": None}, "load_balancer_arn", "needs the argument"),
        ("aws_subnet", {"vpc_id": "v", "cidr": "10.0.0.0/24"}, "cidr", "Did you mean `cidr_block`?"),
        ("aws_subnet", {"vcp_id": "v", "vpc_id": "v"}, "vcp_id", "Did you mean `vpc_id`?"),
        (
            "aws_iam_role",
            {"assume_role_policy": {"Version": "2012-10-17"}},
            "assume_role_policy",
            "where JSON is wanted",
        ),
        ("aws_subnets", {}, "", "Resource type `aws_subnets` does not exist. Did you mean `aws_subnet`?"),
        ("aws_qqqqqqqqqq", {}, "", "See the types of hashicorp/aws"),
    ],
)
def test_bad_arguments(type_: str, args: dict[str, Any], path: str, words: str) -> None:
    [(found, what, fix)] = judge(type_, **args)
    assert found == path
    assert words in f"{what} {fix}"


def test_all_problems_at_once() -> None:
    assert sorted(paths("aws_subnet", cidr_blok="x", map_public_ip_on_launch="maybe", arn="x")) == [
        "arn",
        "cidr_blok",
        "map_public_ip_on_launch",
        "vpc_id",
    ]


def test_a_data_source_is_named_as_one() -> None:
    [(_, what, _)] = judge("aws_amis", mode="data")
    assert what.startswith("Data source type")


# Explicit nulls


def test_objects_in_attributes_get_their_nulls() -> None:
    given_args = {"name": "x", "ingress": [INGRESS], "egress": "${local.x}"}
    filled = schema.with_nulls("managed", "aws_security_group", given_args)
    assert filled["ingress"] == [
        INGRESS
        | {
            "description": None,
            "ipv6_cidr_blocks": None,
            "prefix_list_ids": None,
            "security_groups": None,
            "self": None,
        }
    ]
    assert filled["egress"] == "${local.x}"
    assert given_args["ingress"] == [INGRESS]


def test_other_arguments_stay_as_they_are() -> None:
    assert schema.with_nulls("managed", "aws_lb_listener", LISTENER) is LISTENER
    assert schema.with_nulls("managed", "random_password", LISTENER) is LISTENER
    group = {"name": "x", "timeouts": {"create": "1m"}}
    assert schema.with_nulls("managed", "aws_security_group", group) == group


# Any data at all

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(type_=st.sampled_from(schema.type_names()), data=st.data())
def test_any_value_gets_an_answer(type_: str, data: st.DataObject) -> None:
    found = schema.lookup(type_)
    assert found is not None
    args = data.draw(st.dictionaries(st.sampled_from(sorted(found.args)) | st.text(max_size=5), JSON, max_size=4))
    for problem in schema.check_arguments("managed", type_, args):
        assert problem.what.endswith(".")
        assert problem.fix.endswith((".", "?"))
    schema.with_nulls("managed", type_, args)


@given(st.text(max_size=20))
def test_any_reference_gets_an_answer(path: str) -> None:
    schema.attribute_exists("managed", "aws_db_instance", path)
    schema.attribute_exists("managed", "aws_db_instance", f"master_user_secret{path}")
