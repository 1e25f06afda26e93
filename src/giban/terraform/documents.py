"""Graph to Terraform documents: a file per component, sorted and stable, for people to read.

Each stack becomes a folder: `versions`, `provider` and `backend`, one `<component>.tf.json` per component with its data
sources, resources and moves, `outputs`, and the files that expressions read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import msgspec

from giban.graph.graph import Graph
from giban.graph.resource import Resource
from giban.graph.schema import with_nulls
from giban.graph.stack import Stack

TERRAFORM_VERSION = ">= 1.10.0"
"""The first version whose S3 backend locks without a table."""
PROVIDER_VERSION = ">= 5.100.0, < 7.0.0"

VERSIONS = "versions.tf.json"
PROVIDER = "provider.tf.json"
BACKEND = "backend.tf.json"
OUTPUTS = "outputs.tf.json"
RAW = "raw.tf.json"
EXAMPLE = ".example"
"""At the end of a document's name: Terraform does not read it."""

Files = dict[str, str | bytes]
"""Relative path to text, or to bytes where it is no text (archives)."""

BESIDE = ("files", "packer")
"""Folders of a root whose contents are giban's: what expressions read, and templates of machine images."""


def documents(graph: Graph) -> Files:
    """Every file of every root, by relative path (`ap-northeast-2/network.tf.json`)."""
    files: Files = {}
    for stack in graph.stacks:
        for name, text in stack_documents(stack).items():
            files[f"{stack.key}/{name}"] = text
    return files


def stack_documents(stack: Stack) -> Files:
    """The files of one root, by relative path, sorted."""
    files = _header(stack)
    if stack.backend is not None:
        files[BACKEND] = {"terraform": {"backend": {"s3": stack.backend}}}
    for component, resources in _by_component(stack).items():
        files[f"{component.replace('.', '-')}.tf.json"] = _component(resources, stack)
    if stack.outputs:
        files[OUTPUTS] = {"output": dict(sorted(stack.outputs.items()))}
    if stack.extra:
        files[RAW] = dict(stack.extra)
    texts = {name: render(body) for name, body in files.items()}
    beside = {name: item if isinstance(item, str) else item() for name, item in stack.files.items()}
    return dict(sorted({**texts, **beside}.items()))


def render(document: dict[str, Any]) -> str:
    """A document as indented JSON with keys in the order given and a line break at the end."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _header(stack: Stack) -> dict[str, dict[str, Any]]:
    versions = {
        "required_version": TERRAFORM_VERSION,
        "required_providers": {"aws": {"source": "hashicorp/aws", "version": PROVIDER_VERSION}},
    }
    provider: dict[str, Any] = {"region": stack.region}
    if stack.tags:
        provider["default_tags"] = {"tags": dict(sorted(stack.tags.items()))}
    return {VERSIONS: {"terraform": versions}, PROVIDER: {"provider": {"aws": provider}}}


def _by_component(stack: Stack) -> dict[str, list[Resource]]:
    grouped: dict[str, list[Resource]] = {}
    for address in sorted(stack.resources):
        resource = stack.resources[address]
        grouped.setdefault(_file_of(resource), []).append(resource)
    return dict(sorted(grouped.items()))


def _file_of(resource: Resource) -> str:
    """Components of one kind get a file each: `services.web` is `service-web`, as people would name it."""
    section, dot, name = resource.component.partition(".")
    singular = {"services": "service", "databases": "database", "buckets": "bucket", "workstations": "workstation"}
    return f"{singular.get(section, section)}-{name}" if dot else section or "main"


def _component(resources: Iterable[Resource], stack: Stack) -> dict[str, Any]:
    document: dict[str, Any] = {}
    addresses = set()
    for resource in resources:
        addresses.add(resource.address)
        args = with_nulls(resource.mode, resource.type, resource.args)
        body = {**_meta_first(resource), **args, **_meta_last(resource)}
        key = "data" if resource.mode == "data" else "resource"
        document.setdefault(key, {}).setdefault(resource.type, {})[resource.label] = body
    moved = [{"from": old, "to": new} for old, new in sorted(stack.moved) if new in addresses]
    if moved:
        document["moved"] = moved
    return document


def _meta_first(resource: Resource) -> dict[str, Any]:
    return {key: resource.meta[key] for key in ("provider", "count", "for_each") if key in resource.meta}


def _meta_last(resource: Resource) -> dict[str, Any]:
    written = ("connection", "provisioner", "dynamic", "depends_on", "lifecycle")
    return {key: resource.meta[key] for key in written if key in resource.meta}


def write(files: Files, folder: str) -> list[str]:
    """Write a folder of documents whole or not at all, and return the paths that changed.

    Each file is written beside its place and renamed when all are; everything else in the folder stays. Raises OSError
    (disk full, no permission) with the old files untouched and no new folder left behind.
    """
    changed: list[str] = []
    pending: list[tuple[str, str]] = []
    made: list[str] = []
    try:
        for name, content in files.items():
            path = os.path.join(folder, name)
            if _is_there(path, content):
                continue
            made += _make_folders(os.path.dirname(path))
            temporary = f"{path}.{os.getpid()}.new"
            pending.append((temporary, path))
            with open(temporary, "wb") as opened:
                opened.write(_bytes(content))
            changed.append(name)
    except BaseException as error:
        for temporary, _ in pending:
            if os.path.exists(temporary):
                os.remove(temporary)
        for place in reversed(made):
            os.rmdir(place)
        if isinstance(error, OSError) and not error.filename and pending:
            raise OSError(error.errno, error.strerror, pending[-1][1]) from None
        raise
    for temporary, path in pending:
        os.replace(temporary, path)
    return changed


def _make_folders(path: str) -> list[str]:
    """Make a folder with those above it, and return those that were not there, the outermost first."""
    missing = []
    while path and not os.path.isdir(path):
        missing.append(path)
        path = os.path.dirname(path)
    for place in reversed(missing):
        os.mkdir(place)
    return missing[::-1]


def differing(files: Files, folder: str) -> list[str]:
    """The paths where something else is already: another content, or a folder."""
    paths = ((name, content, os.path.join(folder, name)) for name, content in files.items())
    return [name for name, content, path in paths if os.path.lexists(path) and not _is_there(path, content)]


def stale(files: Files, folder: str) -> list[str]:
    """What an earlier run wrote into these roots and this one does not have, by relative path. Overrides stay."""
    found = []
    for root in sorted({name.split("/", 1)[0] for name in files if "/" in name}):
        there = written_in(os.path.join(folder, root))
        names = (f"{root}/{name}" for name in there if "override" not in name)
        found += [name for name in names if name not in files]
    return found


def written_in(root: str) -> list[str]:
    """The documents in the folder of a root and what lies beside them, by path relative to it, sorted."""
    found = []
    if os.path.isdir(root):
        found += [name for name in os.listdir(root) if name.endswith((".tf.json", f".tf.json{EXAMPLE}"))]
    for place in BESIDE:
        for where, _, names in os.walk(os.path.join(root, place)):
            found += [os.path.relpath(os.path.join(where, name), root).replace(os.sep, "/") for name in names]
    return sorted(found)


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _is_there(path: str, content: str | bytes) -> bool:
    try:
        with open(path, "rb") as opened:
            return opened.read() == _bytes(content)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return False
