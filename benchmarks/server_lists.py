"""Lists and filters of a large project: one JSON line a row, median and minimum of what the store takes.

    python benchmarks/server_lists.py [--steps 100000] [--database sqlite|postgresql-18|…]

Budget (DESIGN §5): 20 ms at 1 000 000 steps with an indexed filter, 1 s for a scan of metadata or text, which then says
that it was `cut`. `floor_ms` is the minimum of a bare statement of the driver in the same run: the newest 51 rows of
the table by its index. The steps go in through the server's own way in, so filling 1 000 000 takes minutes on each
database.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from databases import Engine, durable, names

from literalai_otel.server.filters import parse_filters, parse_order
from literalai_otel.server.ingest import Ingest
from literalai_otel.server.store import PageQuery, Store, ThreadFields, log_rows

REPEATS = 15
PER_REQUEST = 1_000
IN_FLIGHT = 4
PER_THREAD = 20
USERS = 500
TYPES = ("run", "llm", "tool", "retrieval", "llm")
TEXT = "What the weather in Lisbon will be like tomorrow, and what to wear. " * 6
START = 1_767_225_600
PER_SECOND = 50.0
NEWEST = "SELECT * FROM {table} WHERE project_id=1 ORDER BY {column} DESC, row_id DESC LIMIT 51"

# Row: the entity, or `rows of` a list of the page; filters as (field, operator, value, path), and the order.
ROWS: dict[str, tuple[str, list[tuple[Any, ...]], str | None]] = {
    "steps, newest": ("steps", [], None),
    "steps by type": ("steps", [("type", "eq", "tool")], None),
    "steps by name": ("steps", [("name", "eq", "name-7")], None),
    "steps by model": ("steps", [("model", "eq", "model-3")], None),
    "steps by environment": ("steps", [("environment", "eq", "dev")], None),
    "steps by time": ("steps", [("startTime", "gt", "2026-01-01T00:01:00Z")], None),
    "steps by thread": ("steps", [("threadId", "eq", "thread-17")], None),
    "steps by tag": ("steps", [("tags", "in", ["tag-5"])], None),
    "steps by rare tag": ("steps", [("tags", "in", ["rare"])], None),
    "steps by score": ("steps", [("scoreValue", "gte", 0.9, "helpful")], None),
    "steps by user": ("steps", [("participantIdentifiers", "in", ["user-7"])], None),
    "generations, newest": ("generations", [], None),
    "generations by tokens": ("generations", [], "tokenCount"),
    "generations by model": ("generations", [("model", "eq", "model-3")], None),
    "threads, newest": ("threads", [], None),
    "threads by tokens": ("threads", [], "tokenCount"),
    "threads by duration": ("threads", [], "duration"),
    "threads by user": ("threads", [("participantIdentifiers", "in", ["user-7"])], None),
    "threads of a type of step": ("threads", [("stepType", "in", ["retrieval"])], None),
    "users, newest": ("participants", [], None),
    "steps by type and provider": ("steps", [("type", "eq", "llm"), ("provider", "eq", "openai")], None),
    "rows of threads": ("rows of threads", [], None),
    "rows of runs": ("rows of runs", [], None),
    "rows of runs by name": ("rows of runs", [("name", "eq", "name-0")], None),
    "rows of runs by environment": ("rows of runs", [("environment", "eq", "dev")], None),
    "rows of runs with an error": ("rows of runs", [("error", "nis", None)], None),
    "rows of generations": ("rows of generations", [], None),
    "rows of generations by model": ("rows of generations", [("model", "in", ["model-3"])], None),
    "rows of generations with an error": ("rows of generations", [("error", "nis", None)], None),
    "rows of steps": ("rows of steps", [], None),
    "rows of scores": ("rows of scores", [], None),
    "rows of users": ("rows of users", [], None),
    "scan of metadata, newest found": ("steps", [("metadata", "eq", "r3", "region")], None),
    "scan of metadata, nothing found": ("steps", [("metadata", "eq", "nowhere", "region")], None),
    "scan of text, nothing found": ("steps", [("output", "ilike", "nowhere to be found", None)], None),
}


def steps(first: int, count: int) -> Iterator[dict[str, Any]]:
    """Steps in threads of 20: each fifth a run, two of five with a generation."""
    for number in range(first, first + count):
        thread, place = divmod(number, PER_THREAD)
        kind, root = TYPES[place % 5], f"step-{number - place % 5}"
        start = START + number / PER_SECOND
        step: dict[str, Any] = {
            "id": f"step-{number}",
            "type": kind,
            "name": f"name-{number % 40}",
            "threadId": f"thread-{thread}",
            "startTime": _time(start),
            "endTime": _time(start + 1.5),
            "input": {"content": f"{number} {TEXT}"},
            "output": {"content": TEXT},
            "metadata": {"region": f"r{number % 9}"},
            "tags": [f"tag-{number % 20}"] if number % 10_000 else ["rare"],
        }
        if kind == "run":
            step["scores"] = (
                [{"name": "helpful", "type": "HUMAN", "value": number // 5 % 11 / 10}] if thread % 10 == 0 else []
            )
        else:
            step |= {"parentId": root, "rootRunId": root}
        if kind == "llm":
            usage = {"inputTokenCount": 40, "outputTokenCount": number % 60, "tokenCount": 40 + number % 60}
            step["generation"] = {"type": "CHAT", "provider": "openai", "model": f"model-{number % 8}", **usage}
        yield step


def _time(seconds: float) -> str:
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{int(seconds % 1 * 1e6):06d}Z"


def fill(store: Store, count: int) -> int:
    """Makes the project through the way in of every request; its number."""
    project = store.create_project("large").result().id
    ingest, waiting = Ingest(store), []
    for first in range(0, count, PER_REQUEST):
        batch = list(steps(first, min(PER_REQUEST, count - first)))
        waiting.append(ingest.steps(project, batch, environment="dev" if first % 7_000 == 0 else "prod"))
        if len(waiting) == IN_FLIGHT:
            assert all(outcome.ok for outcome in waiting.pop(0).result())
    for answer in waiting:
        assert all(outcome.ok for outcome in answer.result())
    threads = count // PER_THREAD
    users = [
        store.upsert_thread(project, f"thread-{number}", ThreadFields(participant_id=f"user-{place % USERS}"))
        for place, number in enumerate(range(0, threads, max(1, threads // 2_000)))
    ]
    for answer in users:
        answer.result()
    return project


def measure(
    store: Store, project: int, entity: str, filters: list[tuple[Any, ...]], order: str | None
) -> Callable[[], Any]:
    """What reads the first page of a list as a page of the site does: hot rows, no count."""
    fields = ("field", "operator", "value", "path")
    asked: Any = [dict(zip(fields, one, strict=False)) for one in filters]
    direction = {"column": order, "direction": "DESC"} if order else None
    kind: Any = entity.removeprefix("rows of ")
    name: Any = {"users": "participants"}.get(kind, kind) if kind != entity else entity
    query = PageQuery(filters=parse_filters(name, asked), order=parse_order(name, direction), count=False)
    if kind != entity:
        return lambda: store.read(log_rows.page, project, kind, query)
    options = {"payload": False} if entity in ("steps", "threads") else {}
    return lambda: getattr(store, f"list_{entity}")(project, query, **options)


def timed(work: Callable[[], Any]) -> tuple[dict[str, float], Any]:
    """Median and minimum of several runs after one that warms up, fewer where they are slow; and the last answer."""
    work()
    times: list[float] = []
    found: Any = None
    while len(times) < REPEATS and sum(times) < 3:
        began = time.perf_counter()
        found = work()
        times.append(time.perf_counter() - began)
    return {"ms": round(statistics.median(times) * 1e3, 2), "min_ms": round(min(times) * 1e3, 2)}, found


def run(engine: Engine, folder: Path, count: int) -> None:
    """All rows of one database."""
    store = engine.open(folder)
    began = time.monotonic()
    project = fill(store, count)
    _say(engine, "filled", {"steps": count, "per_s": round(count / (time.monotonic() - began))})
    if store.dialect == "postgresql":
        engine.run(folder, "ANALYZE")  # what its own service does within a minute
    bare = {}
    for table, column in (("steps", "sort_time"), ("threads", "created_at"), ("participants", "created_at")):
        statement = NEWEST.format(table=table, column=column)

        def newest(statement: str = statement) -> Any:
            with store._database.read() as connection:
                return connection.exec_driver_sql(statement).all()

        bare[table], _ = timed(newest)
    for row, (entity, filters, order) in ROWS.items():
        took, page = timed(measure(store, project, entity, filters, order))
        listed = entity.removeprefix("rows of ").replace("users", "participants")
        floor = bare.get(listed, bare["steps"])["min_ms"]
        _say(engine, row, {"steps": count, **took, "floor_ms": floor, "found": len(page.nodes), "cut": page.cut})
    store.close()


def _say(engine: Engine, row: str, values: dict[str, Any]) -> None:
    print(json.dumps({"benchmark": "server_lists", "database": engine.name, "row": row, **values}), flush=True)


def main() -> None:
    """Fill and read each database."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--database", action="append", choices=names(), help="all that are there by default")
    options = parser.parse_args()
    for database in options.database or names():
        with tempfile.TemporaryDirectory() as folder, durable(database) as engine:
            run(engine, Path(folder) / "data", options.steps)


if __name__ == "__main__":
    main()
