"""Who comes in."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from giban.runtime.doorman import handler


def asked(monkeypatch: pytest.MonkeyPatch, allow: str, event: Any) -> dict[str, bool]:
    monkeypatch.setenv("GIBAN_ALLOW", allow)
    answer: dict[str, bool] = importlib.reload(handler).handle(event, None)
    return answer


def visit(address: Any) -> dict[str, Any]:
    return {"version": "2.0", "type": "REQUEST", "requestContext": {"http": {"sourceIp": address}}}


@pytest.mark.parametrize(
    ("allow", "address", "comes_in"),
    [
        ("203.0.113.0/24", "203.0.113.7", True),
        ("203.0.113.0/24", "203.0.114.7", False),
        ("203.0.113.0/24,2001:db8::/32", "2001:db8::1", True),
        ("203.0.113.0/24", "2001:db8::1", False),
        ("203.0.113.0/24", "::ffff:203.0.113.7", True),
        ("", "203.0.113.7", False),
        ("203.0.113.0/24", "203.0.113.7, 1.2.3.4", False),
        ("203.0.113.0/24", "", False),
        ("203.0.113.0/24", None, False),
        ("203.0.113.0/24", ["203.0.113.7"], False),
    ],
)
def test_the_list_decides(monkeypatch: pytest.MonkeyPatch, allow: str, address: Any, comes_in: bool) -> None:
    assert asked(monkeypatch, allow, visit(address)) == {"isAuthorized": comes_in}


@pytest.mark.parametrize(
    "event", [{}, {"requestContext": {}}, {"requestContext": None}, {"requestContext": {"http": 1}}]
)
def test_what_is_no_visit_is_refused(monkeypatch: pytest.MonkeyPatch, event: Any) -> None:
    assert asked(monkeypatch, "0.0.0.0/0", event) == {"isAuthorized": False}


def test_headers_decide_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    event = {**visit("198.51.100.1"), "headers": {"x-forwarded-for": "203.0.113.7"}}
    assert asked(monkeypatch, "203.0.113.0/24", event) == {"isAuthorized": False}


def test_a_list_that_cannot_be_read_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="everybody"):
        asked(monkeypatch, "everybody", visit("203.0.113.7"))
    monkeypatch.setenv("GIBAN_ALLOW", "")
    importlib.reload(handler)
