"""What the types cannot say: every rule refuses, at the right place, with words that help."""

from __future__ import annotations

import pytest

from giban.blueprint.load import load
from giban.graph.problems import Problem, Problems

BASE = """\
name: scv
regions: [ap-northeast-2]
services:
  web: {kind: instances, public: true, port: 80}
  was: {kind: instances, port: 8080, allow: [web], uses: [databases.main]}
  job: {kind: instances}
databases:
  main: {engine: postgres, version: "16"}
buckets: {uploads: {}}
"""


def problems(*sets: str, environment: str | None = None) -> list[Problem]:
    def read(path: str) -> bytes:
        return b"{}" if "environments" in path else BASE.encode()

    try:
        load("giban.yaml", environment, sets, read=read)
    except Problems as error:
        return error.problems
    return []


def test_the_base_is_good() -> None:
    assert problems() == []


CASES = [
    (["regions=[ap-northeast-9]"], "regions[0]", "no region `ap-northeast-9`", "Did you mean `ap-northeast-"),
    (["regions=[ap-northeast-2, ap-northeast-1]"], "regions[1]", "one region", "Name one region"),
    (["regions=[ap-northeast-1]", "network.zones=4"], "network.zones", "has 3 zones", "Set zones to 3"),
    (["network.cidr=10.0.0.0/8"], "network.cidr", "A /8 is not possible", "Choose between /16 and /23"),
    (["network.cidr=10.0.0.1/16"], "network.cidr", "host bits", "10.20.0.0/16"),
    (["network.cidr=ten"], "network.cidr", "prefix length", "10.20.0.0/16"),
    (["network.endpoints=[S3]"], "network.endpoints[0]", "not the name of an endpoint", "ecr.api"),
    (
        ["services.was.uses=[databases.mian]"],
        "services.was.uses[0]",
        "no `databases.mian`",
        "Did you mean `databases.main`",
    ),
    (["services.was.uses=[services.was]"], "services.was.uses[0]", "does not use itself", "Remove"),
    (["services.was.uses=[services.job]"], "services.was.uses[0]", "has no port", "Give it a port"),
    (["services.was.allow=[wbe]"], "services.was.allow[0]", "no service `wbe`", "Did you mean `web`"),
    (["services.was.allow=[was]"], "services.was.allow[0]", "need not allow itself", "Remove"),
    (["services.was.allow=[10.0.0.0/33]"], "services.was.allow[0]", "prefix length", "203.0.113.7/32"),
    (["services.job.allow=[web]"], "services.job.allow", "without a port", "Add `port`"),
    (["services.job.public=true"], "services.job", "needs a port", "port: 80"),
    (["services.web.allow=[was]"], "services.web.allow", "open to everybody", "waf"),
    (["services.web.scale={min: 4, max: 2}"], "services.web.scale.max", "2 is less than min (4)", "Set max to 4"),
    (
        ["services.web.scale.steps=[{over: 10, change: -1}]"],
        "services.web.scale.steps[0]",
        "do not go together",
        "both",
    ),
    (["services.web.scale.steps=[{over: 60, change: 1}]"], "services.web.scale.steps[0].over", "120 %", "40"),
    (
        ["services.web.scale.steps=[{over: 5, change: 1}, {over: 5, change: 2}]"],
        "services.web.scale.steps",
        "same point",
        "own `over`",
    ),
    (["services.web.env={'1A': x}"], "services.web.env.1A", "environment variable", "letters"),
    (['services.web.env={A: "x\\ny"}'], "services.web.env.A", "line break", "one line"),
    (['services.web.env={A: "x\\ry"}'], "services.web.env.A", "control character", "one line"),
    (["services.web.env={한글: x}"], "services.web.env.'한글'", "environment variable", "letters"),
    (["services.web.command=''"], "services.web.command", "is empty", "/opt/app/run"),
    (["services.web.artifact=${x}"], "services.web.artifact", "expressions", "patch"),
    (["services.web.health=/%{x}"], "services.web.health", "expressions", "patch"),
    (["owner=Kim <kim@example.com>"], "owner", "tag Owner", "letters, digits"),
    (["tags={T: '${aws_vpc.main.id}'}"], "tags.T", "characters in a tag", "letters"),
    (['services.web.command="a\\nb"'], "services.web.command", "line break", "script"),
    (["databases.main.max_storage=20", "databases.main.storage=50"], "databases.main.max_storage", "less than", "50"),
    (["databases.main={engine: mysql, version: 8}"], "databases.main.version", "two parts", "8.4"),
    (["databases.main.version=9"], "databases.main.version", "any more", "13"),
    (["databases.other={engine: postgres, version: 16, was: main}"], "databases.other.was", "still there", "one step"),
    (["domain=https://scv.example.com"], "domain", "not a DNS name", "lower case"),
    (["domain=localhost"], "domain", "not a DNS name", "lower case"),
    (["domain.name=-a.example.com"], "domain.name", "not a DNS name", "lower case"),
    (["tags={'aws:x': y}"], "tags.'aws:x'", "belong to AWS", "another name"),
    (["access={}"], "access", "0 ways in", "Choose one"),
    (
        ["access={bastion: {allow: [10.0.0.0/8]}, wireguard: {}}"],
        "access",
        "2 ways in",
        "Choose one",
    ),
    (["access={wireguard: {cidr: 10.0.0.0/24}}"], "access.wireguard.cidr", "overlaps", "outside of the VPC"),
    (["access={bastion: {allow: [everywhere]}}"], "access.bastion.allow[0]", "prefix length", "203.0.113"),
    (["waf={block: [1.2.3.4]}"], "waf.block[0]", "prefix length", "/32"),
]


@pytest.mark.parametrize(("sets", "path", "what", "fix"), CASES, ids=[f"{case[1]}-{case[2]}" for case in CASES])
def test_rule(sets: list[str], path: str, what: str, fix: str) -> None:
    found = problems(*sets)
    assert [problem.path for problem in found] == [path], [str(problem) for problem in found]
    assert what in found[0].what
    assert fix in found[0].fix
    assert found[0].where is not None


def test_all_at_once_in_the_order_of_the_text() -> None:
    text = BASE.replace("allow: [web]", "allow: [wbe]").replace("databases.main]", "databases.mian]")
    text = text.replace("[ap-northeast-2]", "[nowhere]")
    with pytest.raises(Problems) as caught:
        load("giban.yaml", read=lambda _path: text.encode())
    assert [problem.path for problem in caught.value.problems] == [
        "regions[0]",
        "services.was.allow[0]",
        "services.was.uses[0]",
    ]
    assert [problem.where.line for problem in caught.value.problems if problem.where] == [2, 5, 5]


@pytest.mark.parametrize("environment", ["Prod", "a_b", "x" * 40])
def test_names_of_environments_become_names_in_aws(environment: str) -> None:
    assert problems(environment=environment) != []
