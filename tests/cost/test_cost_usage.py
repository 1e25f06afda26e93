"""Assumptions: what a user may write, what is refused, and that each of ours is documented and used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import giban.cost
from giban.cost.ranges import Range, fixed
from giban.cost.usage import ASSUMPTIONS, Usage, load_usage, parse_usage
from giban.graph.problems import Problems


def test_a_number_is_known_exactly() -> None:
    assert parse_usage([], ["requests_per_second=12"]).get("requests_per_second") == fixed(12)


def test_three_numbers_are_a_range() -> None:
    assert parse_usage([], ["bucket_gb=1, 2,3"]).get("bucket_gb") == Range(1, 2, 3)


def test_a_file_knows_every_form(tmp_path: Path) -> None:
    path = tmp_path / "usage.yaml"
    path.write_text(
        "requests_per_second: 3\n"
        "response_kb: [1, 2, 3]\n"
        "bucket_gb: {low: 4, likely: 5, high: 6}\n"
        "aws_s3_bucket.uploads:\n  bucket_gb: 500\n"
        "services.was.group_fill: 1\n"
    )
    usage = load_usage([str(path)], ["response_kb=9"])
    assert usage.get("requests_per_second") == fixed(3)
    assert usage.get("response_kb") == fixed(9), "--assume wins over a file"
    assert usage.get("bucket_gb") == Range(4, 5, 6)
    assert usage.get("bucket_gb", "aws_s3_bucket.uploads") == fixed(500)
    assert usage.get("group_fill", "aws_autoscaling_group.was", "services.was") == fixed(1)
    assert usage.scopes == {"aws_s3_bucket.uploads", "services.was"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("request_per_second=3", "Did you mean `requests_per_second`"),
        ("requests_per_second", "has no value"),
        ("requests_per_second=many", "`many` is not a number"),
        ("requests_per_second=3,2,1", "not in this order"),
        ("requests_per_second=1,2", "2 numbers"),
        ("requests_per_second=-1", "not a number between"),
        ("requests_per_second=nan", "not a number between"),
        ("requests_per_second=1e99", "not a number between"),
        ("=5", "no assumption"),
    ],
)
def test_what_is_refused(text: str, told: str) -> None:
    with pytest.raises(Problems, match=re.escape(told)):
        parse_usage([], [text])


def test_all_mistakes_at_once() -> None:
    with pytest.raises(Problems) as caught:
        parse_usage([("u.yaml", {"a": 1, "bucket_gb": True})], ["b=1"])
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize("text", ["[1, 2]", "just text", "a: [", "\t- x", "a: &a [*a]", "\x00"])
def test_a_bad_file_is_a_problem_and_no_traceback(tmp_path: Path, text: str) -> None:
    path = tmp_path / "usage.yaml"
    path.write_text(text)
    with pytest.raises(Problems):
        load_usage([str(path)], [])


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(Problems, match="cannot be read"):
        load_usage([str(tmp_path / "none.yaml")], [])


def test_pinning_moves_likely_wherever_it_was_given() -> None:
    usage = parse_usage([], ["bucket_gb=1,2,3", "aws_s3_bucket.a.bucket_gb=4,5,6"])
    assert usage.pinned("bucket_gb", "high").get("bucket_gb").likely == 3
    assert usage.pinned("bucket_gb", "low").get("bucket_gb", "aws_s3_bucket.a").likely == 4
    assert Usage().pinned("hours", "low").get("hours").likely == 730


def test_every_assumption_is_in_order_documented_and_used() -> None:
    sources = "".join(
        path.read_text()
        for path in sorted(Path(next(iter(giban.cost.__path__))).rglob("*.py"))
        if path.name != "usage.py"
    )
    for name, assumption in ASSUMPTIONS.items():
        assert assumption.value.low <= assumption.value.likely <= assumption.value.high, name
        assert assumption.what.endswith("."), name
        assert f'"{name}"' in sources, f"no pricer uses {name}"


def test_the_documentation_has_every_assumption_as_it_is() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "cost.md").read_text()
    for name, assumption in ASSUMPTIONS.items():
        numbers = " | ".join(
            f"{n:,.10g}" for n in (assumption.value.low, assumption.value.likely, assumption.value.high)
        )
        assert f"| `{name}` | {numbers} | {assumption.unit} | {assumption.what} |" in text
