"""Who may talk to whom: `allow` and `uses` of all services, read in both directions."""

from __future__ import annotations

from giban.components.environment import Environment


def callers(env: Environment, name: str) -> list[str]:
    """The services that may connect to the service `name`, sorted."""
    services = env.blueprint.services
    allowed = {item for item in services[name].allow if item in services}
    users = {other for other, service in services.items() if f"services.{name}" in service.uses}
    return sorted((allowed | users) - {name})


def reachable(env: Environment, name: str) -> list[str]:
    """The services with a load balancer that the service `name` may connect to, sorted."""
    services = env.blueprint.services
    return sorted(other for other in services if services[other].port and name in callers(env, other))
