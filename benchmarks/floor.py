"""The bare cost of one stored span: parse OTLP, build rows, upsert into SQLite; one column or index at a time.

    python benchmarks/floor.py [--spans 20000] [--batch 500]

Each output line is a JSON object: the layer that was added, CPU microseconds per span of the whole stack so far,
what the layer added, and the file's bytes per span. The store's tables and indexes were chosen by these rows. Spans
are those of the platform comparison: traces of five, children first, 2 000 characters of messages, 2.4 KB on the
wire. A span of another shape (no thread, no tag) costs less.
"""

import argparse
import gc
import json
import sqlite3
import tempfile
import time
import uuid
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

TEXT = (
    "The invoice of March shows a difference of 12.40 euros against the order; the customer asks whether the "
    "discount of the spring campaign was applied to all three positions or only to the first. "
)
NAMESPACE = uuid.UUID("6f2f1f0a-6a51-4d0e-9a54-0f5c1e3f7d11")
STEP_COLUMNS = ("id", "name", "type", "thread_id", "parent_id", "root_run_id", "sort_time", "start_time", "end_time")
GENERATION_COLUMNS = ("provider", "model", "input_tokens", "output_tokens", "token_count", "duration")
Row = dict[str, Any]


def requests(spans: int, batch: int) -> Iterator[bytes]:
    """Serialised export requests of `batch` spans; every fifth span is the root of its trace."""
    start = 1_790_000_000_000_000_000
    for first in range(0, spans, batch):
        request = ExportTraceServiceRequest()
        scope = request.resource_spans.add().scope_spans.add()
        for number in range(first, first + batch):
            trace = (number // 5 + 1).to_bytes(16, "big")
            root = number % 5 == 4
            span = scope.spans.add(
                trace_id=zlib.crc32(trace).to_bytes(8, "big") + trace[8:],
                span_id=(number + 1).to_bytes(8, "big"),
                parent_span_id=b"" if root else (number - number % 5 + 5).to_bytes(8, "big"),
                name="run" if root else "chat gpt-4o-mini",
                start_time_unix_nano=start + number * 1_000_000,
                end_time_unix_nano=start + number * 1_000_000 + 900_000,
            )
            messages = json.dumps([{"role": "user", "content": f"{number} {TEXT * 5}"}])
            answer = json.dumps([{"role": "assistant", "content": f"{TEXT * 5} {number}"}])
            for key, value in (
                ("gen_ai.operation.name", "chat"),
                ("gen_ai.provider.name", "openai"),
                ("gen_ai.request.model", "gpt-4o-mini"),
                ("gen_ai.conversation.id", f"thread-{number // 50}"),
                ("gen_ai.input.messages", messages),
                ("gen_ai.output.messages", answer),
            ):
                span.attributes.add(key=key).value.string_value = value
            for key, count in (("gen_ai.usage.input_tokens", 250), ("gen_ai.usage.output_tokens", 240)):
                span.attributes.add(key=key).value.int_value = count
        yield request.SerializeToString()


def parse(body: bytes) -> list[Any]:
    """The spans of one request."""
    request = ExportTraceServiceRequest.FromString(body)
    return [span for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans]


def build(spans: list[Any]) -> list[Row]:
    """Rows as a translator makes them: ids, scalars, and the content as JSON bytes."""
    rows: list[Row] = []
    for span in spans:
        values = {item.key: item.value.string_value or item.value.int_value for item in span.attributes}
        trace, parent = span.trace_id.hex(), span.parent_span_id.hex()
        source = orjson.loads(values["gen_ai.input.messages"])
        target = orjson.loads(values["gen_ai.output.messages"])
        start, end = span.start_time_unix_nano // 1000, span.end_time_unix_nano // 1000
        rows.append(
            {
                "id": str(uuid.uuid5(NAMESPACE, trace + span.span_id.hex())),
                "name": span.name,
                "type": "llm" if parent else "run",
                "thread_id": values["gen_ai.conversation.id"],
                "parent_id": str(uuid.uuid5(NAMESPACE, trace + parent)) if parent else None,
                "root_run_id": None,
                "start_time": start,
                "end_time": end,
                "sort_time": start,
                "created_at": start + len(rows),
                "environment": "prod",
                "provider": values["gen_ai.provider.name"],
                "model": values["gen_ai.request.model"],
                "input_tokens": values["gen_ai.usage.input_tokens"],
                "output_tokens": values["gen_ai.usage.output_tokens"],
                "token_count": 490,
                "duration": 0.0009,
                "trace_id": span.trace_id,
                "span_id": span.span_id,
                "tag": values["gen_ai.request.model"],
                "input": orjson.dumps({"content": source}),
                "output": orjson.dumps(target[0]),
                "metadata": orjson.dumps({"otel": {"trace_id": trace, "span_id": span.span_id.hex()}}),
                "generation": orjson.dumps({"messages": source, "messageCompletion": target[0]}),
                "input_preview": source[0]["content"][:200],
                "output_preview": target[0]["content"][:200],
            }
        )
    return rows


@dataclass(frozen=True)
class Layer:
    """One addition: columns, statements of DDL, or a step of the loop."""

    name: str
    columns: tuple[str, ...] = ()
    ddl: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


LAYERS = (
    Layer("hot row, id unique", STEP_COLUMNS, ("CREATE UNIQUE INDEX i_id ON steps (project_id, id)",)),
    Layer("look-up of known ids", options={"known": True}),
    Layer("generation scalars", GENERATION_COLUMNS),
    Layer("trace_id, span_id", ("trace_id", "span_id")),
    Layer("previews of 200", ("input_preview", "output_preview")),
    Layer("payload row, plain", options={"payload": "plain"}),
    Layer("payload zlib over 512 B", options={"payload": "zlib"}),
    Layer("payload as one zlib blob", options={"payload": "blob"}),
    Layer("index time", (), ("CREATE INDEX i_time ON steps (project_id, sort_time)",)),
    Layer("index created", ("created_at",), ("CREATE INDEX i_created ON steps (project_id, created_at)",)),
    Layer("index thread", (), ("CREATE INDEX i_thread ON steps (project_id, thread_id, sort_time)",)),
    Layer(
        "index parent",
        (),
        ("CREATE INDEX i_parent ON steps (project_id, parent_id, sort_time) WHERE parent_id IS NOT NULL",),
    ),
    Layer(
        "index root",
        (),
        ("CREATE INDEX i_root ON steps (project_id, root_run_id, sort_time) WHERE root_run_id IS NOT NULL",),
    ),
    Layer("index span", (), ("CREATE INDEX i_span ON steps (project_id, trace_id, span_id)",)),
    Layer("index type, time", (), ("CREATE INDEX i_type ON steps (project_id, type, sort_time)",)),
    Layer("index name, time", (), ("CREATE INDEX i_name ON steps (project_id, name, sort_time)",)),
    Layer("index model, time", (), ("CREATE INDEX i_model ON steps (project_id, model, sort_time)",)),
    Layer(
        "index environment, time",
        ("environment",),
        ("CREATE INDEX i_environment ON steps (project_id, environment, sort_time)",),
    ),
    Layer(
        "index generations",
        (),
        ("CREATE INDEX i_generation ON steps (project_id, created_at) WHERE provider IS NOT NULL",),
    ),
    Layer("tag row (one tag a step)", options={"tags": True}),
    Layer("threads on sight", options={"threads": True}),
    Layer("synchronous=FULL", options={"synchronous": "FULL"}),
)


class Loop:
    """A database with the layers so far, and the loop that fills it."""

    def __init__(self, path: Path, layers: tuple[Layer, ...]) -> None:
        self.columns = tuple(column for layer in layers for column in layer.columns)
        self.options: dict[str, Any] = {}
        for layer in layers:
            self.options |= layer.options
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.executescript(
            "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA cache_size=-32768;"
            f"PRAGMA synchronous={self.options.get('synchronous', 'NORMAL')};"
            f"CREATE TABLE steps (row_id INTEGER PRIMARY KEY, project_id INTEGER, {', '.join(self.columns)});"
            "CREATE TABLE payloads (step_row INTEGER PRIMARY KEY, input, output, metadata, generation);"
            "CREATE TABLE tags (tag, step_row, PRIMARY KEY (tag, step_row)) WITHOUT ROWID;"
            "CREATE TABLE threads (row_id INTEGER PRIMARY KEY, project_id, id, UNIQUE (project_id, id));"
        )
        for layer in layers:
            for statement in layer.ddl:
                self.db.execute(statement)
        names = ("row_id", "project_id", *self.columns)
        updates = ", ".join(f"{name}=coalesce(excluded.{name}, {name})" for name in self.columns if name != "id")
        self.insert = (
            f"INSERT INTO steps ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "
            f"ON CONFLICT (project_id, id) DO UPDATE SET {updates}"
        )
        self.next_row = 1

    def write(self, rows: list[Row]) -> None:
        """One transaction: what the store does for a batch."""
        execute, many = self.db.execute, self.db.executemany
        execute("BEGIN IMMEDIATE")
        known: dict[str, int] = {}
        if self.options.get("known"):
            ids = orjson.dumps([row["id"] for row in rows]).decode()
            known = dict(
                execute(
                    "SELECT id, row_id FROM steps WHERE project_id=1 AND id IN (SELECT value FROM json_each(?))", (ids,)
                )
            )
        for row in rows:
            row["row_id"] = known.get(row["id"]) or self.next_row
            self.next_row += 1
        columns = self.columns
        many(self.insert, [(row["row_id"], 1, *(row[column] for column in columns)) for row in rows])
        if pack := {"plain": plain, "zlib": packed, "blob": blob}.get(self.options.get("payload", "")):
            many("INSERT OR REPLACE INTO payloads VALUES (?,?,?,?,?)", map(pack, rows))
        if self.options.get("tags"):
            many("INSERT OR IGNORE INTO tags VALUES (?,?)", [(row["tag"], row["row_id"]) for row in rows])
        if self.options.get("threads"):
            many(
                "INSERT INTO threads (project_id, id) VALUES (1,?) ON CONFLICT DO NOTHING",
                [(thread,) for thread in {row["thread_id"] for row in rows}],
            )
        execute("COMMIT")


PAYLOAD = ("input", "output", "metadata", "generation")


def plain(row: Row) -> tuple[Any, ...]:
    """Content as it is."""
    return row["row_id"], row["input"], row["output"], row["metadata"], row["generation"]


def packed(row: Row) -> tuple[Any, ...]:
    """Each content column compressed when that can pay."""
    return row["row_id"], *(zlib.compress(row[name], 1) if len(row[name]) > 512 else row[name] for name in PAYLOAD)


def blob(row: Row) -> tuple[Any, ...]:
    """All content in one blob, so that what is said twice costs once."""
    return row["row_id"], zlib.compress(b"\n".join(row[name] for name in PAYLOAD), 1), None, None, None


def cpu_per_span(work: Callable[[], object], spans: int) -> float:
    """CPU microseconds of this process per span."""
    gc.collect()
    gc.freeze()  # what earlier layers left behind must not be walked again and again here
    before = time.process_time()
    work()
    return (time.process_time() - before) * 1e6 / spans


def main() -> None:
    """Prints the rows."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--spans", type=int, default=20_000)
    options.add_argument("--batch", type=int, default=500)
    arguments = options.parse_args()
    spans: int = arguments.spans
    bodies = list(requests(spans, arguments.batch))
    parsing = cpu_per_span(lambda: deque(map(parse, bodies), maxlen=0), spans)
    building = cpu_per_span(lambda: deque((build(parse(body)) for body in bodies), maxlen=0), spans) - parsing
    wire = sum(map(len, bodies)) // spans
    print(json.dumps({"layer": "parse protobuf", "us": round(parsing, 1), "added": round(parsing, 1), "bytes": wire}))
    total = parsing + building
    print(json.dumps({"layer": "rows", "us": round(total, 1), "added": round(building, 1)}))
    rows = [build(parse(body)) for body in bodies]
    previous = total
    for count in range(1, len(LAYERS) + 1):
        with tempfile.TemporaryDirectory() as folder:
            loop = Loop(Path(folder, "floor.db"), LAYERS[:count])
            cost = total + cpu_per_span(lambda loop=loop: [loop.write(batch) for batch in rows], spans)
            loop.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            size = Path(folder, "floor.db").stat().st_size // spans
            loop.db.close()
        name = LAYERS[count - 1].name
        print(json.dumps({"layer": name, "us": round(cost, 1), "added": round(cost - previous, 1), "bytes": size}))
        previous = cost


if __name__ == "__main__":
    main()
