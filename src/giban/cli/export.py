"""`giban export DIR`: exactly the documents that `giban up` applies, to keep or to leave with."""

from __future__ import annotations

import click

from giban.cli.options import blueprint_options, json_option


@click.command("export", short_help="Write the Terraform documents to DIR.")
@click.argument("folder", metavar="DIR")
@blueprint_options
@click.option(
    "--backend", is_flag=True, help="Turn the remote state on, to go on with what `giban up --target aws` made."
)
@json_option
def command(
    folder: str, blueprint: str, environment: str | None, sets: tuple[str, ...], backend: bool, as_json: bool
) -> None:
    """Write the Terraform documents to DIR, with a README; they work without giban.

    DIR gets a folder for each root (`global`, the region). Run again, only what differs is written.
    """
    import os

    from giban.graph.problems import Problem, Problems
    from giban.lifecycle.export import export
    from giban.lifecycle.pipeline import compile_blueprint

    if os.path.isfile(folder) and not os.path.isfile(blueprint):
        raise Problems([Problem(f"{folder} is a file.", f"The folder comes first: giban export {blueprint} {folder}")])
    result = export(compile_blueprint(blueprint, environment, sets), folder, backend=backend)
    if as_json:
        from giban.cli.output import print_json

        print_json(result)
        return
    roots = "root" if len(result.roots) == 1 else "roots"
    click.echo(f"{folder}: {result.resources} resources in {len(result.roots)} {roots} ({', '.join(result.roots)}).")
    files = "file" if len(result.written) == 1 else "files"
    click.echo(
        f"{len(result.written)} {files} written, {result.unchanged} unchanged, {len(result.removed)} removed. "
        f"Next: {folder}/README.md"
    )
