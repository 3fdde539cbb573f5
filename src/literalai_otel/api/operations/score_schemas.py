"""Operations on score schemas: what may be said in scores of one name (`spec/features.md` P-SCR-06, L-SCO-14).

They are ours: no published client has them, and no server but that of this project.
"""

from collections.abc import Sequence
from typing import Any

from literalai_otel.api import documents
from literalai_otel.api.calls import entity, graphql, known
from literalai_otel.api.operation import Flow, operation
from literalai_otel.api.operations.paging import Ordering, page, window
from literalai_otel.model import Page, ScoreCategory, ScoreSchema


class ScoreSchemaOperations:
    """Create, read, list, change, delete."""

    @operation
    def get_score_schemas(
        self,
        first: int | None = None,
        after: str | None = None,
        before: str | None = None,
        order_by: Ordering | None = None,
    ) -> Flow[Page[ScoreSchema]]:
        """A page of score schemas, newest first unless `order_by` (`createdAt`, `name`) says otherwise."""
        variables = window(first, after, before, order_by=order_by)
        document = documents.GET_SCORE_SCHEMAS
        return (yield from page("GetScoreSchemas", document, "scoreSchemas", ScoreSchema.from_dict, variables))

    @operation
    def get_score_schema(self, id: str | None = None, name: str | None = None) -> Flow[ScoreSchema | None]:
        """The schema of this id, else of this name; None when there is none.

        Raises:
            ValueError: Neither id nor name was given.
        """
        if id is None and name is None:
            raise ValueError("give id or name")
        data = yield from graphql("GetScoreSchema", documents.GET_SCORE_SCHEMA, {"id": id, "name": name})
        return ScoreSchema.from_dict(data["scoreSchema"]) if data.get("scoreSchema") else None

    @operation
    def create_score_schema(
        self,
        name: str,
        description: str | None = None,
        *,
        categories: Sequence[ScoreCategory] | None = None,
        min: float | None = None,
        max: float | None = None,
    ) -> Flow[ScoreSchema]:
        """A new schema: categorical with `categories`, continuous with `min` and `max`.

        From then on `create_score` takes for this name what the schema allows, and nothing else.

        Args:
            name: Of the scores as well.
            description: What is judged.
            categories: `{label, value, description}`; labels are distinct.
            min: The least value.
            max: The greatest value.

        Raises:
            GraphQLError: The server refused: the name is taken, or it is neither of the two.
        """
        variables: dict[str, Any] = {
            "name": name,
            "type": "CONTINUOUS" if categories is None else "CATEGORICAL",
            "description": description,
            **_rule(categories, min, max),
        }
        data = yield from graphql("CreateScoreSchema", documents.CREATE_SCORE_SCHEMA, variables)
        return ScoreSchema.from_dict(entity("CreateScoreSchema", data, "createScoreSchema"))

    @operation
    def update_score_schema(
        self,
        id: str,
        name: str | None = None,
        description: str | None = None,
        *,
        categories: Sequence[ScoreCategory] | None = None,
        min: float | None = None,
        max: float | None = None,
    ) -> Flow[ScoreSchema]:
        """Change a schema for scores to come; None leaves a field as it is, `categories` take the place of all.

        Raises:
            NotFoundError: There is no such schema.
            GraphQLError: The server refused: the name is taken, or the fields are those of the other type.
        """
        variables = {"id": id, "name": name, "description": description, **_rule(categories, min, max)}
        data = yield from graphql("UpdateScoreSchema", documents.UPDATE_SCORE_SCHEMA, variables)
        return ScoreSchema.from_dict(known(data, "updateScoreSchema", "score schema", id))

    @operation
    def delete_score_schema(self, id: str) -> Flow[ScoreSchema | None]:
        """Delete a schema and give it back; None when there was none. Its scores stay."""
        data = yield from graphql("DeleteScoreSchema", documents.DELETE_SCORE_SCHEMA, {"id": id})
        return ScoreSchema.from_dict(data["deleteScoreSchema"]) if data.get("deleteScoreSchema") else None


def _rule(categories: Sequence[ScoreCategory] | None, low: float | None, high: float | None) -> dict[str, Any]:
    return {"categories": None if categories is None else list(categories), "min": low, "max": high}
