"""Commands for those who write the texts."""

import click
from flask.cli import AppGroup

from app.core.language.catalogues import problems
from app.core.language.i18n import compile_all

translations = AppGroup("translations", help="Compile and check the translations.")


@translations.command("compile")
def compile_command() -> None:
    """Write the compiled form of every catalogue, which starts faster."""
    click.echo(f"{compile_all()} catalogues compiled.")


@translations.command("check")
def check_command() -> None:
    """List every text without a translation and every translation that cannot be right."""
    found = problems()
    for problem in found:
        click.echo(problem)
    if found:
        raise click.ClickException(f"{len(found)} problems.")
    click.echo("Every text is translated.")
