"""The example runs under `opentelemetry-instrument` with the model class that this lane has."""

import os
import re
import subprocess
import sys
from pathlib import Path

from literalai_otel.testing import FakeProvider

from .parts import FAKE_ANSWER, MODEL

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "llama_index_query.py"


def test_the_example_is_a_run_with_its_steps(provider: FakeProvider) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "LITERAL_"))}
    place = (
        {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": provider.base_url}
        if MODEL.startswith("gpt")
        else {"MISTRAL_API_KEY": "k", "MISTRAL_ENDPOINT": provider.origin}
    )
    done = subprocess.run(
        [Path(sys.executable).parent / "opentelemetry-instrument", sys.executable, EXAMPLE],
        env={
            **kept,
            **place,
            "OTEL_PYTHON_DISTRO": "literalai",
            "OTEL_PYTHON_CONFIGURATOR": "literalai",
            "OTEL_TRACES_EXPORTER": "console",
            "OTEL_BSP_SCHEDULE_DELAY": "600000",  # it writes at the end, not between a text and its end of line
        },
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"{FAKE_ANSWER}\n" in done.stdout
    names = re.findall(r'^    "name": "(.*)",$', done.stdout, re.MULTILINE)
    assert sorted(name for name in names if "POST" not in name) == sorted(
        [
            "embeddings",
            "embeddings",
            "retrieval",
            f"chat {'gpt-4o-mini' if MODEL.startswith('gpt') else MODEL}",
            "CompactAndRefine",
            "invoke_workflow RetrieverQueryEngine",
        ]
    )
