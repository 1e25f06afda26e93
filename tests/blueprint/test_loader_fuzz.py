"""Whatever the bytes are, loading ends with a blueprint or with problems that say where and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from giban.blueprint.load import load
from giban.graph.problems import Problem, Problems

GOOD = b"""\
name: scv
domain: scv.example.com
regions: [ap-northeast-2]
network: {cidr: 10.20.0.0/16, zones: 2, nat: per-zone, endpoints: [s3, dynamodb, ssm]}
access: {wireguard: {peers: [{name: kim, public_key: "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="}]}}
services:
  web: &web {kind: instances, public: true, port: 80, scale: {min: 2, max: 6, cpu: 60, steps: [{over: 20, change: 2}]}}
  was:
    <<: *web
    public: no
    allow: [web, 10.0.0.0/8]
    uses: [databases.main, buckets.uploads, services.web]
    env: {LEVEL: on, COUNT: 10}
databases:
  main: {engine: postgres, version: 16.10, storage: 50, max_storage: 100, parameters: {a: 1}}
buckets:
  uploads:
waf: {rate: 1e3, allow: [203.0.113.0/24]}
logs: {days: 30}
tags: {team: 'a'}
waivers: [{check: GB012, resource: aws_lb.web, reason: "legacy clients until March", until: 2027-03-31}]
patch: {aws_db_instance.main: {backup_retention_period: 14}}
terraform: {resource: {aws_sns_topic: {extra: {name: extra}}}}
"""

PIECES = [
    *"[]{}:,-?&*!|>'\"%@`#~ \n\t\\=.0\0",
    *(
        "  ",
        "\n  ",
        "\n- ",
        ": ",
        ", ",
        "<<: *web",
        "&web",
        "*web",
        "!!python/object:x ",
        "---\n",
        "...\n",
        "%YAML 1.1\n",
    ),
    *(
        "null",
        "yes",
        "0x1f",
        "010",
        "1e999",
        "-0",
        ".inf",
        "2027-02-30",
        "9" * 50,
        "9" * 5000,
        "١",
        "기반",
        "\ufeff",
        "\u2028",
    ),
    *(
        "name",
        "regions",
        "network",
        "cidr",
        "zones",
        "services",
        "web",
        "kind",
        "instances",
        "scale",
        "uses",
        "databases",
    ),
    *(
        "version",
        "domain",
        "access",
        "wireguard",
        "port",
        "waf",
        "patch",
        "terraform",
        "10.0.0.0/8",
        "0.0.0.0/" + "9" * 5000,
    ),
]


def check(source: bytes, environment: bytes | None = None, sets: list[str] | None = None) -> None:
    """Loads, and looks at the problems if there are any."""
    files = {"giban.yaml": source, "environments/e.yaml": environment or b""}
    found: list[Problem] = []
    try:
        load("giban.yaml", "e" if environment is not None else None, sets or [], files.__getitem__)
    except Problems as error:
        found = error.problems or [Problem("No problem is told.", "")]
    for problem in found:
        assert problem.what
        assert problem.fix, str(problem)
        if problem.where is not None and not problem.where.file.startswith("--set"):
            assert problem.where.file in files
            assert problem.where.line >= 1
            assert problem.where.column >= 1


def test_the_text_that_is_mutated_is_good() -> None:
    load("giban.yaml", read={"giban.yaml": GOOD}.__getitem__)


@given(st.binary(max_size=300))
def test_bytes(source: bytes) -> None:
    check(source)


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
@example("name: \U0001f642\nregions: [ap-northeast-2]\n\u2028x: \x85: y")
def test_pieces_of_yaml(text: str) -> None:
    check(text.encode())


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """The good text with a few cuts, copies, insertions and single bytes."""
    text = GOOD
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.integers(0, 40)))
        match draw(st.sampled_from(["cut", "copy", "insert", "replace", "byte"])):
            case "cut":
                text = text[:at] + text[end:]
            case "copy":
                to = draw(st.integers(0, len(text)))
                text = text[:to] + text[at:end] + text[to:]
            case "insert":
                text = text[:at] + draw(st.sampled_from(PIECES)).encode() + text[at:]
            case "replace":
                text = text[:at] + draw(st.sampled_from(PIECES)).encode() + text[end:]
            case _:
                text = text[:at] + bytes([draw(st.integers(0, 255))]) + text[at + 1 :]
    return text


@settings(max_examples=400)
@given(mutated())
def test_mutated_blueprints(source: bytes) -> None:
    check(source)


VALUES = st.sampled_from(
    [
        *("", "~", "[]", "{}", "[[]]", "{a: {}}", "x", "'x'", "010", "-1", "0", "1e9", "9" * 5000, "yes", "2027-02-30"),
        *("0.0.0.0/0", "10.0.0.0/99999999999", "0.0.0.0/" + "9" * 5000, "١.١.١.١/٨", "/", ".", "a.b"),
        *("services.web", "databases.", "services.", "*web", "| x", "&a [*a]", '"\\0"', '"\\n"', "=", "<<"),
    ]
)


@settings(max_examples=300)
@given(st.data())
def test_one_value_of_a_good_blueprint_is_something_else(data: st.DataObject) -> None:
    lines = GOOD.decode().split("\n")
    text = "\n".join(lines)
    marks = [index for index, character in enumerate(text) if text[index : index + 2] == ": "]
    at = data.draw(st.sampled_from(marks)) + 2
    ends = [text.find(stop, at) for stop in (",", "}", "]", "\n")]
    end = min(found for found in ends if found >= 0)
    check((text[:at] + data.draw(VALUES) + text[end:]).encode())


@given(mutated(), st.lists(st.lists(st.sampled_from(PIECES), max_size=8).map("".join), max_size=3))
def test_overlays_and_settings(environment: bytes, sets: list[str]) -> None:
    check(GOOD, environment, sets)


KEYS = ["name", "regions", "network", "zones", "services", "web", "scale", "uses", "'x.y'", "patch", "access", "domain"]


@settings(max_examples=200)
@given(st.lists(st.sampled_from(KEYS), min_size=1, max_size=4), st.sampled_from(["", "[0]", "[9]"]), VALUES)
def test_settings_of_every_kind(keys: list[str], index: str, value: str) -> None:
    check(GOOD, None, [f"{'.'.join(keys)}{index}={value}"])


@pytest.mark.parametrize(
    "piece", ["[", "{", "- ", "? ", "a: {", "&a [", "!!map {", "|\n ", "'", '"', "\n" * 3, "\t", "#", "a:\n "]
)
@pytest.mark.parametrize("times", [1_000, 200_000])
def test_one_piece_very_often(piece: str, times: int) -> None:
    check((piece * times).encode()[:1_000_001])


def test_deep_values_of_every_section() -> None:
    for key in ("name", "regions", "network", "access", "services", "patch", "terraform", "waivers", "nope"):
        for depth in (50, 95, 5000):
            check(GOOD + f"\n{key}: {'[' * depth}{']' * depth}".encode())
            check(f"name: scv\nregions: [a]\n{key}: {'{a: ' * depth}1{'}' * depth}".encode())


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "giban.yaml"
    path.write_bytes(bytes(range(256)) * 100)
    with pytest.raises(Problems):
        load(str(path))
