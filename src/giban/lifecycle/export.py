"""Writing the documents to a folder of the user's: whole or not at all, with a README that needs no giban."""

from __future__ import annotations

import os
from typing import Any

import msgspec

from giban.graph.problems import Problem, Problems
from giban.lifecycle.pipeline import Compiled
from giban.terraform.documents import BACKEND, EXAMPLE, differing, documents, stale, write

README = "README.md"
OURS = "`giban export` writes these files and this one; everything else here is yours and stays as it is:"
"""The line of the README that the list of our files follows."""


class Exported(msgspec.Struct, frozen=True):
    """What an export did. Paths are relative to the folder."""

    folder: str
    roots: list[str]
    resources: int
    written: list[str]
    removed: list[str]
    unchanged: int


def export(compiled: Compiled, folder: str, *, backend: bool = False) -> Exported:
    """Write documents and README to `folder`.

    The remote state is written as an example that Terraform does not read, unless `backend` turns it on.
    Only what an earlier export wrote there, by its README, is replaced or removed. Raises Problems when `folder` is a
    file or holds other files under the names of ours, OSError when it cannot be written.
    """
    if os.path.exists(folder) and not os.path.isdir(folder):
        raise Problems([Problem(f"{folder} is a file.", "Name a folder; it is made when it is not there.")])
    graph = compiled.graph
    files = documents(graph)
    if not backend:
        files = {_not_read(name): text for name, text in files.items()}
    files[README] = readme(compiled, backend, sorted(files))
    ours = _written_before(folder)
    _refuse_to_replace(differing(files, folder), ours, folder)
    old = [name for name in stale(files, folder) if name in ours]
    written = write(files, folder)
    for name in old:
        os.remove(os.path.join(folder, name))
    return Exported(
        folder=folder,
        roots=[stack.key for stack in graph.stacks],
        resources=len(graph.managed),
        written=written,
        removed=old,
        unchanged=len(files) - len(written),
    )


def _not_read(name: str) -> str:
    return f"{name}{EXAMPLE}" if os.path.basename(name) == BACKEND else name


def _written_before(folder: str) -> frozenset[str]:
    """What the README there lists as written by an export, itself included; nothing when it is not one of ours."""
    try:
        with open(os.path.join(folder, README), encoding="utf-8") as opened:
            _, found, listed = opened.read().partition(f"\n{OURS}\n")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, UnicodeDecodeError):
        return frozenset()
    names = (line[3:-1] for line in listed.splitlines() if line.startswith("- `") and line.endswith("`"))
    return frozenset((README, *names)) if found else frozenset()


def _refuse_to_replace(differing: list[str], ours: frozenset[str], folder: str) -> None:
    fix = "Move it away, or export to another folder."
    raise_for = [
        Problem(f"{os.path.join(folder, name)} is there and was not written by `giban export`.", fix)
        for name in differing
        if name not in ours
    ]
    if raise_for:
        raise Problems(raise_for)


def readme(compiled: Compiled, backend: bool, names: list[str]) -> str:
    """What is in the folder and how to go on with Terraform alone; `names` are the documents beside it."""
    graph = compiled.graph
    environment = f", environment {compiled.environment}" if compiled.environment else ""
    lines = [
        f"# {graph.name}{environment}",
        "",
        "Plain Terraform. It works with Terraform or OpenTofu 1.10 or newer and needs nothing else.",
        "",
        "| folder | what | resources |",
        "|---|---|---|",
    ]
    for stack in graph.stacks:
        what = "DNS, which belongs to no region" if stack.key == "global" else f"everything in {stack.region}"
        managed = sum(resource.mode == "managed" for resource in stack.resources.values())
        lines.append(f"| `{stack.key}/` | {what} | {managed} |")
    lines += ["", "Each folder is a root with a state of its own. Apply them in this order:", "", "```sh"]
    lines += [f"terraform -chdir={stack.key} init && terraform -chdir={stack.key} apply" for stack in graph.stacks]
    lines += ["```", ""]
    remote = graph.stacks[-1].backend
    if remote is not None:
        lines += _state_lines(remote, backend)
    if any(stack.key == "global" for stack in graph.stacks):
        lines += [
            "",
            "After `global`, enter its name servers (`terraform -chdir=global output name_servers`) at your registrar or in",
            "the parent zone: the certificate of the region is validated through this zone.",
        ]
    templates = [name for name in names if "/packer/" in name and not name.endswith("/plugins.pkr.hcl")]
    if templates:
        lines += [
            "",
            "Images of workstations, for `image: baked` in the blueprint, are built with Packer:",
            "",
            "```sh",
        ]
        for name in templates:
            root, _, place = name.partition("/")
            lines.append(f"(cd {root} && packer build {place})")
        lines.append("```")
    lines += ["", OURS, "", *(f"- `{name}`" for name in names)]
    return "\n".join(lines) + "\n"


def _state_lines(remote: dict[str, Any], backend: bool) -> list[str]:
    lock = "a lock file beside it" if remote.get("use_lockfile") else f"the DynamoDB table `{remote['dynamodb_table']}`"
    place = f"in the bucket `{remote['bucket']}` ({remote['region']}), locked by {lock}"
    if backend:
        return [
            f"The state is {place}. The bucket must be",
            "there first: `giban state create --target aws` makes it, and so does any other way (versioned, encrypted,",
            "private). To look at the documents without an account: `terraform init -backend=false && terraform validate`.",
        ]
    return [
        "Terraform keeps `terraform.tfstate` in each folder, until you name another place.",
        "",
        f"**Has `giban up --target aws` applied this already?** Then the state is {place}:",
        f"rename `{BACKEND}{EXAMPLE}` to `{BACKEND}` in each folder before `init`, or Terraform plans everything",
        "anew. The same file moves a state of your own there; `giban state create --target aws` makes the bucket.",
    ]
