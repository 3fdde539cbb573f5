"""A judgement on a step or an experiment item (`spec/literal-wire.md` §2.6)."""

from dataclasses import dataclass
from typing import Literal

ScoreType = Literal["HUMAN", "AI", "CODE"]


@dataclass(slots=True, kw_only=True)
class Score:
    """`value` is finite; `label` names a category when the score has a categorical schema."""

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
