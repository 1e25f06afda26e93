"""Lines of `-json` output become typed events, and nothing can break the reader."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.terraform import events
from giban.terraform.events import parse


def line(kind: str, **fields: Any) -> str:
    return json.dumps(
        {"@level": "info", "@message": "words", "@timestamp": "2026-11-21T09:41:17Z", "type": kind, **fields}
    )


RESOURCE = {"addr": "aws_lb.web", "resource_type": "aws_lb", "resource_name": "web", "resource_key": None}


def test_version_of_both_products() -> None:
    assert parse(line("version", terraform="1.11.4")) == events.Version(message="words", version="1.11.4")
    assert parse(line("version", tofu="1.10.0")) == events.Version(message="words", version="1.10.0")


def test_planned_change_with_reason_and_move() -> None:
    change = {
        "resource": RESOURCE,
        "previous_resource": {"addr": "aws_lb.old"},
        "action": "replace",
        "reason": "tainted",
    }
    event = parse(line("planned_change", change=change))
    assert isinstance(event, events.PlannedChange)
    assert (event.address, event.action) == ("aws_lb.web", "replace")
    assert (event.reason, event.previous_address) == ("tainted", "aws_lb.old")


def test_apply_events() -> None:
    hook = {"resource": RESOURCE, "action": "create", "elapsed_seconds": 20, "id_key": "id", "id_value": "arn:x"}
    start = parse(line("apply_start", hook=hook))
    progress = parse(line("apply_progress", hook=hook))
    complete = parse(line("apply_complete", hook=hook))
    errored = parse(line("apply_errored", hook=hook))
    assert isinstance(start, events.ApplyStart)
    assert isinstance(progress, events.ApplyProgress)
    assert progress.seconds == 20
    assert isinstance(complete, events.ApplyComplete)
    assert (complete.address, complete.id) == ("aws_lb.web", "arn:x")
    assert isinstance(errored, events.ApplyErrored)


def test_summary_outputs_drift_refresh() -> None:
    summary = parse(
        line("change_summary", changes={"add": 3, "change": 1, "remove": 2, "import": 0, "operation": "apply"})
    )
    assert summary == events.ChangeSummary(message="words", add=3, change=1, remove=2, operation="apply")
    outputs = parse(line("outputs", outputs={"x": {"value": 1}, "secret": {"sensitive": True}}))
    assert isinstance(outputs, events.Outputs)
    assert outputs.values == {"x": 1, "secret": None}
    drift = parse(line("resource_drift", change={"resource": RESOURCE, "action": "update"}))
    assert drift == events.Drift(message="words", address="aws_lb.web", action="update")
    assert isinstance(parse(line("refresh_start", hook={"resource": RESOURCE})), events.RefreshStart)
    assert isinstance(parse(line("refresh_complete", hook={"resource": RESOURCE})), events.RefreshComplete)


def test_diagnostic_with_place() -> None:
    event = parse(
        line(
            "diagnostic",
            diagnostic={
                "severity": "error",
                "summary": "Unsupported argument",
                "detail": 'An argument named "x" is not expected here.',
                "address": "aws_vpc.main",
                "range": {
                    "filename": "network.tf.json",
                    "start": {"line": 5, "column": 7},
                    "end": {"line": 5, "column": 9},
                },
                "snippet": {"context": "resource.aws_vpc.main", "code": '  "x": 1'},
            },
        )
    )
    assert isinstance(event, events.Diagnosed)
    assert event.diagnostic.place == events.Place("network.tf.json", 5, 7)
    assert event.diagnostic.context == "resource.aws_vpc.main"
    assert event.diagnostic.is_error


@pytest.mark.parametrize(
    "text",
    ["", "plain words\n", "[1, 2]", "null", '"text"', "{", '{"type": 7}', b"\xff\xfe", '{"@message": null}', "\ud800"],
)
def test_other_lines_are_notes(text: str | bytes) -> None:
    assert isinstance(parse(text), events.Note)


def test_a_type_of_the_future_keeps_its_words() -> None:
    assert parse(line("ephemeral_op_start", hook={})) == events.Note(message="words", type="ephemeral_op_start")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
TYPES = ["version", "planned_change", "change_summary", "apply_start", "apply_complete", "diagnostic", "outputs", "x"]


@given(
    kind=st.sampled_from(TYPES),
    fields=st.dictionaries(
        st.sampled_from(["hook", "change", "changes", "diagnostic", "outputs", "terraform", "@message"]),
        JSON,
        max_size=4,
    ),
)
def test_fields_of_any_shape_never_fail(kind: str, fields: dict[str, Any]) -> None:
    parse(json.dumps({"type": kind, **fields}))
