"""The fast path of step ingestion: what an `AddStep` document does, read from its syntax tree once.

The published clients send one mutation with an `ingestStep` alias for each step and the values in flat variables
(`spec/literal-wire.md` §2.4). The plan keeps, for each alias, which variable feeds which argument. Running it is
dictionary lookups, about 300 times cheaper than the executor (`spec/platform-peers.md` §6.2), and it gathers the
whole request into one transaction, in alias order.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    OperationDefinitionNode,
    OperationType,
    ValueNode,
    VariableNode,
    Visitor,
    visit,
)
from graphql.utilities import value_from_ast_untyped

from literalai_otel.server.ingest import Outcome

INGEST_FIELD: Final = "ingestStep"


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One alias: `variables` pairs argument with variable name, `constants` are values in the document itself."""

    alias: str
    variables: tuple[tuple[str, str], ...]
    constants: dict[str, Any]
    selection: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class IngestPlan:
    """A document of `ingestStep` fields alone. `operation` is its name, if it has one."""

    operation: str | None
    steps: tuple[PlannedStep, ...]

    def gather(self, variables: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The steps of one request in alias order. Null and absent variables are left out: null means absent."""
        gathered: list[dict[str, Any]] = []
        for planned in self.steps:
            step = {
                argument: value for argument, name in planned.variables if (value := variables.get(name)) is not None
            }
            gathered.append({**planned.constants, **step} if planned.constants else step)
        return gathered

    def answer(self, outcomes: Sequence[Outcome]) -> dict[str, dict[str, Any]]:
        """The `data` of the response."""
        return {
            planned.alias: {key: _RESULT[name](outcome) for key, name in planned.selection}
            for planned, outcome in zip(self.steps, outcomes, strict=True)
        }


_RESULT: Final[dict[str, Callable[[Outcome], Any]]] = {
    "ok": lambda outcome: outcome.ok,
    "message": lambda outcome: outcome.message,
    "__typename": lambda _: "OkResponse",
}


def plan_of(tree: DocumentNode) -> IngestPlan | None:
    """The plan of a valid document, or None when it needs the executor.

    That is so for any other root field, several operations, directives, fragments, variables with defaults, and
    variables inside inline objects.
    """
    if len(tree.definitions) != 1:
        return None
    operation = tree.definitions[0]
    if not isinstance(operation, OperationDefinitionNode) or operation.operation is not OperationType.MUTATION:
        return None
    if operation.directives or any(variable.default_value for variable in operation.variable_definitions or ()):
        return None
    steps: dict[str, PlannedStep] = {}
    for selection in operation.selection_set.selections:
        planned = _planned(selection)
        if planned is None or planned.alias in steps:
            return None
        steps[planned.alias] = planned
    return IngestPlan(operation=operation.name.value if operation.name else None, steps=tuple(steps.values()))


def _planned(selection: Any) -> PlannedStep | None:
    if not isinstance(selection, FieldNode) or selection.name.value != INGEST_FIELD or selection.directives:
        return None
    variables: list[tuple[str, str]] = []
    constants: dict[str, Any] = {}
    for argument in selection.arguments or ():
        name, value = argument.name.value, argument.value
        if isinstance(value, VariableNode):
            variables.append((name, value.name.value))
        elif _is_constant(value):
            constant = value_from_ast_untyped(value)
            if constant is not None:
                constants[name] = constant
        else:
            return None
    wanted = _selected(selection)
    if wanted is None:
        return None
    return PlannedStep(
        alias=selection.alias.value if selection.alias else INGEST_FIELD,
        variables=tuple(variables),
        constants=constants,
        selection=wanted,
    )


def _selected(selection: FieldNode) -> tuple[tuple[str, str], ...] | None:
    wanted: list[tuple[str, str]] = []
    for field in selection.selection_set.selections if selection.selection_set else ():
        if not isinstance(field, FieldNode) or field.directives:
            return None
        wanted.append((field.alias.value if field.alias else field.name.value, field.name.value))
    return tuple(wanted)


class _FindsVariables(Visitor):
    found = False

    def enter_variable(self, *_: Any) -> None:
        self.found = True


def _is_constant(value: ValueNode) -> bool:
    visitor = _FindsVariables()
    visit(value, visitor)
    return not visitor.found
