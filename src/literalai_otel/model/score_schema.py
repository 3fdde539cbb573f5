"""What may be said in scores of one name (`spec/features.md` P-SCR-06)."""

from dataclasses import dataclass
from typing import Literal, NotRequired, TypedDict

from literalai_otel.model.wire import Entity

ScoreSchemaType = Literal["CATEGORICAL", "CONTINUOUS"]


class ScoreCategory(TypedDict):
    """A word and the number that it stands for; the description guides who judges, human or AI."""

    label: str
    value: float
    description: NotRequired[str | None]


@dataclass(slots=True, kw_only=True, repr=False)
class ScoreSchema(Entity):
    """`categories` of a categorical schema, `min` and `max` of a continuous one; `created_by` names an API key."""

    id: str
    name: str
    type: ScoreSchemaType
    description: str | None = None
    categories: list[ScoreCategory] | None = None
    min: float | None = None
    max: float | None = None
    created_by: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
