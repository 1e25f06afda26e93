"""Reading folders of Terraform: JSON and HCL give the same graph, and bad input gives problems with a place."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from giban.graph.graph import Graph
from giban.graph.problems import Problems
from giban.graph.refs import is_unknown
from giban.terraform.read import read_folder

HCL = """
terraform {
  backend "s3" {
    bucket       = "state"
    key          = "main.tfstate"
    region       = var.region
    use_lockfile = true
  }
}

provider "aws" {
  region = var.region
  default_tags {
    tags = local.tags
  }
}

provider "aws" {
  alias  = "edge"
  region = "us-east-1"
}

variable "region" {
  type    = string
  default = "ap-northeast-2"
}

variable "zone" {}

locals {
  name = "shop"
  tags = {
    Project = local.name
    Region  = var.region
  }
  vpc_id = aws_vpc.main.id
}

resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
  tags       = { Name = "${local.name}-main" }
}

  resource "aws_subnet" "a" {
  vpc_id            = local.vpc_id
  availability_zone = "${var.region}a"
  cidr_block        = cidrsubnet("10.0.0.0/16", 8, 1)
  depends_on        = [aws_vpc.main]

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_acm_certificate" "edge" {
  provider    = aws.edge
  domain_name = "${local.name}.example.com"
}

data "aws_ami" "linux" {
  most_recent = true
  filter {
    name   = "name"
    values = ["al2023-*"]
  }
}
"""

JSON: dict[str, Any] = {
    "terraform": {
        "backend": {"s3": {"bucket": "state", "key": "main.tfstate", "region": "${var.region}", "use_lockfile": True}}
    },
    "provider": {
        "aws": [
            {"region": "${var.region}", "default_tags": {"tags": "${local.tags}"}},
            {"alias": "edge", "region": "us-east-1"},
        ]
    },
    "variable": {"region": {"type": "string", "default": "ap-northeast-2"}, "zone": {}},
    "locals": {
        "name": "shop",
        "tags": {"Project": "${local.name}", "Region": "${var.region}"},
        "vpc_id": "${aws_vpc.main.id}",
    },
    "resource": [
        {"aws_vpc": {"main": {"//": "a comment", "cidr_block": "10.0.0.0/16", "tags": {"Name": "${local.name}-main"}}}},
        {
            "aws_subnet": [
                {
                    "a": [
                        {
                            "vpc_id": "${local.vpc_id}",
                            "availability_zone": "${var.region}a",
                            "cidr_block": '${cidrsubnet("10.0.0.0/16", 8, 1)}',
                            "depends_on": ["aws_vpc.main"],
                            "lifecycle": {"prevent_destroy": True},
                        }
                    ]
                }
            ],
            "aws_acm_certificate": {"edge": {"provider": "aws.edge", "domain_name": "${local.name}.example.com"}},
        },
    ],
    "data": {
        "aws_ami": {"linux": {"most_recent": True, "filter": [{"name": "name", "values": ["al2023-*"]}]}},
    },
}


def folder(path: Path, **files: str) -> Path:
    """A folder with these files, by relative path."""
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text, encoding="utf-8")
    return path


def problems(path: Path) -> str:
    with pytest.raises(Problems) as caught:
        read_folder(str(path))
    return str(caught.value)


def shape(graph: Graph) -> list[tuple[str, dict[str, Any], dict[str, Any], str | None]]:
    return [(resource.address, resource.args, resource.meta, resource.region) for resource in graph]


def test_json_and_hcl_give_the_same_graph(tmp_path: Path) -> None:
    from_hcl = read_folder(str(folder(tmp_path / "hcl", **{"main.tf": HCL})))
    from_json = read_folder(str(folder(tmp_path / "json", **{"main.tf.json": json.dumps(JSON)})))
    assert shape(from_hcl) == shape(from_json)
    for graph in (from_hcl, from_json):
        stack = graph.stacks[0]
        assert stack.key == "."
        assert stack.region == "ap-northeast-2"
        assert stack.provider_regions == {"edge": "us-east-1"}
        assert stack.tags == {"Project": "shop", "Region": "ap-northeast-2"}
        assert stack.backend == {
            "bucket": "state",
            "key": "main.tfstate",
            "region": "ap-northeast-2",
            "use_lockfile": True,
        }


def test_known_values_are_put_in(tmp_path: Path) -> None:
    graph = read_folder(str(folder(tmp_path, **{"main.tf": HCL})))
    subnet = graph.get("aws_subnet.a")
    vpc = graph.get("aws_vpc.main")
    certificate = graph.get("aws_acm_certificate.edge")
    assert subnet is not None
    assert vpc is not None
    assert certificate is not None
    assert graph.follow(subnet, "vpc_id") is vpc
    assert subnet.args["availability_zone"] == "ap-northeast-2a"
    assert subnet.meta == {"depends_on": ["aws_vpc.main"], "lifecycle": {"prevent_destroy": True}}
    assert vpc.args["tags"] == {"Name": "shop-main"}
    assert certificate.region == "us-east-1"


def test_positions(tmp_path: Path) -> None:
    graph = read_folder(
        str(folder(tmp_path, **{"main.tf": HCL, "more.tf.json": '{\n "resource": {"aws_vpc": {\n  "x": {}}}}'}))
    )
    found = {resource.address: resource.origin for resource in graph}
    lines = HCL.split("\n")
    subnet, other = found["aws_subnet.a"], found["aws_vpc.x"]
    assert subnet is not None
    assert other is not None
    assert lines[subnet.line - 1].lstrip().startswith('resource "aws_subnet" "a"')
    assert (subnet.column, subnet.file) == (3, str(tmp_path / "main.tf"))
    assert (other.line, other.column, other.file) == (3, 3, str(tmp_path / "more.tf.json"))
    assert {resource.component for resource in graph} == {"main", "more"}


def test_positions_of_labels_that_stand_elsewhere_too(tmp_path: Path) -> None:
    text = """{
  "locals": {"aws_vpc": {"main": {"resource": {"aws_vpc": {"main": {}}}}}},
  "resource": {
    "aws_subnet": [
      {"main": {"tags": {"main": "{ \\"main\\": { }"}}},
      {"other": {}}
    ],
    "aws_vpc": {
      "main": {}
    }
  }
}"""
    graph = read_folder(str(folder(tmp_path, **{"main.tf.json": text})))
    assert {r.address: r.origin and r.origin.line for r in graph} == {
        "aws_subnet.main": 5,
        "aws_subnet.other": 6,
        "aws_vpc.main": 9,
    }


def test_every_folder_is_a_stack(tmp_path: Path) -> None:
    one = '{"resource": {"aws_vpc": {"main": {}}}}'
    names = [
        "global/main.tf.json",
        "ap-northeast-2/network.tf.json",
        ".terraform/modules/x/main.tf.json",
        "docs/readme",
    ]
    graph = read_folder(str(folder(tmp_path, **dict.fromkeys(names, one))))
    assert [stack.key for stack in graph.stacks] == ["ap-northeast-2", "global"]
    assert len(graph) == 2


def test_tfvars_come_before_defaults(tmp_path: Path) -> None:
    files = {
        "main.tf.json": json.dumps(
            {
                "variable": {"a": {"default": 1}, "b": {"default": 1}, "c": {"default": 1}},
                "resource": {"aws_vpc": {"main": {"tags": {"a": "${var.a}", "b": "${var.b}", "c": "${var.c}"}}}},
            }
        ),
        "terraform.tfvars": "b = 2\nc = 2\n",
        "x.auto.tfvars.json": '{"c": 3}',
        "other.tfvars": "a = 9\n",
    }
    graph = read_folder(str(folder(tmp_path, **files)))
    assert graph.stacks[0].resources["aws_vpc.main"].args["tags"] == {"a": 1, "b": 2, "c": 3}


def test_what_is_not_known_stays_an_expression(tmp_path: Path) -> None:
    args = {
        "unset": "${var.unset}",
        "inside": "a-${var.unset}",
        "call": '${lookup(var.known, "x")}',
        "text": '${base64encode("echo var.known")}',
        "module": "${module.vpc.id}",
        "loop": "${local.loop}",
        "missing": "${local.known_map.z}",
        "path": "${local.known_map.a[1]}",
        "key": '${local.known_map["a"][0]}',
    }
    document = {
        "variable": {"unset": {}, "known": {"default": "k"}},
        "locals": {"loop": "${local.loop}", "known_map": {"a": ["x", "y"]}},
        "resource": {"aws_vpc": {"main": args}},
    }
    graph = read_folder(str(folder(tmp_path, **{"main.tf.json": json.dumps(document)})))
    read = graph.stacks[0].resources["aws_vpc.main"].args
    assert read == {**args, "path": "y", "key": "x"}


def test_default_tags_by_an_expression_are_unknown_tags(tmp_path: Path) -> None:
    document = {
        "provider": {"aws": {"default_tags": {"tags": "${merge(var.tags, {})}"}}},
        "resource": {"aws_vpc": {"a": {}}},
    }
    stack = read_folder(str(folder(tmp_path, **{"main.tf.json": json.dumps(document)}))).stacks[0]
    assert is_unknown(stack.tags)


def test_override_files(tmp_path: Path) -> None:
    files = {
        "main.tf.json": json.dumps(
            {
                "terraform": {"backend": {"s3": {"bucket": "state"}}},
                "provider": {"aws": {"region": "ap-northeast-2"}},
                "variable": {"size": {"default": 1, "type": "number"}},
                "locals": {"a": 1, "b": 1},
                "resource": {
                    "aws_security_group": {
                        "web": {
                            "name": "web",
                            "ingress": [{"from_port": 80}, {"from_port": 443}],
                            "tags": {"a": "${local.a}", "b": "${local.b}", "size": "${var.size}"},
                            "lifecycle": {"prevent_destroy": True},
                        }
                    }
                },
            }
        ),
        "b_override.tf.json": json.dumps(
            {
                "terraform": {"backend": {"local": {}}},
                "provider": {"aws": {"region": "ap-northeast-1"}},
                "variable": {"size": {"default": 5}},
                "locals": {"b": 2},
                "resource": {
                    "aws_security_group": {
                        "web": {"ingress": {"from_port": 8080}, "lifecycle": {"create_before_destroy": True}}
                    }
                },
            }
        ),
        "override.tf": 'resource "aws_security_group" "web" {\n  name = "last"\n}\n',
    }
    stack = read_folder(str(folder(tmp_path, **files))).stacks[0]
    group = stack.resources["aws_security_group.web"]
    assert stack.region == "ap-northeast-1"
    assert stack.backend is None
    assert group.args == {
        "name": "last",
        "ingress": {"from_port": 8080},
        "tags": {"a": 1, "b": 2, "size": 5},
    }
    assert group.meta["lifecycle"] == {"prevent_destroy": True, "create_before_destroy": True}


def test_files_that_expressions_read(tmp_path: Path) -> None:
    files = {
        "main.tf": """
resource "aws_launch_template" "a" {
  user_data = base64encode(templatefile("${path.module}/boot.sh", {}))
}
resource "aws_launch_template" "b" {
  user_data = filebase64("files/b.sh")
}
resource "aws_launch_template" "c" {
  user_data = file("../outside.sh")
}
resource "aws_launch_template" "d" {
  user_data = file("missing.sh")
}
""",
        "boot.sh": "echo boot",
        "files/b.sh": "echo b",
    }
    (tmp_path / "outside.sh").write_text("not for us")
    (tmp_path / "root").mkdir()
    stack = read_folder(str(folder(tmp_path / "root", **files))).stacks[0]
    assert stack.files == {"boot.sh": "echo boot", "files/b.sh": "echo b"}


def test_exported_documents_read_back_as_they_were(tmp_path: Path) -> None:
    from giban.lifecycle.pipeline import compile_blueprint
    from giban.terraform.documents import documents, write

    repository = Path(__file__).parents[2]
    graph = compile_blueprint(str(repository / "examples/three-tier/giban.yaml")).graph
    write(documents(graph), str(tmp_path))
    read = read_folder(str(tmp_path))
    assert [stack.key for stack in read.stacks] == sorted(stack.key for stack in graph.stacks)
    for stack in read.stacks:
        origin = next(one for one in graph.stacks if one.key == stack.key)
        assert stack.region == origin.region
        assert stack.tags == origin.tags
        assert stack.backend == origin.backend
        assert stack.files == origin.files
        assert {a: (r.args, r.meta) for a, r in stack.resources.items()} == {
            a: (r.args, r.meta) for a, r in origin.resources.items()
        }


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, "holds no Terraform files"),
        ({"main.tf.json": '{"resource": {,}}'}, "main.tf.json:1:15\n  This is not JSON"),
        ({"main.tf.json": "[]"}, "one JSON object"),
        ({"main.tf.json": '{"resource": []'}, "This is not JSON"),
        ({"main.tf.json": '{"resource": 1}'}, "`resource` is not an object"),
        ({"main.tf.json": '{"resource": {"aws_vpc": "x"}}'}, "`resource.aws_vpc` is not an object"),
        ({"main.tf.json": '{"resource": {"aws_vpc": {\n"a": "x"}}}'}, "`aws_vpc.a` is not an object"),
        ({"main.tf": 'resource "aws_vpc" "a" {\n  cidr_block = = 1\n}\n'}, "main.tf:2:16\n  This is not HCL"),
        ({"main.tf": 'resource "aws_vpc" "a" {\n'}, "main.tf:"),
        ({"main.tf": 'resource "aws_vpc" "a" {\n  x = "unclosed\n}\n'}, "main.tf:"),
        (
            {"a.tf.json": '{"resource": {"aws_vpc": {"a": {}}}}', "b.tf": 'resource "aws_vpc" "a" {\n}\n'},
            "`aws_vpc.a` is written twice, first at ",
        ),
        ({"override.tf.json": '{"resource": {"aws_vpc": {"a": {}}}}'}, "no other file has it"),
        ({"main.tf.json": '{"resource": {"aws_vpc": {"a": {"x": ' + "[" * 300 + "]" * 300 + "}}}}"}, "levels deep"),
        ({"main.tf.json": "[" * 9000 + "]" * 9000}, "could not be read as JSON"),
        ({"main.tf.json": "{}", "terraform.tfvars.json": "{"}, "terraform.tfvars.json:1:2"),
    ],
)
def test_bad_input(tmp_path: Path, files: dict[str, str], expected: str) -> None:
    assert expected in problems(folder(tmp_path, **files))


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = problems(folder(tmp_path, **{"a.tf.json": "{", "b/b.tf.json": "[]", "c.tf": "}"}))
    assert all(name in text for name in ("a.tf.json", "b.tf.json", "c.tf"))


def test_no_folder(tmp_path: Path) -> None:
    assert "There is no folder" in problems(tmp_path / "missing")
    (tmp_path / "file").write_text("")
    assert "is a file" in problems(tmp_path / "file")


def test_files_that_are_not_text(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in problems(tmp_path)


def test_a_byte_order_mark_is_fine(tmp_path: Path) -> None:
    (tmp_path / "main.tf.json").write_bytes(b'\xef\xbb\xbf{"resource": {"aws_vpc": {"a": {}}}}')
    assert len(read_folder(str(tmp_path))) == 1


def test_without_the_hcl_reader_json_still_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hcl2", None)
    folder(tmp_path, **{"main.tf.json": '{"resource": {"aws_vpc": {"a": {}}}}'})
    assert len(read_folder(str(tmp_path))) == 1
    folder(tmp_path, **{"more.tf": 'resource "aws_vpc" "b" {\n}\n'})
    assert "pip install 'giban[hcl]'" in problems(tmp_path)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["${var.a}", "${local.b}", "${"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
TOP = ["resource", "data", "provider", "terraform", "locals", "variable", "output", "module", "//"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(TOP), JSON_VALUES, max_size=4), JSON_VALUES)
def test_any_json_is_read_or_refused_with_problems(tmp_path: Path, document: dict[str, Any], args: Any) -> None:
    document.setdefault("resource", {"aws_vpc": {"a": args}})
    (tmp_path / "main.tf.json").write_text(json.dumps(document), encoding="utf-8")
    refused: Problems | None = None
    try:
        read_folder(str(tmp_path))
    except Problems as problems_found:
        refused = problems_found
    assert refused is None or all(problem.what and problem.fix for problem in refused.problems)
