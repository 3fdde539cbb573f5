"""Score schemas: what may be said in a score of their name (`spec/features.md` P-SCR-06, L-SCO-14).

A score made under a schema, or under its name, is held against it and stays linked to it. What changes in a schema
is for scores to come. Scores that arrive with steps are stored as they are: telemetry is not refused.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Column, Connection, Row, delete, insert, select, update

from literalai_otel.jsonable import loads
from literalai_otel.server.store.evaluation_tables import score_schemas
from literalai_otel.server.store.json_columns import encode_list
from literalai_otel.server.store.paging import Listing, PageQuery, Sorting, fetch
from literalai_otel.server.store.portions import portions
from literalai_otel.server.store.score_rules import CATEGORICAL, Rule
from literalai_otel.server.store.tables import scores
from literalai_otel.server.times import format_time, now
from literalai_otel.server.values import InvalidValueError, clean_id, clean_text

_ORDERS: Final[Mapping[str, Column[Any]]] = {"createdAt": score_schemas.c.created_at, "name": score_schemas.c.name}
_RULE: Final = ("categories", "min", "max")


@dataclass(frozen=True, slots=True)
class ScoreSchema:
    """A schema as scores are held against it."""

    id: str
    name: str
    rule: Rule


def page(connection: Connection, project_id: int, query: PageQuery) -> Listing:
    """A page of schemas, newest first unless the query orders."""
    own = (score_schemas.c.project_id == project_id,)
    sorting = Sorting.of(query, _ORDERS, score_schemas.c.row_id)
    found = fetch(connection, list(score_schemas.c), own, query, sorting)
    return found.listing([_to_wire(row) for row in found.rows])


def get(
    connection: Connection, project_id: int, *, schema_id: str | None = None, name: str | None = None
) -> dict[str, Any] | None:
    """By id if one is given, else by name."""
    row = _row(connection, project_id, schema_id, name)
    return None if row is None else _to_wire(row)


def create(connection: Connection, project_id: int, given: Mapping[str, Any], author: str | None) -> dict[str, Any]:
    """A new schema of `{name, type, description, categories, min, max}`.

    Raises:
        InvalidValueError: a value breaks a rule, or the name is taken.
    """
    rule = Rule.of(given.get("type"), *(given.get(member) for member in _RULE))
    name = clean_id(given.get("name"), "name")
    _check_name(connection, project_id, name)
    moment = now()
    values = {
        "project_id": project_id,
        "id": str(uuid4()),
        "name": name,
        "description": _text(given.get("description")),
        "type": rule.type,
        **columns_of(rule),
        "created_by": author,
        "created_at": moment,
        "updated_at": moment,
    }
    connection.execute(insert(score_schemas).values(values))
    stored = get(connection, project_id, schema_id=str(values["id"]))
    assert stored is not None
    return stored


def change(connection: Connection, project_id: int, schema_id: str, given: Mapping[str, Any]) -> dict[str, Any] | None:
    """The schema after the change (None leaves a value), None when it is unknown. Scores stay as they were made.

    Raises:
        InvalidValueError: a value breaks a rule, or the name is taken.
    """
    row = _row(connection, project_id, schema_id, None)
    if row is None:
        return None
    values: dict[str, Any] = {}
    if given.get("name") is not None:
        values["name"] = clean_id(given["name"], "name")
        if values["name"] != row.name:
            _check_name(connection, project_id, values["name"])
    if given.get("description") is not None:
        values["description"] = _text(given["description"])
    if any(given.get(member) is not None for member in _RULE):
        stored = {"categories": row.categories and loads(row.categories), "min": row.minimum, "max": row.maximum}
        merged = (stored[member] if given.get(member) is None else given[member] for member in _RULE)
        values |= columns_of(Rule.of(row.type, *merged))
    if values:
        own = (score_schemas.c.project_id == project_id, score_schemas.c.id == schema_id)
        connection.execute(update(score_schemas).where(*own).values(**values, updated_at=now()))
    return get(connection, project_id, schema_id=schema_id)


def remove(connection: Connection, project_id: int, schema_id: str) -> dict[str, Any] | None:
    """The deleted schema, None when it was unknown. Its scores keep name, value and label."""
    schema = get(connection, project_id, schema_id=schema_id)
    if schema is not None:
        linked = (scores.c.project_id == project_id, scores.c.schema_id == schema_id)
        connection.execute(update(scores).where(*linked).values(schema_id=None))
        own = (score_schemas.c.project_id == project_id, score_schemas.c.id == schema_id)
        connection.execute(delete(score_schemas).where(*own))
    return schema


def of_scores(
    connection: Connection, project_id: int, ids: Collection[str], names: Collection[str] = ()
) -> list[ScoreSchema]:
    """The schemas with one of these ids or names."""
    found: dict[str, ScoreSchema] = {}
    for column, wanted in ((score_schemas.c.id, sorted(ids)), (score_schemas.c.name, sorted(names))):
        for some in portions(wanted):
            own = (score_schemas.c.project_id == project_id, column.in_(some))
            for row in connection.execute(select(score_schemas).where(*own)):
                found[row.id] = ScoreSchema(row.id, row.name, rule_of(row))
    return list(found.values())


def rule_of(row: Row[Any]) -> Rule:
    """The rule of a stored schema."""
    return Rule.of(row.type, loads(row.categories) if row.categories else None, row.minimum, row.maximum)


def columns_of(rule: Rule) -> dict[str, Any]:
    """The columns that hold a rule."""
    categories = [asdict(category) for category in rule.categories]
    return {
        "categories": encode_list(categories, "categories") if rule.type == CATEGORICAL else None,
        "minimum": rule.minimum,
        "maximum": rule.maximum,
    }


def _row(connection: Connection, project_id: int, schema_id: str | None, name: str | None) -> Row[Any] | None:
    named = score_schemas.c.id == schema_id if schema_id is not None else score_schemas.c.name == name
    return connection.execute(
        select(score_schemas).where(score_schemas.c.project_id == project_id, named)
    ).one_or_none()


def _check_name(connection: Connection, project_id: int, name: str) -> None:
    known = _row(connection, project_id, None, name)
    if known is not None:
        raise InvalidValueError(f"the project has a score schema {name!r} already ({known.id}): update it instead")


def _text(description: str | None) -> str | None:
    return None if description is None else clean_text(description, "description")


def _to_wire(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "type": row.type,
        "categories": loads(row.categories) if row.categories else None,
        "min": row.minimum,
        "max": row.maximum,
        "createdBy": row.created_by,
        "createdAt": format_time(row.created_at),
        "updatedAt": format_time(row.updated_at),
    }
