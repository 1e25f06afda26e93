"""`workstations` in a blueprint: durations, and what is told when something cannot be."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.blueprint.defaults import nat_of
from giban.blueprint.durations import Duration, seconds_of
from giban.blueprint.instance_types import architecture
from giban.blueprint.load import load
from giban.blueprint.shapes import shape_of
from giban.blueprint.types import Blueprint
from giban.blueprint.types_workstations import Workstation, sizes_of
from giban.blueprint.validate_workstations import folder_of
from giban.graph.problems import Problems

HEAD = "name: scv\nregions: [ap-northeast-2]\n"
BASE = HEAD + "domain: scv.example.com\nworkstations:\n  dev: {allow: [203.0.113.0/24]}\n"


def blueprint(*sets: str, text: str = BASE) -> Blueprint:
    return load("giban.yaml", None, sets, read=lambda _path: text.encode()).blueprint


def told(*sets: str, text: str = BASE) -> str:
    with pytest.raises(Problems) as caught:
        blueprint(*sets, text=text)
    return "\n".join(f"{problem.path}: {problem.what} {problem.fix}" for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1m", 60), ("30m", 1800), ("90m", 5400), ("1h", 3600), ("1h30m", 5400), ("72h", 259_200), ("3d", 259_200)],
)
def test_durations(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


@given(st.integers(1, 9999), st.integers(1, 59))
def test_hours_and_minutes_add_up(hours: int, minutes: int) -> None:
    assert seconds_of(f"{hours}h{minutes}m") == seconds_of(f"{hours}h") + seconds_of(f"{minutes}m")


@given(st.text(alphabet="0123456789hmds .:-", max_size=8))
def test_what_is_taken_as_a_duration_has_a_length(text: str) -> None:
    pattern = shape_of(Duration).rules.pattern
    assert pattern is not None
    if re.fullmatch(pattern, text, re.ASCII) and "\n" not in text:
        assert seconds_of(text) > 0


@pytest.mark.parametrize("text", ["30", "0m", "1.5h", "2 hours", "30s", "h", "1h90000m", "PT30M", "-1h", "''", "01h"])
def test_what_is_no_duration_is_told_with_an_example(text: str) -> None:
    said = told(f"workstations.dev.auto_stop.idle={text}")
    assert "workstations.dev.auto_stop.idle" in said
    assert "30m" in said


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("auto_stop.max_uptime=73h", "Choose 10m to 72h."),
        ("auto_stop.max_uptime=5m", "Choose 10m to 72h."),
        ("auto_stop.idle=25h", "Choose 1m to 24h."),
        ("auto_stop={idle: 2h, max_uptime: 1h}", "Set idle below max_uptime."),
        ("auto_stop.silent=1m", "Choose 5m to 24h."),
        ("schedule={time_zone: Asia/Soul, start: '09:00 daily'}", "Did you mean `Asia/Seoul`?"),
        ("schedule={time_zone: ../etc/passwd, start: '09:00 daily'}", "IANA"),
        ("schedule={time_zone: Asia/Seoul, start: '9:00 Mon-Fri'}", "09:00 Mon-Fri"),
        ("schedule={time_zone: Asia/Seoul, start: '24:00 daily'}", "09:00 Mon-Fri"),
        ("schedule={time_zone: Asia/Seoul, start: '09:00 Monday'}", "09:00 Mon-Fri"),
        ("schedule={time_zone: Asia/Seoul, start: '09:00'}", "09:00 Mon-Fri"),
        ("allow=[]", "Write at least 1"),
        ("allow=[203.0.113.5/24]", "host bits"),
        ("allow=[everybody]", "Write a range such as"),
        ("allow=[203.0.113.0/24, 'fe80::/200']", "IPv6"),
        ("allow=['2001:db8::/32']", "Add an IPv4 range."),
        ("instance=[]", "Write 1 to 5."),
        ("instance=[t3.large, t3.large]", "Write each once."),
        ("instance=[t3.large, t4g.large]", "Choose types of one kind."),
        ("instance=large", "t3.large"),
        ("repositories=['git@github.com:acme/app.git']", "Write https://host/owner/name.git"),
        ("repositories=['https://kim:token@github.com/acme/app.git']", "the token is a secret"),
        ("repositories=['https://github.com/a/app.git', 'https://github.com/b/app']", "Leave one out"),
        ("git_token=acme/token", "Add `repositories`"),
        ("git_token='a b'", "Secrets Manager"),
        ("peers=[{name: phone, public_key: xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=}]", "Add `vpn: wireguard`"),
        ("vpn_cidr=10.0.0.0/24", ""),
        ("disk=4", "8"),
        ("image=ubuntu", "Packer"),
    ],
)
def test_what_cannot_be_is_told_where_it_is(setting: str, expected: str) -> None:
    if setting == "vpn_cidr=10.0.0.0/24":
        blueprint(f"workstations.dev.{setting}")  # nothing uses it without the tunnel
        return
    said = told(f"workstations.dev.{setting}")
    assert said.startswith("workstations.dev"), said
    assert expected in said


def test_the_tunnel_has_addresses_of_its_own() -> None:
    assert "outside of the VPC" in told("workstations.dev.vpn=wireguard", "workstations.dev.vpn_cidr=10.0.0.0/24")
    assert "larger range" in told(
        "workstations.dev.vpn=wireguard",
        "workstations.dev.vpn_cidr=10.97.0.0/30",
        "workstations.dev.peers=[{name: a, public_key: xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=}, "
        "{name: b, public_key: xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=}]",
    )
    assert "its own name" in told(
        "workstations.dev.vpn=wireguard",
        "workstations.dev.peers=[{name: a, public_key: xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=}, "
        "{name: a, public_key: xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=}]",
    )


def test_a_workstation_needs_a_domain_and_an_allow_list() -> None:
    assert "Add for example `domain: scv.example.com`." in told(text=BASE.replace("domain: scv.example.com\n", ""))
    said = told(text=BASE.replace("{allow: [203.0.113.0/24]}", "{disk: 20}"))
    assert 'The key "allow" is missing.' in said


@pytest.mark.parametrize("name", ["keeper", "workstations", "www", "internal"])
def test_reserved_names(name: str) -> None:
    assert "taken by giban" in told(text=BASE.replace("  dev:", f"  {name}:"))


@pytest.mark.parametrize(
    "text",
    [
        BASE + "services: {dev: {kind: instances}}\n",
        BASE + "services: {dev-admin: {kind: instances}}\n",
        BASE + "  dev-admin: {allow: [203.0.113.0/24]}\n",
        BASE + "  dev-vpn: {allow: [203.0.113.0/24]}\n",
    ],
)
def test_names_that_two_would_need(text: str) -> None:
    assert "Rename one of them." in told(text=text)


def test_too_many_for_one_keeper() -> None:
    many = "".join(f"  w{number}: {{allow: [203.0.113.0/24]}}\n" for number in range(9))
    assert "Divide them" in told(text=BASE.replace("  dev: {allow: [203.0.113.0/24]}\n", many))


def test_every_problem_at_once() -> None:
    said = told(
        "workstations.dev.auto_stop.idle=25h",
        "workstations.dev.instance=[t3.large, t4g.large]",
        "workstations.dev.git_token=x",
    )
    assert len(said.splitlines()) == 3


def test_defaults() -> None:
    found = blueprint().workstations["dev"]
    assert sizes_of(found) == ["t3.large"]
    assert (found.auto_stop.idle, found.auto_stop.max_uptime, found.vpn, found.kubernetes) == (
        "30m",
        "72h",
        "none",
        "none",
    )
    assert sizes_of(Workstation(allow=["0.0.0.0/0"], instance=["a1.large", "t4g.large"])) == ["a1.large", "t4g.large"]


def test_nat_is_for_private_subnets() -> None:
    assert nat_of(blueprint(), "production") == "none"
    assert nat_of(blueprint("services={web: {kind: instances}}"), "production") == "per-zone"
    assert nat_of(blueprint("network.nat=single"), "production") == "single"


@pytest.mark.parametrize(
    ("url", "folder"),
    [("https://github.com/acme/app.git", "app"), ("https://x.org/a/b/c/", "c"), ("https://x.org/a/dot.js", "dot.js")],
)
def test_folders_of_repositories(url: str, folder: str) -> None:
    assert folder_of(url) == folder


@pytest.mark.parametrize(
    ("instance", "kind"),
    [("t3.large", "x86_64"), ("t4g.large", "arm64"), ("g5.xlarge", "x86_64"), ("g5g.xlarge", "arm64")],
)
def test_processors(instance: str, kind: str) -> None:
    assert architecture(instance) == kind
