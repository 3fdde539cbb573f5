"""A store in a folder of its own, a project in it, and short ways to fill it through the one way in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from engines import POSTGRES, Engines, Postgres, Sqlite
from literalai_otel.server.filters import parse_filters, parse_order
from literalai_otel.server.ingest import Ingest, Outcome
from literalai_otel.server.store import PageQuery, Project, Store

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
WAIT = 20.0


@dataclass
class World:
    store: Store
    project: Project

    def __post_init__(self) -> None:
        self.ingest = Ingest(self.store)

    def send(self, *steps: dict[str, Any], project: Project | None = None, **options: Any) -> list[Outcome]:
        """One request with these steps."""
        return self.ingest.steps((project or self.project).id, list(steps), **options).result(WAIT)

    def put(self, *steps: dict[str, Any], **options: Any) -> None:
        """One request whose steps must all be stored."""
        outcomes = self.send(*steps, **options)
        assert [outcome.message for outcome in outcomes if not outcome.ok] == []

    def step(self, step_id: str) -> dict[str, Any]:
        found = self.store.get_step(self.project.id, step_id)
        assert found is not None, step_id
        return found

    def new_project(self) -> Project:
        return self.store.create_project("other").result(WAIT)

    def ids(self, entity: str = "steps", **query: Any) -> list[str]:
        """The ids of a list, filtered and ordered as a client asks for it."""
        filters, order = query.pop("filters", None), query.pop("order", None)
        page = PageQuery(filters=parse_filters(entity, filters), order=parse_order(entity, order), **query)
        listing = getattr(self.store, f"list_{entity}")(self.project.id, page)
        return [node["id"] for node in listing.nodes]


def span(span_id: int, parent: int | None = None, *, trace: str = TRACE, bridges: list[int] = ()) -> dict[str, Any]:
    """`metadata` of a step that was made from a span."""
    otel: dict[str, Any] = {"trace_id": trace, "span_id": f"{span_id:016x}"}
    if parent is not None:
        otel["parent_span_id"] = f"{parent:016x}"
    if bridges:
        otel["bridges"] = [f"{bridge:016x}" for bridge in bridges]
    return {"otel": otel}


@pytest.fixture(scope="module", params=["sqlite", *POSTGRES])
def engine(request: pytest.FixtureRequest, engines: Engines) -> Iterator[Sqlite | Postgres]:
    """As for the other tests, but on every version of PostgreSQL that is there."""
    engine = engines.get(request.param)
    yield engine
    engine.forget()


@pytest.fixture
def world(store: Store) -> World:
    return World(store, store.create_project("first").result(WAIT))


@pytest.fixture
def spans():
    """`span`, for tests that build steps with spans behind them."""
    return span
