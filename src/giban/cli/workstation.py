"""`giban workstation`: look at a workstation, start and stop it, keep it, and say who may come in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from giban.cli._workstation_options import workstation_options
from giban.cli.errors import FOUND
from giban.cli.options import Choice, deployment_options, json_option
from giban.cli.output import print_json

if TYPE_CHECKING:
    from giban.cli._workstation_options import Opened
    from giban.lifecycle.operate import Document

GONE = ("terminated", "missing")
"""States of a machine that does not come back."""


@click.group("workstation", short_help="Start, stop and watch a cloud workstation; pair devices.")
def command() -> None:
    """A developer's machine that is there when it is wanted and gone when nobody works.

    NAME may be left out when the blueprint has one workstation. The rehearsal is meant unless --target aws is given.
    """


@command.command("list")
@deployment_options
@json_option
def list_(chosen: Choice, as_json: bool) -> None:
    """Show all workstations of the blueprint: on or off, since when, until when, and why."""
    from giban.cli._workstation_options import open_all
    from giban.cli._workstation_text import list_lines
    from giban.lifecycle.operate import NotUp

    statuses: list[Document] = []
    for opened in open_all(chosen):
        try:
            statuses.append(opened.admin.get("/service/status"))
        except NotUp:
            statuses.append({"workstation": opened.workstation.name, "state": "not up"})
    if as_json:
        print_json(statuses)
        return
    for line in list_lines(statuses):
        click.echo(line)


@command.command("status")
@workstation_options()
@json_option
def status(opened: Opened, as_json: bool) -> None:
    """Say whether it is on, why, when it will stop and what would change that."""
    _show(opened.admin.get("/service/status"), as_json)


@command.command("start")
@workstation_options()
@click.option("--no-wait", is_flag=True, help="Do not wait until the IDE answers.")
@json_option
def start(opened: Opened, no_wait: bool, as_json: bool) -> int:
    """Start it and wait until the IDE answers. Ctrl-C stops the waiting, not the machine.

    Of a machine that runs already, a planned stop is taken back.
    """
    from giban.cli._workstation_wait import wait

    name, ask = opened.workstation.name, lambda: opened.admin.get("/service/status")
    found = opened.admin.call("POST", "/service/start")
    if not no_wait:
        found = wait(ask, found, _start_is_over, f"{name} goes on starting.")
    _show(found, as_json)
    return 0 if found.get("on") or no_wait else FOUND


def _start_is_over(status: Document) -> bool:
    """The IDE answers; or it is off for good: the start failed, somebody stopped it, or there is no machine."""
    if (status.get("progress") or {}).get("phase") == "ready":
        return True
    state = status.get("state")
    return state in GONE or (state == "stopped" and status.get("want") != "on")


@command.command("stop")
@workstation_options()
@click.option("--after", metavar="TIME", help="Stop later: 90m, 2h, 1h30m; at most 72h.")
@click.option("--no-wait", is_flag=True, help="Do not wait until it is off.")
@json_option
def stop(opened: Opened, after: str | None, no_wait: bool, as_json: bool) -> int:
    """Stop it and wait until it is off; or reserve a later stop with --after."""
    from giban.cli._workstation_wait import wait
    from giban.cli._workstation_words import minutes

    name, ask = opened.workstation.name, lambda: opened.admin.get("/service/status")
    if after is not None:
        _show(opened.admin.call("POST", "/service/shutdown", {"after_min": minutes(after)}), as_json)
        return 0
    found = opened.admin.call("POST", "/service/shutdown")
    if not no_wait:
        found = wait(ask, found, _stop_is_over, f"{name} goes on stopping.")
    _show(found, as_json)
    return 0 if no_wait or not found.get("on") else FOUND


def _stop_is_over(status: Document) -> bool:
    """It is off; or it stays on, because somebody wants it on again."""
    return status.get("state") in ("stopped", *GONE) or status.get("want") == "on"


@command.command("keep")
@workstation_options("TIME")
@click.option("--for", "reason", metavar="WHY", required=True, help="What for: shown to all who ask why it runs.")
@json_option
def keep(opened: Opened, reason: str, as_json: bool) -> None:
    """Keep it on for TIME (90m, 2h, 1h30m; at most 72h), whatever its idle time says."""
    from giban.cli._workstation_words import minutes

    body = {"minutes": minutes(opened.value), "for": reason}
    _show(opened.admin.call("POST", "/service/leases", body), as_json)


@command.command("release")
@workstation_options("ID")
@json_option
def release(opened: Opened, as_json: bool) -> None:
    """Take back a `keep`. ID is the one that `status` shows beside it."""
    from urllib.parse import quote

    _show(opened.admin.call("DELETE", f"/service/leases/{quote(opened.value, safe='')}"), as_json)


@command.command("auto-stop", short_help="Switch stopping by itself on or off.")
@workstation_options("on|off")
@json_option
def auto_stop(opened: Opened, as_json: bool) -> None:
    """Switch auto-stop on or off. The maximum uptime holds either way."""
    if opened.value not in ("on", "off"):
        raise click.UsageError(f"`{opened.value}` is neither on nor off.")
    _show(opened.admin.call("PUT", "/service/auto-stop", {"on": opened.value == "on"}), as_json)


@command.command("events")
@workstation_options()
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help="How many.")
@json_option
def events(opened: Opened, limit: int, as_json: bool) -> None:
    """Show decisions and who did what, the newest first. They are kept for 90 days."""
    from datetime import datetime

    from giban.cli._workstation_text import event_lines

    found = opened.admin.get("/service/events", {"limit": str(limit)})
    if as_json:
        print_json(found)
        return
    for line in event_lines(found.get("events") or [], datetime.now().astimezone()) or ["Nothing has happened yet."]:
        click.echo(line)


@command.command("pair")
@workstation_options()
@click.option("--authenticator", is_flag=True, help="Show the authenticator's QR code again, for another phone.")
@click.option("--new-authenticator", is_flag=True, help="Make a new authenticator secret; the old one ends.")
@click.option("--no-wait", is_flag=True, help="Do not wait until the device is paired.")
@json_option
def pair(opened: Opened, authenticator: bool, new_authenticator: bool, no_wait: bool, as_json: bool) -> None:
    """Make a one-time code with which a phone or computer is paired, and show the way there.

    The page asks for the code and for six digits of an authenticator app. The app is enrolled by a QR code, which is
    shown when no device has been paired yet.
    """
    from giban.cli._workstation_pair import pair

    pair(opened, authenticator=authenticator, rotate=new_authenticator, no_wait=no_wait, as_json=as_json)


@command.command("devices")
@workstation_options()
@json_option
def devices(opened: Opened, as_json: bool) -> None:
    """Show the devices that may use the admin page."""
    from datetime import datetime

    from giban.cli._workstation_text import device_lines

    found = opened.admin.get("/service/devices")
    if as_json:
        print_json(found)
        return
    there = found.get("devices") or []
    lines = (
        device_lines(there, datetime.now().astimezone())
        if there
        else ["No device is paired. Next: giban workstation pair"]
    )
    for line in lines:
        click.echo(line)


@command.command("revoke")
@workstation_options("DEVICE")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def revoke(opened: Opened, yes: bool, as_json: bool) -> None:
    """Shut a device out, at once. DEVICE is its id or its name (`devices` lists both)."""
    from urllib.parse import quote

    from giban.cli._operating import require_yes
    from giban.lifecycle.workstation import one_device

    device = one_device(opened.admin.get("/service/devices").get("devices") or [], opened.value)
    if not yes:
        require_yes(f"Shut {device.get('name')} ({device.get('id')}) out of {opened.workstation.name}?")
    found = opened.admin.call("DELETE", f"/service/devices/{quote(str(device['id']), safe='')}")
    if as_json:
        print_json(found)
        return
    click.echo(f"{device.get('name')} is shut out of {opened.workstation.name}.")


@command.command("open")
@workstation_options()
@click.option("--admin", "page", is_flag=True, help="Open the admin page instead of the IDE.")
@json_option
def open_(opened: Opened, page: bool, as_json: bool) -> int:
    """Open the IDE in the browser, or print its address where there is no browser."""
    from giban.cli._workstation_options import host_of, launch

    url, good = opened.page, True
    if not page:
        ide = opened.admin.get("/service/status").get("ide") or {}
        url, good = opened.address_of(host_of(str(ide.get("url") or ""))), bool(ide.get("answers"))
    if as_json:
        print_json({"url": url, "answers": good})
        return 0 if good else FOUND
    if not good:
        name = opened.workstation.name
        click.echo(
            f"The IDE of {name} does not answer at {url}. Start it with `giban workstation start {name}`.", err=True
        )
        return FOUND
    click.echo(url)
    launch(url)
    return 0


@command.command("password")
@workstation_options()
@click.option("--generate", is_flag=True, help="Let the workstation make one, and show it once.")
@json_option
def password(opened: Opened, generate: bool, as_json: bool) -> None:
    """Change the IDE's password. It is asked for, or read from standard input; it takes effect within a minute."""
    from giban.cli._workstation_options import read_password

    body = {"generate": True} if generate else {"password": read_password(sys.stdin)}
    found = opened.admin.call("PUT", "/service/password", body)
    if as_json:
        print_json(found)
    elif generate:
        click.echo(found.get("password"))
    else:
        click.echo(f"The password of {opened.workstation.name} is changed; it takes effect within a minute.")


def _show(document: Document, as_json: bool) -> None:
    if as_json:
        print_json(document)
        return
    from giban.cli._workstation_text import status_lines

    for line in status_lines(document):
        click.echo(line)
