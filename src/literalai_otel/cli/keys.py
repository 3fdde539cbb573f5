"""`literalai-otel keys`: the API keys of a server's projects. Only their hashes are stored."""

from typing import Annotated

import typer

from literalai_otel.cli.administration import (
    DataDirOption,
    ProjectOption,
    RoleOption,
    administered,
    project_named,
    role_named,
)
from literalai_otel.cli.tables import printed, shown_time
from literalai_otel.cli.terminal import console, fail

keys = typer.Typer(
    help="List, make and revoke API keys of a server, running or not. To be used on the server's machine.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(keys, name="keys")


@keys.command("list")
def list_keys(project: ProjectOption = None, data_dir: DataDirOption = None) -> None:
    """Show the keys: number, project, name, role, beginning, when made, when used last (to the minute)."""
    from literalai_otel.server.store import projects

    with administered(data_dir) as store:
        owner = None if project is None else project_named(store, project).id
        found = store.read(projects.keys, owner)
    rows = [
        (
            str(key.id),
            key.project.name,
            key.name,
            key.role,
            f"{key.prefix}…",
            shown_time(key.created_at),
            "never" if key.last_used_at is None else shown_time(key.last_used_at),
        )
        for key in found
    ]
    printed(("key", "project", "name", "role", "begins", "created", "last used"), rows)


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What it is for, for people.")] = "",
    role: RoleOption = "ADMIN",
    project: ProjectOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Make a key of a project. It is shown this once: only its hash is stored."""
    from literalai_otel.server.access.keys import make_key

    wanted = role_named(role)
    with administered(data_dir) as store:
        owner = project_named(store, project)
        key = make_key(store, owner, name.strip() or "made on the command line", role=wanted)
    out = console()
    out.print(f"Project {owner.name}, id {owner.public_id}")
    out.print(f"API key, shown this once: {key}")


@keys.command("revoke")
def revoke_key(
    key: Annotated[int, typer.Argument(metavar="KEY", help="Its number, as `keys list` shows it.")],
    data_dir: DataDirOption = None,
) -> None:
    """Make a key invalid. Servers that run refuse it within 10 seconds."""
    from literalai_otel.server.store import projects

    with administered(data_dir) as store:
        revoked = store.write(projects.revoke_key, key).result()
    if revoked is None:
        fail(f"there is no key {key}", "`literalai-otel keys list` shows them")
    console().print(f"Key {revoked.prefix}… of project {revoked.project.name} is revoked.")
