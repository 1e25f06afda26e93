"""Where Terraform takes the AWS provider (700 MB) from, and the CLI configuration file that tells it so.

In this order: a folder named by GIBAN_PROVIDER_MIRROR; the user's own CLI configuration, when it says where; the
folders Terraform would look into by itself; a folder right below those where packages put things; the registry.
"""

from __future__ import annotations

import glob
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping

import msgspec

from giban.terraform.errors import UserMistake
from giban.terraform.find import Engine, parse_version

SETTING = "GIBAN_PROVIDER_MIRROR"
"""Environment variable: a folder laid out as `terraform providers mirror` writes it."""

AWS = "hashicorp/aws"
PARENTS = ("/opt", "/usr/share", "/usr/local/share", "/var/lib")
"""A folder right below one of these that holds the provider is used as a mirror."""

_HOSTS = ("registry.terraform.io", "registry.opentofu.org")


class ProviderSource(msgspec.Struct, frozen=True):
    """Where providers come from."""

    kind: str
    """`mirror` (a folder), `user` (the user's CLI configuration decides) or `registry`."""
    origin: str
    """How it was found, in words."""
    folder: str = ""
    """The folder, when it is one; the user's CLI configuration file for `user`."""
    host: str = ""
    """The registry the folder's tree is named after."""
    providers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """What the folder holds for this kind of machine: `hashicorp/aws` and its versions, oldest first."""
    cache: str = ""
    """Folder that keeps what the registry gave, so that it is downloaded once; empty when the user has set one."""
    notes: tuple[str, ...] = ()
    """What was passed over, and why."""

    def versions(self, provider: str = AWS) -> tuple[str, ...]:
        """Versions of a provider at hand, oldest first; empty when that is not known before asking."""
        return dict(self.providers).get(provider, ())

    def describe(self) -> str:
        """One line for `giban doctor`."""
        if self.kind == "mirror":
            return f"{AWS} {', '.join(self.versions())} from {self.folder} ({self.origin})"
        if self.kind == "user":
            return f"as {self.folder} says ({self.origin})"
        return f"{AWS} from the registry ({self.origin})"

    def write(self, folder: str, engine: Engine) -> str:
        """Write the CLI configuration into a folder; returns its path, the value for TF_CLI_CONFIG_FILE.

        The user's own file is not copied but returned. Nothing is written that is there already.
        """
        if self.kind == "user":
            return self.folder
        os.makedirs(folder, exist_ok=True)
        mirror = self.folder
        if self.kind == "mirror" and self.host != engine.registry:
            # The plugin is the same program for both products; only the host in its address differs.
            mirror = os.path.join(folder, "providers")
            self._rename_host(mirror, engine)
        if self.cache:
            os.makedirs(self.cache, exist_ok=True)
        path = os.path.join(folder, "terraform.rc")
        text = self._configuration(mirror, engine)
        if _read(path) != text:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return path

    def _rename_host(self, mirror: str, engine: Engine) -> None:
        """The same tree under another host. Only packages are links: Terraform follows none on the way to them."""
        for name, versions in self.providers:
            source, target = os.path.join(self.folder, self.host, name), os.path.join(mirror, engine.registry, name)
            for version in versions:
                unpacked = os.path.join(version, engine.platform)
                kind = os.path.basename(name)
                package = f"terraform-provider-{kind}_{version}_{engine.platform}.zip"
                if os.path.isdir(os.path.join(source, unpacked)):
                    package = unpacked
                os.makedirs(os.path.dirname(os.path.join(target, package)), exist_ok=True)
                _link(os.path.join(source, package), os.path.join(target, package))

    def _configuration(self, mirror: str, engine: Engine) -> str:
        lines = ["# Written by giban for the Terraform it runs; your own configuration is not touched."]
        if self.cache:
            lines += [
                f"plugin_cache_dir = {json.dumps(self.cache)}",
                "plugin_cache_may_break_dependency_lock_file = true",
            ]
        if self.kind == "mirror":
            names = json.dumps([f"{engine.registry}/{name}" for name, _ in self.providers])
            lines += [
                "provider_installation {",
                "  filesystem_mirror {",
                f"    path    = {json.dumps(mirror)}",
                f"    include = {names}",
                "  }",
                "  direct {",
                f"    exclude = {names}",
                "  }",
                "}",
            ]
        return "\n".join(lines) + "\n"


def find_providers(
    engine: Engine,
    constraint: str = "",
    setting: str | None = None,
    environ: Mapping[str, str] | None = None,
    parents: Iterable[str] = PARENTS,
) -> ProviderSource:
    """Where `engine` shall take its providers from.

    `constraint` is the one the documents carry, e.g. `>= 5.100, < 7.0`: a folder without a fitting version is passed
    over and noted. `setting` (default: GIBAN_PROVIDER_MIRROR) names the folder; raises UserMistake when that does not
    hold the provider.
    """
    environ = os.environ if environ is None else environ
    setting = setting or environ.get(SETTING)
    if setting:
        return _named_mirror(setting, engine, constraint)
    notes: list[str] = []
    configuration = _user_configuration(engine, environ, notes)
    if configuration and "provider_installation" in _read(configuration):
        return ProviderSource("user", "its provider_installation", configuration, notes=tuple(notes))
    implied = [(folder, "a folder Terraform looks into by itself") for folder in implied_mirrors(engine, environ)]
    found = [(folder, f"found below {parent}") for parent in parents for folder in sorted(glob.glob(f"{parent}/*"))]
    for folder, origin in implied + found:
        source = _mirror(folder, engine, constraint, origin, notes)
        if source:
            return source
    if configuration:
        return ProviderSource("user", "your CLI configuration", configuration, notes=tuple(notes))
    cache = "" if environ.get("TF_PLUGIN_CACHE_DIR") else os.path.join(_cache_home(environ), "giban", "providers")
    return ProviderSource("registry", "no folder on this machine holds it", cache=cache, notes=tuple(notes))


def implied_mirrors(engine: Engine, environ: Mapping[str, str]) -> list[str]:
    """Folders that Terraform and OpenTofu search without being told.

    https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories
    https://opentofu.org/docs/cli/config/config-file/#implied-local-mirror-directories
    """
    home = environ.get("HOME") or os.path.expanduser("~")
    names = ("opentofu", "terraform") if engine.product == "OpenTofu" else ("terraform",)
    folders = [os.path.join(home, ".terraform.d", "plugins")]
    if sys.platform == "darwin":
        for root in (home, "/"):
            folders += [os.path.join(root, "Library/Application Support", f"io.{name}", "plugins") for name in names]
    data = environ.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    shared = (environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    folders += [os.path.join(root, name, "plugins") for root in (data, *shared) if root for name in names]
    return folders


def list_mirror(folder: str, host: str, platform: str) -> dict[str, tuple[str, ...]]:
    """The providers a folder holds for a kind of machine, unpacked or zipped, with their versions (oldest first).

    Layouts: `HOST/NAMESPACE/TYPE/VERSION/PLATFORM/` and
    `HOST/NAMESPACE/TYPE/terraform-provider-TYPE_VERSION_PLATFORM.zip`.
    """
    found: dict[str, set[str]] = {}
    for path in glob.glob(f"{glob.escape(os.path.join(folder, host))}/*/*/*"):
        name = "/".join(path.split(os.sep)[-3:-1])
        entry = os.path.basename(path)
        zipped = re.fullmatch(rf"terraform-provider-[^_]+_([^_]+)_{re.escape(platform)}\.zip", entry)
        if zipped:
            found.setdefault(name, set()).add(zipped.group(1))
        elif os.path.isdir(os.path.join(path, platform)):
            found.setdefault(name, set()).add(entry)
    return {name: tuple(sorted(versions, key=parse_version)) for name, versions in sorted(found.items())}


def fits(version: str, constraint: str) -> bool:
    """Whether a version meets a Terraform version constraint (`>= 5.100, < 7.0`, `~> 6.2`); an empty one always."""
    numbers = parse_version(version)
    for part in filter(None, (piece.strip() for piece in constraint.split(","))):
        matched = re.fullmatch(r"(>=|<=|!=|~>|=|>|<)?\s*v?(\d[\w.+-]*)", part)
        if not matched:
            raise ValueError(f"`{part}` is no version constraint of Terraform.")
        sign, text = matched.group(1) or "=", matched.group(2)
        wanted = parse_version(text)
        depth = len(re.findall(r"\d+", re.split(r"[-+]", text, maxsplit=1)[0]))
        met = {
            "=": numbers == wanted,
            "!=": numbers != wanted,
            ">": numbers > wanted,
            "<": numbers < wanted,
            ">=": numbers >= wanted,
            "<=": numbers <= wanted,
            "~>": numbers >= wanted and numbers[: max(1, depth - 1)] == wanted[: max(1, depth - 1)],
        }[sign]
        if not met:
            return False
    return True


def _named_mirror(folder: str, engine: Engine, constraint: str) -> ProviderSource:
    folder = os.path.abspath(os.path.expanduser(folder))
    notes: list[str] = []
    source = _mirror(folder, engine, constraint, f"named by {SETTING}", notes, trusted=True)
    if source is None:
        fault = notes[0] if notes else f"{folder} holds no {AWS} for {engine.platform}"
        raise UserMistake(
            message=f"{SETTING}: {fault}. It needs the layout of `terraform providers mirror`: "
            f"{engine.registry}/{AWS}/VERSION/{engine.platform}/."
        )
    return source


def _mirror(
    folder: str, engine: Engine, constraint: str, origin: str, notes: list[str], trusted: bool = False
) -> ProviderSource | None:
    """The folder as a source, or None; notes say why one that holds the provider is not used."""
    hosts = [engine.registry]
    if engine.product == "OpenTofu":
        # Not the other way round: what OpenTofu's registry serves may be signed by somebody else.
        hosts += [host for host in _HOSTS if host != engine.registry]
    for host in hosts:
        providers = list_mirror(folder, host, engine.platform)
        if AWS not in providers:
            continue
        if not trusted and os.stat(folder).st_mode & 0o002:
            notes.append(f"{folder} holds the provider but everybody may write into it")
            return None
        if not any(fits(version, constraint) for version in providers[AWS]):
            notes.append(f"{folder} holds {AWS} {', '.join(providers[AWS])} only, which does not meet {constraint}")
            return None
        return ProviderSource("mirror", origin, folder, host, tuple(providers.items()), notes=tuple(notes))
    return None


def _user_configuration(engine: Engine, environ: Mapping[str, str], notes: list[str]) -> str:
    """The user's CLI configuration file if there is one that works, else an empty string."""
    named = environ.get("TF_CLI_CONFIG_FILE") or environ.get("TERRAFORM_CONFIG")
    home = environ.get("HOME") or os.path.expanduser("~")
    usual = [os.path.join(home, ".terraformrc")]
    if engine.product == "OpenTofu":
        usual.insert(0, os.path.join(home, ".tofurc"))
        if environ.get("XDG_CONFIG_HOME"):
            usual.append(os.path.join(environ["XDG_CONFIG_HOME"], "opentofu", "tofurc"))
    path = named or next((candidate for candidate in usual if os.path.isfile(candidate)), "")
    if not path:
        return ""
    if not os.path.isfile(path):
        notes.append(f"TF_CLI_CONFIG_FILE names {path}, which does not exist")
        return ""
    answer = subprocess.run(
        [*engine.command, "version"],
        env={**environ, "TF_CLI_CONFIG_FILE": path, "CHECKPOINT_DISABLE": "1", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        timeout=60,
        check=False,
    ).stderr
    if "Error" in answer and "problems with the CLI configuration" in answer:
        notes.append(f"{engine.product} cannot read {path}")
        return ""
    return os.path.abspath(path)


def _cache_home(environ: Mapping[str, str]) -> str:
    home = environ.get("HOME") or os.path.expanduser("~")
    return environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")


def _link(target: str, path: str) -> None:
    if os.path.islink(path) and os.readlink(path) == target:
        return
    if os.path.lexists(path):
        os.unlink(path)
    os.symlink(target, path)


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
