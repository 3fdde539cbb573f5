"""GraphQL execution: the schema file, the resolvers bound to it by name, and errors in one shape."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast

from graphql import (
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    execute_sync,  # pyright: ignore[reportUnknownVariableType] - its unused middleware argument is not typed
)

from literalai_otel.errors import LiteralError
from literalai_otel.server.access.caller import Caller
from literalai_otel.server.access.permissions import FIELDS, Need
from literalai_otel.server.access.permissions import LINKS as LINK_NEEDS
from literalai_otel.server.files import Files
from literalai_otel.server.ingest import Ingest, Overloaded
from literalai_otel.server.old_clients import Client
from literalai_otel.server.problems import Problem, error_entry, masked
from literalai_otel.server.resolvers import (
    attachments,
    datasets,
    experiments,
    generations,
    participants,
    prices,
    prompts,
    score_schemas,
    scores,
    steps,
    threads,
)
from literalai_otel.server.resolvers.call import Call, Info
from literalai_otel.server.resolvers.documents import Document, DocumentCache
from literalai_otel.server.resolvers.links import LINKS, Link
from literalai_otel.server.store.database import StoreUnavailableError
from literalai_otel.server.store.scanning import ScanBound
from literalai_otel.server.store.store import Store
from literalai_otel.server.values import clean_text

SCHEMA_FILE: Final = Path(__file__).parent.parent / "schema.graphql"

Resolver = Callable[[Call, Info, dict[str, Any]], Any]
"""Arguments are those that the document gives, by wire name; the result is a wire object, a list field's a
connection. Raises `Problem` or a `LiteralError` of the store for the asker to read."""

QUERIES: Final[dict[str, Resolver]] = {
    **threads.QUERIES,
    **steps.QUERIES,
    **generations.QUERIES,
    **participants.QUERIES,
    **scores.QUERIES,
    **score_schemas.QUERIES,
    **attachments.QUERIES,
    **datasets.QUERIES,
    **experiments.QUERIES,
    **prompts.QUERIES,
    **prices.QUERIES,
}
MUTATIONS: Final[dict[str, Resolver]] = {
    **threads.MUTATIONS,
    **steps.MUTATIONS,
    **generations.MUTATIONS,
    **prices.MUTATIONS,
    **participants.MUTATIONS,
    **scores.MUTATIONS,
    **score_schemas.MUTATIONS,
    **attachments.MUTATIONS,
    **datasets.MUTATIONS,
    **experiments.MUTATIONS,
    **prompts.MUTATIONS,
}


class Engine:
    """One schema over one store. Thread-safe; `known` is for the event loop, the rest for worker threads."""

    def __init__(self, store: Store, ingest: Ingest, files: Files, bound: ScanBound) -> None:
        self._store = store
        self._bound = bound
        self._ingest = ingest
        self._files = files
        self._schema = bound_schema()
        self._documents = DocumentCache(self._schema)

    def known(self, text: str) -> Document | None:
        """The document of `text` if it was loaded before."""
        return self._documents.known(text)

    def load(self, text: str) -> Document:
        """The document of `text`. Raises `Problem` 400 when it is not valid."""
        return self._documents.load(text)

    def execute(
        self,
        document: Document,
        variables: dict[str, Any],
        operation: str | None,
        *,
        caller: Caller,
        environment: str | None,
        client: Client = Client(),  # noqa: B008 - frozen
    ) -> dict[str, Any]:
        """`{data}` or `{data, errors}`; with `extensions: {cut: [{path, scannedUntil}]}` where lists were cut.

        Raises:
            Problem: 400 when execution cannot begin: variables of the wrong type, no such operation.
            Overloaded: the ingest path is full.
            StoreUnavailableError: the database does not answer.
        """
        assert document.tree is not None
        call = Call(caller, environment, self._store, self._ingest, self._files, client, self._bound)
        result = execute_sync(
            self._schema,
            document.tree,
            context_value=call,
            variable_values=variables,
            operation_name=operation,
        )
        errors = result.errors or []
        for error in errors:
            if isinstance(error.original_error, Overloaded | StoreUnavailableError):
                raise error.original_error
        if result.data is None and errors and all(error.path is None for error in errors):
            raise Problem("BAD_USER_INPUT", " ".join(error.message for error in errors))
        answer: dict[str, Any] = {"data": result.data}
        if errors:
            answer["errors"] = [_entry(error) for error in errors]
        if call.cuts:
            answer["extensions"] = {"cut": call.cuts}
        return answer


def bound_schema() -> GraphQLSchema:
    """The schema of the file with a resolver on every root field."""
    schema = build_schema(SCHEMA_FILE.read_text(encoding="utf-8"))
    for root, resolvers in ((schema.query_type, QUERIES), (schema.mutation_type, MUTATIONS)):
        assert root is not None
        stray = resolvers.keys() ^ root.fields.keys()
        assert not stray, f"{root.name}: a resolver without its field or a field without its resolver: {stray}"
        unruled = root.fields.keys() - FIELDS.keys()
        assert not unruled, f"{root.name}: fields without a row in access.permissions.FIELDS: {unruled}"
        for name, field in root.fields.items():
            field.resolve = _bind(resolvers[name], FIELDS[name])
    for type_name, links in {**LINKS, **datasets.LINKS, **experiments.LINKS, **prompts.LINKS}.items():
        for name, link in links.items():
            _object_type(schema, type_name).fields[name].resolve = _bind_link(link, LINK_NEEDS.get((type_name, name)))
    return schema


def _bind(resolver: Resolver, need: Need) -> Callable[..., Any]:
    def resolve(_: Any, info: Info, **arguments: Any) -> Any:
        call: Call = info.context
        call.caller.require(need)
        answer = resolver(call, info, {name: _storable(value) for name, value in arguments.items()})
        call.note_cut(answer, info)
        return answer

    return resolve


def _storable(value: Any) -> Any:
    """A text as it is stored: what was sent as an id finds what was stored under it, whatever its characters."""
    if isinstance(value, str):
        return clean_text(value, "an argument")
    if isinstance(value, list):
        items = cast(list[Any], value)
        return [clean_text(item, "an argument") if isinstance(item, str) else item for item in items]
    return value


def _bind_link(link: Link, need: Need | None) -> Callable[..., Any]:
    def resolve(source: dict[str, Any], info: Info) -> Any:
        if need is not None:
            info.context.caller.require(need)
        return link(info.context, info, source)

    return resolve


def _object_type(schema: GraphQLSchema, name: str) -> GraphQLObjectType:
    found = schema.type_map[name]
    assert isinstance(found, GraphQLObjectType)
    return found


def _entry(error: GraphQLError) -> dict[str, Any]:
    cause = error.original_error
    path = {"path": error.path} if error.path is not None else {}
    if isinstance(cause, Problem):
        return error_entry(cause.code, cause.message, **path)
    if isinstance(cause, LiteralError):
        return error_entry("BAD_USER_INPUT", str(cause), **path)
    if cause is None or isinstance(cause, GraphQLError):
        return error_entry("BAD_USER_INPUT", error.message, **path)
    problem = masked(cause)
    return error_entry(problem.code, problem.message, **path)
