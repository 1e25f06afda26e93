"""The workstations of a blueprint as they are deployed: which there are, and calls to their admin functions.

An operator does not go through the admin API's door (addresses, devices, cookies): the admin function is invoked directly, AWS
decides who may (`lambda:InvokeFunction` on it), and the function writes the operator into its audit log. The payload goes
over the AWS client's connection; it is on no command line and in no log of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import msgspec

from giban.blueprint.report import did_you_mean
from giban.graph.graph import Graph
from giban.graph.problems import Problem, Problems
from giban.lifecycle.operate import Document, Operated
from giban.terraform.aws import Clients
from giban.terraform.errors import OutsideWorld

NAME_VARIABLE = "GIBAN_WORKSTATION"
"""The admin function's environment variable that holds the workstation's name."""


class Workstation(msgspec.Struct, frozen=True):
    """One workstation of the blueprint."""

    name: str
    function: str
    """Name of its admin function."""
    region: str
    host: str
    """Host name of its admin page: `dev-admin.scv.example.com`."""


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
    fix = did_you_mean(name, names, f"There is: {', '.join(names)}.")
    raise Problems([Problem(f"There is no workstation `{name}`.", fix)])


class Admin:
    """The admin function of one workstation, called as an operator (see `operate.Operated`)."""

    def __init__(self, workstation: Workstation, clients: Clients, operator: Callable[[], str], up: str) -> None:
        self.workstation = workstation
        what = f"the workstation {workstation.name}"
        self._function = Operated(workstation.function, what, "admin function", clients, operator, up)

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Document:
        """Ask for something."""
        return self.call("GET", path, query=query)

    def call(
        self, method: str, path: str, body: Document | None = None, query: Mapping[str, str] | None = None
    ) -> Document:
        """One request to the admin API, and the body of its answer. Raises what `Operated.call` does."""
        return self._function.call({"method": method, "path": path, "query": dict(query or {}), "body": body or {}})


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
