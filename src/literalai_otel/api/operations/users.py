"""Operations on users; the wire says participant (`spec/literal-wire.md` §2.1)."""

from typing import Any

from literalai_otel.api import documents
from literalai_otel.api.calls import entity, graphql, known
from literalai_otel.api.operation import Flow, operation
from literalai_otel.api.operations.paging import Filters, page, window
from literalai_otel.model import Page, User


def _find(id: str | None, identifier: str | None) -> Flow[User | None]:
    data = yield from graphql("GetUser", documents.GET_USER, {"id": id, "identifier": identifier})
    return User.from_dict(data["participant"]) if data.get("participant") else None


def _create(identifier: str, metadata: dict[str, Any] | None) -> Flow[User]:
    variables = {"identifier": identifier, "metadata": metadata}
    data = yield from graphql("CreateUser", documents.CREATE_USER, variables)
    return User.from_dict(entity("CreateUser", data, "createParticipant"))


class UserOperations:
    """Create, read, list, change, delete."""

    @operation
    def get_users(
        self,
        first: int | None = None,
        after: str | None = None,
        before: str | None = None,
        filters: Filters | None = None,
    ) -> Flow[Page[User]]:
        """A page of users, newest first, with their thread and token counts."""
        variables = window(first, after, before, filters)
        return (yield from page("GetParticipants", documents.GET_USERS, "participants", User.from_dict, variables))

    @operation
    def get_user(self, id: str | None = None, identifier: str | None = None) -> Flow[User | None]:
        """The user with that id or that identifier; None when there is none.

        Raises:
            ValueError: Not exactly one of the two was given.
        """
        if (id is None) == (identifier is None):
            raise ValueError("give either id or identifier")
        return (yield from _find(id, identifier))

    @operation
    def create_user(self, identifier: str, metadata: dict[str, Any] | None = None) -> Flow[User]:
        """A new user. Of an identifier that is known, the server gives that user, the metadata merged in."""
        return (yield from _create(identifier, metadata))

    @operation
    def update_user(self, id: str, identifier: str | None = None, metadata: dict[str, Any] | None = None) -> Flow[User]:
        """Change a user; None leaves a field as it is.

        Raises:
            NotFoundError: There is no such user.
        """
        variables = {"id": id, "identifier": identifier, "metadata": metadata}
        data = yield from graphql("UpdateUser", documents.UPDATE_USER, variables)
        return User.from_dict(known(data, "updateParticipant", "user", id))

    @operation
    def delete_user(self, id: str, *, with_threads: bool = False) -> Flow[str | None]:
        """Delete a user. The id; None when there was no such user.

        Args:
            id: Of the user.
            with_threads: The user's threads go too, with their steps, scores and files; else they stay without a user.
        """
        data = yield from graphql("DeleteUser", documents.DELETE_USER, {"id": id, "withThreads": with_threads or None})
        deleted: dict[str, Any] | None = data.get("deleteParticipant")
        return deleted["id"] if deleted else None

    @operation
    def get_or_create_user(self, identifier: str, metadata: dict[str, Any] | None = None) -> Flow[User]:
        """The user with that identifier, made with `metadata` when there is none yet."""
        found = yield from _find(None, identifier)
        return found if found is not None else (yield from _create(identifier, metadata))
