"""Operations on generations (`spec/literal-wire.md` §2.5)."""

from literalai_otel.api import documents
from literalai_otel.api.flow import Flow, operation
from literalai_otel.api.operations.paging import Filter, Order, page
from literalai_otel.model import ChatGeneration, CompletionGeneration, Page, generation_from_wire


class GenerationOperations:
    """List."""

    @operation
    def get_generations(
        self,
        first: int | None = None,
        after: str | None = None,
        before: str | None = None,
        filters: list[Filter] | None = None,
        order_by: Order | None = None,
    ) -> Flow[Page[ChatGeneration | CompletionGeneration]]:
        """A page of generations, newest first unless `order_by` says otherwise."""
        variables = {"first": first, "after": after, "before": before, "filters": filters, "orderBy": order_by}
        return (
            yield from page("GetGenerations", documents.GET_GENERATIONS, "generations", generation_from_wire, variables)
        )
