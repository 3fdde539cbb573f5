"""What each operation sends, and what it makes of the answer."""

import json
from typing import Any

import httpx
import pytest

from literalai_otel.errors import GraphQLError, TransportError
from literalai_otel.model import (
    ChatGeneration,
    CompletionGeneration,
    Page,
    PageInfo,
    Score,
    Step,
    Thread,
    User,
)

from .conftest import Caller, answering

STEP_WIRE: dict[str, Any] = {
    "id": "s1",
    "type": "llm",
    "name": "chat",
    "threadId": "t1",
    "input": {"content": "hi"},
    "createdAt": "2026-11-21T08:00:00Z",
    "generation": {"type": "CHAT", "model": "m", "tokenCount": 0, "messages": [{"role": "user", "content": "hi"}]},
    "scores": [{"id": "c1", "name": "quality", "type": "AI", "value": 0}],
    "attachments": [],
    "unknownToUs": 1,
}
STEP = Step(
    id="s1",
    type="llm",
    name="chat",
    thread_id="t1",
    input={"content": "hi"},
    created_at="2026-11-21T08:00:00Z",
    generation=ChatGeneration(model="m", token_count=0, messages=[{"role": "user", "content": "hi"}]),
    scores=[Score(id="c1", name="quality", type="AI", value=0)],
    attachments=[],
)
THREAD_WIRE: dict[str, Any] = {
    "id": "t1",
    "name": "Lisbon",
    "participant": {"id": "u1", "identifier": "ada", "metadata": {}},
    "steps": [STEP_WIRE],
}
ADA = User(id="u1", identifier="ada", metadata={})
THREAD = Thread(id="t1", name="Lisbon", participant_id="u1", participant=ADA, steps=[STEP])
GENERATIONS = [ChatGeneration(id="g1", model="m"), CompletionGeneration(id="g2", prompt="a", completion="b")]
GENERATIONS_WIRE = [{"id": "g1", "type": "CHAT", "model": "m"}, {"id": "g2", "prompt": "a", "completion": "b"}]
PAGE_VARIABLES = {
    "first": 2,
    "after": "c0",
    "filters": [{"field": "name", "operator": "eq", "value": "x"}],
    "orderBy": {"column": "createdAt", "direction": "ASC"},
}
PAGE_ARGUMENTS: dict[str, Any] = {
    "first": 2,
    "after": "c0",
    "filters": PAGE_VARIABLES["filters"],
    "order_by": PAGE_VARIABLES["orderBy"],
}


def connection(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {
        "pageInfo": {"hasNextPage": True, "startCursor": "c1", "endCursor": "c2"},
        "totalCount": 9,
        "edges": [{"cursor": "c", "node": node} for node in nodes],
    }


def page(*data: Any) -> Page[Any]:
    info = PageInfo(has_next_page=True, start_cursor="c1", end_cursor="c2")
    return Page(data=list(data), page_info=info, total_count=9)


CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], Any]] = {
    # operation: method, arguments, variables that must be sent, data of the answer, result
    "get_step": ("get_step", {"id": "s1"}, {"id": "s1"}, {"step": STEP_WIRE}, STEP),
    "get_step, absent": ("get_step", {"id": "s1"}, {"id": "s1"}, {"step": None}, None),
    "get_steps": ("get_steps", PAGE_ARGUMENTS, PAGE_VARIABLES, {"steps": connection(STEP_WIRE)}, page(STEP)),
    "get_steps, backwards": ("get_steps", {"before": "c"}, {"before": "c"}, {"steps": connection()}, page()),
    "delete_step": ("delete_step", {"id": "s1"}, {"id": "s1"}, {"deleteStep": {"id": "s1"}}, True),
    "delete_step, absent": ("delete_step", {"id": "s1"}, {"id": "s1"}, {"deleteStep": None}, False),
    "get_thread": ("get_thread", {"id": "t1"}, {"id": "t1"}, {"threadDetail": THREAD_WIRE}, THREAD),
    "get_thread, absent": ("get_thread", {"id": "t1"}, {"id": "t1"}, {"threadDetail": None}, None),
    "get_threads": (
        "get_threads",
        {**PAGE_ARGUMENTS, "step_types_to_keep": ["run"]},
        {**PAGE_VARIABLES, "stepTypesToKeep": ["run"]},
        {"threads": connection(THREAD_WIRE)},
        page(THREAD),
    ),
    "list_threads": (
        "list_threads",
        PAGE_ARGUMENTS,
        PAGE_VARIABLES,
        {"threads": connection({"id": "t2", "tokenCount": 0, "duration": 1.5, "participant": None})},
        page(Thread(id="t2", token_count=0, duration=1.5)),
    ),
    "delete_thread": ("delete_thread", {"id": "t1"}, {"id": "t1"}, {"deleteThread": {"id": "t1"}}, True),
    "upsert_thread": (
        "upsert_thread",
        {"id": "t1", "name": "", "metadata": {}, "tags": [], "participant_id": "ada"},
        {"id": "t1", "name": "", "metadata": {}, "tags": [], "participantId": "ada"},
        {"upsertThread": {"id": "t1", "name": "", "participant": {"id": "u1", "identifier": "ada", "metadata": {}}}},
        Thread(id="t1", name="", participant_id="u1", participant=ADA),
    ),
    "upsert_thread, id alone": (
        "upsert_thread",
        {"id": "t1"},
        {"id": "t1"},
        {"upsertThread": {"id": "t1"}},
        Thread(id="t1"),
    ),
    "get_generations": (
        "get_generations",
        PAGE_ARGUMENTS,
        PAGE_VARIABLES,
        {"generations": connection(*GENERATIONS_WIRE)},
        page(*GENERATIONS),
    ),
    "get_user by identifier": (
        "get_user",
        {"identifier": "ada"},
        {"identifier": "ada"},
        {"participant": {"id": "u1", "identifier": "ada", "metadata": {}}},
        ADA,
    ),
    "get_user by id, absent": ("get_user", {"id": "u9"}, {"id": "u9"}, {"participant": None}, None),
}


@pytest.mark.parametrize("case", CASES)
async def test_an_operation_sends_its_variables_and_returns_objects(caller: Caller, case: str) -> None:
    method, arguments, variables, data, expected = CASES[case]
    api = caller.open(handler=answering({"data": data}))
    assert await caller.settle(getattr(api, method)(**arguments)) == expected
    [request] = caller.requests
    assert request.url == "http://literal.test/api/graphql"
    assert json.loads(request.content)["variables"] == variables


async def test_get_my_project_id_is_a_rest_call(caller: Caller) -> None:
    api = caller.open(handler=answering({"projectId": "p1"}))
    assert await caller.settle(api.get_my_project_id()) == "p1"
    assert (caller.requests[0].url.path, caller.requests[0].content) == ("/api/my-project", b"{}")


@pytest.mark.parametrize("arguments", [{}, {"id": "a", "identifier": "b"}])
async def test_get_user_wants_exactly_one_name(caller: Caller, arguments: dict[str, str]) -> None:
    api = caller.open(handler=answering({"data": {}}))
    with pytest.raises(ValueError, match="either id or identifier"):
        await caller.settle(api.get_user(**arguments))
    assert caller.requests == []


async def test_every_request_says_who_sends_it(caller: Caller) -> None:
    api = caller.open(
        url="http://literal.test/base/", handler=answering({"data": {"step": None}}), environment="staging"
    )
    await caller.settle(api.get_step("s"))
    [request] = caller.requests
    assert request.method == "POST"
    assert request.url == "http://literal.test/base/api/graphql"
    assert {name: request.headers.get(name) for name in ("x-api-key", "x-client-name", "content-type", "x-env")} == {
        "x-api-key": "key",
        "x-client-name": "py-literalai-otel",
        "content-type": "application/json",
        "x-env": "staging",
    }
    assert request.headers["x-client-version"]


async def test_environment_of_a_request_wins_and_is_absent_without_one(caller: Caller) -> None:
    handler = answering({"data": {"step0": {"ok": True}, "upsertThread": {"id": "t"}, "step": None}})
    api = caller.open(handler=handler, environment="prod")
    await caller.settle(api.send_steps([{"id": "s"}], environment="experiment"))
    await caller.settle(api.upsert_thread("t", environment="dev"))
    await caller.settle(api.get_step("s"))
    await caller.settle(caller.open(handler=handler).get_step("s"))
    assert [request.headers.get("x-env") for request in caller.requests] == ["experiment", "dev", "prod", None]


async def test_send_steps_is_one_add_step_with_what_is_not_none(caller: Caller) -> None:
    answer = {"data": {"step0": {"ok": True, "message": "done"}, "step1": {"ok": True, "message": None}}}
    api = caller.open(handler=answering(answer))
    steps = [
        Step(
            id="s1",
            name="",
            type="llm",
            input={"content": 0},
            tags=[],
            error=None,
            created_at="server's own",
            environment="staging",
            generation=ChatGeneration(model="m", output_token_count=0),
        ),
        {"id": "s2", "parentId": "s1", "error": None, "createdAt": "x", "anything": 1},
    ]
    outcomes = await caller.settle(api.send_steps(steps))
    assert [(outcome.id, outcome.ok, outcome.message) for outcome in outcomes] == [
        ("s1", True, "done"),
        ("s2", True, None),
    ]
    body = json.loads(caller.requests[0].content)
    assert body["query"].startswith("mutation AddStep($id_0: String!, ")
    assert body["variables"] == {
        "id_0": "s1",
        "name_0": "",
        "type_0": "llm",
        "input_0": {"content": 0},
        "tags_0": [],
        "generation_0": {"type": "CHAT", "model": "m", "outputTokenCount": 0},
        "id_1": "s2",
        "parentId_1": "s1",
    }


async def test_send_steps_of_nothing_sends_nothing(caller: Caller) -> None:
    api = caller.open(handler=answering({}))
    assert await caller.settle(api.send_steps([])) == []
    assert caller.requests == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(
            {"data": {"step0": {"ok": True}, "step1": {"ok": False, "message": "too large"}, "step2": {"ok": True}}},
            [(True, None), (False, "too large"), (True, None)],
            id="refused by alias",
        ),
        pytest.param(
            {"data": {"step0": {"ok": True}, "step1": None, "step2": None},
             "errors": [{"message": "first"}, {"message": "bad type", "path": ["step2"]}]},
            [(True, None), (False, "first"), (False, "bad type")],
            id="errors beside data",
        ),
        pytest.param(
            {"data": {"step0": {"ok": True}}},
            [(True, None), (False, "the server did not answer for this step")] * 1
            + [(False, "the server did not answer for this step")],
            id="fewer answers than steps",
        ),
    ],
)  # fmt: skip
async def test_each_step_has_its_own_outcome(caller: Caller, answer: Any, expected: list[Any]) -> None:
    api = caller.open(handler=answering(answer))
    outcomes = await caller.settle(api.send_steps([{"id": "a"}, {"id": "b"}, {"id": "c"}]))
    assert [(outcome.ok, outcome.message) for outcome in outcomes] == expected
    assert [outcome.id for outcome in outcomes] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "answer",
    [{"data": None, "errors": [{"message": "Unknown type"}]}, {"errors": [{"message": "Unknown type"}]}, {}],
    ids=["data null", "errors alone", "neither"],
)
async def test_a_batch_refused_as_a_whole_is_an_error(caller: Caller, answer: Any) -> None:
    api = caller.open(handler=answering(answer))
    with pytest.raises(GraphQLError, match=r"Unknown type|neither data nor errors") as caught:
        await caller.settle(api.send_steps([{"id": "a"}]))
    assert caught.value.operation == "AddStep"


async def test_odd_values_reach_the_wire_as_json(caller: Caller) -> None:
    api = caller.open(handler=answering({"data": {"step0": {"ok": True}}}))
    step = {"id": "s", "input": {"a": "nul \x00 lone \ud800", "b": b"x", "c": 2**70}, "tags": {"one"}}
    await caller.settle(api.send_steps([step]))
    assert json.loads(caller.requests[0].content)["variables"] == {
        "id_0": "s",
        "input_0": {"a": "nul \x00 lone �", "b": "STRIPPED_BINARY_DATA", "c": str(2**70)},
        "tags_0": ["one"],
    }


@pytest.mark.parametrize(
    ("method", "arguments", "body"),
    [
        ("get_steps", (), {"data": {"steps": None}}),
        ("get_my_project_id", (), {"projectId": 3}),
        ("get_step", ("s",), {"data": None}),
    ],
)
async def test_an_answer_of_another_shape_is_a_transport_error(
    caller: Caller, method: str, arguments: tuple[Any, ...], body: Any
) -> None:
    api = caller.open(handler=answering(body))
    with pytest.raises(TransportError):
        await caller.settle(getattr(api, method)(*arguments))


async def test_a_get_or_create_reads_top_down_over_several_round_trips(caller: Caller) -> None:
    """What the flow form is for: one generator, two requests, on both drivers."""
    from literalai_otel.api.calls import graphql, rest
    from literalai_otel.api.flow import Flow

    def flow() -> Flow[list[str]]:
        first = yield from rest("/my-project", {})
        second = yield from graphql("Q", "query Q { step }", {})
        return [first["projectId"], second["step"]]

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/my-project":
            return httpx.Response(200, json={"projectId": "p"})
        return httpx.Response(200, json={"data": {"step": "s"}})

    api = caller.open(handler=handler)
    assert await caller.settle(api.run(flow())) == ["p", "s"]
    assert len(caller.requests) == 2
