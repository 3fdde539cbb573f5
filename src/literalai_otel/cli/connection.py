"""The server that a command reads from: its options, and an API that explains its errors."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from literalai_otel.cli.terminal import EXIT_SETTINGS, explained, fail

if TYPE_CHECKING:
    from literalai_otel.api import SyncApi

UrlOption = Annotated[
    str | None, typer.Option("--url", help="Address of the server; LITERAL_API_URL otherwise.", show_default=False)
]
KeyOption = Annotated[
    str | None, typer.Option("--api-key", help="Key of the project; LITERAL_API_KEY otherwise.", show_default=False)
]


PROMPT: Final = 10.0
"""Seconds for requests that are answered at once."""
PATIENT: Final = 120.0
"""Seconds for requests that move large pages."""


@contextmanager
def connected(url: str | None, api_key: str | None, *, timeout: float = PROMPT) -> "Generator[SyncApi]":
    """An API of the chosen server, closed at the end. Leaves the program with a message when it cannot be used."""
    from literalai_otel.config import Config

    with explained():
        config = Config.load(api_url=url, api_key=api_key)
    if config.api_url is None:
        fail(
            "no server address is set",
            "run `literalai-otel serve` and set the LITERAL_API_URL and LITERAL_API_KEY that it prints, "
            "or give --url and --api-key",
            EXIT_SETTINGS,
        )
    if config.api_key is None:
        fail(
            "no API key is set",
            "set LITERAL_API_KEY (or --api-key) to a key of the server; its first start prints one",
            EXIT_SETTINGS,
        )
    from literalai_otel.api import SyncApi

    api = SyncApi(config.api_url, config.api_key, timeout=timeout)
    try:
        with explained(config.api_url):
            yield api
    finally:
        api.close()
