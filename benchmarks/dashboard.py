"""The dashboard of a large project: one JSON line a row, median and minimum of what the store takes.

    python benchmarks/dashboard.py [--steps 1000000] [--days 30] [--database sqlite|postgresql-18|…]

Budget: 300 ms for 30 days of 1 000 000 steps, once the figures of the quarters of an hour that are over are kept; with
the period before it beside. `count figures` is what keeping them takes, once, behind everybody's back. A row with a
filter counts from the steps within its time and says when it was `cut`. The steps go in through the server's own way
in, so filling 1 000 000 takes minutes on each database.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import server_lists
from databases import Engine, durable, names

from literalai_otel.server.filters import parse_filters
from literalai_otel.server.jobs.figures import CountFigures
from literalai_otel.server.store import dashboard
from literalai_otel.server.store.dashboard import Question

DAY = 86_400
ROWS: dict[str, tuple[int, list[tuple[str, str, object]], bool]] = {
    "30 days": (30 * DAY, [], False),
    "30 days and those before": (30 * DAY, [], True),
    "7 days and those before": (7 * DAY, [], True),
    "24 hours and those before": (DAY, [], True),
    "1 hour": (3_600, [], False),
    "30 days, by model": (30 * DAY, [("model", "eq", "model-3")], False),
    "30 days, by rare tag": (30 * DAY, [("tags", "in", ["rare"])], False),
    "1 day, by name": (DAY, [("name", "eq", "name-7")], False),
}


def run(engine: Engine, folder: Path, count: int, days: int) -> None:
    """All rows of one database: steps spread evenly over so many days."""
    server_lists.PER_SECOND = count / (days * DAY)
    server_lists.START = int(time.time()) - days * DAY
    store = engine.open(folder)
    began = time.monotonic()
    project = server_lists.fill(store, count)
    _say(engine, "filled", {"steps": count, "per_s": round(count / (time.monotonic() - began))})
    if store.dialect == "postgresql":
        engine.run(folder, "ANALYZE")  # what its own service does within a minute
    began = time.monotonic()
    quarters = CountFigures(store).run()
    _say(engine, "count figures", {"quarters": quarters, "s": round(time.monotonic() - began, 2)})
    end = int(time.time())
    for row, (seconds, filters, compare) in ROWS.items():
        asked = [dict(zip(("field", "operator", "value"), one, strict=True)) for one in filters]
        question = Question(
            start=end - seconds,
            end=end,
            zone=ZoneInfo("Europe/Paris"),
            filters=parse_filters("steps", asked),
            compare=compare,
        )
        took, found = server_lists.timed(lambda question=question: store.read(dashboard.answer, project, question))
        totals = found["totals"]
        _say(engine, row, {"steps": count, **took, "found": totals["steps"], "cut": found["cut"]})
    store.close()


def _say(engine: Engine, row: str, values: dict[str, object]) -> None:
    print(json.dumps({"benchmark": "dashboard", "database": engine.name, "row": row, **values}), flush=True)


def main() -> None:
    """Fill and read each database."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--database", action="append", choices=names(), help="all that are there by default")
    options = parser.parse_args()
    for database in options.database or names():
        with tempfile.TemporaryDirectory() as folder, durable(database) as engine:
            run(engine, Path(folder) / "data", options.steps, options.days)


if __name__ == "__main__":
    main()
