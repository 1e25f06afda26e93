"""`giban cost` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from giban.cli.group import giban
from giban.graph.problems import Problems

THREE_TIER = str(Path(__file__).resolve().parents[2] / "examples" / "three-tier" / "giban.yaml")


def run(*args: str) -> Result:
    return CliRunner().invoke(giban, ["cost", *args], catch_exceptions=True)


def good(*args: str) -> str:
    result = run(*args)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_table_has_every_component_and_a_total() -> None:
    lines = good(THREE_TIER).splitlines()
    names = [line.split()[0] for line in lines if line]
    for name in ("databases.main", "services.web", "services.was", "network", "waf", "total"):
        assert name in names
    assert any(line.startswith("What would be cheaper") for line in lines)
    assert any("list prices in USD" in line for line in lines)


def test_by_resource() -> None:
    assert "aws_nat_gateway" in good(THREE_TIER, "--by", "resource").split("Largest items")[0]


def test_json_is_the_whole_estimate() -> None:
    data = json.loads(good(THREE_TIER, "--json"))
    assert data["total"]["low"] <= data["total"]["likely"] <= data["total"]["high"]
    lines = [line for resource in data["resources"] for line in resource["lines"]]
    assert all(line["source"] for line in lines if line["usd_per_unit"] is not None)
    assert {entry["name"] for entry in data["assumptions"]} >= {"requests_per_second", "group_fill"}


def test_the_same_twice() -> None:
    assert good(THREE_TIER, "--json") == good(THREE_TIER, "--json")


def test_assumptions_are_listed_and_can_be_changed() -> None:
    assert "requests_per_second" in good("--assumptions")
    assert "(given)" in good("--assumptions", "--assume", "bucket_gb=7")
    cheap = json.loads(good(THREE_TIER, "--json", "--assume", "requests_per_second=0"))
    dear = json.loads(good(THREE_TIER, "--json", "--assume", "requests_per_second=50"))
    assert cheap["total"]["likely"] < dear["total"]["likely"]


def test_a_usage_file(tmp_path: Path) -> None:
    path = tmp_path / "usage.yaml"
    path.write_text("services.web:\n  group_fill: 1\n")
    data = json.loads(good(THREE_TIER, "--json", "--usage", str(path)))
    group = next(r for r in data["resources"] if r["address"] == "aws_autoscaling_group.web")
    assert group["lines"][0]["quantity"]["likely"] == 6 * 730


def test_the_price_of_a_change() -> None:
    text = good(THREE_TIER, "--set", "network.nat=single", "--against", THREE_TIER)
    assert "aws_nat_gateway" in text
    data = json.loads(good(THREE_TIER, "--set", "network.nat=single", "--against", THREE_TIER, "--json"))
    assert data["comparison"]["delta"]["likely"] < -40


def test_against_an_environment() -> None:
    text = good(THREE_TIER, "--against", "env:dev")
    assert "against env:dev" in text
    assert "They cost the same." in good(THREE_TIER, "--against", "env:")


@pytest.mark.parametrize(
    "args",
    [
        ["--assume", "nothing=1"],
        ["--assume", "aws_s3_bucket.none.bucket_gb=1"],
        ["--usage", "/none.yaml"],
        ["--prices", "/none.csv"],
        ["--against", "/none.yaml"],
        ["--against", "env:none"],
    ],
)
def test_mistakes_are_problems(args: list[str]) -> None:
    assert isinstance(run(THREE_TIER, *args).exception, Problems)


def test_a_price_file_on_top(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(
        "service,item,unit,ap_northeast_2_usd,source,date,confidence\nVPC,NAT gateway,hour,0.0295,contract,2026-11-01,high\n"
    )
    before, after = (json.loads(good(THREE_TIER, "--json", *args)) for args in ([], ["--prices", str(path)]))
    assert before["total"]["likely"] - after["total"]["likely"] == pytest.approx(2 * 730 * 0.0295)


def test_a_folder_of_plain_terraform(tmp_path: Path) -> None:
    document = {
        "provider": {"aws": {"region": "ap-northeast-2"}},
        "resource": {"aws_eip": {"one": {"domain": "vpc"}}, "aws_redshift_cluster": {"x": {"cluster_identifier": "x"}}},
    }
    (tmp_path / "main.tf.json").write_text(json.dumps(document))
    data = json.loads(good("--terraform", str(tmp_path), "--json"))
    assert data["total"]["likely"] == pytest.approx(3.65)
    assert [u["address"] for u in data["unknown"]] == ["aws_redshift_cluster.x"]


def test_exported_documents_cost_what_the_blueprint_costs(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    exported = CliRunner().invoke(giban, ["export", str(folder), THREE_TIER], catch_exceptions=False)
    assert exported.exit_code == 0, exported.output
    from_files = json.loads(good("--terraform", str(folder), "--json"))
    from_blueprint = json.loads(good(THREE_TIER, "--json"))
    # A file does not say which component a resource is of, so what is shared by component (logs, secrets) may differ.
    assert from_files["total"]["likely"] == pytest.approx(from_blueprint["total"]["likely"], rel=0.05)
