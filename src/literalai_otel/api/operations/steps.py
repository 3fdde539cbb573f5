"""Operations on steps (`spec/literal-wire.md` §2.3, §2.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from literalai_otel.api import documents
from literalai_otel.api.calls import graphql, graphql_with_errors, message_of
from literalai_otel.api.flow import Flow, operation
from literalai_otel.api.operations.paging import Filter, Order, page
from literalai_otel.errors import GraphQLError
from literalai_otel.model import Page, Step, step_from_wire, to_wire


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """What the server said of one step."""

    id: str
    ok: bool
    message: str | None = None


class StepOperations:
    """Upsert, read, list, delete."""

    @operation
    def send_steps(
        self, steps: Sequence[Step | dict[str, Any]], *, environment: str | None = None
    ) -> Flow[list[StepOutcome]]:
        """Upsert steps, in order, in one request; one outcome for each, in the same order.

        Args:
            steps: Steps, or their wire form. What is None, or unknown to the wire, is left out.
            environment: `x-env` of this request.

        Raises:
            GraphQLError: The request as a whole was refused. A step that was refused alone is an outcome.
            APIStatusError: The status is 400 or above.
            TransportError: There was no usable answer.
        """
        if not steps:
            return []
        ids: list[str] = []
        variables: dict[str, Any] = {}
        for index, step in enumerate(steps):
            wire = cast(dict[str, Any], to_wire(step) if isinstance(step, Step) else step)
            ids.append(str(wire.get("id")))
            for name in documents.INGEST_ARGUMENTS:
                value = wire.get(name)
                if value is not None:
                    variables[f"{name}_{index}"] = value
        data, errors = yield from graphql_with_errors(
            "AddStep", documents.add_steps(len(ids)), variables, environment=environment
        )
        if data is None:
            problems: list[Any] = errors or [{"message": "the answer has neither data nor errors"}]
            message = f"AddStep: {message_of(problems[0])}"
            raise GraphQLError(message, operation="AddStep", errors=problems)
        return [_outcome(step_id, f"step{index}", data, errors) for index, step_id in enumerate(ids)]

    @operation
    def get_step(self, id: str) -> Flow[Step | None]:
        """The step with its generation, scores and attachments; None when there is none."""
        data = yield from graphql("GetStep", documents.GET_STEP, {"id": id})
        return step_from_wire(data["step"]) if data.get("step") else None

    @operation
    def get_steps(
        self,
        first: int | None = None,
        after: str | None = None,
        before: str | None = None,
        filters: list[Filter] | None = None,
        order_by: Order | None = None,
    ) -> Flow[Page[Step]]:
        """A page of steps, newest first unless `order_by` says otherwise."""
        variables = {"first": first, "after": after, "before": before, "filters": filters, "orderBy": order_by}
        return (yield from page("GetSteps", documents.GET_STEPS, "steps", step_from_wire, variables))

    @operation
    def delete_step(self, id: str) -> Flow[bool]:
        """Whether there was such a step."""
        data = yield from graphql("DeleteStep", documents.DELETE_STEP, {"id": id})
        return bool(data.get("deleteStep"))


def _outcome(step_id: str, alias: str, data: dict[str, Any], errors: list[Any]) -> StepOutcome:
    answer = data.get(alias)
    if isinstance(answer, dict):
        said = cast(dict[str, Any], answer)
        # The published servers answer `ok: true`; only an explicit false is a refusal.
        return StepOutcome(step_id, said.get("ok") is not False, said.get("message"))
    for error in errors:
        path = cast(dict[str, Any], error).get("path") if isinstance(error, dict) else None
        if isinstance(path, list) and path[:1] == [alias]:
            return StepOutcome(step_id, False, message_of(error))
    return StepOutcome(step_id, False, message_of(errors[0]) if errors else "the server did not answer for this step")
