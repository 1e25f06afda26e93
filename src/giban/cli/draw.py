"""`giban draw`: the architecture picture of a blueprint or of a folder of Terraform."""

from __future__ import annotations

import click

from giban.cli.options import blueprint_options, json_option

FORMATS = {".svg": "svg", ".mmd": "mermaid", ".mermaid": "mermaid"}
"""Format by the end of the file's name."""


@click.command("draw", short_help="Draw regions, networks, zones, tiers and traffic.")
@blueprint_options
@click.option("-o", "--output", metavar="FILE", help="Where to write; - is standard output. Default: NAME.svg here.")
@click.option("--format", "form", type=click.Choice(["svg", "mermaid"]), help="Default: by the file's name, else svg.")
@click.option("--terraform", metavar="DIR", help="Draw a folder of Terraform instead of a blueprint.")
@json_option
def command(
    blueprint: str,
    environment: str | None,
    sets: tuple[str, ...],
    output: str | None,
    form: str | None,
    terraform: str | None,
    as_json: bool,
) -> None:
    """Draw regions, networks, zones, tiers, what stands in them and how traffic flows.

    The SVG is one file without fonts, icons or scripts from elsewhere, and suits light and dark pages. Mermaid is for
    READMEs. Rules, policies and attachments are folded into what they belong to: hover over a card to see them.
    """
    import os

    from giban.cli.output import write_file
    from giban.diagram.read import read
    from giban.graph.problems import Problem, Problems

    if as_json and output == "-":
        raise Problems([Problem("--json and -o - both write to standard output.", "Give -o a file.")])
    end = os.path.splitext(output or "")[1].lower()
    if not form and end and end not in FORMATS:
        fix = "End the name in .svg or .mmd, or say which with --format."
        raise Problems([Problem(f"giban draws SVG and Mermaid, not {end}.", fix)])
    form = form or FORMATS.get(end, "svg")
    if terraform:
        from giban.terraform.read import read_folder

        graph = read_folder(terraform)
    else:
        from giban.lifecycle.pipeline import compile_blueprint

        graph = compile_blueprint(blueprint, environment, sets).graph
    picture = read(graph)
    if form == "mermaid":
        from giban.diagram.mermaid import write

        text = write(picture)
    else:
        from giban.diagram.draw import svg

        text = svg(picture)
    if output == "-":
        click.echo(text, nl=False)
        return
    name = "-".join(part for part in (graph.name, graph.environment) if part) or "picture"
    path = output or f"{name}.{'svg' if form == 'svg' else 'mmd'}"
    write_file(path, text)
    cards = sum(1 for _ in picture.cards())
    if as_json:
        from giban.cli.output import print_json

        print_json(
            {"file": path, "format": form, "resources": picture.resources, "cards": cards, "arrows": len(picture.edges)}
        )
        return
    click.echo(f"{path}: {picture.resources} resources on {cards} cards, {len(picture.edges)} arrows.")
