"""Operations on threads (`spec/literal-wire.md` §2.2)."""

from typing import Any

from literalai_otel.api import documents
from literalai_otel.api.caller import warn_caller
from literalai_otel.api.calls import entity, graphql, known
from literalai_otel.api.operation import Flow, operation
from literalai_otel.api.operations.paging import Filters, Ordering, page, window
from literalai_otel.config import environment_name
from literalai_otel.model import Page, StepType, Thread


def _fields(
    name: str | None, metadata: dict[str, Any] | None, participant_id: str | None, tags: list[str] | None
) -> dict[str, Any]:
    return {"name": name, "metadata": metadata, "participantId": participant_id, "tags": tags}


class ThreadOperations:
    """Create, upsert, read, list, change, delete."""

    @operation
    def get_threads(
        self,
        first: int | None = None,
        after: str | None = None,
        before: str | None = None,
        filters: Filters | None = None,
        order_by: Ordering | None = None,
        step_types_to_keep: list[StepType] | None = None,
    ) -> Flow[Page[Thread]]:
        """A page of threads with their steps; `step_types_to_keep` leaves steps of other types out."""
        variables = window(first, after, before, filters, order_by) | {"stepTypesToKeep": step_types_to_keep}
        return (yield from page("GetThreads", documents.GET_THREADS, "threads", Thread.from_dict, variables))

    @operation
    def list_threads(
        self,
        first: int | None = None,
        after: str | None = None,
        before: str | None = None,
        filters: Filters | None = None,
        order_by: Ordering | None = None,
    ) -> Flow[Page[Thread]]:
        """A page of threads without their steps, with token count and duration."""
        variables = window(first, after, before, filters, order_by)
        return (yield from page("listThreads", documents.LIST_THREADS, "threads", Thread.from_dict, variables))

    @operation
    def get_thread(self, id: str) -> Flow[Thread | None]:
        """The thread with its steps; None when there is none."""
        data = yield from graphql("GetThread", documents.GET_THREAD, {"id": id})
        return Thread.from_dict(data["threadDetail"]) if data.get("threadDetail") else None

    @operation
    def create_thread(
        self,
        name: str | None = None,
        metadata: dict[str, Any] | None = None,
        participant_id: str | None = None,
        tags: list[str] | None = None,
        *,
        environment: str | None = None,
    ) -> Flow[Thread]:
        """A new thread with an id of the server's.

        Args:
            name: Shown name.
            metadata: Any JSON object.
            participant_id: Id or identifier of the user; an unknown one makes that user.
            tags: Texts.
            environment: `dev`, `staging`, `prod` or `experiment`; `production` and `development` mean two of them.

        Raises:
            ValueError: The environment is none of these.
        """
        if environment is not None:
            given, environment = environment, environment_name(environment)
            if given != environment:
                warn_caller(f"the environment {given!r} is called {environment!r}", UserWarning)
        variables = _fields(name, metadata, participant_id, tags)
        data = yield from graphql("CreateThread", documents.CREATE_THREAD, variables, environment=environment)
        return Thread.from_dict(entity("CreateThread", data, "createThread"))

    @operation
    def upsert_thread(
        self,
        id: str,
        name: str | None = None,
        metadata: dict[str, Any] | None = None,
        participant_id: str | None = None,
        tags: list[str] | None = None,
        *,
        environment: str | None = None,
    ) -> Flow[Thread]:
        """Make or change a thread. None leaves a field as it is; `participant_id` is an id or an identifier."""
        variables = {"id": id} | _fields(name, metadata, participant_id, tags)
        data = yield from graphql("UpsertThread", documents.UPSERT_THREAD, variables, environment=environment)
        return Thread.from_dict(data.get("upsertThread") or {"id": id})

    @operation
    def update_thread(
        self,
        id: str,
        name: str | None = None,
        metadata: dict[str, Any] | None = None,
        participant_id: str | None = None,
        tags: list[str] | None = None,
    ) -> Flow[Thread]:
        """Change a thread that exists. None leaves a field as it is.

        Raises:
            NotFoundError: There is no such thread.
        """
        variables = {"id": id} | _fields(name, metadata, participant_id, tags)
        data = yield from graphql("UpdateThread", documents.UPDATE_THREAD, variables)
        return Thread.from_dict(known(data, "updateThread", "thread", id))

    @operation
    def delete_thread(self, id: str) -> Flow[bool]:
        """Delete a thread and its steps. Whether there was one."""
        data = yield from graphql("DeleteThread", documents.DELETE_THREAD, {"id": id})
        return bool(data.get("deleteThread"))
