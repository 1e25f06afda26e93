"""The workstations of a blueprint as they are deployed: which there are, and calls to their admin functions.

An operator does not go through the admin API's door (addresses, devices, cookies): the admin function is invoked directly, AWS
decides who may (`lambda:InvokeFunction` on it), and the function writes the operator into its audit log. The payload goes
over the AWS client's connection; it is on no command line and in no log of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from giban.graph.graph import Graph
from giban.graph.problems import Problem, Problems
from giban.terraform.aws import Clients, code_of, from_aws
from giban.terraform.errors import OutsideWorld, UserMistake

Document = dict[str, Any]
"""What the admin API answers: JSON."""

NAME_VARIABLE = "GIBAN_WORKSTATION"
"""The admin function's environment variable that holds the workstation's name."""

_TOO_MANY = frozenset(
    {"TooManyRequestsException", "ServiceException", "EC2ThrottledException", "ResourceNotReadyException"}
)
"""Codes of Invoke that pass. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors"""


class Workstation(msgspec.Struct, frozen=True):
    """One workstation of the blueprint."""

    name: str
    function: str
    """Name of its admin function."""
    region: str
    host: str
    """Host name of its admin page: `dev-admin.scv.example.com`."""


class NotUp(UserMistake):
    """The workstation's admin function does not exist: nothing has been deployed yet."""


class Refused(Exception):  # noqa: N818 - an answer, said with care
    """The admin function answered with a problem (RFC 9457): it was refused, or could not be done."""

    def __init__(self, status: int, problem: Document) -> None:
        self.status = status
        self.problem = problem
        self.fix = ""
        super().__init__(_text(status, problem))

    @property
    def exit_code(self) -> int:
        """3 when the function or what it needs failed, 1 when it refused, 2 when it was asked for something wrong."""
        if self.status >= 500:
            return 3
        return 1 if self.status in (401, 403, 409, 423, 429) else 2


def _text(status: int, problem: Document) -> str:
    """What a problem says: its detail, or a line for each wrong field when it lists them."""
    fields = problem.get("errors")
    if isinstance(fields, list) and fields:
        return "\n".join(f"{field.get('field')}: {field.get('detail')}" for field in fields if isinstance(field, dict))
    return str(problem.get("detail") or problem.get("title") or f"The admin function answered with {status}.")


def workstations(graph: Graph) -> list[Workstation]:
    """The workstations of a blueprint, by name."""
    hosts = {domain.component: domain.value("domain_name") for domain in graph.all("aws_apigatewayv2_domain_name")}
    found = []
    for function in graph.all("aws_lambda_function"):
        name = function.value("environment", "variables", NAME_VARIABLE)
        if isinstance(name, str):
            host = str(hosts.get(function.component) or "")
            found.append(Workstation(name, str(function.value("function_name")), str(function.region), host))
    return sorted(found, key=lambda workstation: workstation.name)


def find(graph: Graph, name: str | None) -> Workstation:
    """The workstation of that name; the only one when no name is given.

    Raises Problems when there is none so named, or there are several to choose from.
    """
    known = workstations(graph)
    if not known:
        raise Problems(
            [Problem("The blueprint has no workstation.", "Add a section `workstations`; see docs/workstation.md.")]
        )
    names = [workstation.name for workstation in known]
    if name is None:
        if len(known) == 1:
            return known[0]
        raise Problems([Problem("There are several workstations.", f"Name one of them: {', '.join(names)}.")])
    for workstation in known:
        if workstation.name == name:
            return workstation
    from difflib import get_close_matches

    close = get_close_matches(name, names, 1)
    fix = f"Did you mean `{close[0]}`?" if close else f"There is: {', '.join(names)}."
    raise Problems([Problem(f"There is no workstation `{name}`.", fix)])


class Admin:
    """The admin function of one workstation, called as an operator.

    `operator` says who that is, asked before the first call; `up` is the command that deploys the function, for the message
    when it does not exist yet.
    """

    def __init__(self, workstation: Workstation, clients: Clients, operator: Callable[[], str], up: str) -> None:
        self.workstation = workstation
        self._clients = clients
        self._ask_operator = operator
        self._up = up
        self._operator = ""

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Document:
        """Ask for something."""
        return self.call("GET", path, query=query)

    def call(
        self, method: str, path: str, body: Document | None = None, query: Mapping[str, str] | None = None
    ) -> Document:
        """One request to the admin API, and the body of its answer.

        Raises Refused with the API's problem, NotUp when the function does not exist, UserMistake when the caller may not
        invoke it, OutsideWorld when it or the way to it fails.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        self._operator = self._operator or self._ask_operator()
        event = {
            "operator": self._operator,
            "method": method,
            "path": path,
            "query": dict(query or {}),
            "body": body or {},
        }
        try:
            answer = self._clients("lambda").invoke(
                FunctionName=self.workstation.function, Payload=msgspec.json.encode(event)
            )
        except ClientError as error:
            raise self._refusal(error) from error
        except BotoCoreError as error:
            raise from_aws(error) from error
        return self._body(answer)

    def _refusal(self, error: Exception) -> Exception:
        name, function = self.workstation.name, self.workstation.function
        match code_of(error):
            case "ResourceNotFoundException":
                return NotUp(message=f"The workstation {name} is not up yet. Run `{self._up}` first.")
            case "AccessDeniedException":
                return UserMistake(
                    message=f"{self._operator} may not invoke the function {function}, by which {name} is operated.\n"
                    f"Allow it lambda:InvokeFunction on that function (and on no other), or use another profile."
                )
            case code if code in _TOO_MANY:
                return OutsideWorld(
                    message=f"AWS Lambda does not take the call right now ({code}). Try again in a moment."
                )
        return from_aws(error)

    def _body(self, answer: Mapping[str, Any]) -> Document:
        function = self.workstation.function
        payload = answer["Payload"].read()
        try:
            found = msgspec.json.decode(payload)
        except msgspec.DecodeError:
            found = None
        if answer.get("FunctionError"):
            why = found.get("errorMessage", "") if isinstance(found, dict) else ""
            raise OutsideWorld(
                message=f"The admin function {function} failed: {why or 'it gave no reason'}.\n"
                f"Its log says more: aws logs tail /aws/lambda/{function} --since 10m"
            )
        if not isinstance(found, dict) or not isinstance(found.get("status"), int):
            raise OutsideWorld(
                message=f"The admin function {function} did not answer as one of this version does.\n"
                f"Run `{self._up}`: it brings the function to the version of this giban."
            )
        body = found.get("body")
        document = body if isinstance(body, dict) else {}
        if found["status"] >= 400:
            raise Refused(found["status"], document)
        return document


def follow(
    ask: Callable[[], Document],
    first: Document,
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    every: float = 2.0,
    limit: float = 900.0,
) -> Iterator[Document]:
    """Status documents: the first, then one every so many seconds until `limit` seconds are over. The reader stops it.

    An answer that fails for a moment (`OutsideWorld`) is left out; after five in a row the failure is raised.
    """
    yield first
    begin, failures = clock(), 0
    while clock() - begin < limit:
        sleep(every)
        try:
            document = ask()
        except OutsideWorld:
            failures += 1
            if failures == 5:
                raise
            continue
        failures = 0
        yield document


def one_device(devices: list[Document], wanted: str) -> Document:
    """The device of that id or name. Raises Problems when there is none, or several have the name."""
    found = [device for device in devices if device.get("id") == wanted]
    found = found or [device for device in devices if str(device.get("name", "")).casefold() == wanted.casefold()]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(str(device.get("id")) for device in found)
        raise Problems([Problem(f"Several devices are called {wanted}.", f"Name one by its id: {ids}.")])
    names = ", ".join(f"{device.get('name')} ({device.get('id')})" for device in devices)
    raise Problems([Problem(f"There is no device {wanted}.", f"Paired: {names}." if names else "No device is paired.")])
