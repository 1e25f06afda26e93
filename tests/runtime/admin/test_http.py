"""Events to requests, answers to events."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.runtime.admin.fields import Fields
from giban.runtime.admin.http import (
    BODY_LIMIT,
    Answer,
    Problem,
    Request,
    document_of,
    operator_request_of,
    read,
    request_of,
)

from .stage import event

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=15,
)
PARTS = ("headers", "cookies", "requestContext", "rawPath", "rawQueryString", "body", "isBase64Encoded")


def json_request(body: str, kind: str = "application/json") -> Request:
    return Request("PUT", "/", headers={"content-type": kind}, body=body.encode())


def test_a_request() -> None:
    found = request_of(
        event(
            "get",
            "/service/events",
            headers={"Content-TYPE": "application/JSON", "Accept": "text/html"},
            cookies=["a=1", "b=2=3"],
        )
    )
    assert (found.method, found.path, found.address) == ("GET", "/service/events", "203.0.113.7")
    assert found.headers["content-type"] == "application/JSON"
    assert found.cookies == {"a": "1", "b": "2=3"}
    assert found.navigates
    assert found.domain == "dev-admin.scv.example.com"


def test_the_address_comes_from_the_connection_only() -> None:
    forged = {
        "X-Forwarded-For": "203.0.113.1",
        "Forwarded": "for=203.0.113.1",
        "X-Real-IP": "203.0.113.1",
        "sourceIp": "203.0.113.1",
    }
    asked = event("GET", "/", headers=forged, address="198.51.100.1")
    assert request_of(asked).address == "198.51.100.1"
    del asked["requestContext"]["http"]["sourceIp"]
    assert request_of(asked).address == ""


def test_cookies_may_come_in_a_header() -> None:
    assert request_of(event("GET", "/", headers={"Cookie": 'a=1; b="2"; nothing; =x'})).cookies == {
        "a": "1",
        "b": "2",
        "": "x",
    }


@given(st.dictionaries(st.sampled_from(PARTS), ANY_JSON) | ANY_JSON)
def test_any_event_is_read(found: Any) -> None:
    request = request_of(found)
    assert isinstance(request.method, str)
    statuses = [200]
    try:
        read(request, found if isinstance(found, dict) else {})
    except Problem as problem:
        statuses.append(problem.status)
    assert statuses[-1] in (200, 400, 413)


@given(st.dictionaries(st.sampled_from(("operator", "method", "path", "query", "body")), ANY_JSON))
def test_any_event_of_an_operator_is_read(found: dict[str, Any]) -> None:
    told = None
    try:
        request = operator_request_of(found)
    except Problem as problem:
        told = problem
    if told is None:
        assert request.operator
        assert request.path.startswith("/")
    else:
        assert (told.status, told.kind) == (400, "input")
        assert told.extras["errors"]


def test_a_query() -> None:
    request = Request("GET", "/")
    read(request, {"rawQueryString": "after_min=5&empty=&twice=1&twice=2&%ED%95%9C=%EA%B8%80"})
    assert request.query == {"after_min": ["5"], "empty": [""], "twice": ["1", "2"], "한": ["글"]}
    with pytest.raises(Problem, match="too many"):
        read(request, {"rawQueryString": "&".join(["a=1"] * 60)})


def test_a_body_in_base64() -> None:
    request = json_request("")
    read(request, {"body": base64.b64encode(b'{"on": true}').decode(), "isBase64Encoded": True})
    assert document_of(request) == {"on": True}
    with pytest.raises(Problem) as caught:
        read(request, {"body": "%%%", "isBase64Encoded": True})
    assert caught.value.status == 400


@pytest.mark.parametrize("encoded", [False, True])
def test_a_body_has_a_limit(encoded: bool) -> None:
    def send(size: int) -> None:
        body = b" " * size
        text = base64.b64encode(body).decode() if encoded else body.decode()
        read(Request("PUT", "/"), {"body": text, "isBase64Encoded": encoded})

    send(BODY_LIMIT)
    for size in (BODY_LIMIT + 1, BODY_LIMIT * 4):
        with pytest.raises(Problem) as caught:
            send(size)
        assert (caught.value.status, caught.value.kind) == (413, "too-large")


def test_the_limit_counts_bytes() -> None:
    with pytest.raises(Problem) as caught:
        read(Request("PUT", "/"), {"body": "한" * (BODY_LIMIT // 2)})
    assert caught.value.status == 413


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("{", "line 1"), ("", None), ("[]", "must be a JSON object"), ('"text"', "must be a JSON object"), ("null", "object"),
        ('{"a": 1, "a": 2}', "occurs twice"), ('{"x": {"a": 1, "a": 2}}', "occurs twice"), ('{"a": NaN}', "NaN"),
        ('{"a": -Infinity}', "-Infinity"), ("[" * 8000, "nested"), ('{"a": ' + "1" * 5000 + "}", "too long"),
        ("{'a': 1}", "line 1"),
        ('{"password": "geheim-geheim" "x"}', "line 1"),
    ],
)  # fmt: skip
def test_what_is_no_json(body: str, told: str | None) -> None:
    if told is None:
        assert document_of(json_request(body)) == {}
        return
    with pytest.raises(Problem) as caught:
        document_of(json_request(body))
    assert caught.value.status == 400
    assert told in caught.value.detail
    assert "geheim" not in caught.value.detail


def test_bytes_that_are_no_text() -> None:
    request = Request("PUT", "/", headers={"content-type": "application/json"}, body=b'{"a": "\xff"}')
    with pytest.raises(Problem) as caught:
        document_of(request)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "multipart/form-data"]
)
def test_another_media_type(kind: str) -> None:
    with pytest.raises(Problem) as caught:
        document_of(json_request("{}", kind))
    assert (caught.value.status, caught.value.headers["accept"]) == (415, "application/json")


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8", " application/json ;q=1"])
def test_the_media_type(kind: str) -> None:
    assert document_of(json_request("{}", kind)) == {}


def test_a_problem_as_rfc_9457_wants_it() -> None:
    made = Problem(429, "locked", "Wait.", headers={"retry-after": "3"}, retry_after=3).answer().event()
    assert made["statusCode"] == 429
    assert made["headers"]["content-type"] == "application/problem+json"
    assert made["headers"]["retry-after"] == "3"
    expected = {
        "type": "/problems/locked",
        "title": "Too many tries",
        "status": 429,
        "detail": "Wait.",
        "retry_after": 3,
    }
    assert json.loads(made["body"]) == expected


def test_every_answer_has_the_security_headers() -> None:
    headers = Answer(200, {"a": "한"}).event()["headers"]
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_bodies_of_answers() -> None:
    assert Answer(204).event()["body"] == ""
    assert Answer(200, b"text").event()["body"] == "text"
    binary = Answer(200, b"\xff\x00").event()
    assert (base64.b64decode(binary["body"]), binary["isBase64Encoded"]) == (b"\xff\x00", True)
    assert Answer(200, b"\xff\x00").event(head=True)["body"] == ""
    assert Answer(200, {}, cookies=["a=1", "b=2"]).event()["cookies"] == ["a=1", "b=2"]


class TestFields:
    def test_everything_wrong_is_told_at_once(self) -> None:
        fields = Fields({"on": "yes", "name": "", "hours": True, "count": 1.5, "extra": 1})
        assert (fields.boolean("on"), fields.text("name", 1, 5), fields.number("hours", 0, 5)) == (False, "", 5.0)
        assert fields.whole("count", 0, 9) == 0
        assert fields.whole("missing", 1, 9) == 1
        with pytest.raises(Problem) as caught:
            fields.done()
        told = [error["field"] for error in caught.value.extras["errors"]]
        assert told == ["on", "name", "hours", "count", "missing", "extra"]

    @pytest.mark.parametrize("value", [5, 5.0])
    def test_whole_numbers_of_json(self, value: Any) -> None:
        fields = Fields({"n": value})
        assert fields.whole("n", 0, 9) == 5
        fields.done()

    @pytest.mark.parametrize("value", ["5", True, None, 5.5, -1, 10, [], 1e400, float("nan")])
    def test_what_is_no_whole_number_of_json(self, value: Any) -> None:
        fields = Fields({"n": value})
        fields.whole("n", 0, 9)
        with pytest.raises(Problem):
            fields.done()

    @pytest.mark.parametrize("value", ["5", "05", "000000005"])
    def test_whole_numbers_of_a_query(self, value: str) -> None:
        fields = Fields.of_query({"n": [value]})
        assert fields.whole("n", 0, 9) == 5
        fields.done()

    @pytest.mark.parametrize(
        "values", [[""], [" 5"], ["+5"], ["-1"], ["5.0"], ["1e1"], ["５"], ["5", "5"], ["9" * 5000]]
    )
    def test_what_is_no_whole_number_of_a_query(self, values: list[str]) -> None:
        fields = Fields.of_query({"n": values})
        fields.whole("n", 0, 9)
        with pytest.raises(Problem):
            fields.done()

    @pytest.mark.parametrize("value", ["a", " 한글 이름 ", "x" * 10, "emoji 🙂", "a(b)'\"<c>"])
    def test_texts(self, value: str) -> None:
        fields = Fields({"t": value})
        assert fields.text("t", 1, 10) == value.strip()
        fields.done()

    @pytest.mark.parametrize(
        "value", ["", "   ", "x" * 11, "a\nb", "a\x00", "a\x7f", "\ud800", "a\u202eb", "a\u2028", "a\n", 5, None, ["a"]]
    )
    def test_what_is_no_text(self, value: Any) -> None:
        fields = Fields({"t": value})
        fields.text("t", 1, 10)
        with pytest.raises(Problem):
            fields.done()
