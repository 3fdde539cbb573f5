"""The database that a command administers: the one of this machine's server, which may be running meanwhile."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from literalai_otel.cli.terminal import EXIT_SETTINGS, explained, fail

if TYPE_CHECKING:
    from literalai_otel.server.access.permissions import Role
    from literalai_otel.server.store.projects import Project
    from literalai_otel.server.store.store import Store

DataDirOption = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Folder of the server's database; LITERAL_DATA_DIR otherwise.", show_default=False),
]


ProjectOption = Annotated[
    str | None, typer.Option("--project", help="Its id or name; not needed while there is one.", show_default=False)
]
RoleOption = Annotated[str, typer.Option("--role", help="ADMIN, AI_ENGINEER or DOMAIN_EXPERT.")]


@contextmanager
def administered(data_dir: Path | None) -> "Generator[Store]":
    """The store of the server's database, opened beside a server that may use it, and closed at the end."""
    from literalai_otel.config import ServerConfig

    with explained():
        config = ServerConfig.load(data_dir=data_dir)
    try:
        from literalai_otel.server.run import open_beside
    except ModuleNotFoundError as missing:
        fail(
            f"this needs packages of the server that are not installed ({missing.name})",
            'pip install "literalai-otel[server]"',
            EXIT_SETTINGS,
        )
    with explained():
        store = open_beside(config)
    try:
        with explained():
            yield store
    finally:
        store.close()


def project_named(store: "Store", name: str | None) -> "Project":
    """The project of this name or id; without one, the only project that there is."""
    from literalai_otel.server.store import projects

    found = store.read(projects.every) if name is None else store.read(projects.find, name)
    if len(found) == 1:
        return found[0]
    if not found:
        wanted = "no project exists yet" if name is None else f"there is no project {name}"
        fail(wanted, "`literalai-otel projects list` shows them, `projects create NAME` makes one")
    several = "several projects exist" if name is None else f"several projects are named {name}"
    return fail(several, "give the id that `literalai-otel projects list` shows")


def role_named(name: str) -> "Role":
    """The role that is meant: any case, blanks and hyphens for the underscore."""
    from literalai_otel.server.access.permissions import Role

    wanted = name.strip().upper().replace("-", "_").replace(" ", "_")
    if wanted not in Role.__members__:
        fail(f"there is no role {name}", f"give one of {', '.join(Role)}", EXIT_SETTINGS)
    return Role(wanted)
