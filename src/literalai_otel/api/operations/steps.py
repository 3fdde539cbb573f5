"""Operations on steps (`spec/literal-wire.md` §2.3, §2.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from literalai_otel.api import documents
from literalai_otel.api.calls import entity, graphql, graphql_with_errors, known, message_of
from literalai_otel.api.operation import Flow, operation
from literalai_otel.api.operations.paging import Filters, Ordering, page, window
from literalai_otel.errors import GraphQLError
from literalai_otel.model import Page, Step, StepType, to_wire


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """What the server said of one step."""

    id: str
    ok: bool
    message: str | None = None


def send_steps(steps: Sequence[Step | Mapping[str, Any]], environment: str | None = None) -> Flow[list[StepOutcome]]:
    """The flow of `StepOperations.send_steps`, for operations that need it on their way."""
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


class StepOperations:
    """Upsert, create, read, list, change, delete."""

    @operation
    def send_steps(
        self, steps: Sequence[Step | Mapping[str, Any]], *, environment: str | None = None
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
        return (yield from send_steps(steps, environment))

    @operation
    def create_step(
        self,
        thread_id: str | None = None,
        type: StepType | None = "undefined",
        start_time: str | None = None,
        end_time: str | None = None,
        input: dict[str, Any] | str | None = None,
        output: dict[str, Any] | str | None = None,
        metadata: dict[str, Any] | None = None,
        parent_id: str | None = None,
        name: str | None = None,
        tags: list[str] | None = None,
        root_run_id: str | None = None,
    ) -> Flow[Step]:
        """A new step with an id of the server's. A text as input or output stands under `content`."""
        variables = _fields(type, input, output, metadata, name, tags, start_time, end_time, parent_id)
        variables |= {"threadId": thread_id, "rootRunId": root_run_id}
        data = yield from graphql("CreateStep", documents.CREATE_STEP, variables)
        return Step.from_dict(entity("CreateStep", data, "createStep"))

    @operation
    def update_step(
        self,
        id: str,
        type: StepType | None = None,
        input: dict[str, Any] | str | None = None,
        output: dict[str, Any] | str | None = None,
        metadata: dict[str, Any] | None = None,
        name: str | None = None,
        tags: list[str] | None = None,
        start_time: str | None = None,
        end_time: str | None = None,
        parent_id: str | None = None,
    ) -> Flow[Step]:
        """Change a step that exists. None leaves a field as it is; a text as input or output stands under `content`.

        Raises:
            NotFoundError: There is no such step.
        """
        variables = _fields(type, input, output, metadata, name, tags, start_time, end_time, parent_id)
        data = yield from graphql("UpdateStep", documents.UPDATE_STEP, {"id": id} | variables)
        return Step.from_dict(known(data, "updateStep", "step", id))

    @operation
    def get_steps(
        self,
        first: int | None = None,
        after: str | None = None,
        before: str | None = None,
        filters: Filters | None = None,
        order_by: Ordering | None = None,
    ) -> Flow[Page[Step]]:
        """A page of steps, newest first unless `order_by` says otherwise."""
        variables = window(first, after, before, filters, order_by)
        return (yield from page("GetSteps", documents.GET_STEPS, "steps", Step.from_dict, variables))

    @operation
    def get_step(self, id: str) -> Flow[Step | None]:
        """The step with its generation, scores and attachments; None when there is none."""
        data = yield from graphql("GetStep", documents.GET_STEP, {"id": id})
        return Step.from_dict(data["step"]) if data.get("step") else None

    @operation
    def delete_step(self, id: str) -> Flow[bool]:
        """Whether there was such a step."""
        data = yield from graphql("DeleteStep", documents.DELETE_STEP, {"id": id})
        return bool(data.get("deleteStep"))


def _fields(
    type: StepType | None,
    input: Any,
    output: Any,
    metadata: dict[str, Any] | None,
    name: str | None,
    tags: list[str] | None,
    start_time: str | None,
    end_time: str | None,
    parent_id: str | None,
) -> dict[str, Any]:
    return {
        "type": type,
        "input": _content(input),
        "output": _content(output),
        "metadata": metadata,
        "name": name,
        "tags": tags,
        "startTime": start_time,
        "endTime": end_time,
        "parentId": parent_id,
    }


def _content(value: Any) -> Any:
    """The two references disagree whether it is a text or an object (`spec/features.md` X-18)."""
    return {"content": value} if isinstance(value, str) else value


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
