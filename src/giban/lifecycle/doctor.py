"""What is on this machine and what giban can do with it."""

from __future__ import annotations

import os
import sys

import msgspec

from giban.terraform.documents import PROVIDER_VERSION
from giban.terraform.errors import TerraformError
from giban.terraform.find import Engine, find_engine
from giban.terraform.providers import find_providers


class Item(msgspec.Struct, frozen=True):
    """One thing giban uses. `needed` marks what the rehearsal cannot do without."""

    name: str
    good: bool
    found: str
    meaning: str
    needed: bool = False


def examine() -> list[Item]:
    """Everything giban uses, in the order it is needed."""
    python = ".".join(map(str, sys.version_info[:3]))
    items = [Item("Python", True, python, "", True), _yaml()]
    engine, found = _engine()
    items.append(found)
    if engine is not None:
        items.append(_providers(engine))
    items += [
        _package("moto", "rehearsal", "the rehearsal (giban up) cannot run", needed=True),
        _package("ministack", "rehearsal", "the rehearsal (giban up) cannot run", needed=True),
        _package("botocore", "aws", "giban up --target aws and giban state create cannot run"),
        _package("hcl2", "hcl", "giban check --terraform reads JSON documents only"),
        _credentials(),
    ]
    return items


def _yaml() -> Item:
    from yaml import __with_libyaml__

    meaning = "" if __with_libyaml__ else "Blueprints cannot be read: install a PyYAML wheel with its C parser."
    return Item("YAML", bool(__with_libyaml__), "C parser" if __with_libyaml__ else "no C parser", meaning, True)


def _engine() -> tuple[Engine | None, Item]:
    try:
        engine = find_engine()
    except TerraformError as error:
        return None, Item("Terraform", False, "none", str(error), True)
    return engine, Item("Terraform", True, engine.describe(), "", True)


def _providers(engine: Engine) -> Item:
    try:
        source = find_providers(engine, PROVIDER_VERSION)
    except TerraformError as error:
        return Item("AWS provider", False, "none", str(error), True)
    meaning = "Terraform downloads it at the first run, which needs the network." if source.kind == "registry" else ""
    return Item("AWS provider", True, source.describe(), meaning, True)


def _package(module: str, extra: str, without: str, *, needed: bool = False) -> Item:
    from importlib.metadata import PackageNotFoundError, version

    name = {"hcl2": "python-hcl2"}.get(module, module)
    try:
        return Item(name, True, version(name), "", needed)
    except PackageNotFoundError:
        return Item(name, False, "not installed", f"Without it {without}: pip install 'giban[{extra}]'.", needed)


def _credentials() -> Item:
    """Whether there are any, never what they are; whether they are good is found out when they are used."""
    named = [key for key in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE") if os.environ.get(key)]
    files = [path for path in ("~/.aws/credentials", "~/.aws/config") if os.path.exists(os.path.expanduser(path))]
    found = ", ".join(named + files)
    meaning = "" if found else "Only --target aws needs them; the rehearsal never looks at them."
    return Item("AWS credentials", bool(found), found or "none", meaning)
