"""Who is a member of which project, in which role, and whom members have invited."""

from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import uuid4

from sqlalchemy import Connection, delete, func, insert, select, update

from literalai_otel.server.store import accounts as people
from literalai_otel.server.store.account_tables import accounts, invitations, memberships
from literalai_otel.server.store.accounts import Account
from literalai_otel.server.store.projects import Project, create
from literalai_otel.server.store.tables import projects
from literalai_otel.server.times import now
from literalai_otel.server.values import InvalidValueError

ADMIN: Final = "ADMIN"


class LastAdminError(InvalidValueError):
    """Nobody would be left who may change the project."""


@dataclass(frozen=True, slots=True)
class Membership:
    """What a person is in a project. `role` is a name of `access.permissions.Role`."""

    project: Project
    role: str


@dataclass(frozen=True, slots=True)
class Member:
    """A person of a project. Times: microseconds."""

    account: Account
    role: str
    joined_at: int
    last_seen_at: int | None


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation that nobody has accepted yet. Times: microseconds."""

    public_id: str
    project: Project
    email: str
    role: str
    invited_by: str
    created_at: int
    expires_at: int


def of_account(connection: Connection, account_id: int) -> list[Membership]:
    """The projects of a person, oldest first."""
    return _memberships(connection, memberships.c.account_id == account_id)


def find(connection: Connection, account_id: int, public_id: str) -> Membership | None:
    """What a person is in the project of this public id; None for a stranger, and for a project that is none."""
    found = _memberships(connection, memberships.c.account_id == account_id, projects.c.public_id == public_id)
    return found[0] if found else None


def of_project(connection: Connection, project_id: int) -> list[Member]:
    """The people of a project, oldest member first."""
    rows = connection.execute(
        select(memberships.c.role, memberships.c.created_at, memberships.c.last_seen_at, *accounts.c)
        .join(accounts, accounts.c.id == memberships.c.account_id)
        .where(memberships.c.project_id == project_id)
        .order_by(memberships.c.created_at, accounts.c.id)
    )
    found = (cast(tuple[Any, ...], row) for row in rows)
    return [Member(Account(*values[3:]), *values[:3]) for values in found]


def add(connection: Connection, project_id: int, account_id: int, role: str) -> None:
    """Makes a person a member; one who is a member already stays what they are."""
    own = _own(project_id, account_id)
    if connection.execute(select(memberships.c.role).where(*own)).one_or_none() is None:
        values = {"project_id": project_id, "account_id": account_id, "role": role, "created_at": now()}
        connection.execute(insert(memberships).values(values))


def create_project(connection: Connection, name: str, account_id: int) -> Project:
    """A new project with its first admin."""
    made = create(connection, name)
    add(connection, made.id, account_id, ADMIN)
    return made


def adopt(connection: Connection, account_id: int) -> None:
    """Makes a person the admin of every project that has no member."""
    members = select(memberships.c.project_id)
    for project_id in connection.execute(select(projects.c.id).where(projects.c.id.not_in(members))).scalars().all():
        add(connection, project_id, account_id, ADMIN)


def change_role(connection: Connection, project_id: int, account_id: int, role: str) -> bool:
    """Whether there was such a member.

    Raises:
        LastAdminError: the project would be left without an admin.
    """
    if role != ADMIN:
        _not_the_last(connection, project_id, account_id)
    changed = update(memberships).where(*_own(project_id, account_id)).values(role=role)
    return connection.execute(changed).rowcount > 0


def remove(connection: Connection, project_id: int, account_id: int) -> bool:
    """Whether there was such a member.

    Raises:
        LastAdminError: the project would be left without an admin.
    """
    _not_the_last(connection, project_id, account_id)
    return connection.execute(delete(memberships).where(*_own(project_id, account_id))).rowcount > 0


def transfer(connection: Connection, project_id: int, giver: int, taker: int, role: str) -> bool:
    """Makes `taker` an admin and gives `giver` the `role`; False when `taker` is no member."""
    taken = update(memberships).where(*_own(project_id, taker)).values(role=ADMIN)
    if not connection.execute(taken).rowcount:
        return False
    connection.execute(update(memberships).where(*_own(project_id, giver)).values(role=role))
    return True


# --- invitations -------------------------------------------------------------------------------


def invite(
    connection: Connection,
    project_id: int,
    *,
    email: str,
    role: str,
    invited_by: str,
    token_hash: str,
    expires_at: int,
) -> str:
    """The public id of a new invitation; earlier ones of this address to the project are void."""
    void = invitations.c.project_id == project_id, (invitations.c.email == email) | (invitations.c.expires_at <= now())
    connection.execute(delete(invitations).where(*void))
    public_id = str(uuid4())
    connection.execute(
        insert(invitations).values(
            project_id=project_id,
            public_id=public_id,
            email=email,
            role=role,
            invited_by=invited_by,
            token_hash=token_hash,
            created_at=now(),
            expires_at=expires_at,
        )
    )
    return public_id


def invited(connection: Connection, project_id: int) -> list[Invitation]:
    """The invitations to a project that can be accepted, oldest first."""
    return _invitations(connection, invitations.c.project_id == project_id)


def find_invitation(connection: Connection, token_hash: str) -> Invitation | None:
    """The invitation of this token, unless it was accepted, withdrawn or is expired."""
    found = _invitations(connection, invitations.c.token_hash == token_hash)
    return found[0] if found else None


def use_invitation(connection: Connection, token_hash: str) -> Invitation | None:
    """As `find_invitation`; it is void then."""
    found = find_invitation(connection, token_hash)
    # Of two that use it at the same moment, one deletes it.
    used = delete(invitations).where(invitations.c.token_hash == token_hash)
    return found if found is not None and connection.execute(used).rowcount else None


def accept(connection: Connection, token_hash: str, account_id: int) -> Account | None:
    """Uses an invitation for an account: the person is a member then. None when it cannot be used."""
    invitation = use_invitation(connection, token_hash)
    if invitation is None:
        return None
    add(connection, invitation.project.id, account_id, invitation.role)
    return people.get(connection, account_id)


def accept_as_new(connection: Connection, token_hash: str, *, name: str, password_hash: str) -> Account | None:
    """Uses an invitation to make an account. None when it cannot be used.

    Raises:
        EmailTakenError: the address has got an account meanwhile; nothing is used.
    """
    invitation = use_invitation(connection, token_hash)
    if invitation is None:
        return None
    made = people.create(connection, name=name, email=invitation.email, password_hash=password_hash)
    add(connection, invitation.project.id, made.id, invitation.role)
    return made


def withdraw(connection: Connection, project_id: int, public_id: str) -> bool:
    """Whether there was such an invitation."""
    own = invitations.c.project_id == project_id, invitations.c.public_id == public_id
    return connection.execute(delete(invitations).where(*own)).rowcount > 0


def _memberships(connection: Connection, *conditions: Any) -> list[Membership]:
    rows = connection.execute(
        select(memberships.c.role, *projects.c)
        .join(projects, projects.c.id == memberships.c.project_id)
        .where(*conditions)
        .order_by(projects.c.id)
    )
    return [Membership(Project(*values[1:]), values[0]) for values in (cast(tuple[Any, ...], row) for row in rows)]


def _invitations(connection: Connection, condition: Any) -> list[Invitation]:
    rows = connection.execute(
        select(
            invitations.c.public_id,
            invitations.c.email,
            invitations.c.role,
            invitations.c.invited_by,
            invitations.c.created_at,
            invitations.c.expires_at,
            *projects.c,
        )
        .join(projects, projects.c.id == invitations.c.project_id)
        .where(condition, invitations.c.expires_at > now())
        .order_by(invitations.c.id)
    )
    found = (cast(tuple[Any, ...], row) for row in rows)
    return [Invitation(values[0], Project(*values[6:]), *values[1:6]) for values in found]


def _own(project_id: int, account_id: int) -> tuple[Any, Any]:
    return memberships.c.project_id == project_id, memberships.c.account_id == account_id


def _not_the_last(connection: Connection, project_id: int, account_id: int) -> None:
    admins = memberships.c.project_id == project_id, memberships.c.role == ADMIN
    own_role = connection.execute(select(memberships.c.role).where(*_own(project_id, account_id))).scalar_one_or_none()
    count = connection.execute(select(func.count()).select_from(memberships).where(*admins)).scalar_one()
    if own_role == ADMIN and count == 1:
        raise LastAdminError("The last admin of a project cannot leave it: make somebody else an admin first.")
