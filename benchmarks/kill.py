"""SIGKILL at random moments under load: every acknowledged step is there, and the database is sound.

Four clients send batches of five steps to `literalai-otel serve` (the published clients' request) until the process is
killed; it is started again on the same data, and every step that was acknowledged is read back through the API. One
JSON line a round and one for the sum; the exit code is 1 when anything was lost.

    python benchmarks/kill.py --rounds 20
    python benchmarks/kill.py --rounds 3 --database postgresql://user@127.0.0.1:5432/name
"""

import argparse
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from literalai_otel.api.documents import INGEST_ARGUMENTS, add_steps

CLIENTS = 4
BATCH = 5
KEY = "key-of-the-kill-test"
LONGEST = 2.5
"""Seconds of load before a kill, at most."""
READ_AT_ONCE = 200
SERVE = [sys.executable, "-c", "from literalai_otel.cli import main; main()", "serve", "--port", "0"]


class Serving:
    """A started server, killed at the end if it still runs."""

    def __init__(self, data_dir: Path, database: str | None) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("LITERAL_", "DATABASE_"))}
        environment = {**clean, "LITERAL_API_KEY": KEY, "LITERAL_DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1"}
        if database is not None:
            environment["DATABASE_URL"] = database
        self.process = subprocess.Popen(
            SERVE, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        found = re.search(r"http://[\d.]+:\d+", self.process.stdout.readline())
        assert found, "the server did not start"
        self.url = found[0]
        for _ in range(400):
            try:
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.02)
        raise TimeoutError("the server is not ready")

    def end(self, number: int) -> None:
        """Send the signal and wait until the process is gone."""
        self.process.send_signal(number)
        self.process.communicate(timeout=30)


def load(url: str, client: int, run: int, acknowledged: list[str]) -> None:
    """Send until the server is gone; note what it answered for."""
    document = add_steps(BATCH)
    number = 0
    with httpx.Client(base_url=url, headers={"x-api-key": KEY}, timeout=10) as http:
        while True:
            ids = [f"{run}-{client}-{number}-{index}" for index in range(BATCH)]
            variables = {f"{name}_{index}": None for index in range(BATCH) for name in INGEST_ARGUMENTS}
            for index, step_id in enumerate(ids):
                variables[f"id_{index}"] = step_id
                variables[f"type_{index}"] = "llm"
                variables[f"threadId_{index}"] = f"{run}-{client}"
                variables[f"input_{index}"] = {"content": step_id * 40}
            try:
                answer = http.post("/api/graphql", json={"query": document, "variables": variables}).json()
            except (httpx.HTTPError, ValueError):
                return
            acknowledged += [step_id for index, step_id in enumerate(ids) if answer["data"][f"step{index}"]["ok"]]
            number += 1


def kept(url: str, ids: list[str]) -> set[str]:
    """Those of the steps that are there, whole."""
    found: set[str] = set()
    with httpx.Client(base_url=url, headers={"x-api-key": KEY}, timeout=60) as http:
        for start in range(0, len(ids), READ_AT_ONCE):
            part = ids[start : start + READ_AT_ONCE]
            fields = " ".join(f'a{n}: step(id: "{step_id}") {{ id input }}' for n, step_id in enumerate(part))
            answer = http.post("/api/graphql", json={"query": f"{{ {fields} }}"}).json()
            assert "errors" not in answer, answer["errors"][:1]
            found |= {s["id"] for s in answer["data"].values() if s and s["input"] == {"content": s["id"] * 40}}
    return found


def sound(data_dir: Path, database: str | None) -> str:
    """The database's own word on itself: `ok`, or what is broken."""
    if database is None:
        with sqlite3.connect(f"file:{next(data_dir.glob('*.db'))}?mode=ro", uri=True) as connection:
            connection.create_function("unicode_fold", 1, str.casefold, deterministic=True)
            return connection.execute("PRAGMA integrity_check").fetchone()[0]
    import psycopg

    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS amcheck")
        indexes = (
            "SELECT c.oid::regclass FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "JOIN pg_am a ON a.oid = c.relam JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE a.amname = 'btree' AND n.nspname = current_schema()"
        )
        for (index,) in connection.execute(indexes).fetchall():
            try:
                connection.execute("SELECT bt_index_check(%s::regclass, true)", (index,))
            except psycopg.Error as problem:
                return str(problem)
    return "ok"


def one_round(run: int, data_dir: Path, database: str | None) -> dict[str, object]:
    """Load, kill, start again, count."""
    serving = Serving(data_dir, database)
    acknowledged: list[str] = []
    with ThreadPoolExecutor(CLIENTS) as pool:
        for client in range(CLIENTS):
            pool.submit(load, serving.url, client, run, acknowledged)
        while not acknowledged:
            threading.Event().wait(0.01)
        seconds = random.uniform(0.05, LONGEST)
        threading.Event().wait(seconds)
        serving.end(signal.SIGKILL)
    again = Serving(data_dir, database)
    try:
        lost = len(set(acknowledged) - kept(again.url, acknowledged))
    finally:
        again.end(signal.SIGTERM)
    return {
        "row": "kill",
        "round": run,
        "after_s": round(seconds, 2),
        "acknowledged": len(acknowledged),
        "lost": lost,
        "integrity": sound(data_dir, database),
    }


def main() -> None:
    """Run the rounds on one database that grows."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=20)
    options.add_argument("--database", help="postgresql://…; the embedded database otherwise")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for run in range(given.rounds):
            rows.append(one_round(run, Path(folder), given.database))
            print(json.dumps(rows[-1]), flush=True)
    total = {name: sum(int(str(row[name])) for row in rows) for name in ("acknowledged", "lost")}
    unsound = [row for row in rows if row["integrity"] != "ok"]
    print(json.dumps({"row": "kill, all rounds", "rounds": len(rows), **total, "unsound": len(unsound)}))
    sys.exit(1 if total["lost"] or unsound else 0)


if __name__ == "__main__":
    main()
