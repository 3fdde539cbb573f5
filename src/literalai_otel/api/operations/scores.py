"""Operations on scores (`spec/literal-wire.md` §2.6, §2.7)."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from literalai_otel.api import documents
from literalai_otel.api.caller import warn_caller
from literalai_otel.api.calls import entity, graphql, known
from literalai_otel.api.operation import Flow, operation
from literalai_otel.api.operations.paging import Filters, Ordering, page, window
from literalai_otel.model import Page, Score, ScoreDict, ScoreType, ScoreUpdate, to_wire


def finite(value: Any, what: str) -> float:
    """`value` as a number that JSON has. Raises ValueError for any other."""
    try:
        number = math.nan if isinstance(value, str) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{what} must be a finite number, not {value!r}")
    return number


def checked(score: ScoreDict | Score) -> dict[str, Any]:
    """A score as variables of the wire. Raises ValueError when its value is no finite number.

    Without a value its label must name a category, which gives it one.
    """
    wire: dict[str, Any] = to_wire(score) if isinstance(score, Score) else dict(score)
    if wire.get("value") is not None or wire.get("label") is None:
        wire["value"] = finite(wire.get("value"), f"the value of score {wire.get('name')!r}")
    generation_id = wire.pop("generationId", None)
    if generation_id is not None:
        warn_caller("generation_id is deprecated: a generation is a step, use step_id")
        if wire.get("stepId") not in (None, generation_id):
            raise ValueError("step_id and generation_id name two steps; give step_id alone")
        wire["stepId"] = generation_id
    return {name: wire.get(name) for name in documents.SCORE_ARGUMENTS}


def create_scores(scores: Sequence[Mapping[str, Any]]) -> Flow[list[Score]]:
    """Store checked scores in one request; none when there are none, since the document would be empty."""
    if not scores:
        return []
    variables = {f"{name}_{index}": value for index, score in enumerate(scores) for name, value in score.items()}
    data = yield from graphql("CreateScores", documents.create_scores(len(scores)), variables)
    return [Score.from_dict(entity("CreateScores", data, f"score_{index}")) for index in range(len(scores))]


class ScoreOperations:
    """Create, list, change, delete."""

    @operation
    def get_scores(
        self,
        first: int | None = None,
        after: str | None = None,
        before: str | None = None,
        filters: Filters | None = None,
        order_by: Ordering | None = None,
    ) -> Flow[Page[Score]]:
        """A page of scores, newest first unless `order_by` says otherwise."""
        variables = window(first, after, before, filters, order_by)
        return (yield from page("GetScores", documents.GET_SCORES, "scores", Score.from_dict, variables))

    @operation
    def create_scores(self, scores: Sequence[ScoreDict | Score]) -> Flow[list[Score]]:
        """Store scores in one request, and give them back with their ids, in the same order.

        Args:
            scores: `Score` objects, or their wire form. An empty list sends nothing.

        Raises:
            ValueError: A value is no finite number; nothing was sent.
        """
        return (yield from create_scores([checked(score) for score in scores]))

    @operation
    def create_score(
        self,
        name: str,
        value: float | None,
        type: ScoreType,
        step_id: str | None = None,
        generation_id: str | None = None,
        dataset_experiment_item_id: str | None = None,
        comment: str | None = None,
        tags: list[str] | None = None,
        *,
        label: str | None = None,
        scorer: str | None = None,
        score_schema_id: str | None = None,
    ) -> Flow[Score]:
        """A score of a step or of an experiment item.

        Args:
            name: What is judged; scores of one name are compared.
            value: A finite number; None where the label names a category, which has one.
            type: `HUMAN`, `AI` or `CODE`.
            step_id: The step, which may be an `llm` step or a run.
            generation_id: Deprecated: the id of the `llm` step.
            dataset_experiment_item_id: The experiment item.
            comment: Free text.
            tags: Texts.
            label: A category.
            scorer: Who or what judged.
            score_schema_id: The schema that it is made under. Without, it is the schema called `name`, if there is one.

        Raises:
            ValueError: The value is no finite number; nothing was sent.
            GraphQLError: The server refused: the schema has no such category, or the value is out of its range.
        """
        score: ScoreDict = {
            "name": name,
            "value": value,
            "type": type,
            "stepId": step_id,
            "generationId": generation_id,
            "datasetExperimentItemId": dataset_experiment_item_id,
            "comment": comment,
            "tags": tags,
            "label": label,
            "scorer": scorer,
            "scoreSchemaId": score_schema_id,
        }
        data = yield from graphql("CreateScore", documents.CREATE_SCORE, checked(score))
        return Score.from_dict(entity("CreateScore", data, "createScore"))

    @operation
    def update_score(self, id: str, update_params: ScoreUpdate) -> Flow[Score]:
        """Change `comment`, `value` and `label` of a score; what is not given stays.

        Of a score with categories, value and label change together.

        Raises:
            NotFoundError: There is no such score.
            ValueError: The value is no finite number; nothing was sent.
        """
        value = update_params.get("value")
        variables: dict[str, Any] = {"id": id, "comment": update_params.get("comment")}
        variables["label"] = update_params.get("label")
        if value is not None:
            variables["value"] = finite(value, "the value of a score")
        data = yield from graphql("UpdateScore", documents.UPDATE_SCORE, variables)
        return Score.from_dict(known(data, "updateScore", "score", id))

    @operation
    def delete_score(self, id: str) -> Flow[Score | None]:
        """Delete a score and give it back; None when there was none."""
        data = yield from graphql("DeleteScore", documents.DELETE_SCORE, {"id": id})
        return Score.from_dict(data["deleteScore"]) if data.get("deleteScore") else None
