"""`literalai-otel sign-in-link`: an address that signs somebody in to the pages, once."""

from typing import Annotated

import typer

from literalai_otel.cli.administration import DataDirOption, administered
from literalai_otel.cli.members import account_named
from literalai_otel.cli.terminal import console, explained
from literalai_otel.config import Config, ServerConfig


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("sign-in-link")(sign_in_link)


def sign_in_link(
    email: Annotated[
        str | None, typer.Argument(help="Whose account; the owner's without it.", show_default=False)
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            help="Where the browser finds the server; LITERAL_PUBLIC_URL or LITERAL_API_URL otherwise.",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDirOption = None,
) -> None:
    """Print a link that signs in without a password, once, within a day. To be used on the server's machine.

    This is also the way back in when a password is forgotten: within an hour after the sign-in, the account page takes
    a new one without the old one.
    """
    with administered(data_dir) as store:
        from literalai_otel.server.access.first_start import account_link, owner_link
        from literalai_otel.server.run import page_url

        with explained():
            config, client = ServerConfig.load(), Config.load()
        where = url or page_url(config, client.api_url or f"http://127.0.0.1:{config.port}{config.base_path}")
        link = owner_link(store, where) if email is None else account_link(store, account_named(store, email), where)
    console().print(link)
