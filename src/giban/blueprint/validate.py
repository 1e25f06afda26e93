"""What the types cannot say: names that must exist, numbers that depend on each other, ranges that must fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec import to_builtins

from giban.blueprint.defaults import domain_of
from giban.blueprint.paths import Path, path_text
from giban.blueprint.ranges import LARGEST_VPC, SMALLEST_VPC, overlap, parse
from giban.blueprint.regions import ZONES
from giban.blueprint.report import Report, did_you_mean, is_one_line, variable_problem
from giban.blueprint.types import Access, Blueprint, Database, Instances, Waf
from giban.blueprint.validate_alarms import alarms
from giban.blueprint.validate_functions import functions
from giban.blueprint.validate_power import power
from giban.blueprint.validate_serverless import serverless
from giban.blueprint.validate_workstations import workstations
from giban.graph.problems import Position, Problem

LONGEST_PREFIX = 30
"""So that a name of up to 24 characters and a suffix still fit the 64 of most names in AWS; shorter limits (load
balancers 32, buckets 63 with the account's number) are met with a checksum, see `components.environment.fit`."""

SECTIONS = ("databases", "buckets", "services")
RENAMED = (*SECTIONS, "functions", "apis", "tables", "queues", "topics")
"""Sections whose entries can have had another name."""


def validate(blueprint: Blueprint, positions: Mapping[Path, Position], environment: str | None = None) -> list[Problem]:
    """Every problem of a blueprint whose types are right, in the order of the text."""
    problems = []
    for rule in RULES:
        for path, what, fix in rule(blueprint):
            problems.append(Problem(what, fix, _position(positions, path), path_text(path)))
    if environment is not None:
        problems += _environment(blueprint.name, environment)
    return sorted(problems, key=Problem.sort_key)


def _environment(name: str, environment: str) -> list[Problem]:
    """The environment is part of names in AWS, bucket names among them, which know lower case and dashes only."""
    if not all(letter.isascii() and (letter.isdigit() or letter.islower() or letter == "-") for letter in environment):
        what = f"`{environment}` cannot be part of names in AWS."
        return [Problem(what, "Name the environment with lower-case letters, digits and dashes.", None, "-e")]
    if len(f"{name}-{environment}") > LONGEST_PREFIX:
        what = (
            f"`{name}-{environment}` is longer than the {LONGEST_PREFIX} characters that names in AWS leave room for."
        )
        return [Problem(what, "Shorten the name of the blueprint or of the environment.", None, "-e")]
    return []


def _position(positions: Mapping[Path, Position], path: Path) -> Position | None:
    while path and path not in positions:
        path = path[:-1]
    return positions.get(path)


def _regions(blueprint: Blueprint) -> Report:
    for index, region in enumerate(blueprint.regions):
        if region not in ZONES:
            yield (
                ("regions", index),
                f"There is no region `{region}`.",
                did_you_mean(region, ZONES, "See `giban schema`."),
            )
    if len(blueprint.regions) > 1:
        fix = "Name one region; a second one gets a blueprint of its own."
        yield ("regions", 1), "A blueprint describes one region for now.", fix


def _zones(blueprint: Blueprint) -> Report:
    zones = ZONES.get(blueprint.regions[0], "abcd")
    if blueprint.network.zones > len(zones):
        what = f"{blueprint.regions[0]} has {len(zones)} zones to choose from, {blueprint.network.zones} are asked for."
        yield ("network", "zones"), what, f"Set zones to {len(zones)} or fewer."


def _network(blueprint: Blueprint) -> Report:
    cidr = blueprint.network.cidr
    path = ("network", "cidr")
    try:
        _, length = parse(cidr)
    except ValueError as error:
        yield path, f"{error}.", "Write a range such as 10.20.0.0/16."
        return
    if not LARGEST_VPC <= length <= SMALLEST_VPC:
        yield path, f"A /{length} is not possible.", f"Choose between /{LARGEST_VPC} and /{SMALLEST_VPC}."
    for index, name in enumerate(blueprint.network.endpoints):
        if not name.replace(".", "").replace("-", "").isalnum() or name != name.lower():
            what = f"`{name}` is not the name of an endpoint service."
            yield ("network", "endpoints", index), what, "Write it as AWS does after the region: `ssm`, `ecr.api`."


def _ranges(blueprint: Blueprint) -> Report:
    """Address ranges everywhere else, and that VPN devices do not get addresses of the VPC."""
    found: list[tuple[Path, str]] = []
    way = blueprint.access
    if isinstance(way, Access):
        for name, part in (("bastion", way.bastion), ("wireguard", way.wireguard), ("openvpn", way.openvpn)):
            if part is not None:
                found += [(("access", name, "allow", index), cidr) for index, cidr in enumerate(part.allow)]
        for name, vpn in (("wireguard", way.wireguard), ("openvpn", way.openvpn)):
            if vpn is not None:
                found.append((("access", name, "cidr"), vpn.cidr))
                both = (vpn.cidr, blueprint.network.cidr)
                if all(map(_is_range, both)) and overlap(*both):
                    what = f"{vpn.cidr} overlaps the VPC's {blueprint.network.cidr}."
                    yield ("access", name, "cidr"), what, "Give devices addresses outside of the VPC."
    if isinstance(blueprint.waf, Waf):
        for key, ranges in (("allow", blueprint.waf.allow), ("block", blueprint.waf.block)):
            found += [(("waf", key, index), cidr) for index, cidr in enumerate(ranges)]
    for name, service in blueprint.services.items():
        found += [(("services", name, "allow", index), item) for index, item in enumerate(service.allow) if "/" in item]
    for path, cidr in found:
        try:
            parse(cidr)
        except ValueError as error:
            yield path, f"{error}.", "Write a range such as 203.0.113.0/24, or one address as 203.0.113.7/32."


def _is_range(cidr: str) -> bool:
    try:
        parse(cidr)
    except ValueError:
        return False
    return True


def _access(blueprint: Blueprint) -> Report:
    way = blueprint.access
    if isinstance(way, Access):
        chosen = [name for name in ("bastion", "wireguard", "openvpn") if getattr(way, name) is not None]
        if len(chosen) != 1:
            what = f"{len(chosen)} ways in are chosen{': ' if chosen else ''}{', '.join(chosen)}."
            yield ("access",), what, "Choose one: session-manager, bastion, wireguard or openvpn."


def _services(blueprint: Blueprint) -> Report:
    for name, service in blueprint.services.items():
        path: Path = ("services", name)
        yield from _scale(path, service)
        yield from _uses(blueprint, path, name, service)
        yield from _allow(blueprint, path, name, service)
        if service.public and service.port is None:
            yield path, "A public service needs a port.", "Add `port: 80`, or remove `public`."
        if service.public and service.allow:
            fix = "Remove `allow`, or `public`; addresses are kept out with `waf: {block: […]}`."
            yield (*path, "allow"), "A public service is open to everybody.", fix
        for key in service.env:
            problem = variable_problem(key, service.env[key])
            if problem is not None:
                yield (*path, "env", key), *problem
        if not is_one_line(service.command):
            what = "The command has a line break or another control character."
            yield (*path, "command"), what, "Write one line; put more into a script."
        if not service.command.strip():
            yield (*path, "command"), "The command is empty.", "Leave the key out for /opt/app/run, or write a command."


def _scale(path: Path, service: Instances) -> Report:
    scale = service.scale
    if scale.min is not None and scale.max is not None and scale.max < scale.min:
        what = f"{scale.max} is less than min ({scale.min})."
        yield (*path, "scale", "max"), what, f"Set max to {scale.min} or more, or lower min."
    for index, step in enumerate(scale.steps or []):
        where = (*path, "scale", "steps", index)
        if step.over * step.change <= 0:
            what = f"Over the target by {step.over} and a change of {step.change} do not go together."
            yield where, what, "Add instances over the target (both positive), remove them under it (both negative)."
        if not 0 < scale.cpu + step.over <= 100:
            what = f"CPU would have to be at {scale.cpu + step.over} %."
            yield (
                (*where, "over"),
                what,
                f"Choose between {1 - scale.cpu} and {100 - scale.cpu} for a target of {scale.cpu} %.",
            )
    overs = [step.over for step in scale.steps or []]
    if len(set(overs)) != len(overs):
        yield (*path, "scale", "steps"), "Two steps begin at the same point.", "Give each step its own `over`."


def _uses(blueprint: Blueprint, path: Path, name: str, service: Instances) -> Report:
    known = [f"{section}.{item}" for section in SECTIONS for item in getattr(blueprint, section)]
    for index, item in enumerate(service.uses):
        if item == f"services.{name}":
            yield (*path, "uses", index), "A service does not use itself.", "Remove it."
        elif item not in known:
            yield (*path, "uses", index), f"There is no `{item}`.", did_you_mean(item, known)
        elif item.startswith("services.") and blueprint.services[item[9:]].port is None:
            yield (*path, "uses", index), f"`{item}` has no port to connect to.", "Give it a port, or remove it here."


def _allow(blueprint: Blueprint, path: Path, name: str, service: Instances) -> Report:
    others = [other for other in blueprint.services if other != name]
    for index, item in enumerate(service.allow):
        if item == name:
            yield (*path, "allow", index), "A service need not allow itself.", "Remove it."
        elif "/" not in item and item not in others:
            nothing = "Name a service or an address range such as 203.0.113.0/24."
            yield (*path, "allow", index), f"There is no service `{item}`.", did_you_mean(item, others, nothing)
    if service.allow and service.port is None:
        yield (*path, "allow"), "Nobody can connect to a service without a port.", "Add `port`, or remove `allow`."


def _databases(blueprint: Blueprint) -> Report:
    for name, database in blueprint.databases.items():
        path: Path = ("databases", name)
        if database.max_storage is not None and database.max_storage < database.storage:
            what = f"{database.max_storage} is less than storage ({database.storage})."
            yield (*path, "max_storage"), what, f"Set it to {database.storage} or more."
        yield from _version(path, database)


def _version(path: Path, database: Database) -> Report:
    parts = database.version.split(".")
    if database.engine in ("mysql", "mariadb") and len(parts) < 2:
        example = "8.4" if database.engine == "mysql" else "11.4"
        what = f"{database.engine} versions have two parts, `{database.version}` has one."
        yield (*path, "version"), what, f'Write for example `version: "{example}"`.'
    if database.engine == "postgres" and int(parts[0]) < 11:
        yield (*path, "version"), f"RDS has no PostgreSQL {database.version} any more.", "Choose 13 or newer."


def _renames(blueprint: Blueprint) -> Report:
    for section in RENAMED:
        items = getattr(blueprint, section)
        for name, item in items.items():
            if item.was is not None and item.was in items:
                what = f"`{item.was}` is still there: it cannot also be the old name of `{name}`."
                yield (section, name, "was"), what, "Rename one step at a time."


def _domain(blueprint: Blueprint) -> Report:
    domain = domain_of(blueprint)
    if domain is None:
        return
    path: Path = ("domain",) if isinstance(blueprint.domain, str) else ("domain", "name")
    labels = domain.name.split(".")
    good = all(
        0 < len(label) <= 63
        and label.replace("-", "").isalnum()
        and label.isascii()
        and label == label.lower()
        and not label.startswith("-")
        and not label.endswith("-")
        for label in labels
    )
    if len(labels) < 2 or not good or len(domain.name) > 200:
        yield (
            path,
            f"`{domain.name}` is not a DNS name.",
            "Write it in lower case, without a scheme: `scv.example.com`.",
        )


def _tags(blueprint: Blueprint) -> Report:
    """https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html#id_tags_naming_best_practices"""
    for key, value in blueprint.tags.items():
        if key.lower().startswith("aws:"):
            yield ("tags", key), "Tags that begin with `aws:` belong to AWS.", "Choose another name."
        if not 0 < len(key) <= 128 or len(value) > 256:
            yield ("tags", key), "A tag's name has up to 128 characters, its value up to 256.", "Shorten it."
        if not _may_be_tag(key + value):
            yield ("tags", key), "AWS does not take all of these characters in a tag.", _TAG_CHARACTERS
    if blueprint.owner and not (_may_be_tag(blueprint.owner) and len(blueprint.owner) <= 256):
        what = "This becomes the tag Owner, and AWS does not take it."
        yield ("owner",), what, f"{_TAG_CHARACTERS} Up to 256 of them."
    if len(blueprint.tags) > 40:
        yield (
            ("tags",),
            f"{len(blueprint.tags)} tags are too many: AWS allows 50, some are giban's.",
            "Keep 40 or fewer.",
        )


_TAG_CHARACTERS = "Use letters, digits, spaces and _ . : / = + - @."


def _may_be_tag(text: str) -> bool:
    return all(letter.isalnum() or letter == " " or letter in "_.:/=+-@" for letter in text)


def _templates(blueprint: Blueprint) -> Report:
    """`${` and `%{` would be read by Terraform as its own; where the text is the user's program they are escaped."""
    for path, text in _texts(to_builtins(blueprint), ()):
        if ("${" in text or "%{" in text) and not _is_free(path):
            yield path, "Terraform would read `${` and `%{` as expressions.", "Write the value itself, or use `patch`."


def _is_free(path: Path) -> bool:
    """Terraform's own language, what never reaches Terraform, programs, and tags, which have a rule of their own."""
    return path[0] in ("terraform", "patch", "waivers", "tags", "owner") or path[2:3] in (("env",), ("command",))


def _texts(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    """Every text in plain data, keys too, with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key), key
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))


RULES: tuple[Callable[[Blueprint], Report], ...] = (
    _regions,
    _zones,
    _network,
    _ranges,
    _access,
    _services,
    _databases,
    _renames,
    workstations,
    functions,
    serverless,
    power,
    alarms,
    _domain,
    _tags,
    _templates,
)
