"""Fixes in the words of the blueprint: only for checks that exist, naming only keys that exist."""

from __future__ import annotations

import re

from giban.blueprint.types import Blueprint
from giban.blueprint.types_data import Bucket, Database
from giban.blueprint.types_network import Network
from giban.blueprint.types_services import Instances, Scale
from giban.checks.registry import Finding, all_checks
from giban.lifecycle.fixes import FIXES, in_words_of_the_blueprint

KEYS = {key for kind in (Blueprint, Network, Instances, Scale, Database, Bucket) for key in kind.__struct_fields__}


def finding(check: str, component: str) -> Finding:
    return Finding(
        check=check,
        severity="warning",
        resource="aws_lb.web",
        stack="x",
        component=component,
        message="m",
        fix="terraform",
    )


def test_every_fix_is_of_a_check_and_names_keys_of_the_language() -> None:
    assert FIXES.keys() <= {check.id for check in all_checks()}
    for fix in FIXES.values():
        assert fix.endswith(".")
        words = {word for code in re.findall(r"`([^`]+)`", fix) for word in re.findall(r"[a-z_]+", code)}
        assert words & (KEYS | {"waf"}), fix


def test_raw_terraform_keeps_the_words_of_terraform() -> None:
    made, raw = in_words_of_the_blueprint([finding("GB073", "services.web"), finding("GB073", "terraform")])
    assert made.fix == "Set `waf: true`."
    assert raw.fix == "terraform"


def test_other_findings_stay_as_they_are() -> None:
    other = finding("GB012", "services.web")
    assert in_words_of_the_blueprint([other]) == [other]
