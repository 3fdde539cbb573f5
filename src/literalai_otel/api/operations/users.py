"""Operations on users; the wire says participant (`spec/literal-wire.md` §2.1)."""

from literalai_otel.api import documents
from literalai_otel.api.calls import graphql
from literalai_otel.api.flow import Flow, operation
from literalai_otel.model import User, from_wire


class UserOperations:
    """Read."""

    @operation
    def get_user(self, id: str | None = None, identifier: str | None = None) -> Flow[User | None]:
        """The user with that id or that identifier; None when there is none.

        Raises:
            ValueError: Not exactly one of the two was given.
        """
        if (id is None) == (identifier is None):
            raise ValueError("give either id or identifier")
        given = {"id": id} if id is not None else {"identifier": identifier}
        data = yield from graphql("GetUser", documents.GET_USER, given)
        return from_wire(User, data["participant"]) if data.get("participant") else None
