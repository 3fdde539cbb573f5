"""Acknowledged means stored: the process is killed while it writes, and nothing that it answered for is missing."""

import os
import signal
import subprocess
import sys

import pytest

from literalai_otel.server.store import projects

WRITER = """
import sys, threading
from pathlib import Path
from literalai_otel.config import ServerConfig
from literalai_otel.server.ingest import Ingest
from literalai_otel.server.store import Store
from literalai_otel.server.store.engines.postgres_address import PostgresAddress

config = ServerConfig.load()
store = Store.open(Path(config.data_dir), PostgresAddress.from_config(config))
project = store.create_project("p").result()
ingest = Ingest(store)
lock = threading.Lock()
TEXT = "x" * 900

def send(sender):
    number = 0
    while True:
        steps = [
            {"id": f"{sender}-{number}-{index}", "type": "llm", "threadId": f"t{sender}", "input": {"content": TEXT}}
            for index in range(20)
        ]
        outcomes = ingest.steps(project.id, steps).result()
        with lock:
            for outcome in outcomes:
                assert outcome.ok
                sys.stdout.write(outcome.id + "\\n")
            sys.stdout.flush()
        number += 1

for sender in range(4):
    threading.Thread(target=send, args=(sender,), daemon=True).start()
threading.Event().wait()
"""


@pytest.mark.parametrize("acknowledged", [200, 2_000])
def test_sigkill_loses_no_acknowledged_step(engine, tmp_path, acknowledged):
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER],
        env={**os.environ, **engine.environment(tmp_path / "data")},
        stdout=subprocess.PIPE,
        text=True,
    )
    ids = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            ids.append(line.strip())
            if len(ids) >= acknowledged:
                break
        process.send_signal(signal.SIGKILL)
        # What was written before the kill was acknowledged too; only the last line may be cut.
        ids += [line.strip() for line in process.stdout if line.endswith("\n")]
    finally:
        process.kill()
        process.wait(10)
    assert len(ids) >= acknowledged
    store = engine.open(tmp_path / "data")
    try:
        project = store.read(projects.first)
        lost = [step_id for step_id in ids if not (step := store.get_step(project.id, step_id)) or not step["input"]]
        assert lost == []
        if store.dialect == "sqlite":
            assert engine.run(tmp_path / "data", "PRAGMA integrity_check") == [("ok",)]
    finally:
        store.close()
