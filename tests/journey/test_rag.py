"""Retrieval and answers by real models: `python examples/demo --rag`, and what the server keeps of it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from literalai_otel.api import SyncApi
from programs import BIN, clean_environment, free_port, wait_for

pytest.importorskip("llama_index.core")

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / ".demo"
"""The folder of `make demo`, so that the models are fetched once."""

pytestmark = pytest.mark.serial


@pytest.mark.timeout(600)
@pytest.mark.feature("I-LI-03")
def test_questions_to_documents_are_runs_of_retrieval_embedding_and_generation():
    demo = subprocess.run(
        [sys.executable, ROOT / "examples" / "demo", "--rag"],
        env=clean_environment(COLUMNS="140"), stdout=subprocess.PIPE, text=True, timeout=590, check=False,
    )  # fmt: skip
    assert demo.returncode == 0, demo.stdout
    assert "Marta Linde" in demo.stdout
    assert "25 minutes" in demo.stdout

    port = free_port()
    key = (DEMO / "api-key").read_text(encoding="utf-8")
    server = subprocess.Popen(
        [BIN / "literalai-otel", "serve", "--port", str(port), "--data-dir", DEMO / "data"],
        env=clean_environment(LITERAL_API_KEY=key), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz")
        with SyncApi(f"http://127.0.0.1:{port}", key) as api:
            (newest,) = api.get_threads(first=1).data
            thread = api.get_thread(id=newest.id)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)

    assert thread is not None
    assert thread.name == "Questions about Sandholm"
    steps = thread.steps or []
    indexing = next(step for step in steps if step.parent_id is None and step.type == "embedding")
    assert indexing.output == {"count": 4, "dimensions": 640}
    runs = [step for step in steps if step.type == "run"]
    assert [run.input for run in sorted(runs, key=lambda run: run.start_time or "")] == [
        {"content": "Who built the lighthouse, and when?"},
        {"content": "How long does the ferry take?"},
    ]
    for run in runs:
        inside = {step.type: step for step in steps if step.parent_id == run.id}
        documents = inside["retrieval"].output["content"]
        assert [0 < document["score"] <= 1 and bool(document["text"]) for document in documents] == [True, True]
        (query,) = [step for step in steps if step.parent_id == inside["retrieval"].id]
        assert (query.type, query.output) == ("embedding", {"count": 1, "dimensions": 640})
        (answer,) = [step for step in steps if step.parent_id == inside["undefined"].id]
        generation = answer.generation
        assert generation is not None
        assert generation.model == "smollm2-135m-instruct"
        assert generation.input_token_count > generation.output_token_count > 0
        assert run.output == {"content": generation.message_completion["content"]}
