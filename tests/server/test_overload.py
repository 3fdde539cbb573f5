"""Too much at a time: 503 with `Retry-After`, and nothing waits behind what is slow."""

import asyncio
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.requests import Request

from literalai_otel.server.ingest import Ingest, Overloaded
from literalai_otel.server.problems import Problem
from literalai_otel.server.routes.intake import Intake

INGEST = 'mutation { ingestStep(id: "a", type: run) { ok } }'


def span() -> bytes:
    request = ExportTraceServiceRequest()
    request.resource_spans.add().scope_spans.add().spans.add(trace_id=b"t" * 16, span_id=b"s" * 8, name="x")
    return request.SerializeToString()


@pytest.fixture
def own(start: Any, tmp_path: Path) -> Iterator[Any]:
    with start(tmp_path / "data", max_body_bytes=10_000) as server:
        yield server


def overloaded(*arguments: Any, **named: Any) -> Any:
    raise Overloaded(2.5)


@pytest.mark.parametrize("query", [INGEST, INGEST.replace("}", "} createStep(type: run) { id } }", 1)[:-2]])
def test_graphql_passes_the_ingest_paths_overload_on(own: Any, monkeypatch: pytest.MonkeyPatch, query: str):
    monkeypatch.setattr(Ingest, "steps", overloaded)
    answer = own.graphql(query)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    assert answer.json()["errors"][0]["extensions"] == {"code": "OVERLOADED"}


def test_otlp_passes_the_ingest_paths_overload_on(own: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Ingest, "records", overloaded)
    answer = own.http.post("/v1/traces", content=span(), headers={"content-type": "application/x-protobuf"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    assert Status.FromString(answer.content).code == 14


def test_bodies_in_progress_are_bounded_together(own: Any):
    host, port = own.url.removeprefix("http://").split(":")
    head = f"POST /api/graphql HTTP/1.1\r\nhost: x\r\nx-api-key: {own.key}\r\ncontent-length: 10000\r\n\r\n"
    with ExitStack() as stack:
        connections = [stack.enter_context(socket.create_connection((host, int(port)))) for _ in range(3)]
        for connection in connections:
            connection.sendall(head.encode() + b"x" * 9_990)
        # Two bodies of three fit into the bound, in whatever order the server reads them.
        (refused,), _, _ = select.select(connections, [], [], 20)
        answer = refused.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 503")
        assert b"retry-after: 1\r\n" in answer
    for _ in range(500):  # until the server has noticed that they left
        last = own.graphql(INGEST)
        if last.status_code == 200:
            break
    assert last.json() == {"data": {"ingestStep": {"ok": True}}}


def test_a_slow_read_holds_up_nobody_else(own: Any, monkeypatch: pytest.MonkeyPatch):
    asked, go_on = threading.Event(), threading.Event()

    def slow(*arguments: Any) -> None:
        asked.set()
        go_on.wait(30)

    monkeypatch.setattr(own.store, "get_step", slow)
    answers: list[httpx.Response] = []
    reader = threading.Thread(target=lambda: answers.append(own.graphql('{ step(id: "x") { id } }')))
    reader.start()
    assert asked.wait(20)
    assert own.http.get("/healthz").json() == {"status": "ok"}
    assert own.graphql(INGEST).json() == {"data": {"ingestStep": {"ok": True}}}
    assert answers == []
    go_on.set()
    reader.join(20)
    assert answers[0].json() == {"data": {"step": None}}


def test_too_many_waiting_queries_are_refused(own: Any, monkeypatch: pytest.MonkeyPatch):
    go_on = threading.Event()

    def slow(*arguments: Any) -> None:
        go_on.wait(30)

    monkeypatch.setattr(own.store, "get_step", slow)
    monkeypatch.setattr("literalai_otel.server.routes.graphql.MAX_WAITING", 64)
    own.graphql('{ threadDetail(id: "x") { id } }')

    async def ask_many() -> list[int]:
        limits = httpx.Limits(max_connections=200)
        async with httpx.AsyncClient(headers={"x-api-key": own.key}, timeout=30, limits=limits) as http:

            async def ask() -> int:
                answer = await http.post(f"{own.url}/api/graphql", json={"query": '{ step(id: "x") { id } }'})
                if answer.status_code == 503:
                    go_on.set()
                return answer.status_code

            return await asyncio.gather(*(ask() for _ in range(100)))

    statuses = asyncio.run(ask_many())
    assert set(statuses) == {200, 503}
    assert statuses.count(200) >= 64


async def test_a_body_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("literalai_otel.server.routes.intake.READ_TIMEOUT", 0.01)
    intake = Intake(100, max_pending_bytes=100)
    messages = iter([{"type": "http.request", "body": b"x", "more_body": True}])

    async def receive() -> Any:
        message = next(messages, None)
        if message is None:
            await anyio.sleep_forever()
        return message

    with pytest.raises(Problem) as refused:
        async with intake.body(Request({"type": "http", "headers": []}, receive)):
            pass
    assert refused.value.code == "REQUEST_TIMEOUT"
    intake.hold(100)  # what the given-up body held was given back
    with pytest.raises(Problem):
        intake.hold(1)
