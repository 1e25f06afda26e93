"""What the commands of `giban alarms` share: the router they mean, lengths of time, matches, moments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from giban.cli._lengths import length_of
from giban.cli.options import Choice
from giban.graph.problems import Problem, Problems

if TYPE_CHECKING:
    from giban.lifecycle.alarms import Router
    from giban.lifecycle.deployment import Deployment
    from giban.lifecycle.operate import Document

MOST_DAYS = 90
"""Days: the longest silence. What is forgotten for longer is not silent, it is broken."""
KEYS = ("priority", "service", "kind", "name", "region", "source", "resource", "key")


class Opened:
    """The deployed router that a command works on."""

    def __init__(self, deployed: Deployment, router: Router, chosen: Choice) -> None:
        from giban.cli._operating import up_command
        from giban.lifecycle.operate import Operated

        self.router = router
        self._up = up_command(chosen)
        self._clients = deployed.target.clients(router.region)
        self._operator: Callable[[], str] = lambda: deployed.target.operator(router.region)
        self._function = Operated(
            router.function, "the alarm router", "alarm function", self._clients, self._operator, self._up
        )

    def call(self, action: str, **more: Any) -> Document:
        """Ask the function. Raises what `Operated.call` does."""
        return self._function.call({"action": action, **more})

    def post(self, message: Mapping[str, Any]) -> str:
        """Post at the topic; the id of the message."""
        from giban.lifecycle.alarms import post

        return post(self.router, self._clients, message, self._up)

    @property
    def operator(self) -> str:
        """Who asks."""
        return self._operator()


def opened(chosen: Choice) -> Opened:
    """The router of a blueprint, deployed. Raises Problems when it has none, or the rehearsal does not run."""
    from giban.cli._operating import require_running
    from giban.cli.deploying import deployment
    from giban.lifecycle.alarms import router

    deployed = deployment(chosen)
    found = router(deployed.compiled.graph)
    require_running(deployed, chosen)
    return Opened(deployed, found, chosen)


def offline(chosen: Choice) -> Router:
    """The router of a blueprint as it would be deployed."""
    from giban.lifecycle.alarms import router
    from giban.lifecycle.pipeline import compile_blueprint

    return router(compile_blueprint(chosen.blueprint, chosen.environment, chosen.sets).graph)


def matched(words: Sequence[str]) -> dict[str, str | list[str]]:
    """`service=services.web name=*-cpu` as a match; a key given twice takes either. Raises Problems with every wrong word."""
    found: dict[str, list[str]] = {}
    problems = []
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not value:
            problems.append(Problem(f"`{word}` is no KEY=VALUE.", "Write for example service=services.web."))
        elif key not in KEYS and not key.startswith("label."):
            problems.append(Problem(f"There is no key `{key}`.", f"There is: {', '.join(KEYS)}, label.NAME."))
        else:
            found.setdefault(key, []).append(value)
    if problems:
        raise Problems(problems)
    return {key: values[0] if len(values) == 1 else values for key, values in found.items()}


def seconds(text: str) -> int:
    """`30m`, `2h`, `1d` in seconds. Raises Problems when it is something else, or longer than 90 days."""
    found = length_of(text)
    if found is None:
        raise Problems([Problem(f"`{text}` is not a length of time.", "Write 30m, 2h, 1h30m or 1d.")])
    if found > MOST_DAYS * 86_400:
        raise Problems(
            [Problem(f"{text} is longer than {MOST_DAYS} days.", "Change the rule in the blueprint instead.")]
        )
    return found


def when(text: str | None) -> float:
    """A moment as people write it, in this machine's time zone when it has none; now when there is none. Raises Problems."""
    from datetime import datetime

    if text is None:
        return datetime.now().timestamp()
    try:
        return datetime.fromisoformat(text.strip()).timestamp()
    except ValueError:
        raise Problems(
            [Problem(f"`{text}` is no time.", "Write 2026-11-21T23:30 or 2026-11-21T23:30+09:00.")]
        ) from None
