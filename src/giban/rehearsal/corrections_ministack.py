"""What ministack 1.5.33 answers otherwise than is wanted here, put right before it serves.

One function a correction, with what it is for. See `corrections_moto`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from giban.rehearsal.query_logging import add_to_route53

VERSION = "1.5.33"
"""The release these corrections were made for; another one is not patched blindly (see `apply`)."""


def no_start_scripts() -> None:
    """It runs the scripts of /docker-entrypoint-initaws.d and /etc/localstack; a rehearsal runs nothing but itself."""
    from ministack import app

    app._collect_scripts = lambda *_folders: []


def changes_of_records_are_done() -> None:
    """Every DNS change made Terraform wait 10 to 30 s (at random) before it asked whether the change is in sync.

    Records are in effect at once here. Where an answer has no ChangeInfo the provider does not wait, so Terraform gets
    none; other clients still do.
    """
    from contextvars import ContextVar

    from ministack.services import route53

    build = route53._build_change_info_el
    handle = route53.handle_request
    silent: ContextVar[bool] = ContextVar("silent", default=False)

    def build_change_info(parent: Any, change: Any) -> None:
        if not silent.get():
            build(parent, change)

    async def handle_request(method: str, path: str, headers: dict[str, str], *rest: Any) -> Any:
        silent.set("terraform" in headers.get("user-agent", "").lower() and "/change/" not in path)
        return await handle(method, path, headers, *rest)

    route53._build_change_info_el = build_change_info
    route53.handle_request = handle_request


CORRECTIONS: tuple[Callable[[], None], ...] = (no_start_scripts, changes_of_records_are_done, add_to_route53)


def apply() -> None:
    """Apply every correction; nothing when ministack is not the release they were made for."""
    from importlib.metadata import version

    if version("ministack") == VERSION:
        for correction in CORRECTIONS:
            correction()
