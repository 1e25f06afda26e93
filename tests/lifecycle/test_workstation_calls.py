"""Calls to admin functions, on real emulators: what comes back, and what is said when it does not."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from giban.graph.graph import Graph
from giban.graph.problems import Problems
from giban.graph.stack import Stack
from giban.lifecycle.operate import NotUp, Refused
from giban.lifecycle.workstation import Admin, Workstation, find, follow, one_device, workstations
from giban.rehearsal.contents import Clients, clients
from giban.rehearsal.process import Rehearsal
from giban.rehearsal.services import ACCOUNT
from giban.terraform.errors import OutsideWorld, UserMistake

REGION = "ap-northeast-2"

ECHO = """
import json

def handle(event, context):
    print("called")
    match event["path"]:
        case "/fails":
            raise RuntimeError("the table is gone")
        case "/odd":
            return "hello"
        case "/refused":
            return {"status": event["body"]["status"], "body": {"detail": "Not now.", "title": "Refused"}}
        case "/fields":
            problems = [{"field": "minutes", "detail": "Must be at most 4320."}, {"field": "for", "detail": "Must be text."}]
            return {"status": 400, "body": {"detail": "all in one", "errors": problems}}
        case "/silent":
            return {"status": 503, "body": None}
    return {"status": 200, "body": event}
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    made = Rehearsal(str(tmp_path_factory.mktemp("rehearsal")))
    running = made.start(REGION)
    client = clients(running, REGION)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("echo.py", ECHO)
    client("lambda").create_function(
        FunctionName="scv-dev-admin",
        Runtime="python3.12",
        Role=f"arn:aws:iam::{ACCOUNT}:role/x",
        Handler="echo.handle",
        Code={"ZipFile": packed.getvalue()},
    )
    yield client
    made.stop()


def admin(client: Clients, function: str = "scv-dev-admin") -> Admin:
    return Admin(
        Workstation("dev", function, REGION, "dev-admin.scv.example.com"),
        client,
        lambda: "user/kim",
        "giban up -e test",
    )


def test_a_call_says_who_is_asking_and_for_what(client: Clients) -> None:
    event = admin(client).call("PUT", "/service/auto-stop", {"on": False}, {"limit": "5"})
    assert event == {
        "operator": "user/kim",
        "method": "PUT",
        "path": "/service/auto-stop",
        "query": {"limit": "5"},
        "body": {"on": False},
    }
    assert admin(client).get("/service/status")["method"] == "GET"


@pytest.mark.parametrize(("status", "code"), [(400, 2), (403, 1), (404, 2), (409, 1), (429, 1), (500, 3), (503, 3)])
def test_a_problem_is_raised_with_its_meaning(client: Clients, status: int, code: int) -> None:
    with pytest.raises(Refused, match=r"Not now\.") as caught:
        admin(client).call("POST", "/refused", {"status": status})
    assert (caught.value.status, caught.value.exit_code) == (status, code)


def test_all_fields_of_a_problem_are_shown(client: Clients) -> None:
    with pytest.raises(Refused) as caught:
        admin(client).call("POST", "/fields")
    assert str(caught.value).splitlines() == ["minutes: Must be at most 4320.", "for: Must be text."]
    with pytest.raises(Refused, match="answered with 503"):
        admin(client).get("/silent")


def test_a_function_that_fails(client: Clients) -> None:
    with pytest.raises(OutsideWorld) as caught:
        admin(client).get("/fails")
    assert "the table is gone" in str(caught.value)
    assert "/aws/lambda/scv-dev-admin" in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_a_function_that_is_something_else(client: Clients) -> None:
    with pytest.raises(OutsideWorld, match="giban up -e test"):
        admin(client).get("/odd")


def test_a_workstation_that_is_not_up(client: Clients) -> None:
    with pytest.raises(NotUp, match=r"dev is not up yet\. Run `giban up -e test` first") as caught:
        admin(client, "scv-other-admin").get("/service/status")
    assert caught.value.exit_code == 2


def test_emulators_that_are_gone(tmp_path: Path) -> None:
    made = Rehearsal(str(tmp_path))
    client = clients(made.start(REGION), REGION)
    made.stop()
    with pytest.raises(OutsideWorld, match="giban rehearsal status"):
        admin(client).get("/service/status")


class Denying:
    """A Lambda client whose caller may not invoke anything, or comes too often."""

    def __init__(self, code: str) -> None:
        self.code = code

    def invoke(self, **_: Any) -> Any:
        from botocore.exceptions import ClientError

        raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, "Invoke")


def test_a_caller_without_permission() -> None:
    with pytest.raises(UserMistake, match="user/kim may not invoke the function scv-dev-admin") as caught:
        admin(lambda _service: Denying("AccessDeniedException")).get("/service/status")
    assert "lambda:InvokeFunction" in str(caught.value)


@pytest.mark.parametrize("code", ["TooManyRequestsException", "ServiceException"])
def test_what_passes(code: str) -> None:
    with pytest.raises(OutsideWorld, match="Try again"):
        admin(lambda _service: Denying(code)).get("/service/status")


def graph(*names: str) -> Graph:
    stack = Stack("ap-northeast-2", region=REGION)
    for name in names:
        served = {"certificate_arn": "arn:x", "endpoint_type": "REGIONAL", "security_policy": "TLS_1_2"}
        stack.add(
            "aws_apigatewayv2_domain_name",
            f"{name}_admin",
            component=f"workstations.{name}",
            domain_name=f"{name}-admin.scv.example.com",
            domain_name_configuration=served,
        )
        stack.add(
            "aws_lambda_function",
            f"{name}_admin",
            component=f"workstations.{name}",
            function_name=f"scv-{name}-admin",
            role="arn:aws:iam::123456789012:role/x",
            environment={"variables": {"GIBAN_WORKSTATION": name, "GIBAN_TABLE": "t"}},
        )
    stack.add("aws_lambda_function", "keeper", function_name="scv-keeper", role="arn:aws:iam::123456789012:role/x")
    return Graph("scv", [stack])


def test_workstations_are_found_by_what_their_function_is_told() -> None:
    assert workstations(graph("dev", "gpu")) == [
        Workstation("dev", "scv-dev-admin", REGION, "dev-admin.scv.example.com"),
        Workstation("gpu", "scv-gpu-admin", REGION, "gpu-admin.scv.example.com"),
    ]
    assert find(graph("dev"), None).name == "dev"
    assert find(graph("dev", "gpu"), "gpu").name == "gpu"


@pytest.mark.parametrize(
    ("names", "wanted", "says"),
    [
        ((), None, "has no workstation"),
        ((), "dev", "has no workstation"),
        (("dev", "gpu"), None, "Name one of them: dev, gpu"),
        (("dev", "gpu"), "dve", "Did you mean `dev`"),
        (("dev", "gpu"), "laboratory", "There is: dev, gpu"),
    ],
)
def test_which_workstation(names: tuple[str, ...], wanted: str | None, says: str) -> None:
    with pytest.raises(Problems, match=says):
        find(graph(*names), wanted)


DEVICES: list[dict[str, Any]] = [
    {"id": "a1", "name": "phone"},
    {"id": "b2", "name": "Laptop"},
    {"id": "c3", "name": "laptop"},
]


def test_a_device_is_known_by_id_or_name() -> None:
    assert one_device(DEVICES, "a1")["id"] == "a1"
    assert one_device(DEVICES, "Phone")["id"] == "a1"
    assert one_device(DEVICES, "c3")["id"] == "c3"


@pytest.mark.parametrize(
    ("wanted", "says"),
    [("laptop", "by its id: b2, c3"), ("x", r"Paired: phone \(a1\)")],
)
def test_which_device(wanted: str, says: str) -> None:
    with pytest.raises(Problems, match=says):
        one_device(DEVICES, wanted)
    with pytest.raises(Problems, match="No device is paired"):
        one_device([], wanted)


class Time:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_following_ends_with_the_limit() -> None:
    time = Time()
    found = list(follow(lambda: {"at": time.now}, {"at": 0.0}, clock=time.clock, sleep=time.sleep, every=2, limit=5))
    assert [status["at"] for status in found] == [0, 2, 4, 6]


def failing(times: int) -> Callable[[], dict[str, Any]]:
    left = [times]

    def ask() -> dict[str, Any]:
        left[0] -= 1
        if left[0] >= 0:
            raise OutsideWorld(message="the network is away")
        return {"state": "running"}

    return ask


def test_following_outlives_a_short_failure_but_not_a_long_one() -> None:
    time = Time()
    following = follow(failing(4), {}, clock=time.clock, sleep=time.sleep)
    assert next(following) == {}
    assert next(following) == {"state": "running"}
    with pytest.raises(OutsideWorld, match="the network is away"):
        list(follow(failing(5), {}, clock=time.clock, sleep=time.sleep))
