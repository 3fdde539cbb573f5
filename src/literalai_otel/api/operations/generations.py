"""Operations on generations (`spec/literal-wire.md` §2.5)."""

import dataclasses
from typing import Any

from literalai_otel.api import documents
from literalai_otel.api.calls import entity, graphql
from literalai_otel.api.operation import Flow, operation
from literalai_otel.api.operations.paging import Filters, Ordering, page, window
from literalai_otel.model import ChatGeneration, CompletionGeneration, Page, generation_from_wire, to_wire


class GenerationOperations:
    """List, create."""

    @operation
    def get_generations(
        self,
        first: int | None = None,
        after: str | None = None,
        before: str | None = None,
        filters: Filters | None = None,
        order_by: Ordering | None = None,
    ) -> Flow[Page[ChatGeneration | CompletionGeneration]]:
        """A page of generations, newest first unless `order_by` says otherwise."""
        variables = window(first, after, before, filters, order_by)
        return (
            yield from page("GetGenerations", documents.GET_GENERATIONS, "generations", generation_from_wire, variables)
        )

    @operation
    def create_generation(
        self, generation: ChatGeneration | CompletionGeneration | dict[str, Any]
    ) -> Flow[ChatGeneration | CompletionGeneration]:
        """Store a generation, given as an object or in its wire form, that stands alone, without a run around it.

        Returns:
            A copy with the id that it has on the server; that of the `llm` step that holds it is the same.
        """
        given = generation_from_wire(generation) if isinstance(generation, dict) else generation
        data = yield from graphql("CreateGeneration", documents.CREATE_GENERATION, {"generation": to_wire(given)})
        stored = entity("CreateGeneration", data, "createGeneration")
        return dataclasses.replace(given, id=stored.get("id"))
