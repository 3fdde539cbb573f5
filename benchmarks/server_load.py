"""What a server takes over HTTP: one JSON line a row, figures of this machine with the load generator on it.

    python benchmarks/server_load.py [--seconds 3] [--database sqlite|postgresql-18|…]

Rows: GraphQL batches of 5 steps from 4 clients (budget: 2 000 steps/s), OTLP requests of 500 LLM spans of 2.4 KB
from 1 and 4 clients (budget: 6 000 spans/s and 170 µs CPU a span), each with what a span takes in the database with
all indexes (budget: 2.2 KB), and /healthz. Every answer is checked. The last row is the floor: what the server wrote,
written by a bare loop over the driver; `share` is the part of it that OTLP from 4 clients reaches. CPU is that of the
server's process alone: PostgreSQL's own is not in it, on the same two cores.
"""

import argparse
import http.client
import json
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from databases import Engine, durable, floor, names, occupied

KEY = "key-of-the-benchmark"
TICKS = os.sysconf("SC_CLK_TCK")
BATCH = 5
SPANS = 500
ARGUMENTS = [
    "id: String!",
    "threadId: String",
    "rootRunId: String",
    "type: StepType",
    "startTime: DateTime",
    "endTime: DateTime",
    "error: String",
    "input: Json",
    "output: Json",
    "metadata: Json",
    "parentId: String",
    "name: String",
    "tags: [String!]",
    "generation: GenerationPayloadInput",
    "scores: [ScorePayloadInput!]",
    "attachments: [AttachmentPayloadInput!]",
]
# Stands in the bodies where each request has bytes of its own, so that every request stores new steps.
FRESH_TEXT, FRESH_BYTES = b"fresh-id", b"\xfffresh!\xff"
TEXT = "What the weather in Lisbon will be like tomorrow, and what to wear. " * 15


def add_step(count: int) -> str:
    """The clients' document."""
    names = [argument.partition(":") for argument in ARGUMENTS]
    declared = ", ".join(f"${name}_{i}:{kind}" for i in range(count) for name, _, kind in names)
    fields = " ".join(
        f"step{i}: ingestStep({', '.join(f'{name}: ${name}_{i}' for name, _, _ in names)}) {{ ok message }}"
        for i in range(count)
    )
    return f"mutation AddStep({declared}) {{ {fields} }}"


def graphql_body() -> bytes:
    """A batch of 5 `llm` steps of about 5 KB."""
    thread_id, variables = str(uuid.uuid4()), {}
    for i in range(BATCH):
        generation = {
            "type": "CHAT",
            "provider": "openai",
            "model": "gpt-4o",
            "tokenCount": 300,
            "messages": [{"role": "user", "content": TEXT}],
            "messageCompletion": {"role": "assistant", "content": TEXT},
        }
        step = {
            "id": f"{FRESH_TEXT.decode()}-{i}",
            "threadId": thread_id,
            "type": "llm",
            "name": "gpt-4o",
            "startTime": "2026-11-21T08:00:00.123456Z",
            "endTime": "2026-11-21T08:00:01.123456Z",
            "input": {"content": [{"role": "user", "content": TEXT}]},
            "output": {"role": "assistant", "content": TEXT},
            "metadata": {"release": "1"},
            "tags": ["a", "b"],
            "generation": generation,
        }
        variables |= {f"{key}_{i}": value for key, value in step.items()}
    return json.dumps({"query": add_step(BATCH), "variables": variables}).encode()


def otlp_body() -> bytes:
    """500 spans in traces of an agent and its four calls of a model, 2 000 characters of messages each."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add()
    spans.scope.name = "opentelemetry.instrumentation.openai"
    now = time.time_ns()
    message = json.dumps([{"role": "user", "parts": [{"type": "text", "content": TEXT}]}])
    texts = {
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o-2026",
        "gen_ai.response.id": "r",
        "server.address": "127.0.0.1",
        "gen_ai.input.messages": message,
        "gen_ai.output.messages": message,
    }
    for number in range(SPANS):
        first = number - number % 5 + 1
        # Calls below a call of the same model would be recordings of one call, and one step.
        operation, name = ("chat", "chat gpt-4o") if number % 5 else ("invoke_agent", "invoke_agent planner")
        span = spans.spans.add(name=name, kind=3, start_time_unix_nano=now, end_time_unix_nano=now + 10**9)
        span.trace_id = FRESH_BYTES + first.to_bytes(8, "big")
        span.span_id = (number + 1).to_bytes(8, "big")
        if number % 5:
            span.parent_span_id = first.to_bytes(8, "big")
        for key, value in {"gen_ai.operation.name": operation, **texts}.items():
            span.attributes.add(key=key).value.string_value = value
        for key in ("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.request.max_tokens"):
            span.attributes.add(key=key).value.int_value = 250
    return request.SerializeToString()


def client(port: int, row: str, seconds: float, start: Any, counted: Any) -> None:
    """One sender on one connection."""
    path, make, size, kind = ROWS[row]
    template = make() if make else b""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"x-api-key": KEY, "content-type": kind}
    end, requests, times = 0.0, -1, []  # the first request is not counted: it may load prices or a tokenizer
    while requests < 0 or time.monotonic() < end:
        body = template.replace(FRESH_TEXT, os.urandom(8).hex().encode()).replace(FRESH_BYTES, os.urandom(8))
        began = time.perf_counter()
        connection.request("POST" if make else "GET", path, body or None, headers)
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == 200, content
        assert b'"ok":false' not in content, content
        requests += 1
        if requests:
            times.append(time.perf_counter() - began)
        else:
            start.wait()
            end = time.monotonic() + seconds
    times.sort()
    counted.put((requests * size, times[len(times) // 2], times[int(len(times) * 0.99)]))


ROWS: dict[str, tuple[str, Callable[[], bytes] | None, int, str]] = {
    "graphql": ("/api/graphql", graphql_body, BATCH, "application/json"),
    "otlp": ("/v1/traces", otlp_body, SPANS, "application/x-protobuf"),
    "healthz": ("/healthz", None, 1, "application/json"),
}


def cpu_seconds(pid: int) -> float:
    """User and system time of the process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss_mib(pid: int) -> float:
    """Resident memory."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found.group(1)) / 1024 if found else 0.0


def measure(database: str, pid: int, port: int, row: str, clients: int, seconds: float) -> float:
    """Print one row; what was done in a second."""
    context = multiprocessing.get_context("fork")
    start, counted = context.Event(), context.Queue()
    senders = [context.Process(target=client, args=(port, row, seconds, start, counted)) for _ in range(clients)]
    for sender in senders:
        sender.start()
    time.sleep(4)
    cpu, began = cpu_seconds(pid), time.monotonic()
    start.set()
    results = [counted.get(timeout=seconds + 60) for _ in senders]
    elapsed, cpu = time.monotonic() - began, cpu_seconds(pid) - cpu
    for sender in senders:
        sender.join()
    total = sum(result[0] for result in results)
    line = {
        "benchmark": "server_load",
        "database": database,
        "row": row,
        "clients": clients,
        "per_s": round(total / elapsed),
        "cpu_us_each": round(cpu / total * 1e6, 1),
        "p50_ms": round(max(result[1] for result in results) * 1e3, 2),
        "p99_ms": round(max(result[2] for result in results) * 1e3, 2),
        "rss_mib": round(rss_mib(pid)),
    }
    print(json.dumps(line), flush=True)
    return total / elapsed


def main() -> None:
    """Start a server on each database, measure, end it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each row runs")
    parser.add_argument("--database", action="append", choices=names(), help="all that are there by default")
    options = parser.parse_args()
    for database in options.database or names():
        with tempfile.TemporaryDirectory() as folder, durable(database) as engine:
            load(engine, Path(folder), options.seconds)


def load(engine: Engine, folder: Path, seconds: float) -> None:
    """The rows of one database."""
    server = subprocess.Popen(
        [sys.executable, "-c", "from literalai_otel.cli import main; main()", "serve", "--port", "0"],
        env={**os.environ, "LITERAL_API_KEY": KEY, **engine.environment(folder / "data")},
        stdout=subprocess.PIPE,
        text=True,
    )
    reached = 0.0
    try:
        assert server.stdout is not None
        port = int(re.search(r":(\d+)", server.stdout.readline()).group(1))
        time.sleep(1)
        for row, clients in (("graphql", 4), ("otlp", 1), ("otlp", 4), ("healthz", 4)):
            before = occupied(engine, folder / "data")
            rate = measure(engine.name, server.pid, port, row, clients, seconds)
            if row == "otlp":
                reached = rate
                taken = [after - there for after, there in zip(occupied(engine, folder / "data"), before, strict=True)]
                size = {"clients": clients, "spans": taken[1], "bytes_each": round(taken[0] / taken[1])}
                print(json.dumps({"benchmark": "server_load", "database": engine.name, "row": "size", **size}))
    finally:
        server.terminate()
        server.wait(20)
    bare = floor(engine, folder / "data", folder / "fresh")
    line = {"benchmark": "server_load", "database": engine.name, "row": "floor", "per_s": round(bare)}
    print(json.dumps(line | {"share": round(reached / bare, 2)}), flush=True)


if __name__ == "__main__":
    main()
