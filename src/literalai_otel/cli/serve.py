"""`literalai-otel serve`: the server, from this folder's options to its first lines."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from literalai_otel.cli.terminal import EXIT_SETTINGS, console, explained, fail
from literalai_otel.config import ServerConfig

if TYPE_CHECKING:
    from literalai_otel.server.run import Prepared


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(serve)


def serve(
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on: 127.0.0.1 (default) for this machine, 0.0.0.0 for all."),
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on: 3000 by default, 0 for any free one.")] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Folder of the database. Default: the user data folder. Made if absent, mode 0700."),
    ] = None,
    base_path: Annotated[
        str | None, typer.Option(help="Path under which a proxy publishes the server, such as /literal.")
    ] = None,
) -> None:
    """Run a Literal-compatible server: GraphQL, REST and OTLP, with its own database.

    With DATABASE_URL the database is PostgreSQL, which several servers may share.

    The first start makes a project and prints its API key once. To choose the key, set LITERAL_API_KEY.
    Until somebody has set a password, each start prints a link that signs the owner in to the pages.
    Then start your application with the lines that are printed, and look at what arrives with
    `literalai-otel show` and `literalai-otel tail`.

    Addresses: GraphQL at /api/graphql, OTLP/HTTP at /v1/traces (key in the x-api-key header), /healthz, /readyz.
    Ctrl-C or SIGTERM ends the server after the requests in progress are stored.
    """
    with explained():
        config = ServerConfig.load(host=host, port=port, data_dir=data_dir, base_path=base_path)
    try:
        from literalai_otel.server.logs import configure_logs
        from literalai_otel.server.run import prepared
    except ModuleNotFoundError as missing:
        fail(
            f"the server needs packages that are not installed ({missing.name})",
            'pip install "literalai-otel[server]"',
            EXIT_SETTINGS,
        )
    configure_logs()
    with explained(), prepared(config) as server:
        _introduce(server)
        server.serve()


def _introduce(server: "Prepared") -> None:
    out = console()
    first = server.first
    out.print(f"Literal server on {server.url}, data in {server.place}")
    if first.key is not None:
        out.print(f"API key, shown this once: {first.key}")
    elif first.adopted:
        out.print("API key: the one in LITERAL_API_KEY")
    else:
        out.print("API key: the one of the first start; start with LITERAL_API_KEY=… to add another")
    if server.sign_in is not None:
        out.print(f"Sign in, once, within a day: {server.sign_in}")
    out.print("\nIn the shell of your application:\n")
    if first.key is not None:
        out.print(f"export LITERAL_API_URL={server.url} LITERAL_API_KEY={first.key}")
    else:
        out.print(f"export LITERAL_API_URL={server.url}  # and LITERAL_API_KEY, the key from above")
    out.print("export OTEL_PYTHON_DISTRO=literalai OTEL_PYTHON_CONFIGURATOR=literalai")
    out.print("opentelemetry-instrument python app.py\n")
    out.file.flush()
