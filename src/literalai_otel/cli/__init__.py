"""The command line: `literalai-otel serve | show | tail | doctor | export | import | projects | keys | …`.

Each command is a module with `register(app)`; what a command needs beyond its own options is imported when it
runs, so that `show` works without the `server` extra and `--help` is quick.
"""

import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from literalai_otel import __version__
from literalai_otel.cli import (
    datasets,
    doctor,
    export,
    import_,
    keys,
    members,
    migrate,
    projects,
    replay,
    serve,
    show,
    sign_in_link,
    tail,
)

__all__ = ["main"]

app = typer.Typer(
    name="literalai-otel",
    help="See what your LLM application did: run a server for its steps, read them in the terminal.",
    epilog="A first look: run [bold]literalai-otel serve[/bold], start your application with the three lines that it "
    "prints, then run [bold]literalai-otel show[/bold].",
    no_args_is_help=True,
    rich_markup_mode="rich",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for _command in (
    serve,
    show,
    tail,
    doctor,
    replay,
    export,
    import_,
    datasets,
    projects,
    keys,
    members,
    sign_in_link,
    migrate,
):
    _command.register(app)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"literalai-otel {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_say_version, is_eager=True)
    ] = False,
) -> None:
    """What every command shares."""


def main() -> None:
    """Entry point of the `literalai-otel` script."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character must not end the command.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    app()
