"""The folder `.giban` beside the blueprint: documents as applied, saved plans, and a lock against two runs at once.

    .giban/<target>/<environment>/<root>/     what Terraform runs in
    .giban/rehearsal/emulators/               the emulators' records and logs

Nothing in it is the only copy of anything: the state is in the bucket. It is ignored by git.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from giban.terraform.documents import Files, write, written_in
from giban.terraform.errors import RetryLater

FOLDER = ".giban"
DEFAULT = "default"
"""The environment's folder when no -e was given."""


class Workspace(msgspec.Struct, frozen=True):
    """The working folder of one target and environment."""

    base: str
    """The `.giban` folder."""
    target: str
    environment: str | None

    @property
    def folder(self) -> str:
        """The folder of this target and environment."""
        return os.path.join(self.base, self.target, self.environment or DEFAULT)

    def root(self, stack_key: str) -> str:
        """The folder that Terraform runs in for one root."""
        return os.path.join(self.folder, stack_key)

    def create(self) -> None:
        """Make the folder, private to the user, and keep git away from it."""
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        write({".gitignore": "*\n"}, self.base)

    def write(self, stack_key: str, files: Files) -> None:
        """Write a root's documents, and remove those of an earlier run that are not made any more."""
        folder = self.root(stack_key)
        write(files, folder)
        for name in written_in(folder):
            if name not in files:
                os.remove(os.path.join(folder, name))

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other runs of giban out of this folder. Raises RetryLater when one is at work.

        The operating system gives the lock up with the process, however it ends.
        """
        import fcntl

        self.create()
        with open(os.path.join(self.folder, "lock"), "a+", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                holder = file.read().strip() or "unknown"
                raise RetryLater(
                    message=f"Another giban (process {holder}) is at work on {self.target} here. Wait until it is finished."
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield


def workspace_of(blueprint_path: str, target: str, environment: str | None) -> Workspace:
    """The workspace beside a blueprint."""
    return Workspace(os.path.join(os.path.dirname(os.path.abspath(blueprint_path)), FOLDER), target, environment)
