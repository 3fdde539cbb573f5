"""Scores (`spec/literal-wire.md` §2.6), and the clients' batches of them (§2.7)."""

from dataclasses import dataclass
from typing import Any, Final

from graphql import FieldNode
from graphql.execution.values import get_argument_values

from literalai_otel.errors import LiteralError
from literalai_otel.server.problems import Problem
from literalai_otel.server.resolvers.call import Call, Info
from literalai_otel.server.store import scores as store
from literalai_otel.server.store.scores import ProtectedScoreError, ScoreFields
from literalai_otel.server.values import InvalidValueError

_CREATE: Final = "createScore"


@dataclass(frozen=True, slots=True)
class _Batch:
    """What became of the scores of one document: by alias, or why none of them was stored."""

    scores: dict[str, dict[str, Any]]
    problem: LiteralError | Problem | None = None


def scores(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """A page of scores, newest first unless the query orders."""
    query = call.page_query("scores", arguments, info)
    return call.store.read(store.page, call.project.id, query).to_connection()


def create_score(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """A new score. A document of nothing but `createScore` stores all of its scores, or none of them."""
    fields = _batch_of(info)
    if fields is None:
        return _created(call, [arguments])[0]
    batch: _Batch = call.once("scores", lambda: _stored(call, info, fields))
    if batch.problem is not None:
        raise batch.problem
    return batch.scores[str(info.path.key)]


def update_score(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Change a score: null leaves a value. Null when it is unknown."""
    changed = call.store.write(
        store.update,
        call.project.id,
        arguments["id"],
        comment=arguments.get("comment"),
        value=arguments.get("value"),
        label=arguments.get("label"),
    )
    return call.wait(changed)


def delete_score(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Delete a score; answers what was deleted. Raises `Problem` 403 for what stays with its experiment (X-44)."""
    try:
        return call.wait(call.store.write(store.delete, call.project.id, arguments["id"]))
    except ProtectedScoreError as problem:
        raise Problem("FORBIDDEN", str(problem)) from None


def _batch_of(info: Info) -> dict[str, FieldNode] | None:
    """The fields of the document by alias, when all of them are `createScore` and none depends on a directive."""
    fields: dict[str, FieldNode] = {}
    for selection in info.operation.selection_set.selections:
        if not isinstance(selection, FieldNode) or selection.name.value != _CREATE or selection.directives:
            return None
        alias = selection.alias.value if selection.alias else _CREATE
        if alias in fields:
            return None
        fields[alias] = selection
    return fields


def _stored(call: Call, info: Info, fields: dict[str, FieldNode]) -> _Batch:
    definition = info.parent_type.fields[_CREATE]
    try:
        arguments = [get_argument_values(definition, node, info.variable_values) for node in fields.values()]
        created = _created(call, arguments, list(fields))
    except (LiteralError, Problem) as problem:
        return _Batch({}, problem)
    return _Batch(dict(zip(fields, created, strict=True)))


def _created(call: Call, arguments: list[dict[str, Any]], aliases: list[str] | None = None) -> list[dict[str, Any]]:
    wanted: list[dict[str, Any]] = []
    for place, given in enumerate(arguments):
        try:
            wanted.append(store.checked(_fields(given)))
        except InvalidValueError as problem:
            where = f"{aliases[place]}: " if aliases else ""
            raise InvalidValueError(f"{where}{problem}") from None
    created = call.wait(call.store.write(store.create_all, call.project.id, wanted, call.author))
    for score, given in zip(created, arguments, strict=True):
        # A generation may be on its way still: then only its score knows that the target is one.
        score["generationId"] = score["generationId"] or given.get("generationId")
    return created


def _fields(given: dict[str, Any]) -> ScoreFields:
    """A generation is a step, so its id is the step's (X-07)."""
    step_id, generation_id = given.get("stepId"), given.get("generationId")
    if step_id is not None and generation_id is not None and step_id != generation_id:
        raise InvalidValueError("stepId and generationId name different steps: give stepId alone")
    return ScoreFields(
        name=given["name"],
        type=given["type"],
        value=given.get("value"),
        label=given.get("label"),
        step_id=step_id if step_id is not None else generation_id,
        dataset_experiment_item_id=given.get("datasetExperimentItemId"),
        scorer=given.get("scorer"),
        comment=given.get("comment"),
        tags=given.get("tags"),
        schema_id=given.get("scoreSchemaId"),
    )


QUERIES: Final = {"scores": scores}
MUTATIONS: Final = {"createScore": create_score, "updateScore": update_score, "deleteScore": delete_score}
