"""What every resolver gets: the request's project and environment, the store and the ingest path."""

from collections.abc import Callable, Generator, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar, cast

from graphql import FieldNode, FragmentSpreadNode, GraphQLResolveInfo, InlineFragmentNode, SelectionSetNode

from literalai_otel.server.access.caller import Caller
from literalai_otel.server.files import Files
from literalai_otel.server.filters import Entity, hidden_environment, parse_filters, parse_order
from literalai_otel.server.ingest import Ingest
from literalai_otel.server.old_clients import Client
from literalai_otel.server.problems import Problem
from literalai_otel.server.store.paging import PageQuery
from literalai_otel.server.store.projects import Project
from literalai_otel.server.store.scanning import ScanBound
from literalai_otel.server.store.store import Store

T = TypeVar("T")
Info: TypeAlias = "GraphQLResolveInfo[Any]"

WRITE_TIMEOUT: Final = 30.0
"""Seconds that a resolver waits for a commit."""
_UNSUPPORTED: Final = ("last", "skip", "cursorAnchor")


@dataclass(frozen=True, slots=True)
class Call:
    """One GraphQL request. Resolvers run on a worker thread, so they may block."""

    caller: Caller
    environment: str | None
    store: Store
    ingest: Ingest
    files: Files
    client: Client
    bound: ScanBound = field(default_factory=ScanBound)
    read: dict[Hashable, Any] = field(default_factory=dict[Hashable, Any])
    cuts: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    @property
    def project(self) -> Project:
        """The project that is asked about."""
        return self.caller.project

    @property
    def author(self) -> str:
        """Who asks, for what keeps who made it."""
        return self.caller.name

    def once(self, key: Hashable, read: Callable[[], T]) -> T:
        """What `read` answers, asked once for `key` in this request."""
        if key not in self.read:
            self.read[key] = read()
        return self.read[key]

    def note_cut(self, answer: Any, info: Info) -> None:
        """Remembers that a list was not looked through to its end, for those who do not ask `pageInfo` for it."""
        page: dict[str, Any] = cast(dict[str, Any], answer).get("pageInfo", {}) if isinstance(answer, dict) else {}
        if page.get("cut"):
            self.cuts.append({"path": info.path.as_list(), "scannedUntil": page["scannedUntil"]})

    def wait(self, future: Future[T]) -> T:
        """The result after the commit. Raises `Problem` 503 when the writer takes too long."""
        try:
            return future.result(timeout=WRITE_TIMEOUT)
        except TimeoutError:
            raise Problem("OVERLOADED", "The write is still queued: try again.") from None

    def page_query(self, entity: Entity, arguments: dict[str, Any], info: Info) -> PageQuery:
        """The paging, filter and order arguments of a list field.

        Raises `Problem` for what no published client sends and this server does not do, and `FilterError`.
        """
        for name in _UNSUPPORTED:
            if arguments.get(name) is not None:
                raise Problem("BAD_USER_INPUT", f"{name} is not supported: page with first and after.")
        self.check_project(arguments)
        first = arguments.get("first")
        if first is not None and first < 0:
            raise Problem("BAD_USER_INPUT", "first must be 0 or more.")
        filters = parse_filters(entity, arguments.get("filters"))
        return PageQuery(
            first=first,
            after=arguments.get("after"),
            before=arguments.get("before"),
            filters=filters,
            order=parse_order(entity, arguments.get("orderBy")),
            count=selects(info, "totalCount"),
            bound=self.bound,
            hidden=hidden_environment(entity, filters),
        )

    def check_project(self, arguments: dict[str, Any]) -> None:
        """Raises `Problem` when the argument `projectId` names another project than the caller's."""
        asked_project = arguments.get("projectId")
        if asked_project is not None and asked_project != self.project.public_id:
            raise Problem("BAD_USER_INPUT", "projectId names another project than the one that is asked.")


def selects(info: Info, *path: str) -> bool:
    """Whether the request asks for the field at `path` below the current one, fragments included."""
    return path[-1] in selected(info, *path[:-1])


def selected(info: Info, *path: str) -> set[str]:
    """The names of the fields that are asked for at `path` below the current one, fragments included."""
    level = [node.selection_set for node in info.field_nodes]
    for name in path:
        level = [field.selection_set for field in _fields(level, info) if field.name.value == name]
    return {field.name.value for field in _fields(level, info)}


def _fields(level: Sequence[SelectionSetNode | None], info: Info) -> Generator[FieldNode]:
    for selection_set in level:
        for selection in selection_set.selections if selection_set else ():
            if isinstance(selection, FragmentSpreadNode):
                yield from _fields([info.fragments[selection.name.value].selection_set], info)
            elif isinstance(selection, InlineFragmentNode):
                yield from _fields([selection.selection_set], info)
            elif isinstance(selection, FieldNode):
                yield selection
