"""Stages of HTTP APIs: callers are held back, each request leaves a line, and the doorman sees who it is."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giban.components.code import function_code
from giban.components.http_api import LINE
from giban.rehearsal.api_stages import Bucket, line_of
from giban.rehearsal.contents import Clients
from giban.rehearsal.process import Running
from tests.rehearsal.test_edge import visit

NAME = "stages.scv.example.com"
CODE = (
    "def handle(event, context):\n    return {'statusCode': 200, 'body': event['requestContext']['http']['sourceIp']}\n"
)


def test_a_bucket_gives_what_flows_in() -> None:
    bucket = Bucket(rate=2, burst=3, now=100.0)
    assert [bucket.take(100.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.take(100.4) is False
    assert bucket.take(100.5) is True
    assert [bucket.take(200.0) for _ in range(4)] == [True, True, True, False]


@given(st.integers(1, 50), st.integers(1, 50), st.lists(st.floats(0, 3), max_size=200))
def test_no_bucket_gives_more_than_rate_and_burst(rate: int, burst: int, waits: list[float]) -> None:
    bucket, now, given_ = Bucket(rate, burst, 0.0), 0.0, 0
    for wait in waits:
        now += wait
        given_ += bucket.take(now)
        assert given_ <= burst + rate * now + 1e-6


def test_a_line_has_what_is_known() -> None:
    assert line_of("$context.status $context.path. $context.nothing", {"status": "200", "path": "/a"}) == "200 /a -"


def archive(text: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("app.py", text)
    return made.getvalue()


@pytest.fixture(scope="module")
def stage(client: Clients) -> Iterator[dict[str, str]]:
    """An API with a doorman, a stage that lets five in at once, and an access log."""
    functions, gateway, logs = client("lambda"), client("apigatewayv2"), client("logs")

    def function(name: str, handler: str, code: bytes, **variables: str) -> str:
        made = functions.create_function(
            FunctionName=name, Runtime="python3.12", Role="arn:aws:iam::000000000000:role/x", Handler=handler,
            Code={"ZipFile": code}, Environment={"Variables": variables},
        )  # fmt: skip
        return str(made["FunctionArn"])

    app = function("stages-app", "app.handle", archive(CODE))
    doorman = function(
        "stages-doorman",
        "runtime.doorman.handler.handle",
        function_code("doorman"),
        GIBAN_ALLOW="203.0.113.0/24,127.0.0.8/32",
    )
    logs.create_log_group(logGroupName="/stages")
    api = gateway.create_api(Name="stages", ProtocolType="HTTP", DisableExecuteApiEndpoint=True)["ApiId"]
    to = gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=app, PayloadFormatVersion="2.0"
    )["IntegrationId"]  # fmt: skip
    asked = gateway.create_authorizer(
        ApiId=api, Name="doorman", AuthorizerType="REQUEST", AuthorizerUri=doorman, AuthorizerPayloadFormatVersion="2.0",
        EnableSimpleResponses=True, IdentitySource=["$context.identity.sourceIp"], AuthorizerResultTtlInSeconds=300,
    )  # fmt: skip
    assert "JwtConfiguration" not in asked or asked["JwtConfiguration"] == {}
    gateway.create_route(
        ApiId=api, RouteKey="GET /door", Target=f"integrations/{to}", AuthorizationType="CUSTOM",
        AuthorizerId=asked["AuthorizerId"],
    )  # fmt: skip
    gateway.create_stage(
        ApiId=api, StageName="$default", AutoDeploy=True,
        DefaultRouteSettings={"ThrottlingRateLimit": 1, "ThrottlingBurstLimit": 30},
        AccessLogSettings={
            "DestinationArn": "arn:aws:logs:ap-northeast-2:000000000000:log-group:/stages", "Format": json.dumps(LINE)
        },
    )  # fmt: skip
    certificate = "arn:aws:acm:ap-northeast-2:000000000000:certificate/1"
    settings = [{"CertificateArn": certificate, "EndpointType": "REGIONAL", "SecurityPolicy": "TLS_1_2"}]
    gateway.create_domain_name(DomainName=NAME, DomainNameConfigurations=settings)
    gateway.create_api_mapping(DomainName=NAME, ApiId=api, Stage="$default")
    yield {"api": api, "authorizer": asked["AuthorizerId"]}
    gateway.delete_domain_name(DomainName=NAME)
    gateway.delete_api(ApiId=api)
    for name in ("stages-app", "stages-doorman"):
        functions.delete_function(FunctionName=name)
    logs.delete_log_group(logGroupName="/stages")


def ask(running: Running, source: str = "127.0.0.1", path: str = "/door", **more: Any) -> Any:
    port = running.ports["world"]
    return visit(port, path, host=f"{NAME}.localhost:{port}", source=source, **more)


@pytest.mark.usefixtures("stage")
def test_the_doorman_knows_one_visitor_from_another(running: Running) -> None:
    inside = ask(running)
    assert (inside.status, inside.body) == (200, b"203.0.113.1"), "this machine counts as the first who is let in"
    assert ask(running, "127.0.0.9").status == 403, "the answer for one address is not another's"
    assert ask(running, "127.0.0.8").status == 200
    assert ask(running).status == 200
    assert ask(running, "127.0.0.9", headers={"X-Forwarded-For": "203.0.113.1"}).status == 403


@pytest.mark.usefixtures("stage")
def test_each_request_leaves_a_line(client: Clients, running: Running) -> None:
    ask(running, "127.0.0.9", '/door/"}%0a{"?token=secret', headers={"User-Agent": "phone"})
    deadline = time.monotonic() + 60
    lines: list[dict[str, str]] = []
    while not any(line["path"] != "/door" for line in lines):
        assert time.monotonic() < deadline, lines
        time.sleep(0.2)
        found = client("logs").filter_log_events(logGroupName="/stages")["events"]
        lines = [json.loads(event["message"]) for event in found]
    (line,) = [line for line in lines if line["path"] != "/door"]
    assert line["path"] == "/door/_}_{_"
    assert (line["status"], line["address"], line["method"]) == ("404", "127.0.0.9", "GET")
    assert "secret" not in json.dumps(lines), "no query: it may hold what is nobody's business"


def test_callers_are_held_back(client: Clients, running: Running, stage: dict[str, str]) -> None:
    settings = {"ThrottlingRateLimit": 1, "ThrottlingBurstLimit": 3}
    client("apigatewayv2").update_stage(ApiId=stage["api"], StageName="$default", DefaultRouteSettings=settings)
    found = [ask(running, path="/nothing") for _ in range(8)]
    held = [answer for answer in found if answer.status == 429]
    assert held
    assert held[0].json == {"message": "Too Many Requests"}
    assert {answer.status for answer in found} == {404, 429}
