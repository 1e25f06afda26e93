"""The alarm router of a blueprint: what it will do, read from what is deployed, and the function and topic behind it.

Offline questions (`routes`, `rules`) are answered from the configuration inside the function's archive and by the function's own
rules (docs/decisions/0009), so they say what will happen, not what a second implementation thinks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from giban.graph.graph import Graph
from giban.graph.problems import Problem, Problems
from giban.lifecycle.archives import configured
from giban.lifecycle.operate import Document, NotUp
from giban.terraform.aws import Clients, code_of, from_aws

HANDLER = "runtime.alarms.handler.handle"
CONFIG = "runtime/alarms/config.json"
"""Where the configuration lies in the function's archive."""


class Router(msgspec.Struct, frozen=True):
    """The router of a blueprint."""

    function: str
    region: str
    topic: str
    """Name of the topic at which everything arrives."""
    config: dict[str, Any]


def router(graph: Graph) -> Router:
    """The router of a blueprint. Raises Problems when it has no alarms."""
    found = configured(graph, HANDLER, CONFIG)
    if found is not None:
        function, config = found
        name = str(function.value("function_name"))
        return Router(name, str(function.region), name, config)
    raise Problems([Problem("The blueprint has no alarms.", "Add a section `alarms`; see docs/operations.md.")])


def read_event(text: str, source: str) -> Any:
    """The event of a file: JSON, or the text of a plain post. Raises Problems when there is nothing in it."""
    if not text.strip():
        raise Problems([Problem(f"{source} is empty.", "Give it an event as JSON, or the text of a post.")])
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        if text.lstrip()[:1] in "{[":
            what = f"{source} is not JSON: {error}."
            raise Problems([Problem(what, "An event is what CloudWatch, EventBridge or SNS sends.")]) from None
        return text


def explain(found: Router, raw: Any, now: float) -> list[Document]:
    """What would become of an event, an entry for each alert in it. Raises Problems when the router could not read it."""
    from giban.runtime.alarms.rules import intake, routing

    try:
        alerts = intake.read(raw, found.config, now)
    except intake.Unreadable as error:
        why = f"The router could not read this event: {error}"
        fix = "It would go to the dead-letter queue, and be announced."
        raise Problems([Problem(why, fix)]) from None
    return [{"alert": alert, **routing.explain(alert, found.config, now, [], [])} for alert in alerts]


def explain_lines(explained: Document) -> list[str]:
    """An entry of `explain` for people."""
    from giban.runtime.alarms.rules import routing

    return routing.explain_text(explained)


def rules(found: Router) -> list[Document]:
    """The alarms of the environment by name, as the router knows them."""
    known = [{"name": name, **about} for name, about in (found.config.get("alarms") or {}).items()]
    return sorted(known, key=lambda rule: str(rule["name"]))


def post(found: Router, clients: Clients, message: Mapping[str, Any], up: str) -> str:
    """Post a message at the topic, as anything in the environment can. Returns its id.

    Raises NotUp when the topic does not exist yet, OutsideWorld when AWS fails.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        account = clients("sts").get_caller_identity()["Account"]
        arn = f"arn:aws:sns:{found.region}:{account}:{found.topic}"
        answer = clients("sns").publish(TopicArn=arn, Message=msgspec.json.encode(message).decode())
    except ClientError as error:
        if code_of(error) in ("NotFound", "NotFoundException"):
            raise NotUp(message=f"The alarms are not up yet. Run `{up}` first.") from error
        raise from_aws(error) from error
    except BotoCoreError as error:
        raise from_aws(error) from error
    return str(answer["MessageId"])
