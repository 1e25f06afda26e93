"""Pairing a device: code and one-time password, lockout, list, revoke, sign out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from giban.runtime.admin import lockout, totp
from giban.runtime.admin.codes import ALPHABET, LENGTH, LIFE, is_code, new_code, normal

from .stage import INSIDE, INSIDE_SIX, OUTSIDE, Reply, Stage, fingerprint


def wrong_pairing(stage: Stage, address: str = INSIDE, **parts: str) -> Reply:
    document = {"code": "22222222", "totp": "000000", "name": "Guess", **parts}
    return stage.ask("POST", "/service/devices", document, address=address)


def test_a_device_is_paired(stage: Stage) -> None:
    code = stage.code()
    found = stage.ask("POST", "/service/devices", {"code": code, "totp": stage.password(), "name": " Phone "})
    assert found.status == 201
    assert found.json["device"]["name"] == "Phone"
    assert found.json["device"]["current"]
    (cookie,) = found.cookies
    value, *attributes = cookie.split("; ")
    assert set(attributes) == {"Path=/", "Max-Age=34560000", "HttpOnly", "Secure", "SameSite=Strict"}
    assert value.startswith("__Host-giban-dev=")
    assert stage.ask("GET", "/service/status", cookie=value).status == 200
    paired = next(event for event in stage.events() if event["what"] == "paired")
    assert (paired["name"], paired["by"], paired["source"]) == ("Phone", "operator ana", INSIDE)


def test_what_is_kept_are_hashes(stage: Stage) -> None:
    code = stage.code()
    found = stage.ask("POST", "/service/devices", {"code": code, "totp": stage.password(), "name": "Phone"})
    secret = found.cookies[0].partition(";")[0].partition(".")[2]
    code_again = stage.code()
    secrets = [code, code_again, secret, stage.world.secrets.totp(), stage.key().hex()]
    stage.ask(
        "PUT", "/service/password", {"password": "a right long password"}, cookie=found.cookies[0].partition(";")[0]
    )
    kept = stage.whole_table()
    for one in (*secrets, "a right long password"):
        assert one not in kept
    assert fingerprint(secret) in kept
    assert fingerprint(code_again) in kept


def test_a_code_works_once(stage: Stage) -> None:
    code = stage.code()
    assert stage.ask("POST", "/service/devices", {"code": code, "totp": stage.password(), "name": "a"}).status == 201
    stage.offset += totp.STEP
    again = stage.ask("POST", "/service/devices", {"code": code, "totp": stage.password(), "name": "b"})
    assert (again.status, again.kind) == (403, "pairing")


def test_a_one_time_password_works_once(stage: Stage) -> None:
    password = stage.password()
    assert stage.ask("POST", "/service/devices", {"code": stage.code(), "totp": password, "name": "a"}).status == 201
    for given in (password, stage.password(-1)):
        again = stage.ask("POST", "/service/devices", {"code": stage.code(), "totp": given, "name": "b"})
        assert (again.status, again.kind) == (403, "pairing"), "not this one, nor one before it"


def test_a_code_ends(stage: Stage) -> None:
    code = stage.code()
    stage.offset += LIFE + 1
    assert wrong_pairing(stage, code=code, totp=stage.password()).status == 403


def test_a_wrong_password_does_not_use_the_code_up(stage: Stage) -> None:
    code = stage.code()
    right = stage.password()
    assert wrong_pairing(stage, code=code, totp=str(int(right[0]) ^ 1) + right[1:]).status == 403
    assert wrong_pairing(stage, code=code, totp=right).status == 201


def test_what_is_wrong_is_not_told(stage: Stage) -> None:
    code, password = stage.code(), stage.password()
    wrong_code = wrong_pairing(stage, totp=password)
    wrong_password = wrong_pairing(stage, code=code, totp=str(int(password[0]) ^ 1) + password[1:])
    no_code = wrong_pairing(stage, code="no", totp="no")
    assert wrong_code.text == wrong_password.text == no_code.text
    assert (wrong_code.status, wrong_code.kind) == (403, "pairing")


def test_a_code_may_be_typed_as_people_type(stage: Stage) -> None:
    code, password = stage.code(), stage.password()
    typed = {"code": f" {code[:4].lower()}-{code[4:]} ", "totp": f"{password[:3]} {password[3:]}"}
    assert wrong_pairing(stage, **typed).status == 201


def test_two_at_once_with_one_code(stage: Stage) -> None:
    document = {"code": stage.code(), "totp": stage.password(), "name": "x"}
    addresses = [f"203.0.113.{number}" for number in range(10, 20)]
    with ThreadPoolExecutor(10) as pool:
        found = list(
            pool.map(lambda address: stage.ask("POST", "/service/devices", document, address=address), addresses)
        )
    assert sorted(reply.status for reply in found) == [201] + [403] * 9


@pytest.mark.parametrize(
    ("document", "fields"),
    [
        ({}, {"code", "totp", "name"}),
        ({"code": 1, "totp": 123456, "name": ["x"]}, {"code", "totp", "name"}),
        ({"code": "2" * 33, "totp": "1" * 17, "name": "n" * 41}, {"code", "totp", "name"}),
        ({"code": "22222222", "totp": "123456", "name": "a\nb", "admin": True}, {"name", "admin"}),
    ],
)
def test_all_that_is_wrong_is_told_at_once(stage: Stage, document: dict[str, object], fields: set[str]) -> None:
    found = stage.ask("POST", "/service/devices", document)
    assert (found.status, found.kind) == (400, "input")
    assert {error["field"] for error in found.json["errors"]} == fields
    assert stage.world.locks.check(f"address:{INSIDE}", stage.now()) is None, "a form filled in wrong is no guess"


def test_guesses_are_locked_out_for_longer_and_longer(stage: Stage) -> None:
    for _ in range(lockout.FREE):
        assert wrong_pairing(stage).kind == "pairing"
    for wait in (30, 60, 120, 240):
        found = wrong_pairing(stage)
        assert (found.status, found.kind) == (429, "locked")
        assert wait - 5 <= int(found.headers["retry-after"]) <= wait
        assert found.json["retry_after"] == int(found.headers["retry-after"])
        stage.offset += wait + 1
        assert wrong_pairing(stage).kind == "pairing", "judged again after waiting"
    locked = [event for event in stage.events() if event["what"] == "locked"]
    assert len(locked) == 5
    assert locked[0]["subject"] == f"address:{INSIDE}"
    assert len([event for event in stage.events() if event["what"] == "refused"]) == lockout.FREE + 4


def test_a_locked_address_is_told_nothing_else(stage: Stage, phone: str) -> None:
    for _ in range(lockout.FREE):
        wrong_pairing(stage)
    right = {"code": stage.code(), "totp": stage.password(1), "name": "late"}
    asked = [
        ("POST", "/service/devices", right),
        ("GET", "/", None),
        ("GET", "/openapi.json", None),
        ("GET", "/nothing", None),
    ]
    for method, path, document in [*asked, ("GET", "/service/status", None), ("PUT", "/service/start", None)]:
        found = stage.ask(method, path, document)
        assert (found.status, found.kind) == (429, "locked"), path
    assert stage.ask("GET", "/service/status", cookie=phone).status == 200, "a registered device goes on working"
    assert stage.ask("GET", "/", cookie=phone).status == 200
    assert stage.report().status == 200, "and so does the host"
    assert wrong_pairing(stage, address="203.0.113.8").status == 403, "and the neighbour is only wrong"


def test_addresses_of_one_ipv6_network_are_one(stage: Stage) -> None:
    for number in range(lockout.FREE):
        assert wrong_pairing(stage, address=f"2001:db8:1:2::{number + 1}").status == 403
    assert wrong_pairing(stage, address="2001:db8:1:2:ffff::9").status == 429
    assert wrong_pairing(stage, address="2001:db8:1:3::1").status == 403


def test_a_success_forgets_the_failures(stage: Stage) -> None:
    for _ in range(lockout.FREE - 1):
        wrong_pairing(stage)
    stage.pair()
    for _ in range(lockout.FREE - 1):
        assert wrong_pairing(stage).status == 403


def test_failures_are_forgotten_after_a_day(stage: Stage) -> None:
    for _ in range(lockout.FREE - 1):
        wrong_pairing(stage)
    stage.offset += lockout.FORGOTTEN_AFTER + 10
    for _ in range(lockout.FREE):
        assert wrong_pairing(stage).status == 403
    assert wrong_pairing(stage).status == 429


def test_many_guesses_at_once_are_not_judged(stage: Stage) -> None:
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda _number: wrong_pairing(stage).status, range(40)))
    assert set(found) <= {403, 429}
    assert found.count(403) <= lockout.FREE


def test_the_delay_grows_to_a_limit() -> None:
    delays = [lockout.delay(failures) for failures in range(100)]
    assert delays[: lockout.FREE] == [0.0] * lockout.FREE
    assert delays == sorted(delays)
    assert delays[lockout.FREE : lockout.FREE + 3] == [30.0, 60.0, 120.0]
    assert delays[-1] == lockout.delay(10**9) == lockout.LONGEST_DELAY


def test_devices_are_listed_and_revoked(stage: Stage, phone: str) -> None:
    laptop = stage.pair("Laptop", INSIDE_SIX)
    found = stage.ask("GET", "/service/devices", cookie=laptop, address=INSIDE_SIX).json["devices"]
    assert [(device["name"], device["current"]) for device in found] == [("Laptop", True), ("Phone", False)]
    assert (found[0]["last_address"], found[1]["last_address"]) == (INSIDE_SIX, INSIDE)
    assert not {"hash", "secret"} & set(found[0])
    identifier = found[1]["id"]
    for _ in range(2):
        gone = stage.ask("DELETE", f"/service/devices/{identifier}", cookie=laptop)
        assert (gone.status, [device["name"] for device in gone.json["devices"]]) == (200, ["Laptop"])
    refused = stage.ask("GET", "/service/status", cookie=phone)
    assert (refused.status, refused.kind) == (401, "device")
    assert refused.cookies[0].startswith("__Host-giban-dev=;")
    assert "Max-Age=0" in refused.cookies[0]
    revoked = [event for event in stage.events() if event["what"] == "revoked"]
    assert [(event["name"], event["device"]) for event in revoked] == [("Phone", identifier)]
    for _ in range(lockout.FREE + 2):
        assert stage.ask("GET", "/service/status", cookie=phone).status == 401, "a page left open locks nobody out"


@pytest.mark.parametrize("identifier", ["0" * 16, "nobody", "", "%2e%2e", "a" * 500, "../want"])
def test_revoking_what_is_not_there(stage: Stage, phone: str, identifier: str) -> None:
    assert stage.ask("DELETE", f"/service/devices/{identifier}", cookie=phone).status == 404


def test_revoking_oneself_is_signing_out(stage: Stage, phone: str) -> None:
    identifier = stage.ask("GET", "/service/devices", cookie=phone).json["devices"][0]["id"]
    found = stage.ask("DELETE", f"/service/devices/{identifier}", cookie=phone)
    assert found.json == {"devices": []}
    assert "Max-Age=0" in found.cookies[0]
    assert stage.ask("GET", "/service/status", cookie=phone).status == 401


def test_signing_out(stage: Stage, phone: str) -> None:
    found = stage.ask("POST", "/service/logout", cookie=phone)
    assert (found.status, found.text) == (204, "")
    assert "Max-Age=0" in found.cookies[0]
    assert stage.ask("POST", "/service/logout", cookie=phone).status == 401
    assert stage.events()[0]["what"] == "logout"


def test_a_device_in_use_stays_registered(stage: Stage, phone: str) -> None:
    for _ in range(3):
        stage.offset += 300 * 86_400
        found = stage.ask("GET", "/service/status", cookie=phone)
        assert found.status == 200
        assert found.cookies == [f"{phone}; Path=/; Max-Age=34560000; HttpOnly; Secure; SameSite=Strict"]
        assert stage.ask("GET", "/service/status", cookie=phone).cookies == []
    stage.offset += 401 * 86_400
    assert stage.ask("GET", "/service/status", cookie=phone).status == 401


def test_guessing_a_device_s_secret_locks_device_and_address(stage: Stage, phone: str) -> None:
    name, _, value = phone.partition("=")
    guess = f"{name}={value.partition('.')[0]}.wrong"
    for _ in range(lockout.FREE):
        assert stage.ask("GET", "/service/status", cookie=guess).status == 401
    assert stage.ask("GET", "/service/status", cookie=guess, address="203.0.113.50").status == 429, (
        "the device, from anywhere"
    )
    assert stage.ask("GET", "/", address=INSIDE).status == 429, "the address, for anything"
    subjects = {event["subject"].partition(":")[0] for event in stage.events() if event["what"] == "locked"}
    assert subjects == {"device", "address"}
    stage.offset += 40
    assert stage.ask("GET", "/service/status", cookie=phone).status == 200


@pytest.mark.parametrize(
    "value", ["", ".", "x", "0" * 16, f"{'0' * 16}.", f"{'0' * 16}.x", f"{'G' * 16}.x", "a.b.c", "0" * 4000]
)
def test_cookies_that_are_none(stage: Stage, value: str) -> None:
    found = stage.ask("GET", "/service/status", cookie=f"__Host-giban-dev={value}")
    assert (found.status, found.kind) == (401, "device")


def test_there_is_a_limit_of_devices(stage: Stage, phone: str) -> None:
    for number in range(49):
        stage.world.devices.add(f"{number:016x}", "secret", f"d{number}", INSIDE, stage.now())
    stage.offset += totp.STEP
    found = stage.ask("POST", "/service/devices", {"code": stage.code(), "totp": stage.password(), "name": "x"})
    assert (found.status, found.kind) == (409, "too-many")


def test_outside_nothing_is_told(stage: Stage, phone: str) -> None:
    right = {"code": stage.code(), "totp": stage.password(1), "name": "x"}
    for method, path, document, cookie in (
        ("GET", "/", None, None), ("GET", "/openapi.json", None, None), ("GET", "/nothing", None, phone),
        ("POST", "/service/devices", right, None), ("GET", "/service/status", None, phone),
        ("PUT", "/service/start", None, phone),
        ("POST", "/service/status", {}, None), ("POST", "/service/status", {"x": "y" * 20_000}, None),
    ):  # fmt: skip
        found = stage.ask(method, path, document, cookie=cookie, address=OUTSIDE)
        assert (found.status, found.kind) == (403, "address"), path
        assert found.json["address"] == OUTSIDE


class TestCodes:
    def test_letters_are_not_mistaken_for_others(self) -> None:
        assert not set("0O1ILUo") & set(ALPHABET)
        assert len(set(ALPHABET)) == len(ALPHABET) == 30

    def test_every_letter_is_equally_likely(self) -> None:
        numbers = iter(bytes(range(256)) * 4)
        made = "".join(new_code(lambda size: bytes(next(numbers) for _ in range(size))) for _ in range(60))
        assert {made.count(letter) for letter in ALPHABET} == {16}

    def test_a_code_is_a_code(self) -> None:
        code = new_code(lambda size: bytes(size))
        assert code == "2" * LENGTH
        assert is_code(code)
        assert normal(" ab-cd\tef gh ") == "ABCDEFGH"
        assert not is_code("ABCDEFG")
        assert not is_code("ABCDEFGO")
