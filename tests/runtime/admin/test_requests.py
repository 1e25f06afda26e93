"""What is judged before anything is done: paths, methods, other sites, bodies; and what lies open."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from giban.runtime.admin.handler import answer
from giban.runtime.admin.routes import SERVICE, function, page_routes
from giban.runtime.admin.world import World

from .stage import HOST, INSIDE, Reply, Stage, event

ACTIONS = ("/service/start", "/service/shutdown")


def untouched(stage: Stage) -> bool:
    return stage.table.load("dev").want.version == 0


@pytest.mark.parametrize("path", ACTIONS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Accept": "text/html"},
        {"SEC-FETCH-SITE": "same-site"}, {"sec-fetch-site": "Cross-Site"}, {"sec-fetch-site": "something-new"},
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": f"https://{HOST}.evil.example"}, {"Origin": ""},
        {"Origin": f"https://evil-{HOST}"}, {"Origin": f"https://{HOST}:8443"}, {"Origin": f"ftp://{HOST}"},
        {"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}, {"X-Moz": "prefetch"}, {"X-Purpose": "preview"},
    ],
)  # fmt: skip
def test_another_site_acts_on_nothing(stage: Stage, phone: str, path: str, headers: dict[str, str]) -> None:
    for method in ("GET", "PUT", "POST"):
        found = stage.ask(method, path, cookie=phone, headers=headers)
        assert found.status == 403
        assert found.kind in ("other-site", "prefetch")
    assert untouched(stage)


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "same-origin", "Origin": f"https://{HOST}"},
        {"Origin": f"https://{HOST}:443"}, {"Origin": f"HTTPS://{HOST.upper()}"}, {"Sec-Purpose": ""},
    ],
)  # fmt: skip
def test_a_person_or_the_page_itself_acts(stage: Stage, phone: str, headers: dict[str, str]) -> None:
    assert stage.ask("GET", "/service/start", cookie=phone, headers=headers).status == 200
    assert not untouched(stage)


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("localhost:8080", f"https://{HOST}", 200),
        ("localhost:8080", "http://localhost:8080", 200),
        ("localhost:8080", "http://localhost:9090", 403),
        ("", f"https://{HOST}", 200),
        ("", "https://", 403),
    ],
)
def test_the_own_origin_is_the_domain_or_the_host(
    stage: Stage, phone: str, host: str, origin: str, status: int
) -> None:
    headers = {"host": host, "origin": origin}
    assert stage.ask("PUT", "/service/start", cookie=phone, headers=headers).status == status


def test_every_unsafe_method_looks_at_the_origin(stage: Stage, phone: str) -> None:
    other = {"Origin": "https://evil.example"}
    asked: list[tuple[str, str, Any]] = [
        ("PUT", "/service/auto-stop", {"on": False}), ("POST", "/service/leases", {"hours": 1, "for": "x"}),
        ("PUT", "/service/password", {"generate": True}), ("POST", "/service/logout", None),
        ("DELETE", "/service/leases/x", None),
        ("DELETE", "/service/devices/x", None), ("POST", "/service/devices", {}), ("POST", "/service/totp", None),
    ]  # fmt: skip
    for method, path, document in asked:
        found = stage.ask(method, path, document, cookie=phone, headers=other)
        assert (found.status, found.kind) == (403, "other-site"), path
    assert untouched(stage)


def test_looking_may_come_from_anywhere(stage: Stage, phone: str) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert stage.ask("GET", "/", headers=headers).status == 200, "a link in a mail leads to the page"
    assert stage.ask("GET", "/service/status", cookie=phone, headers=headers).status == 200


@pytest.mark.parametrize("path", ACTIONS)
def test_a_bookmark_leads_to_the_page(new_stage: Callable[[], Stage], path: str) -> None:
    stage = new_stage()
    phone = stage.pair()
    headers = {"Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}
    found = stage.ask("GET", path, cookie=phone, headers=headers)
    assert (found.status, found.headers["location"], found.text) == (303, "/", "")
    assert not untouched(stage)


def test_a_bookmark_of_a_stranger_leads_to_the_page_too(stage: Stage) -> None:
    found = stage.ask("GET", "/service/start", headers={"Accept": "text/html"})
    assert (found.status, found.headers["location"]) == (303, "/")
    assert untouched(stage)
    assert stage.ask("PUT", "/service/start", headers={"Accept": "text/html"}).status == 401


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/service/status", "GET, HEAD, POST"), ("PATCH", "/service/start", "GET, POST, PUT"),
        ("HEAD", "/service/start", "GET, POST, PUT"), ("HEAD", "/service/shutdown", "GET, POST, PUT"),
        ("GET", "/service/auto-stop", "PUT"), ("OPTIONS", "/service/devices", "GET, HEAD, POST"), ("TRACE", "/", "GET, HEAD"),
        ("", "/service/logout", "POST"), ("GET", "/service/leases/abc", "DELETE"), ("POST", "/app.js", "GET, HEAD"),
    ],
)  # fmt: skip
def test_another_method(stage: Stage, phone: str, method: str, path: str, allow: str) -> None:
    found = stage.ask(method, path, cookie=phone)
    assert (found.status, found.headers["allow"]) == (405, allow)
    assert stage.ask(method, path).status == 401, "strangers do not learn what exists"
    assert untouched(stage)


@pytest.mark.parametrize(
    "path", ["/nothing", "/service", "/service/", "/service/status/", "//service/status", "/Service/Status", "/service/leases/",
             "/service/leases/a/b", "/page/index.html",
             "/../handler.py", "/index.html", "/handler.py", "", "service/status", "/\x00"],
)  # fmt: skip
def test_another_path(stage: Stage, phone: str, path: str) -> None:
    asked = event("DELETE" if "leases" in path else "GET", path, cookies=[phone])
    asked["requestContext"]["http"].pop("path")
    found = Reply(answer(stage.world, asked))
    if path == "":
        assert found.status == 200, "an event without a path is about the root"
        return
    assert (found.status, found.kind) == (404, "not-there")
    asked.pop("cookies")
    assert Reply(answer(stage.world, asked)).status == 401


def test_head_is_get_without_a_body(stage: Stage, phone: str) -> None:
    found = stage.ask("HEAD", "/service/status", cookie=phone)
    assert (found.status, found.text, found.headers["content-type"]) == (200, "", "application/json")
    assert stage.ask("HEAD", "/").status == 200
    assert stage.ask("HEAD", "/service/status").text == ""


def test_bodies_that_are_refused(stage: Stage, phone: str) -> None:
    sent: list[tuple[Any, dict[str, str], int]] = [
        ("{", {}, 400), ('{"on": true, "on": false}', {}, 400), ('{"on": NaN}', {}, 400), ("[true]", {}, 400),
        ("[" * 9000, {}, 400),
        ('{"on": true}', {"content-type": "text/plain"}, 415), ("on=true",
        {"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"on": True, "x": "y" * 17_000}, {}, 413), ({"on": 1}, {}, 400), ({"on": "true"}, {}, 400), ({}, {}, 400),
        ({"on": None}, {}, 400), ({"On": True}, {}, 400), ({"on": True, "for": "x"}, {}, 400),
    ]  # fmt: skip
    for document, headers, status in sent:
        found = stage.ask("PUT", "/service/auto-stop", document, cookie=phone, headers=headers)
        assert found.status == status, document
        assert found.kind
        assert stage.ask("PUT", "/service/auto-stop", document, headers=headers).status == 401, (
            "judged before it is read"
        )
    assert stage.ask("PUT", "/service/auto-stop", cookie=phone).status == 400
    assert untouched(stage)


@pytest.mark.parametrize(
    "broken", [None, [], "text", 5, {}, {"requestContext": None}, {"requestContext": {"http": "x"}}, {"operator": 1}]
)
def test_events_of_nobody(stage: Stage, broken: Any) -> None:
    made = answer(stage.world, broken)
    if isinstance(broken, dict) and "operator" in broken:
        assert made["status"] == 400
    else:
        assert made["statusCode"] == 403


def test_an_event_of_api_gateway_is_never_an_operator_s(stage: Stage) -> None:
    asked = event("POST", "/service/codes") | {"operator": "mallory", "method": "POST", "path": "/service/codes"}
    assert answer(stage.world, asked)["statusCode"] == 401


def test_operators_routes_are_not_for_devices(stage: Stage, phone: str) -> None:
    for path in ("/service/codes", "/service/totp"):
        found = stage.ask("POST", path, cookie=phone)
        assert (found.status, found.kind) == (403, "operator")


def test_a_fault_tells_nothing_but_that_it_is_one(stage: Stage, phone: str, capsys: pytest.CaptureFixture[str]) -> None:
    class Broken:
        def describe_instances(self, **_arguments: Any) -> Any:
            raise RuntimeError("secret-in-an-error")

    world = World(
        stage.environment,
        lambda service: Broken() if service == "ec2" else stage.client(service),
        stage.now,
        lambda size: bytes(size),
    )
    found = Reply(answer(world, event("GET", "/service/status", cookies=[phone])))
    assert (found.status, found.kind) == (500, "fault")
    printed = capsys.readouterr().out
    assert "secret-in-an-error" not in found.text + printed
    assert "describe_instances" in printed
    assert "RuntimeError" in printed


def test_aws_being_busy_is_told(stage: Stage, phone: str) -> None:
    class BusyError(Exception):
        response: dict[str, Any] = {"Error": {"Code": "RequestLimitExceeded"}}  # noqa: RUF012 - as botocore's errors have it

    class Ec2:
        def describe_instances(self, **_arguments: Any) -> Any:
            raise BusyError

    world = World(
        stage.environment,
        lambda service: Ec2() if service == "ec2" else stage.client(service),
        stage.now,
        lambda size: bytes(size),
    )
    found = Reply(answer(world, event("GET", "/service/status", cookies=[phone])))
    assert (found.status, found.kind, found.headers["retry-after"]) == (503, "busy", "2")


def test_the_log_holds_no_query_and_no_cookie(stage: Stage, phone: str, capsys: pytest.CaptureFixture[str]) -> None:
    stage.ask("GET", "/service/shutdown", cookie=phone, query={"after_min": "geheim"})
    stage.ask("PUT", "/service/password", {"password": "geheimes passwort"}, cookie=phone)
    line = capsys.readouterr().out
    assert phone.partition("=")[2] not in line
    assert "geheim" not in line
    logged = json.loads(line.splitlines()[0])
    assert (logged["method"], logged["path"], logged["status"]) == ("GET", "/service/shutdown", 400)


class TestPage:
    def test_it_lies_open_to_those_inside(self, stage: Stage) -> None:
        found = stage.ask("GET", "/", headers={"Accept": "text/html"})
        assert found.status == 200
        assert found.headers["content-type"] == "text/html; charset=utf-8"
        assert found.text.startswith("<!doctype html>")
        policy = found.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy

    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            ("/app.js", "text/javascript"), ("/style.css", "text/css"), ("/icon.svg", "image/svg+xml"),
            ("/manifest.webmanifest", "application/manifest+json"),
        ],
    )  # fmt: skip
    def test_its_files(self, stage: Stage, path: str, kind: str) -> None:
        found = stage.ask("GET", path)
        assert found.status == 200
        assert found.headers["content-type"].startswith(kind)
        assert found.headers["x-content-type-options"] == "nosniff"
        tag = found.headers["etag"]
        for given in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = stage.ask("GET", path, headers={"If-None-Match": given})
            assert (again.status, again.text, again.headers["etag"]) == (304, "", tag)
        assert stage.ask("GET", path, headers={"If-None-Match": '"other"'}).status == 200

    def test_everything_the_page_names_is_there(self, stage: Stage) -> None:
        text = stage.ask("GET", "/").text
        named = {part.partition('"')[0] for part in (*text.split('src="')[1:], *text.split('href="')[1:])}
        local = {name for name in named if name.startswith("/")}
        assert len(local) >= 4
        for name in local:
            assert stage.ask("GET", name).status == 200, name

    def test_the_description(self, stage: Stage) -> None:
        found = stage.ask("GET", "/openapi.json")
        assert found.status == 200
        assert found.json["openapi"] == "3.1.0"
        assert found.json["components"]["securitySchemes"]["device"]["name"] == "__Host-giban-dev"
        assert stage.ask("GET", "/openapi.json", headers={"If-None-Match": found.headers["etag"]}).status == 304


def test_the_description_knows_every_route(stage: Stage) -> None:
    routes = (*SERVICE, *page_routes())
    assert all(callable(function(name)) for route in routes for name in route.methods.values())
    described = stage.ask("GET", "/openapi.json").json["paths"]
    routed = {
        ("/".join(route.path), method.lower()) for route in routes for method in route.methods if method != "HEAD"
    }
    assert routed == {(path, method) for path, methods in described.items() for method in methods}


def test_addresses_are_judged_first(stage: Stage) -> None:
    assert stage.ask("GET", "/", address=f"::ffff:{INSIDE}").status == 200
    assert stage.ask("GET", "/", address="2001:db8:ffff::1").status == 200
    forged = {"X-Forwarded-For": INSIDE, "Forwarded": f"for={INSIDE}"}
    assert stage.ask("GET", "/", address="192.0.2.1", headers=forged).status == 403


def test_a_wrong_environment_is_refused(stage: Stage) -> None:
    for name, value in (("GIBAN_ALLOW", "everywhere"), ("GIBAN_SETTINGS", '{"idle": "soon"}'), ("GIBAN_SETTINGS", "{")):
        with pytest.raises(ValueError, match=r"."):
            World({**stage.environment, name: value}, stage.client, stage.now, lambda size: bytes(size))
    with pytest.raises(KeyError):
        World({}, stage.client, stage.now, lambda size: bytes(size))
