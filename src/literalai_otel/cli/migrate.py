"""`literalai-otel migrate`: brings the server's database to the schema of this program, or says what that takes."""

from typing import Annotated

import typer

from literalai_otel.cli.administration import DataDirOption
from literalai_otel.cli.progress import Progress
from literalai_otel.cli.terminal import EXIT_PROBLEM, EXIT_SETTINGS, console, explained, fail


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(migrate)


def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; status 1 if something is to be done, else 0.")
    ] = False,
    data_dir: DataDirOption = None,
) -> None:
    """Bring the database to the newest schema. `serve` does the same when it starts.

    For PostgreSQL (DATABASE_URL) it may be run on its own, by a user who may change tables: DATABASE_DIRECT_URL.
    Of several that run at once one migrates and the others wait. The embedded database must not be in use.
    """
    from literalai_otel.config import ServerConfig

    with explained():
        config = ServerConfig.load(data_dir=data_dir)
    try:
        from literalai_otel.server.run import data_folder
        from literalai_otel.server.store.engines import open_database, pending_versions
        from literalai_otel.server.store.engines.postgres_address import PostgresAddress
    except ModuleNotFoundError as missing:
        fail(
            f"this needs packages of the server that are not installed ({missing.name})",
            'pip install "literalai-otel[server]"',
            EXIT_SETTINGS,
        )
    out = console()
    with explained():
        address, folder = PostgresAddress.from_config(config), data_folder(config)
        place = str(address or folder)
        pending = pending_versions(folder, address)
        if check and pending:
            out.print(f"{place}: to apply")
            for version in pending:
                out.print(f"  {version}")
            raise typer.Exit(EXIT_PROBLEM)
        with Progress("migrating", unit="versions", total=len(pending)) as progress:

            def applied(version: str) -> None:
                progress.advance(1)
                out.print(f"applied {version}")

            if pending:
                open_database(folder, address, applied).close()
    out.print(f"{place}: the schema is the newest")
