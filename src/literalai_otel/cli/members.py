"""`literalai-otel members`: the people of a server's projects, and their roles."""

from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from literalai_otel.server.store.accounts import Account
    from literalai_otel.server.store.store import Store

EmailArgument = Annotated[str, typer.Argument(help="Their e-mail address.")]

members = typer.Typer(
    help="List, add and remove the people of a project. To be used on the server's machine.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(members, name="members")


@members.command("list")
def list_members(project: ProjectOption = None, data_dir: DataDirOption = None) -> None:
    """Show who is a member of which project, in which role, and when they were there last."""
    from literalai_otel.server.store import memberships, projects

    with administered(data_dir) as store:
        owners = store.read(projects.every) if project is None else [project_named(store, project)]
        found = [(owner, member) for owner in owners for member in store.read(memberships.of_project, owner.id)]
    rows = [
        (
            owner.name,
            member.account.name,
            member.account.email or "",
            member.role,
            "never" if member.last_seen_at is None else shown_time(member.last_seen_at),
        )
        for owner, member in found
    ]
    printed(("project", "name", "e-mail", "role", "last seen"), rows)


@members.command("add")
def add_member(
    email: EmailArgument,
    role: RoleOption = "AI_ENGINEER",
    project: ProjectOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Make somebody a member, or change their role. `literalai-otel sign-in-link EMAIL` lets them in then."""
    from literalai_otel.server.store import accounts, memberships
    from literalai_otel.server.values import clean_email

    wanted = role_named(role)
    with administered(data_dir) as store:
        owner = project_named(store, project)
        address = clean_email(email)
        account = store.read(accounts.with_email, address)
        if account is None:
            account = store.write(accounts.create, name=address.partition("@")[0], email=address).result()
        store.write(memberships.add, owner.id, account.id, wanted).result()
        store.write(memberships.change_role, owner.id, account.id, wanted).result()
    console().print(f"{address} is {wanted} of project {owner.name}.")


@members.command("remove")
def remove_member(email: EmailArgument, project: ProjectOption = None, data_dir: DataDirOption = None) -> None:
    """Take somebody out of a project. What they made stays."""
    from literalai_otel.server.store import memberships

    with administered(data_dir) as store:
        owner = project_named(store, project)
        account = account_named(store, email)
        if not store.write(memberships.remove, owner.id, account.id).result():
            fail(f"{email} is no member of project {owner.name}", "`literalai-otel members list` shows who is")
    console().print(f"{email} is no longer a member of project {owner.name}.")


def account_named(store: "Store", email: str) -> "Account":
    """The account of this address."""
    from literalai_otel.server.store import accounts

    account = store.read(accounts.with_email, email.strip().lower())
    if account is None:
        fail(f"nobody has the address {email}", "`literalai-otel members list` shows who has an account")
    return account
