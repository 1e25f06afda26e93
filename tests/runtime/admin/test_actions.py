"""Start, stop, keep, auto-stop, password, events: on a real (emulated) instance."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from giban.runtime.admin.actions import MOST_LEASES, weak
from giban.runtime.power.settings import Settings
from giban.runtime.power.tick import tick

from .stage import Stage

MakeStage = Callable[..., Stage]


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def keep_house(stage: Stage) -> None:
    """What the keeper does each minute."""
    tick(stage.table, stage.client("ec2"), {"dev": (stage.instance, Settings())}, "acme-dev", stage.now())


def stopped(new_stage: MakeStage) -> tuple[Stage, str]:
    stage = new_stage()
    phone = stage.pair()
    assert stage.ask("PUT", "/service/shutdown", cookie=phone).status in (200, 202)
    stage.settle()
    keep_house(stage)
    return stage, phone


def test_stop_and_start(new_stage: MakeStage) -> None:
    stage = new_stage()
    phone = stage.pair()
    before = stage.ask("GET", "/service/status", cookie=phone).json
    assert (before["state"], before["on"], before["workstation"], before["want"]) == ("running", True, "dev", None)
    assert before["uptime_seconds"] >= 0
    found = stage.ask("GET", "/service/shutdown", cookie=phone)
    assert (found.status, found.json["state"], found.json["on"], found.json["want"]) == (202, "stopping", False, "off")
    assert found.json["progress"]["phase"] == "stopping"
    again = stage.ask("PUT", "/service/shutdown", cookie=phone)
    assert (again.status, again.json["want"]) == (202, "off")
    assert again.json["version"] == found.json["version"], "nothing is done twice"
    stage.settle()
    done = stage.ask("POST", "/service/shutdown", cookie=phone)
    assert (done.status, done.json["state"], done.json["progress"]["phase"]) == (200, "stopped", "off")
    assert (done.json["decision"]["action"], done.json["decision"]["reason"]) == ("none", "asked")
    started = stage.ask("GET", "/service/start", cookie=phone)
    assert (started.status, started.json["state"], started.json["on"], started.json["want"]) == (
        202,
        "pending",
        True,
        "on",
    )
    assert started.json["progress"]["phase"] == "starting"
    stage.settle()
    up = stage.ask("POST", "/service/start", cookie=phone)
    assert (up.status, up.json["state"], up.json["progress"]["phase"]) == (200, "running", "booting")
    assert stage.report().status == 200
    ready = stage.ask("GET", "/service/status", cookie=phone).json
    assert (ready["progress"]["phase"], ready["progress"]["percent"], ready["ide"]["answers"]) == ("ready", 100, True)
    asked = [
        event for event in stage.events() if event["what"] in ("start", "stop") and event["who"].startswith("Phone")
    ]
    assert all(event["source"] == "203.0.113.7" for event in asked)


def test_a_start_while_stopping_is_remembered(new_stage: MakeStage) -> None:
    stage = new_stage()
    phone = stage.pair()
    assert stage.ask("PUT", "/service/shutdown", cookie=phone).json["state"] == "stopping"
    found = stage.ask("PUT", "/service/start", cookie=phone)
    assert (found.status, found.json["state"], found.json["want"]) == (202, "stopping", "on")
    stage.settle()
    keep_house(stage)
    assert stage.state() in ("pending", "running")


def test_a_stop_while_starting_is_remembered(new_stage: MakeStage) -> None:
    stage, phone = stopped(new_stage)
    assert stage.ask("PUT", "/service/start", cookie=phone).json["state"] == "pending"
    found = stage.ask("PUT", "/service/shutdown", cookie=phone)
    assert (found.status, found.json["want"]) == (202, "off")
    assert found.json["state"] in ("pending", "stopping")
    stage.settle()
    stage.offset += 30
    keep_house(stage)
    stage.settle()
    assert stage.state() == "stopped"


def test_fifty_at_once_end_in_one_state(new_stage: MakeStage) -> None:
    stage = new_stage()
    phone = stage.pair()

    def ask(number: int) -> tuple[str, int, Any]:
        path = "/service/start" if number % 2 else "/service/shutdown"
        found = stage.ask("PUT", path, cookie=phone)
        return path, found.status, found.json

    with ThreadPoolExecutor(50) as pool:
        found = list(pool.map(ask, range(50)))
    assert {status for _, status, _ in found} <= {200, 202, 409, 503}
    for path, status, body in found:
        if status == 409:
            assert body["type"] == "/problems/conflict"
            assert body["state"] in ("running", "stopping", "stopped", "pending")
            assert body["workstation"]["want"] == body["want"]
            assert ("stop" if path.endswith("start") else "start") in body["detail"]
    for _ in range(4):
        stage.settle()
        stage.offset += 30
        keep_house(stage)
    stage.settle()
    wanted = stage.table.load("dev").want.want
    assert stage.state() == {"on": "running", "off": "stopped"}[str(wanted)]
    status = stage.ask("GET", "/service/status", cookie=phone).json
    assert (status["want"], status["on"]) == (wanted, wanted == "on")


def test_a_stop_later(stage: Stage, phone: str) -> None:
    found = stage.ask("GET", "/service/shutdown", cookie=phone, query={"after_min": 90})
    assert found.status == 200
    status = found.json
    assert abs(seconds(status["scheduled_stop"]) - seconds(status["now"]) - 5400) <= 1
    assert (status["decision"]["action"], status["decision"]["reason"]) == ("stay", "reserved")
    assert status["decision"]["until"] == status["scheduled_stop"]
    assert [change["what"] for change in status["changes"]] == ["reserved"]
    moved = stage.ask("PUT", "/service/shutdown", {"after_min": 30}, cookie=phone).json
    assert abs(seconds(moved["scheduled_stop"]) - seconds(moved["now"]) - 1800) <= 1
    taken_back = stage.ask("PUT", "/service/start", cookie=phone).json
    assert taken_back["scheduled_stop"] is None
    reserve = [event for event in stage.events() if event["what"] == "reserve"]
    assert len(reserve) == 3


@pytest.mark.parametrize("value", ["-1", "4321", "soon", "1.5", "", "1e2", "٣", " 5", "999999999999"])
def test_a_stop_at_no_time(stage: Stage, phone: str, value: str) -> None:
    for method in ("GET", "PUT"):
        found = stage.ask(method, "/service/shutdown", cookie=phone, query={"after_min": value})
        assert (found.status, found.kind, found.json["errors"][0]["field"]) == (400, "input", "after_min")
    assert stage.table.load("dev").want.version == 0, "and above all it is not stopped now"


def test_a_mistyped_name_stops_nothing(stage: Stage, phone: str) -> None:
    for query in ({"after": 5}, {"after_min": 5, "x": 1}, {"After_Min": 5}):
        assert stage.ask("GET", "/service/shutdown", cookie=phone, query=query).status == 400
    both = stage.ask("PUT", "/service/shutdown", {"after_min": 5}, cookie=phone, query={"after_min": 5})
    assert (both.status, both.kind) == (400, "input")
    assert stage.ask("PUT", "/service/shutdown", {"after_min": "5"}, cookie=phone).status == 400
    assert stage.ask("PUT", "/service/shutdown", {"minutes": 5}, cookie=phone).status == 400
    assert stage.ask("GET", "/service/start", cookie=phone, query={"now": 1}).status == 400
    assert stage.table.load("dev").want.version == 0


@pytest.mark.parametrize("minutes", [1, 4320])
def test_the_limits_of_a_stop_later(stage: Stage, phone: str, minutes: int) -> None:
    found = stage.ask("PUT", "/service/shutdown", {"after_min": minutes}, cookie=phone)
    assert found.status == 200
    assert abs(seconds(found.json["scheduled_stop"]) - seconds(found.json["now"]) - 60 * minutes) <= 1


def test_what_is_off_cannot_be_kept(new_stage: MakeStage) -> None:
    stage, phone = stopped(new_stage)
    for method, path, document in (
        ("PUT", "/service/shutdown", {"after_min": 5}),
        ("POST", "/service/leases", {"hours": 1, "for": "x"}),
    ):
        found = stage.ask(method, path, document, cookie=phone)
        assert (found.status, found.kind, found.json["state"]) == (409, "not-on", "stopped")
        assert found.json["workstation"]["state"] == "stopped"
    assert stage.ask("PUT", "/service/auto-stop", {"on": False}, cookie=phone).status == 200, "settings can be changed"
    assert stage.state() == "stopped"


def test_leases(stage: Stage, phone: str) -> None:
    found = stage.ask("POST", "/service/leases", {"hours": 2, "for": " training "}, cookie=phone)
    assert found.status == 200
    (lease,) = found.json["leases"]
    assert (lease["for"], lease["by"].partition(" ")[0]) == ("training", "Phone")
    assert abs(seconds(lease["until"]) - seconds(found.json["now"]) - 7200) <= 1
    assert found.json["decision"]["reason"] == "lease"
    twice = stage.ask("POST", "/service/leases", {"minutes": 120, "for": "training"}, cookie=phone).json
    assert [one["id"] for one in twice["leases"]] == [lease["id"]], "a double tap is one lease"
    more = stage.ask("POST", "/service/leases", {"minutes": 30, "for": "tests"}, cookie=phone).json
    assert len(more["leases"]) == 2
    for _ in range(2):
        ended = stage.ask("DELETE", f"/service/leases/{lease['id']}", cookie=phone)
        assert (ended.status, [one["for"] for one in ended.json["leases"]]) == (200, ["tests"])
    assert [event["what"] for event in stage.events() if "lease" in event["what"]] == ["lease_ended", "lease", "lease"]
    stage.offset += 31 * 60
    assert stage.ask("GET", "/service/status", cookie=phone).json["leases"] == []


@pytest.mark.parametrize(
    ("document", "fields"),
    [
        ({}, {"hours", "for"}), ({"hours": 1}, {"for"}), ({"for": "x"}, {"hours"}),
        ({"hours": 1, "minutes": 5, "for": "x"}, {"hours"}),
        ({"hours": 0, "for": "x"}, {"hours"}), ({"hours": 72.1, "for": "x"}, {"hours"}), ({"hours": "2", "for": "x"}, {"hours"}),
        ({"hours": True, "for": "x"}, {"hours"}), ({"minutes": 4321, "for": "x"}, {"minutes"}),
        ({"minutes": 0.5, "for": "x"}, {"minutes"}),
        ({"hours": 1, "for": " "}, {"for"}), ({"hours": 1, "for": "x" * 101}, {"for"}),
        ({"hours": -1, "for": 5, "by": "me"}, {"hours", "for", "by"}),
        ('{"hours": 1e999, "for": "x"}', {"hours"}),
    ],
)  # fmt: skip
def test_leases_that_are_none(stage: Stage, phone: str, document: Any, fields: set[str]) -> None:
    found = stage.ask("POST", "/service/leases", document, cookie=phone)
    assert (found.status, {error["field"] for error in found.json["errors"]}) == (400, fields)


def test_there_is_a_limit_of_leases(stage: Stage, phone: str) -> None:
    for number in range(MOST_LEASES):
        assert stage.ask("POST", "/service/leases", {"hours": 1, "for": f"{number}"}, cookie=phone).status == 200
    found = stage.ask("POST", "/service/leases", {"hours": 1, "for": "one more"}, cookie=phone)
    assert (found.status, found.kind) == (409, "too-many")


def test_auto_stop_off_and_on(stage: Stage, phone: str) -> None:
    found = stage.ask("PUT", "/service/auto-stop", {"on": False}, cookie=phone).json
    assert (found["auto_stop"]["on"], found["decision"]["reason"]) == (False, "auto_stop_off")
    assert found["auto_stop"]["max_uptime_seconds"] == 259_200
    assert seconds(found["decision"]["stops_at"]) == seconds(found["auto_stop"]["max_uptime_at"])
    again = stage.ask("PUT", "/service/auto-stop", {"on": False}, cookie=phone).json
    assert again["version"] == found["version"]
    on = stage.ask("PUT", "/service/auto-stop", {"on": True}, cookie=phone).json
    assert (on["auto_stop"]["on"], on["decision"]["reason"]) == (True, "active")
    whys = [event["why"] for event in stage.events() if event["what"] == "auto_stop"]
    assert whys == ["auto_stop_on", "auto_stop_off"]


def test_a_password_is_changed(stage: Stage, phone: str) -> None:
    key = stage.key()
    found = stage.ask("PUT", "/service/password", {"password": " a good long one "}, cookie=phone)
    assert (found.status, found.json["password_version"]) == (200, 1)
    assert "password" not in found.json
    assert "a good long one" not in found.text
    assert stage.world.secrets._host() == {"agent_key": key.hex(), "password": " a good long one "}
    assert stage.report().json["password_version"] == 1, "the host hears of it"
    generated = stage.ask("PUT", "/service/password", {"generate": True}, cookie=phone).json
    assert (len(generated["password"]), generated["password_version"]) == (20, 2)
    assert stage.world.secrets._host() == {"agent_key": key.hex(), "password": generated["password"]}
    kept = stage.whole_table()
    assert generated["password"] not in kept
    assert [event["why"] for event in stage.events() if event["what"] == "password"] == ["generated", "given"]


@pytest.mark.parametrize(
    "document",
    [
        {}, {"password": None}, {"password": "short"}, {"password": "eleven-char"}, {"password": "x" * 129},
        {"password": "aaaaaaaaaaaa"},
        {"password": "abababababab"}, {"password": "has\nline break"}, {"password": 123456789012}, {"generate": False},
        {"generate": "true"},
        {"generate": 1}, {"generate": 1, "password": "a good long one"}, {"generate": True, "password": "a good long one"},
        {"generate": False, "password": "a good long one"}, {"password": "a good long one", "for": "x"}, {"password": " " * 12},
        '{"password": "a good long \\ud800"}',
    ],
)  # fmt: skip
def test_passwords_that_are_refused(stage: Stage, phone: str, document: Any) -> None:
    found = stage.ask("PUT", "/service/password", document, cookie=phone)
    assert (found.status, found.kind) == (400, "input")
    assert "good long" not in found.text
    assert stage.table.load("dev").want.password_version == 0


def test_weak_passwords() -> None:
    assert weak("correct horse") == ""
    assert weak("한글로된긴비밀번호입니다") == ""
    assert "12" in weak("x" * 11)
    assert "different" in weak("abcdabcdabcd")


def test_events_in_pages(stage: Stage, phone: str) -> None:
    for number in range(7):
        stage.ask("PUT", "/service/auto-stop", {"on": bool(number % 2)}, cookie=phone)
    everything = stage.ask("GET", "/service/events", cookie=phone).json
    assert everything["next"] is None
    pages, before = [], None
    while True:
        query = {"limit": 4, **({"before": before} if before else {})}
        page = stage.ask("GET", "/service/events", cookie=phone, query=query).json
        assert len(page["events"]) <= 4
        pages += page["events"]
        before = page["next"]
        if before is None:
            break
    assert pages == everything["events"]
    assert [event["at"] for event in pages] == sorted((event["at"] for event in pages), reverse=True)
    assert all(event["text"] and event["text_ko"] and event["who"] and event["what"] for event in pages)


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"before": ""}, {"before": "x" * 65}, {"page": 2}]
)
def test_events_asked_for_wrongly(stage: Stage, phone: str, query: dict[str, Any]) -> None:
    assert stage.ask("GET", "/service/events", cookie=phone, query=query).status == 400


def test_operators_do_what_devices_do(new_stage: MakeStage) -> None:
    stage = new_stage()
    assert stage.operate("GET", "/service/status")[1]["state"] == "running"
    status, body = stage.operate("POST", "/service/leases", {"hours": 1, "for": "demo"})
    assert (status, body["leases"][0]["by"]) == (200, "operator ana")
    assert stage.operate("PUT", "/service/shutdown", query={"after_min": 5})[1]["scheduled_stop"] is not None
    status, body = stage.operate("PUT", "/service/shutdown")
    assert (status, body["want"]) == (202, "off")
    phone = stage.pair()
    (device,) = stage.operate("GET", "/service/devices")[1]["devices"]
    assert stage.operate("DELETE", f"/service/devices/{device['id']}") == (200, {"devices": []})
    assert stage.ask("GET", "/service/status", cookie=phone).status == 401
    assert {event["who"] for event in stage.operate("GET", "/service/events")[1]["events"]} >= {"operator ana"}


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("POST", "/service/devices", 403, "operator"), ("POST", "/service/logout", 403, "operator"),
        ("GET", "/", 403, "operator"),
        ("POST", "/service/status", 403, "operator"), ("GET", "/nothing", 404, "not-there"), ("PATCH",
        "/service/start", 405, "method"),
        ("PUT", "service/start", 400, "input"), ("PUT", 5, 400, "input"), (None, "/service/start", 400, "input"),
    ],
)  # fmt: skip
def test_what_operators_cannot_do(stage: Stage, method: Any, path: Any, status: int, kind: str) -> None:
    found, body = stage.operate(method, path)
    assert (found, body["type"]) == (status, f"/problems/{kind}")


def test_what_operators_send_is_checked_too(stage: Stage) -> None:
    assert stage.operate("PUT", "/service/shutdown", query={"after_min": -5})[0] == 400
    assert stage.operate("PUT", "/service/shutdown", query={"after_min": [5]})[0] == 400
    assert stage.operate("PUT", "/service/auto-stop", {"on": 1})[0] == 400
    assert stage.operate("PUT", "/service/auto-stop", [True])[0] == 400
    assert stage.operate("GET", "/openapi.json")[1]["openapi"] == "3.1.0"


def test_the_second_factor_is_shown_and_replaced(stage: Stage) -> None:
    first = stage.operate("POST", "/service/totp")[1]
    assert first["uri"].startswith("otpauth://totp/giban:dev?secret=")
    assert stage.operate("POST", "/service/totp", {"rotate": False})[1] == first
    old = stage.password(1)
    second = stage.operate("POST", "/service/totp", {"rotate": True})[1]
    assert second["secret"] != first["secret"]
    assert stage.operate("POST", "/service/totp")[1] == second
    refused = stage.ask("POST", "/service/devices", {"code": stage.code(), "totp": old, "name": "x"})
    assert refused.status == 403
    stage.pair()
    whys = {event["why"] for event in stage.events() if event["what"] == "totp"}
    assert whys == {"totp_shown", "totp_rotated"}
