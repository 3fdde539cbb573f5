"""`literalai-otel projects`: the projects of a server. Data and keys of one are never seen by another."""

from typing import Annotated

import typer

from literalai_otel.cli.administration import DataDirOption, administered, project_named
from literalai_otel.cli.progress import Progress
from literalai_otel.cli.tables import printed, shown_time
from literalai_otel.cli.terminal import console, fail

projects = typer.Typer(
    help="List, make and delete the projects of a server, running or not. To be used on the server's machine.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(projects, name="projects")


@projects.command("list")
def list_projects(data_dir: DataDirOption = None) -> None:
    """Show the projects, oldest first, with the number of their keys."""
    from literalai_otel.server.store import projects as stored

    with administered(data_dir) as store:
        every = store.read(stored.every)
        keys = [key.project.id for key in store.read(stored.keys)]
    rows = [(one.public_id, one.name, str(keys.count(one.id)), shown_time(one.created_at)) for one in every]
    printed(("id", "name", "keys", "created"), rows)


@projects.command("create")
def create_project(
    name: Annotated[str, typer.Argument(help="Its name, for people.")], data_dir: DataDirOption = None
) -> None:
    """Make a project and its first API key, which is shown this once. The server's owner is its admin."""
    from literalai_otel.server.access.keys import make_key
    from literalai_otel.server.store import accounts, memberships

    cleaned = name.strip()
    if not cleaned:
        fail("a project needs a name", "give one: literalai-otel projects create NAME")
    with administered(data_dir) as store:
        project = store.create_project(cleaned).result()
        key = make_key(store, project, "first key")
        owner = store.read(accounts.first)
        if owner is not None:
            store.write(memberships.add, project.id, owner.id, memberships.ADMIN).result()
    out = console()
    out.print(f"Project {project.name}, id {project.public_id}")
    out.print(f"API key, shown this once: {key}")


@projects.command("delete")
def delete_project(
    name: Annotated[str, typer.Argument(help="Its id or name.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data_dir: DataDirOption = None,
) -> None:
    """Delete a project with its keys, threads, steps, files, datasets, experiments and prompts. For good."""
    from literalai_otel.server.administration import delete_project as deletion

    with administered(data_dir) as store:
        project = project_named(store, name)
        if not yes:
            typer.confirm(f"Delete project {project.name} ({project.public_id}) and all of its data?", abort=True)
        with Progress(f"deleting {project.name}", unit="rows") as progress:
            for rows in deletion(store, project):
                progress.advance(rows)
    console().print(f"Project {project.name} is deleted.")
