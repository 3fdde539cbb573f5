"""Operations on threads (`spec/literal-wire.md` §2.2)."""

from typing import Any

from literalai_otel.api import documents
from literalai_otel.api.calls import graphql
from literalai_otel.api.flow import Flow, operation
from literalai_otel.api.operations.paging import Filter, Order, page
from literalai_otel.model import Page, StepType, Thread, thread_from_wire


class ThreadOperations:
    """Upsert, read, list, delete."""

    @operation
    def upsert_thread(
        self,
        id: str,
        *,
        name: str | None = None,
        metadata: dict[str, Any] | None = None,
        tags: list[str] | None = None,
        participant_id: str | None = None,
        environment: str | None = None,
    ) -> Flow[Thread]:
        """Make or change a thread. None leaves a field as it is; `participant_id` is an id or an identifier."""
        variables = {"id": id, "name": name, "metadata": metadata, "tags": tags, "participantId": participant_id}
        given = {key: value for key, value in variables.items() if value is not None}
        data = yield from graphql("UpsertThread", documents.UPSERT_THREAD, given, environment=environment)
        return thread_from_wire(data.get("upsertThread") or {"id": id})

    @operation
    def get_thread(self, id: str) -> Flow[Thread | None]:
        """The thread with its steps; None when there is none."""
        data = yield from graphql("GetThread", documents.GET_THREAD, {"id": id})
        return thread_from_wire(data["threadDetail"]) if data.get("threadDetail") else None

    @operation
    def get_threads(
        self,
        first: int | None = None,
        after: str | None = None,
        before: str | None = None,
        filters: list[Filter] | None = None,
        order_by: Order | None = None,
        step_types_to_keep: list[StepType] | None = None,
    ) -> Flow[Page[Thread]]:
        """A page of threads with their steps; `step_types_to_keep` leaves steps of other types out."""
        variables = {
            "first": first,
            "after": after,
            "before": before,
            "filters": filters,
            "orderBy": order_by,
            "stepTypesToKeep": step_types_to_keep,
        }
        return (yield from page("GetThreads", documents.GET_THREADS, "threads", thread_from_wire, variables))

    @operation
    def list_threads(
        self,
        first: int | None = None,
        after: str | None = None,
        before: str | None = None,
        filters: list[Filter] | None = None,
        order_by: Order | None = None,
    ) -> Flow[Page[Thread]]:
        """A page of threads without their steps, with token count and duration."""
        variables = {"first": first, "after": after, "before": before, "filters": filters, "orderBy": order_by}
        return (yield from page("listThreads", documents.LIST_THREADS, "threads", thread_from_wire, variables))

    @operation
    def delete_thread(self, id: str) -> Flow[bool]:
        """Delete a thread and its steps. Whether there was one."""
        data = yield from graphql("DeleteThread", documents.DELETE_THREAD, {"id": id})
        return bool(data.get("deleteThread"))
