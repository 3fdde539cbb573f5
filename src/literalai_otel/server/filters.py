"""The filter and order grammar of the published clients, checked and typed (`spec/literal-wire.md` §4.1).

A filter is `{field, operator, value, path?}`; a list of filters means *and*. This module knows the fields of each
entity, their kinds and the operators of a kind, and hands out `Condition` objects. SQL is the store's work.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal, cast

from literalai_otel.server.times import parse_time
from literalai_otel.server.values import InvalidValueError, clean_text

Entity = Literal[
    "threads",
    "steps",
    "runs",
    "generations",
    "participants",
    "scores",
    "scoreSchemas",
    "datasets",
    "datasetItems",
    "experiments",
    "experimentItems",
    "prompts",
]

LONGEST_TEXT: Final = 5_000
"""Characters of a filter's text; SQLite refuses LIKE patterns of more than 50 000 bytes, and folding lengthens."""
MOST_WILDCARDS: Final = 10
"""`%` in a pattern; each may multiply the work of a search."""
LONGEST_LIST: Final = 1_000


class FilterError(InvalidValueError):
    """A filter, an order or a cursor that the grammar does not know. The message names what is allowed."""


class Kind(Enum):
    """What a field holds, and so which operators it takes."""

    TEXT = "text"
    JSON = "JSON"
    NUMBER = "number"
    TIME = "time"
    LIST = "list of texts"


OPERATORS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.TEXT: ("eq", "neq", "ilike", "nilike", "in", "nin"),
    Kind.JSON: ("eq", "neq", "ilike", "nilike"),
    Kind.NUMBER: ("eq", "neq", "gt", "gte", "lt", "lte"),
    Kind.TIME: ("gt", "gte", "lt", "lte"),
    Kind.LIST: ("in", "nin", "eq", "neq"),
}
NULL_OPERATORS: Final = ("is", "nis")


@dataclass(frozen=True, slots=True)
class Field:
    """One filterable field. `nullable` adds `is null` and `nis null`; `path` allows (or needs) a path."""

    kind: Kind
    nullable: bool = False
    path: Literal["no", "optional", "required"] = "no"


@dataclass(frozen=True, slots=True)
class Condition:
    """A checked filter.

    `value` is a str for TEXT and JSON (a JSON number or boolean as its JSON text), an int or float for NUMBER,
    microseconds since 1970 for TIME, a tuple of str for `in` and `nin` and for LIST, None for `is` and `nis`.
    """

    field: str
    kind: Kind
    operator: str
    value: str | int | float | tuple[str, ...] | None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A checked order: a column of the entity's order columns."""

    column: str
    descending: bool


_TEXT, _NULL_TEXT = Field(Kind.TEXT), Field(Kind.TEXT, nullable=True)
_NULL_NUMBER = Field(Kind.NUMBER, nullable=True)
_TIME, _NULL_TIME = Field(Kind.TIME), Field(Kind.TIME, nullable=True)
_LIST, _NULL_LIST = Field(Kind.LIST), Field(Kind.LIST, nullable=True)
_NULL_JSON = Field(Kind.JSON, nullable=True, path="optional")
_SCORE = Field(Kind.NUMBER, nullable=True, path="optional")
_STEP: Final[Mapping[str, Field]] = {
    "id": _TEXT,
    "createdAt": _TIME,
    "name": _NULL_TEXT,
    "type": _NULL_TEXT,
    "input": _NULL_JSON,
    "output": _NULL_JSON,
    "metadata": _NULL_JSON,
    "startTime": _NULL_TIME,
    "endTime": _NULL_TIME,
    "parentId": _NULL_TEXT,
    "rootRunId": _NULL_TEXT,
    "threadId": _NULL_TEXT,
    "error": _NULL_TEXT,
    "tags": _NULL_LIST,
    "participantIdentifier": _NULL_LIST,
    "participantIdentifiers": _NULL_LIST,
    "environment": _NULL_TEXT,
    "model": _NULL_TEXT,
    "provider": _NULL_TEXT,
    "scoreValue": _SCORE,
}
_NOT_OF_RUNS: Final = ("type", "parentId", "rootRunId", "model", "provider")
"""Fields of steps that say nothing of a root run: it has no run above it, and calls no model itself."""

FIELDS: Final[Mapping[Entity, Mapping[str, Field]]] = {
    "threads": {
        "id": _TEXT,
        "createdAt": _TIME,
        "name": _NULL_TEXT,
        "metadata": _NULL_JSON,
        "tokenCount": _NULL_NUMBER,
        "duration": _NULL_NUMBER,
        "stepType": _LIST,
        "stepName": _NULL_TEXT,
        "stepOutput": _NULL_JSON,
        "tags": _NULL_LIST,
        "participantId": _NULL_TEXT,
        "participantIdentifiers": _NULL_LIST,
        "scoreValue": _SCORE,
        "environment": _NULL_TEXT,
    },
    "steps": _STEP,
    "runs": {name: field for name, field in _STEP.items() if name not in _NOT_OF_RUNS},
    "generations": {
        "id": _TEXT,
        "createdAt": _TIME,
        "startTime": _NULL_TIME,
        "model": _NULL_TEXT,
        "provider": _NULL_TEXT,
        "duration": _NULL_NUMBER,
        "tokenCount": _NULL_NUMBER,
        "tags": _NULL_LIST,
        "score": _SCORE,
        "participant": _NULL_LIST,
        "error": _NULL_TEXT,
        "environment": _NULL_TEXT,
        "threadId": _NULL_TEXT,
        "promptLineage": _NULL_TEXT,
        "promptVersion": _NULL_NUMBER,
    },
    "participants": {
        "id": _TEXT,
        "createdAt": _TIME,
        "identifier": _NULL_LIST,
        "lastEngaged": _NULL_TIME,
        "threadCount": _NULL_NUMBER,
        "tokenCount": _NULL_NUMBER,
        "metadata": _NULL_JSON,
    },
    "scores": {
        "id": _TEXT,
        "createdAt": _TIME,
        "participant": _NULL_LIST,
        "name": _TEXT,
        "tags": _NULL_LIST,
        "value": Field(Kind.NUMBER),
        "type": _TEXT,
        "comment": _NULL_TEXT,
        "label": _NULL_TEXT,
        "scorer": _NULL_TEXT,
        "stepId": _NULL_TEXT,
        "threadId": _NULL_TEXT,
        "datasetExperimentItemId": _NULL_TEXT,
    },
    "scoreSchemas": {},
    "datasets": {"id": _TEXT, "createdAt": _TIME, "name": _TEXT, "type": _TEXT},
    "datasetItems": {"id": _TEXT, "createdAt": _TIME, "stepId": _NULL_TEXT},
    "experiments": {
        "id": _TEXT,
        "createdAt": _TIME,
        "name": _TEXT,
        "datasetId": _NULL_TEXT,
        "promptId": _NULL_TEXT,
        "promptExperimentId": _NULL_TEXT,
        "params": _NULL_JSON,
    },
    "experimentItems": {"id": _TEXT, "createdAt": _TIME, "datasetItemId": _NULL_TEXT, "experimentRunId": _NULL_TEXT},
    "prompts": {"id": _TEXT, "createdAt": _TIME, "name": _TEXT},
}

_SILOED: Final[tuple[Entity, ...]] = ("threads", "steps", "runs", "generations")
_HIDDEN_ENVIRONMENT: Final = "experiment"
_NAMING: Final = ("environment", "id", "threadId", "parentId", "rootRunId")
"""Filters that say which logs are meant, experiments or not."""

ORDER_COLUMNS: Final[Mapping[Entity, tuple[str, ...]]] = {
    "threads": ("createdAt", "tokenCount", "duration", "name", "participant"),
    "steps": ("createdAt", "startTime", "endTime", "name", "type", "tokenCount", "duration"),
    "runs": ("createdAt", "startTime", "endTime", "name"),
    "generations": ("createdAt", "startTime", "tokenCount", "model", "provider", "duration", "participant"),
    "participants": ("createdAt", "identifier", "lastEngaged", "threadCount", "tokenCount"),
    "scores": ("createdAt", "updatedAt", "name", "value"),
    "scoreSchemas": ("createdAt", "name"),
    "datasets": ("createdAt", "name"),
    "datasetItems": ("createdAt",),
    "experiments": ("createdAt", "name"),
    "experimentItems": ("createdAt", "score"),
    "prompts": ("createdAt", "name"),
}


def parse_filters(entity: Entity, filters: Iterable[Mapping[str, Any]] | None) -> tuple[Condition, ...]:
    """Checks a list of filters as a client sent it; None is no filter.

    Raises:
        FilterError: an unknown field or operator, or a value of the wrong kind.
    """
    return tuple(_parse_filter(entity, item) for item in filters or ())


def parse_order(entity: Entity, order: Mapping[str, Any] | None) -> Order | None:
    """Checks `{column, direction}` as a client sent it.

    Raises:
        FilterError: an unknown column or direction.
    """
    if order is None:
        return None
    column, direction = order.get("column"), order.get("direction")
    if column not in ORDER_COLUMNS[entity]:
        raise FilterError(f"{entity} cannot be ordered by {column!r}; columns: {', '.join(ORDER_COLUMNS[entity])}")
    if direction not in ("ASC", "DESC"):
        raise FilterError(f"the direction of an order is ASC or DESC, not {direction!r}")
    return Order(cast(str, column), direction == "DESC")


def hidden_environment(entity: Entity, conditions: Iterable[Condition]) -> str | None:
    """The environment that a list leaves out: runs of experiments, unless they are asked for (P-ENV-01)."""
    if entity not in _SILOED or any(condition.field in _NAMING for condition in conditions):
        return None
    return _HIDDEN_ENVIRONMENT


def _parse_filter(entity: Entity, item: Mapping[str, Any]) -> Condition:
    name, value, path = item.get("field"), item.get("value"), item.get("path")
    operator: Any = item.get("operator")
    field = FIELDS[entity].get(name) if isinstance(name, str) else None
    if field is None or not isinstance(name, str):
        raise FilterError(f"{entity} cannot be filtered by {name!r}; fields: {', '.join(FIELDS[entity])}")
    allowed = OPERATORS[field.kind] + (NULL_OPERATORS if field.nullable else ())
    if operator not in allowed:
        raise FilterError(f"{name} ({field.kind.value}) does not take {operator!r}; operators: {', '.join(allowed)}")
    if path is not None and (not isinstance(path, str) or len(path) > LONGEST_TEXT):
        raise FilterError(f"the path of a filter is a text, not {type(path).__name__}")
    if path is not None and field.path == "no":
        raise FilterError(f"{name} ({field.kind.value}) takes no path")
    checked = _null(name, value) if operator in NULL_OPERATORS else _value(name, field.kind, operator, value)
    return Condition(name, field.kind, operator, checked, clean_text(path, "path") if path else None)


def _null(name: str, value: Any) -> None:
    if value is not None:
        raise FilterError(f"{name}: is and nis compare with null only")


def _value(name: str, kind: Kind, operator: str, value: Any) -> str | int | float | tuple[str, ...]:
    if kind is Kind.NUMBER:
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 2**63:
            raise FilterError(f"{name} is compared with a finite number, not {_shown(value)}")
        return value
    if kind is Kind.TIME:
        try:
            return parse_time(value)
        except (AttributeError, TypeError, ValueError):
            raise FilterError(f"{name} is compared with an ISO 8601 time, not {_shown(value)}") from None
    if operator in ("in", "nin"):
        items = cast(list[Any], value if isinstance(value, list) else [value])
        if len(items) > LONGEST_LIST:
            raise FilterError(f"{name}: a list in a filter holds at most {LONGEST_LIST} texts")
        return tuple(_text(name, item) for item in items)
    if kind is Kind.LIST:
        return (_text(name, value),)
    if kind is Kind.JSON and isinstance(value, bool):
        return "true" if value else "false"
    if kind is Kind.JSON and isinstance(value, int | float):
        return repr(value)
    text = _text(name, value)
    if operator in ("ilike", "nilike") and text.count("%") > MOST_WILDCARDS:
        raise FilterError(f"{name}: a pattern holds at most {MOST_WILDCARDS} %")
    return text


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise FilterError(f"{name} is compared with a text, not {_shown(value)}")
    if len(value) > LONGEST_TEXT:
        raise FilterError(f"{name}: a text in a filter holds at most {LONGEST_TEXT} characters")
    return clean_text(value, name)  # as it is stored; the database driver would refuse the rest


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:80]}…"
