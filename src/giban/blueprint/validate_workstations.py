"""Rules of `workstations` that its types cannot say. See `validate`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from giban.blueprint.defaults import domain_of
from giban.blueprint.durations import seconds_of
from giban.blueprint.instance_types import architecture
from giban.blueprint.paths import Path
from giban.blueprint.ranges import overlap, parse
from giban.blueprint.types import Blueprint, Workstation
from giban.blueprint.types_workstations import sizes_of
from giban.blueprint.weekly import zone_problem

Report = Iterator[tuple[Path, str, str]]

MOST = 8
"""Workstations of one environment: what the keeper must know of them is in the environment of its function, 4 KB
(https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)."""
MOST_SIZES = 5
"""Instance types of one workstation, for the same reason."""
RESERVED = ("internal", "keeper", "workstations", "www")
"""Names that something else of giban has, in DNS or as a label."""

HOUR = 3600
BOUNDS = {"idle": (60, 24 * HOUR), "max_uptime": (600, 72 * HOUR), "tab": (60, 24 * HOUR), "silent": (300, 24 * HOUR)}
"""Seconds, by key of `auto_stop`."""
IN_WORDS = {60: "1m", 300: "5m", 600: "10m", 24 * HOUR: "24h", 72 * HOUR: "72h"}

_REPOSITORY = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~+-]+)+/?\Z")
_SECRET = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}\Z")


def workstations(blueprint: Blueprint) -> Report:
    """Every rule, for every workstation."""
    found = blueprint.workstations
    if found and domain_of(blueprint) is None:
        what = "A workstation is reached under names of a domain, and the blueprint has none."
        yield ("workstations",), what, "Add for example `domain: scv.example.com`."
    if len(found) > MOST:
        what = f"{len(found)} workstations are more than the keeper of one environment can hold ({MOST})."
        yield ("workstations",), what, "Divide them among several environments (-e)."
    for name, workstation in found.items():
        path = ("workstations", name)
        yield from _names(blueprint, path, name)
        yield from _sizes(path, workstation)
        yield from _allow(path, workstation)
        yield from _vpn(blueprint, path, workstation)
        yield from _auto_stop(path, workstation)
        yield from _schedule(path, workstation)
        yield from _repositories(path, workstation)


def folder_of(repository: str) -> str:
    """The folder that git clones a repository into."""
    return repository.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git")


def _names(blueprint: Blueprint, path: Path, name: str) -> Report:
    if name in RESERVED:
        yield path, f"The name `{name}` is taken by giban itself.", "Choose another name."
    for section in ("services", "databases", "workstations"):
        others = getattr(blueprint, section)
        taken = (f"{name}-admin", f"{name}-vpn", *((name,) if section != "workstations" else ()))
        for other in taken:
            if other in others:
                what = f"`{section}.{other}` has a name that the workstation `{name}` needs too."
                yield path, what, "Rename one of them."


def _sizes(path: Path, workstation: Workstation) -> Report:
    sizes = sizes_of(workstation)
    if not 0 < len(sizes) <= MOST_SIZES:
        yield (*path, "instance"), f"{len(sizes)} instance types are listed.", f"Write 1 to {MOST_SIZES}."
    if len(set(sizes)) != len(sizes):
        yield (*path, "instance"), "An instance type is listed twice.", "Write each once."
    if len({architecture(size) for size in sizes}) > 1:
        what = (
            "Instance types with Intel or AMD and with Graviton processors are mixed; one disk boots on one kind only."
        )
        yield (*path, "instance"), what, "Choose types of one kind."


def _allow(path: Path, workstation: Workstation) -> Report:
    reachable = False
    for index, cidr in enumerate(workstation.allow):
        where = (*path, "allow", index)
        if ":" in cidr:
            from ipaddress import IPv6Network

            try:
                IPv6Network(cidr)
            except ValueError as error:
                yield where, f"`{cidr}` is not a range of IPv6 addresses: {error}.", "Write it as 2001:db8::/32."
            continue
        reachable = True
        try:
            parse(cidr)
        except ValueError as error:
            yield where, f"{error}.", "Write a range such as 203.0.113.0/24, or one address as 203.0.113.7/32."
    if not reachable:
        what = "Nobody could reach the editor: the host has an IPv4 address, and only IPv6 ranges are allowed."
        yield (*path, "allow"), what, "Add an IPv4 range."


def _vpn(blueprint: Blueprint, path: Path, workstation: Workstation) -> Report:
    if workstation.vpn == "none":
        if workstation.peers:
            yield (*path, "peers"), "Devices of a tunnel that is not there.", "Add `vpn: wireguard`, or remove `peers`."
        return
    try:
        _, length = parse(workstation.vpn_cidr)
    except ValueError as error:
        yield (*path, "vpn_cidr"), f"{error}.", "Write a range such as 10.97.0.0/24."
        return
    room = (1 << (32 - length)) - 3
    if len(workstation.peers) > room:
        what = f"{len(workstation.peers)} devices and the host need more addresses than {workstation.vpn_cidr} has."
        yield (*path, "vpn_cidr"), what, "Choose a larger range."
    try:
        overlaps = overlap(workstation.vpn_cidr, blueprint.network.cidr)
    except ValueError:
        return  # told where the network is
    if overlaps:
        what = f"{workstation.vpn_cidr} overlaps the VPC's {blueprint.network.cidr}."
        yield (*path, "vpn_cidr"), what, "Give devices addresses outside of the VPC."
    names = [peer.name for peer in workstation.peers]
    for index, peer in enumerate(workstation.peers):
        where = (*path, "peers", index, "name")
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,40}", peer.name):
            yield (
                where,
                f"`{peer.name[:40]}` cannot name a device here.",
                "Use up to 40 letters, digits, dots and dashes.",
            )
        elif peer.name in names[:index]:
            yield where, f"There are two devices `{peer.name}`.", "Give each its own name."


def _auto_stop(path: Path, workstation: Workstation) -> Report:
    rules = workstation.auto_stop
    for key, (least, most) in BOUNDS.items():
        value = getattr(rules, key)
        if not least <= seconds_of(value) <= most:
            what = f"{value} is not between {IN_WORDS[least]} and {IN_WORDS[most]}."
            yield (*path, "auto_stop", key), what, f"Choose {IN_WORDS[least]} to {IN_WORDS[most]}."
    if seconds_of(rules.idle) > seconds_of(rules.max_uptime):
        what = f"It never gets idle: it is stopped after {rules.max_uptime} anyway."
        yield (*path, "auto_stop", "idle"), what, "Set idle below max_uptime."


def _schedule(path: Path, workstation: Workstation) -> Report:
    if workstation.schedule is None:
        return
    wrong = zone_problem(workstation.schedule.time_zone)
    if wrong:
        yield (*path, "schedule", "time_zone"), *wrong


def _repositories(path: Path, workstation: Workstation) -> Report:
    folders: list[str] = []
    for index, url in enumerate(workstation.repositories):
        where = (*path, "repositories", index)
        if not _REPOSITORY.match(url):
            fix = (
                "Write https://host/owner/name.git, without a name or token in it; the token is a secret (`git_token`)."
            )
            yield where, f"`{url[:80]}` is not the HTTPS address of a repository.", fix
            continue
        folder = folder_of(url)
        if folder in ("", ".", "..") or folder in folders:
            yield where, f"Two repositories would be cloned into `{folder}`.", "Leave one out; clone it by hand."
        folders.append(folder)
    token = workstation.git_token
    if token is None:
        return
    if not _SECRET.match(token):
        what = f"`{token[:40]}` is not the name of a secret."
        yield (*path, "git_token"), what, "Use letters, digits and /_+=.@- as Secrets Manager does."
    if not workstation.repositories:
        what = "A token without repositories: giban hands it to their hosts only."
        yield (*path, "git_token"), what, "Add `repositories`, or remove it."
