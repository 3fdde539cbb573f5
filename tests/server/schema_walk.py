"""A request for every root field of the schema, made from the schema: a new field is walked without a line here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
)

from literalai_otel.server.resolvers.engine import bound_schema

SCHEMA = bound_schema()
DEEPEST = 2
FILLERS = {
    "String": "filler",
    "ID": "filler",
    "Int": 1,
    "Float": 1.0,
    "Boolean": True,
    "DateTime": "2026-11-21T08:00:00Z",
    "Json": {"filler": 1},
    "GenerationPayloadInput": {"type": "CHAT", "messages": []},
    "ScorePayloadInput": {"name": "n", "type": "AI", "value": 1},
    "AttachmentPayloadInput": {"name": "a"},
}


@dataclass(frozen=True)
class Operation:
    """A root field with every argument as a variable, and everything that can be selected of its answer."""

    kind: str
    name: str
    document: str
    field: GraphQLField

    def variables(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A value for each argument: from `given`, by the argument's name, else one that its type takes."""
        return {name: given[name] if name in given else filler(arg.type) for name, arg in self.field.args.items()}


def operations() -> Iterator[Operation]:
    for kind, root in (("query", SCHEMA.query_type), ("mutation", SCHEMA.mutation_type)):
        assert root is not None
        for name, field in root.fields.items():
            declared = ", ".join(f"${arg}: {value.type}" for arg, value in field.args.items())
            passed = ", ".join(f"{arg}: ${arg}" for arg in field.args)
            head = f"{kind} Walk{f'({declared})' if declared else ''}"
            call = f"{name}{f'({passed})' if passed else ''}"
            yield Operation(kind, name, f"{head} {{ {call} {selection(field.type)} }}", field)


def selection(of: Any, depth: int = 0) -> str:
    """All that can be selected, so deep that no type comes twice in a way worth reading."""
    kind = get_named_type(of)
    if is_leaf_type(kind):
        return ""
    assert isinstance(kind, GraphQLObjectType)
    parts: list[str] = []
    for name, field in kind.fields.items():
        required = [arg for arg in field.args.values() if isinstance(arg.type, GraphQLNonNull)]
        if required or (depth >= DEEPEST and not is_leaf_type(get_named_type(field.type))):
            continue
        inner = selection(field.type, depth + 1)
        if inner != "{  }":
            parts.append(f"{name} {inner}".strip())
    return f"{{ {' '.join(parts)} }}"


def filler(of: Any) -> Any:
    """A value that the type takes."""
    if isinstance(of, GraphQLNonNull):
        return filler(of.of_type)
    if isinstance(of, GraphQLList):
        return [filler(of.of_type)]
    if isinstance(of, GraphQLEnumType):
        return next(iter(of.values))
    if isinstance(of, GraphQLInputObjectType):
        if "operator" in of.fields:
            return {"field": "id", "operator": "eq", "value": "filler"}
        if "direction" in of.fields:
            return {"column": "createdAt", "direction": "ASC"}
        return {name: filler(field.type) for name, field in of.fields.items()}
    return FILLERS[of.name]
