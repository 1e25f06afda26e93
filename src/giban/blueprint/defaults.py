"""Defaults that depend on something else in the blueprint (the stage, another value), filled in once."""

from __future__ import annotations

from typing import Literal

from giban.blueprint.types import Blueprint, Database, Domain, Scale, Step, Waf

DEVELOPMENT_NAMES = frozenset({"dev", "development", "test", "staging", "stage", "qa", "sandbox"})

Stage = Literal["production", "development"]


def stage_of(blueprint: Blueprint, environment: str | None) -> Stage:
    """The stage that is written, else the one the name of the environment suggests."""
    return blueprint.stage or ("development" if environment in DEVELOPMENT_NAMES else "production")


def domain_of(blueprint: Blueprint) -> Domain | None:
    """The domain in its long form."""
    return Domain(name=blueprint.domain) if isinstance(blueprint.domain, str) else blueprint.domain


def waf_of(blueprint: Blueprint) -> Waf | None:
    """The firewall in its long form; None when it is left out."""
    if isinstance(blueprint.waf, bool):
        return Waf() if blueprint.waf else None
    return blueprint.waf


def nat_of(blueprint: Blueprint, stage: Stage) -> Literal["per-zone", "single", "none"]:
    """How private subnets reach the internet: not at all when a blueprint has nothing but what lives in public ones
    or in none."""
    if blueprint.network.nat is not None:
        return blueprint.network.nat
    outside = (
        blueprint.workstations,
        blueprint.functions,
        blueprint.apis,
        blueprint.tables,
        blueprint.queues,
        blueprint.topics,
    )
    if any(outside) and not blueprint.services and not blueprint.databases:
        return "none"
    return "per-zone" if stage == "production" else "single"


def limits_of(scale: Scale, zones: int) -> tuple[int, int]:
    """Fewest and most instances of a group; a `max` below the default `min` lowers it."""
    low = scale.min if scale.min is not None else min(zones, scale.max if scale.max is not None else zones)
    high = scale.max if scale.max is not None else max(3 * low, 1)
    return low, high


def steps_of(scale: Scale) -> list[Step]:
    """The step policies, kept between 1 % and 100 % of CPU when they are the default ones."""
    if scale.steps is not None:
        return scale.steps
    return [Step(over=min(25, 100 - scale.cpu), change=2), Step(over=max(-30, 1 - scale.cpu), change=-1)]


def multi_az_of(database: Database, stage: Stage) -> bool:
    """Whether the database has a standby in another zone."""
    return database.multi_az if database.multi_az is not None else stage == "production"


def protect_of(database: Database, stage: Stage) -> bool:
    """Whether the database refuses deletion."""
    return database.protect if database.protect is not None else stage == "production"


def backup_days_of(database: Database, stage: Stage) -> int:
    """Days that automatic backups are kept."""
    return database.backup_days or (14 if stage == "production" else 7)
