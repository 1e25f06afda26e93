"""`giban workstation pair`: the one-time code, the way to the page, and the authenticator's QR code.

No secret is in an address: the page's QR code holds the page's address only, the code is typed. The authenticator's
QR code does hold a secret; a terminal shows it on its second screen, so that nothing of it stays in what can be scrolled back to.
"""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from giban.cli._workstation_options import host_of
from giban.cli._workstation_text import clock, moment
from giban.cli.output import print_json, style, use_colour

if TYPE_CHECKING:
    from collections.abc import Callable

    from giban.cli._workstation_options import Opened

SECOND_SCREEN, FIRST_SCREEN = "\x1b[?1049h\x1b[H", "\x1b[?1049l"
"""https://invisible-island.net/xterm/ctlseqs/ctlseqs.html (Alternate Screen Buffer)"""
LOOK_EVERY = 3.0
"""Seconds between two looks whether the device is there."""


def pair(opened: Opened, *, authenticator: bool, rotate: bool, no_wait: bool, as_json: bool) -> None:
    """Make a code and show it with all that is needed to use it."""
    admin, name = opened.admin, opened.workstation.name
    before = admin.get("/service/devices").get("devices") or []
    terminal = sys.stdout.isatty() and not as_json
    wanted = authenticator or rotate
    enrolment = admin.call("POST", "/service/totp", {"rotate": rotate}) if wanted or (terminal and not before) else None
    if enrolment and terminal:
        _show_authenticator(enrolment, name)
    code = admin.call("POST", "/service/codes")
    if as_json:
        print_json({**code, "address": opened.page, **({"authenticator": enrolment} if enrolment else {})})
        return
    if enrolment and not terminal:
        click.echo(f"authenticator  {enrolment['uri']}")
    show_code(code, opened.page, name, terminal)
    if terminal and not no_wait:
        _wait(opened, {str(device.get("id")) for device in before}, code)


def _show_authenticator(enrolment: dict[str, Any], name: str) -> None:
    """The secret on the terminal's second screen until Enter is pressed."""
    click.echo(SECOND_SCREEN, nl=False)
    try:
        click.echo(f"Scan this with an authenticator app. It makes the six digits that pair a device with {name}.\n")
        _show_qr(enrolment["uri"])
        secret = enrolment["secret"]
        typed = " ".join(secret[index : index + 4] for index in range(0, len(secret), 4))
        click.echo(f"\nor type the key: {typed}\n")
        click.pause("Press any key when the app shows six digits. This screen is then cleared.")
    finally:
        click.echo(FIRST_SCREEN, nl=False)


def _show_qr(text: str) -> None:
    from giban.cli._qr import qr_lines

    lines = qr_lines(text, colour=use_colour())
    width = max(len(line) for line in qr_lines(text, colour=False))
    if width > shutil.get_terminal_size().columns:
        click.echo(f"(The window is too narrow for a QR code: it needs {width} columns.)")
        return
    for line in lines:
        click.echo(line)


def show_code(code: dict[str, Any], address: str, name: str, terminal: bool) -> None:
    """The way to the page and the code: in large on a terminal, a line each elsewhere."""
    text, expires = str(code["code"]), moment(code.get("expires_at"))
    until = clock(expires, expires) if expires else ""
    if not terminal:
        click.echo(f"page           {address}")
        click.echo(f"code           {text}")
        click.echo(f"valid until    {until}")
        return
    click.echo(f"Pairing a device with {style(name, bold=True)}\n")
    click.echo(f"  1  Open {style(address, bold=True, underline=True)}")
    if host_of(address).endswith(".localhost"):
        click.echo("     in a browser on this machine: the rehearsal is nowhere else.")
    else:
        click.echo()
        _show_qr(address)
    big = "  ".join(text)
    line = "─" * (len(big) + 6)
    click.echo(f"\n  2  Type this code. It works once, until {until}.\n")
    click.echo(f"       ╭{line}╮\n       │   {style(big, bold=True)}   │\n       ╰{line}╯\n")
    click.echo("  3  Add the six digits of the authenticator app, and a name for the device.\n")


def _wait(
    opened: Opened,
    before: set[str],
    code: dict[str, Any],
    sleep: Callable[[float], Any] = time.sleep,
    now: Callable[[], float] = time.time,
) -> None:
    """Until a new device is there, the code is used up by time, or the user has seen enough."""
    expires = moment(code.get("expires_at"))
    end = expires.timestamp() if expires else now() + 600
    try:
        click.echo("Waiting for the device. Ctrl-C ends the waiting; the code stays good.", err=True)
        while now() < end:
            sleep(LOOK_EVERY)
            for device in opened.admin.get("/service/devices").get("devices") or []:
                if str(device.get("id")) not in before:
                    click.echo(f"Paired: {device.get('name')}, from {device.get('last_address') or 'its address'}.")
                    return
    except KeyboardInterrupt:
        click.echo("", err=True)
        return
    click.echo("The code has expired. Run `giban workstation pair` for a new one.", err=True)
