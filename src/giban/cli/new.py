"""`giban new`: a first blueprint."""

from __future__ import annotations

import os

import click

from giban.cli.output import write_file
from giban.graph.problems import Problem, Problems

STARTERS = {
    "minimal": """# The least that runs: one service behind HTTPS, in two zones.
name: {name}
domain: {domain}
regions: [{region}]
owner: {name} team
services:
  web: {{kind: instances, public: true, port: 80}}
""",
    "three-tier": """# Three tiers in two zones: web servers, an application behind an internal balancer, a database.
name: {name}
domain: {domain}
regions: [{region}]
owner: {name} team
services:
  web: {{kind: instances, public: true, port: 80}}
  was: {{kind: instances, port: 8080, allow: [web], uses: [databases.main, buckets.uploads]}}
databases:
  main: {{engine: postgres, version: "16", storage: 50}}
buckets:
  uploads: {{}}
""",
}


@click.command("new")
@click.argument("file", default="giban.yaml")
@click.option("--starter", type=click.Choice(sorted(STARTERS)), default="three-tier", show_default=True)
@click.option("--name", default="demo", show_default=True, help="Name of the environment.")
@click.option("--domain", help="DNS name. [default: NAME.example.com]")
@click.option("--region", default="ap-northeast-2", show_default=True, help="AWS region.")
def command(file: str, starter: str, name: str, domain: str | None, region: str) -> None:
    """Write a first blueprint to FILE (giban.yaml)."""
    text = STARTERS[starter].format(name=name, domain=domain or f"{name}.example.com", region=region)
    check(text, file)
    if os.path.lexists(file):
        raise Problems([Problem(f"{file} is there already.", "Name another file, or move it away.")])
    write_file(file, text)
    name = "" if file == "giban.yaml" else f" {file}"
    steps = ", ".join(f"giban {command}{name}" for command in ("check", "cost", "draw", "up"))
    click.echo(f"{file} is written. Next: {steps}.")


def check(text: str, file: str) -> None:
    """Refuse options that would make a blueprint with problems. Raises Problems."""
    from giban.blueprint.load import load

    load(file, read=lambda _path: text.encode())
