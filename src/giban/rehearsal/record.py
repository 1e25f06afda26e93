"""What is written down about the running emulators: one JSON file, so that the next command finds them again."""

from __future__ import annotations

import os

import msgspec

FILE = "record.json"
TOKEN = "token"  # noqa: S105 - the file's name


class Child(msgspec.Struct, frozen=True, kw_only=True):
    """One emulator's process."""

    emulator: str
    pid: int
    start: str
    """When the process began (`identity.started`), so that another process with its number is never taken for it."""
    port: int = 0
    """On 127.0.0.1; 0 until it has said so."""
    started_at: float
    """Seconds since 1970."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The set of emulators that were started together."""

    version: str
    """Of giban."""
    region: str
    children: tuple[Child, ...] = ()


def read(folder: str) -> Record | None:
    """The record, or None when there is none (or one that cannot be read, which is as good as none)."""
    try:
        with open(os.path.join(folder, FILE), "rb") as file:
            return msgspec.json.decode(file.read(), type=Record)
    except (OSError, msgspec.DecodeError):
        return None


def write(folder: str, record: Record) -> None:
    """Write the record in one step: a reader sees the old one or the new one."""
    path = os.path.join(folder, FILE)
    with open(f"{path}.new", "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(record)))
    os.replace(f"{path}.new", path)


def read_token(folder: str) -> str | None:
    """The run's secret, or None."""
    try:
        with open(os.path.join(folder, TOKEN), encoding="ascii") as file:
            return file.read().strip() or None
    except OSError:
        return None


def write_token(folder: str, token: str) -> None:
    """Write the run's secret into a new file that nobody else can read, not even for a moment."""
    path = os.path.join(folder, TOKEN)
    if os.path.lexists(path):
        os.remove(path)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(token)


def remove(folder: str, *names: str) -> None:
    """Remove files of the folder; those that are not there are no error."""
    for name in names:
        path = os.path.join(folder, name)
        if os.path.lexists(path):
            os.remove(path)
