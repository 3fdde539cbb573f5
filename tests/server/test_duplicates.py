"""Spans of several instrumentors over one call, from a collector: in one request or in several."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from literalai_otel.server.ingest import Ingest
from literalai_otel.server.store import PageQuery, Store
from literalai_otel.translate import SpanRecord

WAIT = 20.0
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
OURS = "literalai_otel.instrumentors.openai"
OPENLLMETRY = "opentelemetry.instrumentation.openai.v1"
AGENT = ("app", {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "agent"})
HTTP = ("http", {"http.request.method": "POST"})
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 11}


def record(number: int, parent: int | None, name: str, scope: str, attributes: dict[str, Any]) -> SpanRecord:
    return SpanRecord(
        trace_id=TRACE,
        span_id=f"{number:016x}",
        parent_span_id=None if parent is None else f"{parent:016x}",
        name=name,
        scope=scope,
        start_ns=number * 10**9,
        end_ns=(100 - number) * 10**9,
        attributes=dict(attributes),
    )


def agent() -> SpanRecord:
    return record(1, None, "agent", *AGENT)


def theirs(parent: int | None = 1, **more: Any) -> SpanRecord:
    return record(2, parent, "theirs", OPENLLMETRY, {**CHAT, **more})


def between() -> SpanRecord:
    return record(3, 2, "POST", *HTTP)


def ours(parent: int = 3) -> SpanRecord:
    return record(4, parent, "ours", OURS, CHAT)


class World:
    """A store whose content is a tree of names."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.ingest = Ingest(store)
        self._count = itertools.count()
        self.new_project()

    def new_project(self) -> None:
        self.project = self.store.create_project(f"p{next(self._count)}").result(WAIT).id

    def put(self, *records: SpanRecord) -> None:
        assert self.ingest.records(self.project, records).result(WAIT).rejected == 0

    def parents(self) -> dict[str, str | None]:
        """Step -> its parent, by name."""
        steps = self.store.list_steps(self.project, PageQuery()).nodes
        named = {step["id"]: step["name"] for step in steps}
        return {step["name"]: named.get(step["parentId"]) for step in steps}


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


ONE = {"agent": None, "ours": "agent"}


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_in_one_request(world: World, order: tuple[int, ...]) -> None:
    spans = [agent(), theirs(), between(), ours()]
    world.put(*(spans[index] for index in order))
    assert world.parents() == ONE


@pytest.mark.parametrize(
    "requests",
    [
        [[ours], [between], [theirs], [agent]],
        [[ours, between], [theirs], [agent]],
        [[between], [ours], [theirs, agent]],
        [[agent], [ours, between], [theirs]],
        [[ours], [between, theirs, agent]],
    ],
)
def test_in_several_requests_when_the_inner_one_comes_first(
    world: World, requests: list[list[Callable[[], SpanRecord]]]
) -> None:
    for request in requests:
        world.put(*(make() for make in request))
    assert world.parents() == ONE
    for request in requests:  # whoever got no answer sends again
        world.put(*(make() for make in request))
    assert world.parents() == ONE


def test_the_outer_one_sent_again_alone(world: World) -> None:
    world.put(agent(), theirs(), between(), ours())
    world.put(theirs())
    assert world.parents() == ONE


@pytest.mark.parametrize("apart", [False, True])
def test_a_root(world: World, apart: bool) -> None:
    spans = [ours(2), theirs(None)]
    for request in [spans[:1], spans[1:]] if apart else [spans]:
        world.put(*request)
    world.put(theirs(None))
    assert world.parents() == {"ours": None}


def test_another_model_is_another_call(world: World) -> None:
    world.put(ours(2))
    world.put(theirs(**{"gen_ai.request.model": "router"}), agent())
    assert world.parents() == {"agent": None, "theirs": "agent", "ours": "theirs"}


def test_a_tool_in_between_means_two_calls(world: World) -> None:
    tool = record(3, 2, "tool", "app", {"gen_ai.operation.name": "execute_tool"})
    world.put(ours(3))
    world.put(tool)
    world.put(theirs(), agent())
    assert world.parents() == {"agent": None, "theirs": "agent", "tool": "theirs", "ours": "tool"}


def test_a_call_without_another_one_inside_is_a_step(world: World) -> None:
    world.put(theirs(), agent())
    world.put(theirs())
    assert world.parents() == {"agent": None, "theirs": "agent"}


def test_the_tokens_are_counted_once(world: World) -> None:
    world.put(ours(2))
    world.put(theirs(), agent())
    steps = world.store.list_steps(world.project, PageQuery()).nodes
    assert [step["generation"]["inputTokenCount"] for step in steps if step["generation"]] == [11]


def test_an_outer_one_that_came_in_a_request_before_stays(world: World) -> None:
    """The one order that is not joined: what was stored and acknowledged is not taken away."""
    world.put(theirs(), agent())
    world.put(ours(2))
    assert world.parents() == {"agent": None, "theirs": "agent", "ours": "theirs"}
