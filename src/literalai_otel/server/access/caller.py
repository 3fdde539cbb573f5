"""Who asks: the same for a key and for a person who is signed in."""

from dataclasses import dataclass

from literalai_otel.server.access.permissions import Need, Role, may, require
from literalai_otel.server.store.projects import Project


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a request acts for, in one project.

    `name` is what is kept beside what they make: the key's name, or the person's address. A key has a `key_id`, a
    person a `user_id` (the public one).
    """

    project: Project
    name: str
    role: Role = Role.ADMIN
    user_id: str | None = None
    key_id: int | None = None

    def may(self, need: Need) -> bool:
        """Whether the caller has the right."""
        return may(self.role, need)

    def require(self, *needs: Need) -> None:
        """Raises `Problem` 403 that names the role and what it lacks."""
        require(self.role, needs)
