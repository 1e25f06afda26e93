"""Text, JSON and SARIF of the same report."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from giban.checks.formats import Report, as_json, as_sarif, as_text, page, plain, section, summary
from giban.checks.registry import Finding, all_checks
from giban.checks.waivers import WAIVER_CHECKS
from giban.graph.problems import Position

CHECKS = [*all_checks(), *WAIVER_CHECKS]


def report(*findings: Finding) -> Report:
    return Report(list(findings), CHECKS, 12, "giban.yaml")


PUBLIC = Finding(
    check="GB040",
    severity="error",
    resource="aws_db_instance.main",
    stack="ap-northeast-2",
    component="databases.main",
    message="The database has an address on the internet (publicly_accessible).",
    fix="Set publicly_accessible to false and reach the database from inside the VPC.",
    where=Position("my folder/giban.yaml", 14, 3),
)
OTHER = Finding(
    check="GB040",
    severity="error",
    resource="aws_db_instance.other",
    stack="ap-northeast-2",
    component="",
    message="The database has an address on the internet (publicly_accessible).",
    fix=PUBLIC.fix,
)
LOGS = Finding(
    check="GB081",
    severity="warning",
    resource="aws_cloudwatch_log_group.app",
    stack="ap-northeast-2",
    component="logs",
    message="Its logs are never deleted (retention_in_days is not set).",
    fix="Set retention_in_days, for example to 30 or 90.",
    waived="kept for the auditors until May",
)


def test_text_groups_by_check_and_sums_up() -> None:
    text = as_text(report(OTHER, PUBLIC, LOGS))
    assert text == (
        "error  GB040  Database has a public address\n"
        "\n"
        "  aws_db_instance.other\n"
        "    The database has an address on the internet (publicly_accessible).\n"
        "  my folder/giban.yaml:14:3  aws_db_instance.main  (databases.main)\n"
        "    The database has an address on the internet (publicly_accessible).\n"
        "\n"
        "  Set publicly_accessible to false and reach the database from inside the VPC.\n"
        "  More: giban check --explain GB040\n"
        "\n"
        "waived  GB081  aws_cloudwatch_log_group.app: kept for the auditors until May\n"
        "\n"
        f"2 findings: 2 errors; 1 waived. {len(CHECKS)} checks, 12 resources.\n"
    )


def test_text_without_findings() -> None:
    assert as_text(report()) == f"No findings. {len(CHECKS)} checks, 12 resources.\n"


def test_only_waived_findings() -> None:
    assert as_text(report(LOGS)).splitlines()[-1].startswith("No findings; 1 waived.")


def test_paint_is_asked_for_looks_and_changes_nothing_else() -> None:
    looks: set[str] = set()

    def paint(text: str, look: str) -> str:
        looks.add(look)
        return plain(text, look)

    assert as_text(report(PUBLIC, LOGS), paint) == as_text(report(PUBLIC, LOGS))
    assert looks == {"error", "bold", "dim"}


def test_summary_counts_one_and_many() -> None:
    assert summary(Report([PUBLIC], CHECKS[:1], 1, "x")) == "1 finding: 1 error. 1 check, 1 resource."


def test_json_has_findings_and_counts() -> None:
    data = json.loads(as_json(report(PUBLIC, LOGS)))
    assert data["summary"] == {
        "error": 1,
        "warning": 0,
        "notice": 0,
        "waived": 1,
        "checks": len(CHECKS),
        "resources": 12,
    }
    first, second = data["findings"]
    assert first["where"] == {"file": "my folder/giban.yaml", "line": 14, "column": 3}
    assert first["waived"] is None
    assert second["waived"] == "kept for the auditors until May"
    assert {"check", "severity", "resource", "stack", "component", "message", "fix"} <= first.keys()


def sarif(*findings: Finding) -> dict[str, Any]:
    data = json.loads(as_sarif(report(*findings), "0.1.0"))
    assert isinstance(data, dict)
    return data


MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
SARIF: dict[str, Any] = {
    # What the standard requires of the parts that are used here, and no property that it does not know
    # (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html, 3.13 to 3.57).
    "type": "object",
    "required": ["version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "additionalProperties": False,
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "originalUriBaseIds": {"type": "object"},
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name"],
                                "additionalProperties": False,
                                "properties": {
                                    "name": {"type": "string"},
                                    "semanticVersion": {"type": "string"},
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "type": "object",
                                            "required": ["id"],
                                            "additionalProperties": False,
                                            "properties": {
                                                "id": {"type": "string"},
                                                "name": {"type": "string", "pattern": "^[A-Za-z0-9]+$"},
                                                "shortDescription": MESSAGE,
                                                "fullDescription": MESSAGE,
                                                "help": {**MESSAGE, "required": ["text", "markdown"]},
                                                "defaultConfiguration": {"properties": {"level": LEVEL}},
                                                "properties": {"type": "object"},
                                            },
                                        },
                                    },
                                },
                            }
                        },
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["message", "ruleId", "level", "locations"],
                            "additionalProperties": False,
                            "properties": {
                                "ruleId": {"type": "string"},
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "level": LEVEL,
                                "message": MESSAGE,
                                "partialFingerprints": {"additionalProperties": {"type": "string"}},
                                "suppressions": {
                                    "type": "array",
                                    "items": {
                                        "required": ["kind"],
                                        "additionalProperties": False,
                                        "properties": {
                                            "kind": {"enum": ["inSource", "external"]},
                                            "status": {"enum": ["accepted", "underReview", "rejected"]},
                                            "justification": {"type": "string"},
                                        },
                                    },
                                },
                                "locations": {
                                    "type": "array",
                                    "minItems": 1,
                                    "items": {
                                        "additionalProperties": False,
                                        "properties": {
                                            "physicalLocation": {
                                                "required": ["artifactLocation"],
                                                "additionalProperties": False,
                                                "properties": {
                                                    "artifactLocation": {
                                                        "properties": {
                                                            "uri": {"type": "string", "pattern": "^[^ \\\\/][^ \\\\]*$"}
                                                        }
                                                    },
                                                    "region": {
                                                        "properties": {
                                                            "startLine": {"type": "integer", "minimum": 1},
                                                            "startColumn": {"type": "integer", "minimum": 1},
                                                        }
                                                    },
                                                },
                                            },
                                            "logicalLocations": {"type": "array"},
                                        },
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}


def test_sarif_has_the_shape_of_the_standard() -> None:
    jsonschema.validate(sarif(PUBLIC, OTHER, LOGS), SARIF)
    jsonschema.validate(sarif(), SARIF)


def test_sarif_results_point_to_their_rules() -> None:
    (run,) = sarif(PUBLIC, LOGS)["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == ["GB040", "GB081"]
    assert rules[run["results"][0]["ruleIndex"]]["name"] == "DatabasePublic"
    assert all(rule["fullDescription"]["text"] for rule in rules)


def test_sarif_places_are_relative_and_escaped() -> None:
    (run,) = sarif(PUBLIC, OTHER)["runs"]
    with_place, without = (result["locations"][0]["physicalLocation"] for result in run["results"])
    assert with_place["artifactLocation"] == {"uri": "my%20folder/giban.yaml", "uriBaseId": "ROOT"}
    assert with_place["region"] == {"startLine": 14, "startColumn": 3}
    assert without == {"artifactLocation": {"uri": "giban.yaml", "uriBaseId": "ROOT"}}


def test_sarif_of_a_place_given_absolutely(tmp_path_factory: pytest.TempPathFactory) -> None:
    base = tmp_path_factory.mktemp("repository")
    absolute = Finding("GB040", "error", "a.b", "", "", "m", "f", Position(str(base / "live" / "a.tf.json"), 1, 1))
    log = json.loads(as_sarif(report(absolute), "0.1.0", str(base)))
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "live/a.tf.json"


def test_sarif_suppresses_what_is_waived() -> None:
    (run,) = sarif(PUBLIC, LOGS)["runs"]
    assert "suppressions" not in run["results"][0]
    assert run["results"][1]["suppressions"] == [
        {"kind": "inSource", "status": "accepted", "justification": "kept for the auditors until May"}
    ]


def test_sarif_fingerprints_do_not_move_with_the_text() -> None:
    moved = Finding(**{name: getattr(PUBLIC, name) for name in PUBLIC.__struct_fields__} | {"where": None})
    first, second = (sarif(item)["runs"][0]["results"][0]["partialFingerprints"] for item in (PUBLIC, moved))
    assert first == second
    assert first != sarif(OTHER)["runs"][0]["results"][0]["partialFingerprints"]


def test_formats_are_deterministic() -> None:
    for form in (as_text, as_json):
        assert form(report(PUBLIC, LOGS)) == form(report(PUBLIC, LOGS))
    assert sarif(PUBLIC) == sarif(PUBLIC)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_page_has_its_parts(check: Any) -> None:
    text = page(check)
    assert text.startswith(f"# {check.id} · {check.title}\n")
    for title in ("What it finds", "Why it matters", "Example", "References"):
        assert section(check, title), f"{check.id} has nothing under {title}"
    assert "Use instead:" in text
