"""`giban schema`: the JSON Schema of the blueprint, for editors."""

from __future__ import annotations

import click


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of the blueprint.

    Editors complete and validate from it: `giban schema > giban.schema.json`, then begin the blueprint with
    `# yaml-language-server: $schema=giban.schema.json`.
    """
    from giban.blueprint.jsonschema import json_schema
    from giban.blueprint.types import Blueprint
    from giban.cli.output import print_json

    print_json(json_schema(Blueprint, "giban blueprint"))
