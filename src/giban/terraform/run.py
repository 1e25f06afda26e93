"""Running Terraform in one folder (one root, one state): a method per command, each a child process.

A run streams its events to a listener and ends in one of three ways: the method returns, it raises a `TerraformError`
that says what went wrong, or it raises `Interrupted`. An interrupt (Ctrl-C, SIGTERM, a closed terminal) is handed to
Terraform exactly once, because Terraform takes a second one as "forget the state and stop"; giban waits until it has
saved the state, however often the user presses Ctrl-C, and never kills it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import msgspec

from giban.terraform.child import Child, Outcome
from giban.terraform.errors import (
    HasOrigin,
    Interrupted,
    OutsideWorld,
    Report,
    TerraformError,
    UserMistake,
    failure,
    translate,
)
from giban.terraform.events import (
    ApplyComplete,
    ChangeSummary,
    Diagnosed,
    Diagnostic,
    Event,
    Note,
    parse,
    read_diagnostic,
)
from giban.terraform.find import Engine
from giban.terraform.plan import Plan, read_plan

Listener = Callable[[Event], None]


class Planned(msgspec.Struct, frozen=True):
    """The result of `plan`: whether anything would change, and where the plan was saved."""

    changes: bool
    file: str
    warnings: tuple[Diagnostic, ...] = ()


class Applied(msgspec.Struct, frozen=True):
    """The result of `apply` and `destroy`: how many resources were touched."""

    added: int
    changed: int
    destroyed: int
    warnings: tuple[Diagnostic, ...] = ()


def child_environment(
    base: Mapping[str, str], *, rehearsal: bool, cli_config: str = "", extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The environment for a Terraform child process.

    Always gone: what would change Terraform's output or the choice of its state from outside (TF_LOG*, TF_CLI_ARGS*,
    TF_WORKSPACE, TF_DATA_DIR). For the rehearsal everything AWS_* goes as well and the user's AWS files are
    out of sight, so that no mistake can reach a real account; for AWS it is the user's own. `cli_config` is the value
    of TF_CLI_CONFIG_FILE (`ProviderSource.write`).
    """
    dropped = ("TF_LOG", "TF_CLI_ARGS", "TF_WORKSPACE", "TF_DATA_DIR", "TF_REATTACH_PROVIDERS", "TF_FORK")
    result = {key: value for key, value in base.items() if not key.startswith(dropped)}
    if rehearsal:
        result = {key: value for key, value in result.items() if not key.startswith("AWS_")}
        result |= {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    result |= {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1", "NO_COLOR": "1"}
    if cli_config:
        result["TF_CLI_CONFIG_FILE"] = cli_config
    return result | dict(extra or {})


class Terraform:
    """Terraform in a folder.

    `environment` is the child's whole environment (`child_environment`). `listen` gets every event as it comes;
    `resources` and `documents` map errors back to the blueprint (see `errors.translate`). One object runs one command
    at a time; different folders may run in different threads.
    """

    def __init__(
        self,
        engine: Engine,
        folder: str,
        environment: Mapping[str, str],
        *,
        listen: Listener | None = None,
        resources: Mapping[str, HasOrigin] | None = None,
        documents: Mapping[str, HasOrigin] | None = None,
    ) -> None:
        self.engine = engine
        self.folder = folder
        self.environment = dict(environment)
        self.listen = listen
        self.resources = resources or {}
        self.documents = documents or {}
        self._child: Child | None = None

    # -- commands -------------------------------------------------------------------------------------------------

    def init(self, *, upgrade: bool = False, reconfigure: bool = False, backend: bool = True) -> None:
        """Fetch the providers and connect to the state. `reconfigure` forgets where the state was kept before."""
        flags = [flag for flag, wanted in (("-upgrade", upgrade), ("-reconfigure", reconfigure)) if wanted]
        self._events("init", *flags, *(() if backend else ("-backend=false",)), "-input=false")

    def validate(self) -> list[Diagnostic]:
        """Check the documents against the provider's schema; returns the warnings, raises for errors."""
        outcome, answer = self._answer("validate", "-json")
        if not isinstance(answer, dict):
            self._fail("validate", outcome, [])
        diagnostics = [read_diagnostic(raw) for raw in answer.get("diagnostics") or ()]
        if outcome.code != 0 or not answer.get("valid"):
            self._fail("validate", outcome, diagnostics)
        return [diagnostic for diagnostic in diagnostics if not diagnostic.is_error]

    def plan(
        self,
        file: str,
        *,
        destroy: bool = False,
        refresh_only: bool = False,
        refresh: bool = True,
        targets: tuple[str, ...] = (),
        replace: tuple[str, ...] = (),
        parallelism: int = 10,
        lock_timeout: int = 0,
    ) -> Planned:
        """Compute what would change and save it to `file` (`terraform plan -detailed-exitcode`).

        `parallelism` is how many resources Terraform works on at a time (its default is 10); `lock_timeout` is how many
        seconds to wait for a state somebody else holds.
        """
        flags = [flag for flag, wanted in (("-destroy", destroy), ("-refresh-only", refresh_only)) if wanted]
        flags += [f"-target={address}" for address in targets] + [f"-replace={address}" for address in replace]
        flags += [] if refresh else ["-refresh=false"]
        flags += [f"-parallelism={parallelism}", f"-lock-timeout={lock_timeout}s", f"-out={file}", "-detailed-exitcode"]
        outcome, events = self._events("plan", *flags, "-input=false", good=(0, 2))
        return Planned(outcome.code == 2, file, _warnings(events))

    def read_plan(self, file: str) -> Plan:
        """A saved plan as data (`terraform show -json FILE`)."""
        return read_plan(self.show(file))

    def apply(self, file: str, *, parallelism: int = 10, lock_timeout: int = 0) -> Applied:
        """Do what a saved plan says. There is no way to apply without one: what was shown is what is done."""
        _, events = self._events(
            "apply", f"-parallelism={parallelism}", f"-lock-timeout={lock_timeout}s", "-input=false", file
        )
        return _applied(events)

    def destroy(self, *, parallelism: int = 10, lock_timeout: int = 0) -> Applied:
        """Delete everything in the state, without a gate; prefer `plan(destroy=True)`, `gate` and `apply`."""
        _, events = self._events(
            "destroy", "-auto-approve", f"-parallelism={parallelism}", f"-lock-timeout={lock_timeout}s", "-input=false"
        )
        return _applied(events)

    def output(self) -> dict[str, Any]:
        """The outputs in the state, name → value, sensitive ones included."""
        answer = self._json("output", "-json")
        return {name: entry.get("value") for name, entry in sorted(answer.items())}

    def show(self, file: str = "") -> dict[str, Any]:
        """The state, or a saved plan, as Terraform's JSON."""
        return self._json("show", "-json", *([file] if file else []))

    def state_list(self) -> list[str]:
        """Addresses in the state, sorted; empty when there is no state yet."""
        outcome = self._run("state", "list")
        if outcome.code != 0:
            if "No state file was found" in outcome.errors:
                return []
            self._fail("state list", outcome, [])
        return sorted(line for line in outcome.text.splitlines() if line)

    def state_pull(self) -> dict[str, Any]:
        """The raw state (its `serial` and `lineage` tell two runs apart); empty when there is none."""
        return self._json("state", "pull")

    def force_unlock(self, lock_id: str) -> None:
        """Release a lock by its ID. Raises UserMistake when no such lock is held."""
        outcome = self._run("force-unlock", "-force", lock_id)
        if outcome.code != 0:
            text = _plain_error(outcome.errors) or outcome.text.strip()
            report = Report("unlock", "user", f"The lock {lock_id} could not be released.", "", text)
            raise UserMistake([report])

    def providers_schema(self) -> dict[str, Any]:
        """The schema of every provider of this root (megabytes; takes seconds)."""
        return self._json("providers", "schema", "-json")

    def interrupt(self) -> None:
        """Ask a running command to stop and save the state, from another thread; the first call counts."""
        child = self._child
        if child is not None:
            child.interrupt()

    # -- machinery ------------------------------------------------------------------------------------------------

    def _run(self, *words: str, on_line: Callable[[str], None] | None = None) -> Outcome:
        child = Child([*self.engine.command, *words], self.folder, self.environment, on_line=on_line, say=self._say)
        self._child = child
        try:
            outcome = child.run()
        finally:
            self._child = None
        if outcome.interrupted:
            self._raise_interrupted(words[0], outcome)
        return outcome

    def _events(self, command: str, *flags: str, good: tuple[int, ...] = (0,)) -> tuple[Outcome, list[Event]]:
        """Run a command that speaks `-json`; raises when its exit code is not a good one."""
        events: list[Event] = []

        def on_line(line: str) -> None:
            event = parse(line)
            events.append(event)
            if self.listen:
                self.listen(event)

        outcome = self._run(command, "-json", "-no-color", *flags, on_line=on_line)
        if outcome.code not in good:
            self._fail(command, outcome, [event.diagnostic for event in events if isinstance(event, Diagnosed)])
        return outcome, events

    def _answer(self, *words: str) -> tuple[Outcome, Any]:
        outcome = self._run(*words)
        try:
            return outcome, json.loads(outcome.text) if outcome.text.strip() else {}
        except ValueError:
            return outcome, None

    def _json(self, *words: str) -> dict[str, Any]:
        outcome, answer = self._answer(*words)
        if outcome.code != 0 or not isinstance(answer, dict):
            self._fail(" ".join(word for word in words if not word.startswith("-")), outcome, [])
        return answer

    def _fail(self, command: str, outcome: Outcome, diagnostics: list[Diagnostic]) -> NoReturn:
        planning = command in ("plan", "validate")
        reports = translate(diagnostics, self.resources, self.documents, planning=planning)
        if not reports:
            text = _plain_error(outcome.errors) or outcome.text.strip()
            if outcome.code < 0:
                raise OutsideWorld([_died(self.engine, command, -outcome.code, text)])
            summary, _, detail = text.partition("\n")
            summary = summary or f"{self.engine.product} {command} ended with exit code {outcome.code}."
            reports = translate([Diagnostic("error", summary, detail)], self.resources, self.documents)
        raise failure(reports)

    def _raise_interrupted(self, command: str, outcome: Outcome) -> NoReturn:
        events = [parse(line) for line in outcome.text.splitlines()]
        done = sum(isinstance(event, ApplyComplete) for event in events)
        advice = "Nothing had been changed."
        if command in ("apply", "destroy"):
            counted = "1 change had" if done == 1 else f"{done} changes had"
            advice = f"{counted} been made by then and the state knows. Run the same command to go on."
        what = f"{self.engine.product} {command} was stopped."
        diagnostics = [event.diagnostic for event in events if isinstance(event, Diagnosed)]
        # Most errors after an interrupt are its echo; a state that could not be saved is not.
        lost = [report for report in translate(diagnostics, self.resources) if report.kind == "state-not-saved"]
        raise Interrupted([Report("interrupted", "world", what, "" if lost else advice, ""), *lost])

    def _say(self, message: str) -> None:
        if self.listen:
            self.listen(Note(message=message, level="warn", type="giban"))


def _warnings(events: list[Event]) -> tuple[Diagnostic, ...]:
    found = [event.diagnostic for event in events if isinstance(event, Diagnosed)]
    return tuple(diagnostic for diagnostic in found if not diagnostic.is_error)


def _applied(events: list[Event]) -> Applied:
    for event in reversed(events):
        if isinstance(event, ChangeSummary):
            return Applied(event.add, event.change, event.remove, _warnings(events))
    return Applied(0, 0, 0, _warnings(events))


def _plain_error(text: str) -> str:
    """An error printed for people (commands without `-json`), without its frame."""
    lines = [line.strip("│╷╵ \t") for line in text.splitlines()]
    plain = "\n".join(line for line in lines if line)
    return plain.split("Error: ", 1)[1] if "Error: " in plain else plain


def _died(engine: Engine, command: str, number: int, text: str) -> Report:
    what = f"{engine.product} {command} was ended by signal {number}, not by giban."
    advice = "If it is 9, the machine may have run out of memory. The state may be behind; `giban plan` shows how far."
    return Report("killed", "world", what, advice, text)


__all__ = ["Applied", "Listener", "Planned", "Terraform", "TerraformError", "child_environment"]
