"""`workstations`: for each a host (`workstation_host`) and an admin API (`workstation_admin`); for all of them one table, and the
keeper (`keeper`).
"""

from __future__ import annotations

from giban.components.environment import Environment
from giban.components.workstation_admin import admin
from giban.components.workstation_host import host


def expand(env: Environment) -> None:
    """Every workstation of the blueprint."""
    for name in sorted(env.blueprint.workstations):
        host(env, name)
        admin(env, name)
