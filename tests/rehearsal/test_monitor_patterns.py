"""Which log lines a filter takes."""

from __future__ import annotations

import json

import pytest

from giban.rehearsal.monitor_patterns import WrongPattern, compiled, value_of

LINE = "2026-11-21 [ERROR 400] BAD REQUEST took 12 ms"


@pytest.mark.parametrize(
    ("pattern", "taken"),
    [
        ("", True),
        ("ERROR", True),
        ("error", False),
        ("ERROR REQUEST", True),
        ("ERROR WARN", False),
        ('"BAD REQUEST"', True),
        ('"REQUEST BAD"', False),
        ("?WARN ?ERROR", True),
        ("?WARN ?FATAL", False),
        ("ERROR -BAD", False),
        ("ERROR -GOOD", True),
        ("-GOOD", True),
        ('-"BAD REQUEST"', False),
        ("ERROR ?WARN", True),
        ("%ERROR 4[0-9][0-9]%", True),
        ("%ERROR 5[0-9][0-9]%", False),
        ('"[ERROR 400]"', True),
    ],
)
def test_terms(pattern: str, taken: bool) -> None:
    assert compiled(pattern)(LINE) is taken


DOCUMENT = json.dumps(
    {
        "level": "ERROR",
        "took": 120,
        "ok": False,
        "nothing": None,
        "request": {"path": "/api/x", "ids": [7, 8]},
        "a key": "v",
    }
)


@pytest.mark.parametrize(
    ("pattern", "taken"),
    [
        ('{ $.level = "ERROR" }', True),
        ("{ $.level = ERROR }", True),
        ('{ $.level = "ERR*" }', True),
        ('{ $.level != "ERROR" }', False),
        ('{ $.level != "INFO" }', True),
        ('{ $.missing != "INFO" }', False),
        ("{ $.took > 100 }", True),
        ("{ $.took >= 120 && $.took <= 120 }", True),
        ("{ $.took < 100 }", False),
        ("{ $.took = 120 }", True),
        ("{ $.took != 120 }", False),
        ("{ $.ok IS FALSE }", True),
        ("{ $.ok IS TRUE }", False),
        ("{ $.nothing IS NULL }", True),
        ("{ $.missing IS NULL }", False),
        ("{ $.missing NOT EXISTS }", True),
        ("{ $.level NOT EXISTS }", False),
        ('{ $.request.path = "/api/*" }', True),
        ("{ $.request.ids[1] = 8 }", True),
        ("{ $.request.ids[5] = 8 }", False),
        ("{ $['a key'] = \"v\" }", True),
        ('{ $.level = "INFO" || ($.took > 100 && $.request.path = "/api/x") }', True),
        ('{ ($.level = "INFO" || $.took > 100) && $.ok IS TRUE }', False),
        ("{ $.level = %ERR.R% }", True),
        ("{ $.level > 5 }", False),
    ],
)
def test_json(pattern: str, taken: bool) -> None:
    assert compiled(pattern)(DOCUMENT) is taken


@pytest.mark.parametrize("line", ["", "ERROR", '"ERROR"', "[", "3", "null", '{"level": '])
def test_a_line_that_is_no_document_is_not_taken(line: str) -> None:
    assert not compiled('{ $.level = "ERROR" }')(line)


@pytest.mark.parametrize(
    "pattern",
    [
        "[ip, user, status = 5*]",
        "{ $.a = 1",
        "{ }",
        "{ $.a }",
        "{ $.a = }",
        "{ $.a > x }",
        "{ $.a IS MAYBE }",
        "{ $.a = 1 && }",
        "{ ($.a = 1 }",
        "{ $.a = 1 $.b = 2 }",
        "{ a = 1 }",
        "{ $a = 1 }",
        "{ $.a[x] = 1 }",
        "%(%",
    ],
)
def test_patterns_that_cannot_be_read(pattern: str) -> None:
    with pytest.raises(WrongPattern):
        compiled(pattern)


@pytest.mark.parametrize(
    ("selector", "line", "value"),
    [
        ("1", "x", 1.0),
        ("2.5", "x", 2.5),
        ("$.took", '{"took": 12}', 12.0),
        ("$.took", '{"took": "12"}', 12.0),
        ("$.took", '{"took": true}', None),
        ("$.took", '{"other": 1}', None),
        ("$.took", "text", None),
        ("$latency", "text", None),
        ("x", "text", None),
    ],
)
def test_the_value_of_a_metric(selector: str, line: str, value: float | None) -> None:
    assert value_of(selector, line) == value
