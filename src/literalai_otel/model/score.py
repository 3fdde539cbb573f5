"""A judgement on a step or an experiment item (`spec/literal-wire.md` §2.6)."""

from dataclasses import dataclass
from typing import Literal, TypedDict

from literalai_otel.model.wire import Entity

ScoreType = Literal["HUMAN", "AI", "CODE"]


class ScoreDict(TypedDict, total=False):
    """A score by its names on the wire; it needs `name`, `type`, and `value` or the `label` of a category."""

    id: str | None
    name: str
    type: ScoreType
    value: float | None
    label: str | None
    stepId: str | None
    generationId: str | None
    datasetExperimentItemId: str | None
    comment: str | None
    scorer: str | None
    tags: list[str] | None
    scoreSchemaId: str | None


class ScoreUpdate(TypedDict, total=False):
    """What can be changed of a score."""

    comment: str | None
    value: float
    label: str


@dataclass(slots=True, kw_only=True, repr=False)
class Score(Entity):
    """`value` is finite; `label` names a category when the score has a categorical schema.

    `created_by` is the name of the API key that it was made with.
    """

    id: str | None = None
    name: str | None = None
    type: ScoreType | None = None
    value: float | None = None
    label: str | None = None
    step_id: str | None = None
    dataset_experiment_item_id: str | None = None
    comment: str | None = None
    scorer: str | None = None
    tags: list[str] | None = None
    score_schema_id: str | None = None
    created_by: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
