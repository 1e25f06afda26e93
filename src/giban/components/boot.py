"""User data: a few lines of settings, then the boot script that lies beside the documents as a file of its own."""

from __future__ import annotations

import os

from giban.blueprint.types import Instances
from giban.components.alarm_agent import service_settings
from giban.components.alarm_parts import has_alarms
from giban.components.balancer import balancer
from giban.components.buckets import artifact_bucket, bucket
from giban.components.databases import database
from giban.components.environment import Environment, Scope, identifier
from giban.components.role import used
from giban.components.wiring import reachable


def user_data(scope: Scope, name: str, service: Instances, artifact: str) -> str:
    """The user data of a service's instances. It holds names and addresses, never a secret."""
    env = scope.env
    databases = "\n".join(
        f"{identifier(item).upper()}={database(env, item).connection.arn}" for item in used(service, "databases")
    )
    settings = {
        "SERVICE": name,
        "REGION": env.region_name,
        "ARTIFACT": f"s3://{artifact_bucket(env).bucket}/{artifact}",
        "COMMAND": literal(service.command),
        "DATABASES": databases,
        "APP_ENV": "\n".join(f"{key}={value}" for key, value in _environment(env, name, service).items()),
    }
    if has_alarms(env):
        return script(scope, {**settings, **service_settings(scope)}, "monitoring.sh", "boot.sh")
    return script(scope, settings, "boot.sh")


def script(scope: Scope, settings: dict[str, str], *files: str) -> str:
    """Base64 user data: `settings` as shell variables, then scripts of this package one after another."""
    scope.stack.files.update({f"files/{file}": read(file) for file in files})
    text = f"#!/bin/bash\n{assignments(settings)}".replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    scripts = "".join(f'${{file("files/{file}")}}' for file in files)
    return f'${{base64encode("{text}\\n{scripts}")}}'


def _environment(env: Environment, name: str, service: Instances) -> dict[str, str]:
    values = {"PORT": str(service.port)} if service.port else {}
    for item in used(service, "buckets"):
        values[f"BUCKET_{identifier(item).upper()}"] = str(bucket(env, item).bucket)
    for item in reachable(env, name):
        values[f"SERVICE_{identifier(item).upper()}_URL"] = balancer(env, item).url
    return {**values, **{key: quoted(literal(value)) for key, value in sorted(service.env.items())}}


def assignments(settings: dict[str, str]) -> str:
    """Settings as shell variables, a line each."""
    return "\n".join(f"{key}={quote(value)}" for key, value in settings.items())


def literal(value: str) -> str:
    """Text of the user that Terraform must not read as a template."""
    return value.replace("${", "$${").replace("%{", "%%{")


def quoted(value: str) -> str:
    """A value as systemd reads it from an environment file: spaces, quotes, `#` and backslashes stay as they are."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def quote(value: str) -> str:
    """A value in single quotes for the shell."""
    return "'" + value.replace("'", "'\\''") + "'"


def read(file: str) -> str:
    """A script that comes with this package."""
    with open(os.path.join(os.path.dirname(__file__), "files", file), encoding="utf-8") as opened:
        return opened.read()
