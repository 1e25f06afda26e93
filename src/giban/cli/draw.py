"""`giban draw`: the architecture picture of a blueprint or of a folder of Terraform."""

from __future__ import annotations

import click

from giban.cli.options import blueprint_options, json_option

FORMATS = {".svg": "svg", ".mmd": "mermaid", ".mermaid": "mermaid"}
"""Format by the end of the file's name."""


@click.command()
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

    from giban.diagram.read import read
    from giban.graph.problems import Problem, Problems

    if as_json and output == "-":
        raise Problems([Problem("--json and -o - both write to standard output.", "Give -o a file.")])
    form = form or FORMATS.get(os.path.splitext(output or "")[1].lower(), "svg")
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
    _write(path, text)
    cards = sum(1 for _ in picture.cards())
    if as_json:
        from giban.cli.output import print_json

        print_json(
            {"file": path, "format": form, "resources": picture.resources, "cards": cards, "arrows": len(picture.edges)}
        )
        return
    click.echo(f"{path}: {picture.resources} resources on {cards} cards, {len(picture.edges)} arrows.")


def _write(path: str, text: str) -> None:
    """Write beside the file and rename, so that there is never half a picture."""
    import os

    from giban.graph.problems import Problem, Problems

    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise Problems([Problem(f"There is no folder {folder}.", "Make it, or write elsewhere with -o.")])
    if os.path.isdir(path):
        raise Problems([Problem(f"{path} is a folder.", f"Name a file, for example -o {os.path.join(path, 'a.svg')}.")])
    beside = f"{path}.{os.getpid()}.part"
    try:
        with open(beside, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.replace(beside, path)
    finally:
        # Only there when something went wrong on the way.
        if os.path.exists(beside):
            os.unlink(beside)
