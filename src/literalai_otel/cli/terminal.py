"""Where commands write: a console as wide as the terminal, and problems with their fix."""

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from literalai_otel.errors import APIStatusError, ConfigError, LiteralError, TransportError

PIPED_WIDTH: Final = 120
"""Cells of a line when the output is no terminal and `COLUMNS` is unset."""

EXIT_PROBLEM: Final = 1
"""The server did not answer, refused, or does not have what was asked for."""
EXIT_SETTINGS: Final = 2
"""A setting is missing or wrong; also what a wrong option gives."""


def console(*, error: bool = False) -> Console:
    """A console that colours terminals only and does not guess at markup in what it prints."""
    width = shutil.get_terminal_size(fallback=(PIPED_WIDTH, 40)).columns
    return Console(stderr=error, width=width, highlight=False, markup=False, emoji=False, soft_wrap=True)


def fail(problem: str, fix: str, code: int = EXIT_PROBLEM) -> NoReturn:
    """Say what is wrong and what to do about it, on standard error; leave with `code`."""
    out = console(error=True)
    out.print(Text("error: ", style="bold red").append(problem, style="not bold default"))
    out.print(Text("  fix: ", style="bold green").append(fix, style="not bold default"))
    raise typer.Exit(code)


@contextmanager
def explained(url: str | None = None) -> Generator[None]:
    """Turn the errors of settings and API into a problem with its fix; `url` is the server that was asked."""
    try:
        yield
    except ConfigError as problem:
        fail(str(problem), "correct the setting; `literalai-otel COMMAND --help` lists them", EXIT_SETTINGS)
    except TransportError as problem:
        fail(
            str(problem),
            "start a server with `literalai-otel serve`, or correct LITERAL_API_URL (or --url)",
        )
    except APIStatusError as problem:
        if problem.status in (401, 403):
            fail(
                f"{url} refused the API key ({problem.status})",
                "set LITERAL_API_KEY (or --api-key) to a key of that server; its first start prints one",
            )
        fail(f"{url} answered {problem.status}: {problem}", "see the server's log; is the address that of Literal?")
    except LiteralError as problem:
        if url is None:  # nobody was asked: what was given is the cause
            fail(str(problem), "correct what was given; `literalai-otel COMMAND --help` says what it takes")
        fail(f"{url} could not do it: {problem}", "see the server's log; client and server may differ in version")
