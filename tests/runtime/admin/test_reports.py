"""Reports of the host: signature, time, replay, content; and what follows from them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.runtime.admin import lockout
from giban.runtime.admin.http import Problem
from giban.runtime.admin.reports import checked
from giban.runtime.admin.signature import Signed, expected, is_right, is_timely

from .stage import OUTSIDE, Stage

MakeStage = Callable[..., Stage]


def test_a_report_is_taken(stage: Stage, phone: str) -> None:
    found = stage.report(
        ssh={"sessions": 2},
        web={"connected_age": 10, "interacting_age": 20},
        work={
            "cpu_percent": 55.5,
            "load1": 1,
            "working_age": 0,
            "jobs": ["make"],
            "containers": [{"name": "db", "cpu_percent": 3}],
        },
    )
    assert found.status == 200
    assert found.json["decision"]["reason"] == "ssh"
    assert (found.json["max_uptime"], found.json["password_version"], found.json["reservation"]) == (259_200, 0, None)
    status = stage.ask("GET", "/service/status", cookie=phone).json
    assert status["ssh_sessions"] == 2
    assert status["web"]["state"] == "connected"
    assert (status["working"]["cpu_percent"], status["working"]["jobs"]) == (55.5, ["make"])
    assert status["working"]["containers"] == [{"name": "db", "cpu_percent": 3.0}]
    assert (status["agent"]["silent"], status["agent"]["version"]) == (False, "1")
    assert status["ide"] == {"url": "https://dev.scv.example.com", "answers": True}


def test_a_forgotten_tab_is_idle(stage: Stage, phone: str) -> None:
    stage.report(web={"connected_age": 5, "interacting_age": 7000})
    assert stage.ask("GET", "/service/status", cookie=phone).json["web"]["state"] == "idle"


def test_the_host_may_come_from_anywhere(stage: Stage) -> None:
    assert stage.report(address=OUTSIDE).status == 200
    assert stage.report(address="").status == 200


def test_a_wrong_signature(stage: Stage) -> None:
    body = json.dumps(stage.idle_report())
    right = stage.signed(body)
    wrong: list[dict[str, str]] = [
        {}, stage.signed(body, key=b"x" * 32), stage.signed(body + " "),
        {**right, "X-Giban-Time": str(int(right["X-Giban-Time"]) + 1)},
        {**right, "X-Giban-Nonce": "0" * 32}, {**right, "X-Giban-Signature": "0" * 64}, {**right, "X-Giban-Signature": ""},
    ]  # fmt: skip
    for headers in wrong[: lockout.FREE]:
        found = stage.ask("POST", "/service/status", body, headers=headers)
        assert (found.status, found.kind) == (401, "signature")
    for headers in wrong:
        assert stage.ask("POST", "/service/status", body, headers=headers).status == 429
        assert stage.ask("POST", "/service/status", body, headers=headers, address=OUTSIDE).kind == "address"
    assert stage.ask("POST", "/service/status", body, headers=right).status == 200, "the right host is never locked out"
    stage.pair()
    assert stage.table.load("dev").signals.version == 1


@pytest.mark.parametrize("seconds", [-3600, -301, 302, 10**8])
def test_a_wrong_clock_is_told_the_time(stage: Stage, seconds: int) -> None:
    body = json.dumps(stage.idle_report())
    headers = stage.signed(body, at=stage.now() + seconds)
    found = stage.ask("POST", "/service/status", body, headers=headers)
    assert (found.status, found.kind) == (401, "clock")
    assert abs(found.json["server_time"] - stage.now()) < 5
    assert stage.table.load("dev").signals.version == 0
    assert stage.ask("POST", "/service/status", body, headers=stage.signed(body, key=b"x", at=0)).kind == "signature"


@pytest.mark.parametrize("seconds", [-290, 0, 290])
def test_a_clock_may_be_a_little_off(stage: Stage, seconds: int) -> None:
    body = json.dumps(stage.idle_report())
    assert (
        stage.ask("POST", "/service/status", body, headers=stage.signed(body, at=stage.now() + seconds)).status == 200
    )


def test_a_replayed_report_is_refused(stage: Stage) -> None:
    body = json.dumps(stage.idle_report())
    headers = stage.signed(body)
    assert stage.ask("POST", "/service/status", body, headers=headers).status == 200
    for address in ("203.0.113.7", "203.0.113.8", OUTSIDE):
        again = stage.ask("POST", "/service/status", body, headers=headers, address=address)
        assert (again.status, again.kind) == (409, "replay")
    assert stage.events()[0]["why"] == "replay"
    stage.offset += 280
    assert stage.ask("POST", "/service/status", body, headers=headers).status == 409
    stage.offset += 600
    assert stage.ask("POST", "/service/status", body, headers=headers).kind == "clock", "later it is too old"


def test_a_new_key_counts_at_once(stage: Stage) -> None:
    assert stage.report().status == 200
    value = {"agent_key": "ab" * 32, "password": "p"}
    stage.client("secretsmanager").put_secret_value(SecretId=stage.host_secret, SecretString=json.dumps(value))
    stage.offset += 31
    body = json.dumps(stage.idle_report())
    assert (
        stage.ask("POST", "/service/status", body, headers=stage.signed(body, key=bytes.fromhex("ab" * 32))).status
        == 200
    )


def test_a_cookie_is_no_signature(stage: Stage, phone: str) -> None:
    assert stage.ask("POST", "/service/status", stage.idle_report(), cookie=phone).kind == "signature"


def test_bodies_of_the_host_have_limits(stage: Stage) -> None:
    for body, status in (("{", 400), ("[]", 400), ("{}", 400), (json.dumps({"x": "y" * 17_000}), 413)):
        assert stage.ask("POST", "/service/status", body, headers=stage.signed(body)).status == status


def test_an_idle_machine_is_stopped_by_its_own_report(new_stage: MakeStage) -> None:
    stage = new_stage()
    assert stage.report().json["decision"]["action"] == "stay"
    stage.offset += 1900
    found = stage.report(uptime=1960)
    assert (found.json["decision"]["action"], found.json["decision"]["reason"]) == ("stop", "idle")
    assert stage.state() == "stopping"
    stops = [event for event in stage.events() if event["what"] == "stop"]
    assert [(event["who"], event["why"]) for event in stops] == [("keeper", "idle")]


def test_a_reservation_of_an_earlier_boot_is_cleared(new_stage: MakeStage) -> None:
    stage = new_stage()
    phone = stage.pair()
    stage.offset = -3600.0
    stage.ask("PUT", "/service/shutdown", {"after_min": 4000}, cookie=phone)
    stage.offset = 60.0
    assert stage.report().json["reservation"] is None
    assert stage.ask("GET", "/service/status", cookie=phone).json["scheduled_stop"] is None
    assert "reservation_cleared" in [event["what"] for event in stage.events()]


class TestChecked:
    def report(self, **parts: Any) -> dict[str, Any]:
        return {"boot_id": "b", "sequence": 1, "uptime": 5, **parts}

    @pytest.mark.parametrize(
        ("part", "field"),
        [
            ({"boot_id": 5}, "boot_id"), ({"boot_id": ""}, "boot_id"), ({"boot_id": "x" * 65}, "boot_id"),
            ({"sequence": -1}, "sequence"),
            ({"sequence": "1"}, "sequence"), ({"sequence": 1.5}, "sequence"), ({"uptime": -5}, "uptime"),
            ({"uptime": True}, "uptime"),
            ({"ssh": []}, "ssh"), ({"ssh": {"sessions": -1}}, "sessions"),
            ({"web": {"connected_age": "now"}}, "web.connected_age"),
            ({"terminal_age": float("inf")}, "terminal_age"), ({"work": {"cpu_percent": float("nan")}}, "work.cpu_percent"),
            ({"work": {"jobs": "make"}}, "work.jobs"), ({"ide": {"answers": 1}}, "ide.answers"), ({"work": 5}, "work"),
        ],
    )  # fmt: skip
    def test_wrong_parts(self, part: dict[str, Any], field: str) -> None:
        with pytest.raises(Problem) as caught:
            checked(self.report(**part))
        assert [error["field"] for error in caught.value.extras["errors"]] == [field]

    def test_everything_wrong_is_told_at_once(self) -> None:
        with pytest.raises(Problem) as caught:
            checked({"sequence": -1, "uptime": "x", "ssh": 1, "web": {"interacting_age": -1}})
        assert len(caught.value.extras["errors"]) == 5

    def test_what_is_strange_is_cut_not_refused(self) -> None:
        found = checked(
            self.report(
                work={
                    "jobs": ["a\x00b", 5, "x" * 100, *["j"] * 100],
                    "containers": [None, {"name": "c", "cpu_percent": "much"}],
                },
                version=7,
                future={"deep": [1]},
            )
        )
        assert found["work"]["jobs"][:3] == ["a?b", "", "x" * 64]
        assert len(found["work"]["jobs"]) == 20
        assert found["work"]["containers"] == [{"name": "", "cpu_percent": None}, {"name": "c", "cpu_percent": None}]
        assert found["version"] == ""
        assert "future" not in found

    @given(
        st.dictionaries(
            st.sampled_from(("boot_id", "sequence", "uptime", "ssh", "web", "work", "ide", "terminal_age", "version")),
            st.none() | st.floats() | st.integers() | st.text(max_size=5) | st.lists(st.none(), max_size=3)
            | st.dictionaries(st.sampled_from(("sessions", "jobs", "containers", "answers", "cpu_percent")),
                              st.floats() | st.lists(st.text())),
        )
    )  # fmt: skip
    def test_any_document_is_judged(self, document: dict[str, Any]) -> None:
        try:
            found = checked(document)
        except Problem as problem:
            told = problem.extras["errors"]
        else:
            told = []
            assert json.loads(json.dumps(found, allow_nan=False)) == found
        assert isinstance(told, list)


class TestSignature:
    HEADERS = {"x-giban-time": "1700000000", "x-giban-nonce": "0f" * 16, "x-giban-signature": "ab" * 32}  # noqa: RUF012

    def test_the_text_that_is_signed(self) -> None:
        # Made with: printf 'POST\n/service/status\n1700000000\n<nonce>\n<sha256 of {}>' | openssl dgst -sha256 -hmac key
        body_hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        import hashlib
        import hmac

        text = "\n".join(["POST", "/service/status", "1700000000", "0f" * 16, body_hash])
        right = hmac.new(b"key", text.encode(), hashlib.sha256).hexdigest()
        assert expected(b"key", "POST", "/service/status", 1700000000, "0f" * 16, b"{}") == right
        signed = Signed(1700000000, "0f" * 16, right)
        assert is_right(b"key", signed, "POST", "/service/status", b"{}", "1700000000")
        assert not is_right(b"other", signed, "POST", "/service/status", b"{}", "1700000000")

    @pytest.mark.parametrize(
        "change",
        [
            {"x-giban-time": ""}, {"x-giban-time": "-5"}, {"x-giban-time": "1e9"}, {"x-giban-time": "١٧"},
            {"x-giban-time": "1" * 13},
            {"x-giban-nonce": "0f" * 15}, {"x-giban-nonce": "0F" * 16}, {"x-giban-nonce": "zz" * 16},
            {"x-giban-signature": "ab" * 31}, {"x-giban-signature": "xy" * 32},
        ],
    )  # fmt: skip
    def test_headers_of_another_form(self, change: dict[str, str]) -> None:
        assert Signed.of(self.HEADERS) is not None
        assert Signed.of({**self.HEADERS, **change}) is None

    def test_time(self) -> None:
        signed = Signed(1000, "", "")
        assert [is_timely(signed, now) for now in (699.0, 700.0, 1000.0, 1300.0, 1301.0)] == [
            False,
            True,
            True,
            True,
            False,
        ]
