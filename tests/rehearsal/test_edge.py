"""The way in: what a visitor gets, what the function behind it sees, and what an attacker gets."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, NamedTuple

import pytest

from giban.rehearsal import edge as edge_module
from giban.rehearsal.addresses import addresses, local_url
from giban.rehearsal.contents import Clients
from giban.rehearsal.edge import BODY_LIMIT, Backend, Edge
from giban.rehearsal.frames import VISIT_PATH, pack
from giban.rehearsal.process import Running
from giban.rehearsal.visits import first_allowed
from tests.rehearsal.serverless import ADMIN, code

HOST = f"{ADMIN}.localhost"


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]


def visit(
    port: int,
    path: str = "/",
    method: str = "GET",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    host: str | None = None,
    source: str = "127.0.0.1",
) -> Answer:
    """A visitor's request to the edge."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=(source, 0))
    try:
        connection.request(method, path, body, {"Host": host or f"{HOST}:{port}", **(headers or {})})
        answer = connection.getresponse()
        return Answer(answer.status, answer.getheaders(), answer.read())
    finally:
        connection.close()


@pytest.fixture(scope="module")
def api(client: Clients) -> Iterator[str]:
    """An API with a name of its own, whose function says what it was called with; its number."""
    functions, gateway = client("lambda"), client("apigatewayv2")
    made = functions.create_function(
        FunctionName="edge", Runtime="python3.12", Role="arn:aws:iam::000000000000:role/edge", Timeout=29,
        Handler="functions.answer", Code={"ZipFile": code()},
        Environment={"Variables": {"GIBAN_ALLOW": "203.0.113.0/24,2001:db8::/32"}},
    )  # fmt: skip
    number = gateway.create_api(Name="edge", ProtocolType="HTTP", DisableExecuteApiEndpoint=True)["ApiId"]
    integration = gateway.create_integration(
        ApiId=number, IntegrationType="AWS_PROXY", IntegrationUri=made["FunctionArn"], PayloadFormatVersion="2.0"
    )["IntegrationId"]
    gateway.create_route(ApiId=number, RouteKey="$default", Target=f"integrations/{integration}")
    gateway.create_stage(ApiId=number, StageName="$default", AutoDeploy=True)
    certificate = "arn:aws:acm:ap-northeast-2:000000000000:certificate/1"
    settings = [{"CertificateArn": certificate, "EndpointType": "REGIONAL", "SecurityPolicy": "TLS_1_2"}]
    gateway.create_domain_name(DomainName=ADMIN, DomainNameConfigurations=settings)
    gateway.create_api_mapping(DomainName=ADMIN, ApiId=number, Stage="$default")
    yield number
    gateway.delete_domain_name(DomainName=ADMIN)
    gateway.delete_api(ApiId=number)
    functions.delete_function(FunctionName="edge")


@pytest.fixture
def port(running: Running, api: str) -> int:
    return running.ports["world"]


def test_a_function_behind_it_reaches_both_emulators(client: Clients, port: int) -> None:
    ec2, tables = client("ec2"), client("dynamodb")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    key = [{"AttributeName": "pk", "KeyType": "HASH"}]
    kinds = [{"AttributeName": "pk", "AttributeType": "S"}]
    tables.create_table(TableName="seen-here", KeySchema=key, AttributeDefinitions=kinds, BillingMode="PAY_PER_REQUEST")
    expected = len(ec2.describe_instances()["Reservations"])
    answer = visit(port)
    assert answer.status == 200
    assert answer.json["instances"] == expected > 0
    assert "seen-here" in answer.json["tables"]
    tables.delete_table(TableName="seen-here")
    ec2.terminate_instances(InstanceIds=[made])


def test_an_api_s_own_address(client: Clients, port: int, api: str) -> None:
    own = f"{api}.execute-api"
    assert visit(port, host=f"{own}.localhost:{port}").status == 421, "it is closed"
    client("apigatewayv2").update_api(ApiId=api, DisableExecuteApiEndpoint=False)
    for name in (own, f"{own}.ap-northeast-2.amazonaws.com"):
        answer = visit(port, host=f"{name}.localhost:{port}")
        assert answer.status == 200
        assert answer.json["event"]["requestContext"]["domainName"] == name
    client("apigatewayv2").update_api(ApiId=api, DisableExecuteApiEndpoint=True)
    assert visit(port, host=f"nothing.execute-api.localhost:{port}").status == 421


def test_the_function_sees_what_it_would_see_on_aws(port: int, running: Running) -> None:
    headers = {
        "Cookie": "a=1; b=2", "X-Twice": "1", "User-Agent": "phone", "X-Forwarded-For": "198.51.100.7",
        "Origin": f"http://{HOST}:{port}", "Referer": f"http://{HOST}:{port}/page?x=1", "Connection": "close, x-hop",
        "X-Hop": "1", "Authorization": "Bearer abc", "Sec-Fetch-Site": "same-origin",
    }  # fmt: skip
    event = visit(port, "/a%20b/%25/c?x=1&x=2&y=%26", headers=headers).json["event"]
    context = event["requestContext"]
    assert (context["domainName"], context["domainPrefix"]) == (ADMIN, "dev-admin")
    assert context["http"]["method"] == "GET"
    assert context["http"]["sourceIp"] == "203.0.113.1", "this machine is inside of the allow list"
    assert event["rawQueryString"] == "x=1&x=2&y=%26"
    assert event["rawPath"] == "/a b/%25/c"
    assert event["cookies"] == ["a=1", "b=2"]
    seen = event["headers"]
    assert seen["host"] == ADMIN
    assert seen["origin"] == f"https://{ADMIN}"
    assert seen["referer"] == f"https://{ADMIN}/page?x=1"
    assert seen["x-forwarded-for"] == "198.51.100.7, 203.0.113.1"
    assert (seen["x-forwarded-proto"], seen["x-forwarded-port"]) == ("https", "443")
    assert seen["authorization"] == "Bearer abc"
    assert seen["sec-fetch-site"] == "same-origin"
    assert not {"cookie", "connection", "x-hop", "x-amz-security-token"} & set(seen)
    assert running.token not in json.dumps(event)


def test_an_outsider_is_one(port: int) -> None:
    event = visit(port, source="127.0.0.9", headers={"X-Forwarded-For": "203.0.113.5"}).json["event"]
    assert event["requestContext"]["http"]["sourceIp"] == "127.0.0.9"
    assert event["headers"]["x-forwarded-for"].endswith(", 127.0.0.9")


@pytest.mark.parametrize(
    ("allow", "first"),
    [
        ("203.0.113.0/24", "203.0.113.1"), ("203.0.113.9", "203.0.113.9"), ("203.0.113.9/32,::/0", "203.0.113.9"),
        ("2001:db8::/32, 203.0.113.9", "2001:db8::1"), ("203.0.113.7/24", "203.0.113.1"), ("0.0.0.0/0", "0.0.0.1"),
        ("198.51.100.4/31", "198.51.100.4"), ("", None), ("everybody", None), (",nonsense, 203.0.113.0/24", "203.0.113.1"),
    ],
)  # fmt: skip
def test_the_first_that_is_let_in(allow: str, first: str | None) -> None:
    assert first_allowed(allow) == first


def test_cookies_and_bodies_come_back_whole(port: int) -> None:
    answer = visit(port, "/", "POST", bytes(range(256)) * 100, {"Content-Type": "application/octet-stream"})
    assert answer.all("set-cookie") == ["a=1; Path=/", "b=2"]
    assert answer.all("x-one") == ["1"]
    import base64

    event = answer.json["event"]
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == bytes(range(256)) * 100
    image = visit(port, "/bytes")
    assert (image.all("content-type"), image.body) == (["image/png"], b"\x00\xff\x00\x01")


def test_text_stays_text(port: int) -> None:
    sent = json.dumps({"글": "안녕"}, ensure_ascii=False).encode()
    event = visit(port, "/", "PUT", sent, {"Content-Type": "application/json"}).json["event"]
    assert (event["isBase64Encoded"], event["body"]) == (False, sent.decode())


def test_head_has_no_body_and_the_connection_stays(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for method in ("HEAD", "GET", "HEAD", "DELETE"):
        connection.request(method, "/", headers={"Host": f"{HOST}:{port}"})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200
        assert bool(body) == (method != "HEAD")
        assert int(answer.headers["Content-Length"]) > 0
    connection.close()


def test_addresses_in_answers_lead_back_here(port: int) -> None:
    assert visit(port, "/elsewhere").all("location") == [f"http://{HOST}:{port}/next"]


def test_an_answer_adds_no_headers_of_its_own(port: int) -> None:
    answer = visit(port, "/split")
    assert answer.all("set-cookie") == []
    assert answer.all("x-split") == ["a  set-cookie: b=c"]


def test_a_function_that_fails_is_answered_as_on_aws(port: int) -> None:
    answer = visit(port, "/broken")
    assert (answer.status, answer.json) == (500, {"message": "Internal Server Error"})


def test_the_default_endpoint_is_closed(running: Running, api: str) -> None:
    there = running.ports["ministack"]
    connection = http.client.HTTPConnection("127.0.0.1", there, timeout=60)
    path = f"/_aws/execute-api/{api}/$default/"
    connection.request("GET", path, headers={"X-Amz-Security-Token": running.token})
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())) == (403, {"message": "Forbidden"})
    connection.close()


@pytest.mark.parametrize(
    "path",
    [
        "/_ministack/health", "/_ministack/reset", "/_giban/doors", "/_giban/events", "/_giban/visit", "/iceberg/v1/config",
        "/_aws/execute-api/0/$default/", "//_ministack/reset", "/../_ministack/reset", "/2013-04-01/hostedzone",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nothing_of_the_emulator_is_reached(port: int, path: str, method: str) -> None:
    headers = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-www-form-urlencoded"}
    answer = visit(port, f"{path}?Action=ListUsers", method, b"Action=ListUsers&Version=2010-05-08", headers)
    assert answer.status == 200
    assert "event" in answer.json, "the function answers, whatever the path"


def test_the_emulators_own_token_is_of_no_use_here(port: int, running: Running) -> None:
    event = visit(port, f"/?X-Amz-Security-Token={running.token}", headers={"X-Amz-Credential": "x"}).json["event"]
    assert event["rawQueryString"] == f"X-Amz-Security-Token={running.token}"


@pytest.mark.parametrize("host", ["other.example.localhost:{port}", "127.0.0.1:{port}", "localhost:{port}"])
def test_an_unknown_name_is_told_what_there_is(port: int, host: str) -> None:
    answer = visit(port, host=host.replace("{port}", str(port)))
    assert answer.status == 421
    assert answer.all("content-type") == ["text/plain; charset=utf-8"]
    assert f"https://{ADMIN} is {local_url(ADMIN, port)}" in answer.body.decode()


@pytest.mark.parametrize("host", ["evil.example:{port}", "evil.example", HOST, f"{HOST}:1", f"{ADMIN}:{{port}}", " "])
def test_a_name_that_was_made_to_lead_here_is_told_nothing(port: int, host: str) -> None:
    answer = visit(port, host=host.replace("{port}", str(port)))
    assert (answer.status, answer.json) == (421, {"message": "Misdirected Request"})


def raw(port: int, text: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
        ("POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: -1\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: +1\r\n\r\na", 400),
        ("POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 9\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 411),
        ("GET http://evil.example/ HTTP/1.1\r\nHost: {host}\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\n\r\n", 421),
        ("GET / HTTP/1.1\r\n\r\n", 421),
        ("TRACE / HTTP/1.1\r\nHost: {host}\r\n\r\n", 501),
        ("GET / HTTP/1.1\r\nHost: {host}\r\nX-Long: {long}\r\n\r\n", 431),
    ],
)
def test_requests_that_mean_two_things_are_refused(port: int, head: str, status: int) -> None:
    text = head.replace("{host}", f"{HOST}:{port}").replace("{long}", "x" * 10_300)
    answer = raw(port, text.encode())
    assert answer.startswith((f"HTTP/1.1 {status} ".encode(), f"HTTP/1.0 {status} ".encode()))
    assert answer.count(b"HTTP/1.") == 1, "what follows is not taken for a second request"


def test_a_body_above_the_limit_is_refused(port: int) -> None:
    answer = visit(port, "/", "POST", b"x" * (BODY_LIMIT + 1))
    assert (answer.status, answer.json) == (413, {"message": "Request Entity Too Large"})


def test_other_machines_do_not_reach_it(port: int) -> None:
    with open("/proc/net/tcp", encoding="ascii") as file:
        listening = {line.split()[1] for line in file if line.split()[3] == "0A"}
    assert f"0100007F:{port:04X}" in listening
    assert f"00000000:{port:04X}" not in listening


def test_what_can_be_opened_is_listed(running: Running, port: int) -> None:
    assert (f"https://{ADMIN}", f"http://{HOST}:{port}") in addresses(running)


class Slow(BaseHTTPRequestHandler):
    """A backend that is late, or speaks nonsense."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == VISIT_PATH and self.headers["X-Amz-Security-Token"] == "late":
            time.sleep(3)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"nonsense")

    def log_message(self, *_args: object) -> None:
        """Nothing."""


def own_edge(backend: Backend) -> Edge:
    return Edge(socket.create_server(("127.0.0.1", 0)), backend)


@pytest.fixture
def slow() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Slow)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_an_api_that_takes_too_long(slow: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge_module, "ANSWER_LIMIT", 0.2)
    edge = own_edge(Backend(slow.server_port, "late"))
    answer = visit(edge.port)
    assert (answer.status, answer.json) == (504, {"message": "Endpoint request timed out"})


def test_emulators_that_are_gone_or_out_of_their_mind(slow: HTTPServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        gone: int = closed.getsockname()[1]
    for backend in (Backend(gone, "t"), Backend(slow.server_port, "t")):
        answer = visit(own_edge(backend).port)
        assert answer.status == 502
        assert "giban rehearsal status" in answer.json["message"]
    there = own_edge(Backend(gone, "t")).port
    assert visit(there, host=f"127.0.0.1:{there}").status == 502
    assert visit(there, "/_giban/health", host=f"127.0.0.1:{there}").body == b"ok"


class Nowhere(Backend):
    """A ministack that knows an address only."""

    def visit(self, head: dict[str, Any], body: bytes) -> tuple[bool, dict[str, Any], bytes]:
        assert pack(head, body)
        return False, {"domains": [], "address": "198.51.100.1"}, b""


def test_a_machine_that_is_off_does_not_answer() -> None:
    edge = own_edge(Nowhere(1, "t"))
    answer = visit(edge.port)
    assert answer.status == 504
    assert "198.51.100.1" in answer.json["message"]


def test_a_way_out_counts_as_its_address(running: Running, api: str) -> None:
    edge = own_edge(Backend(running.ports["ministack"], running.token))
    port, close = edge.way_out("198.51.100.30")
    event = visit(port, host=f"{HOST}:{edge.port}").json["event"]
    assert event["requestContext"]["http"]["sourceIp"] == "198.51.100.30"
    close()
    with pytest.raises(ConnectionRefusedError):
        visit(port)
