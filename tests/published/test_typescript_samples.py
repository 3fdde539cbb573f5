"""The TypeScript samples of the documentation, with the published npm client, against the real server.

Those that ran as printed run as printed; what was repaired in the others is in `samples/samples.toml`.
"""

import json
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from literalai_otel.testing import FakeProvider
from literalai_otel.testing.fake_provider import ENDPOINTS
from printed import needs_documentation, printed
from programs import Server, clean_environment

from .assistants import ASSISTANT_ENDPOINTS
from .clients import HERE, LANES

SAMPLES = tomllib.loads((HERE / "samples" / "samples.toml").read_text(encoding="utf-8"))
READ_BACK = "answerOf, eventually, generated, reader, steps, stepsBelow, threadNamed"
PRELUDE = f"import {{ {READ_BACK} }} from './node/reading.mjs';"
CHAT = {
    "type": "CHAT",
    "messages": [{"role": "user", "content": "hi"}],
    "messageCompletion": {"role": "assistant", "content": "hello"},
}
OBJECTS = [
    {"kind": "dataset", "id": "dataset_id", "name": "Bar", "type": "key_value"},
    *(
        {"kind": "dataset_item", "id": id, "datasetId": "dataset_id", "input": {"q": 1}}
        for id in ("dataset_item_id", "another_item_id")
    ),
    {"kind": "step", "id": "step_id", "type": "run", "name": "logged", "input": {"a": 1}, "output": {"b": 2}},
    {"kind": "step", "id": "generation_id", "type": "llm", "name": "asked", "generation": CHAT},
]
"""Objects with the ids that the samples name; the API chooses ids itself, an import keeps them."""
ITEM = {"content": "What is Literal AI?"}
REPLY = {"content": "Literal AI is an observability solution."}
RETRIEVE = ["Retrieve", "retrieval", {}]
TOLD: dict[str, Any] = {
    "instantiate": "string",
    "constructor": "string",
    "api": "string",
    "disabled": None,
    "create_dataset": ["Foo", "A dataset to store samples.", {"isDemo": True}, "key_value"],
    "update_dataset": ["dataset_id", "Baz"],
    "get_dataset": ["dataset_id", "Baz", 2],
    "get_item": ["dataset_item_id", "dataset_id"],
    "create_item": [ITEM, REPLY, "dataset_id"],
    "add_step": [{"a": 1}, {"b": 2}, "dataset_id"],
    "add_generation": ["hi", "hello", "dataset_id"],
    "delete_item": [],
    "delete_dataset": None,
    "thread": [["Test Wrappers Step", "assistant_message", {}]],
    "step": ["Test Wrappers Step", "gpt-4-2025-01-01"],
    "decorate": [[True, {"key": "value"}, ["tag1", "tag2"]], [False, {"key": "value"}, ["tag1", "tag2"]]],
    "nested": ["Paris is a city in Europe", ["Completion", "Retrieve"]],
    "fetched": ["to be fetched", ["New step"]],
    "context": [RETRIEVE, ["Updated completion", "llm", {}]],
    "callback": [["Retrieve", "retrieval", {"topK": 2, "topScore": 0.8}], ["Updated completion", "llm", {}]],
    "without_wrappers": [["Tool Run", "run", {}], ["whisper-1", "llm", {}]],
    "langchain": ["llm", ["tag1", "tag2"], "value", "Hello, how are you?"],
    "vercel_stream": ["openai.chat", "gpt-4o", "string"],
    "vercel_thread": [["gpt-4o", "llm", {}]],
    "vercel_options": ["gpt-4o-mini", ["tag1", "tag2"], "otherValue", True],
    "assistant": [
        ["Calculator", "assistant_message", {}],
        ["Calculator", "run", {}],
        ["User", "user_message", {}],
        ["add", "tool", {}],
    ],
}
"""Sample -> what it must have left behind."""
pytestmark = [pytest.mark.timeout(900), needs_documentation]


def module_of(name: str) -> str:
    """The module that is run for a sample."""
    sample = SAMPLES[name]
    text = printed(sample["lines"])
    for broken, repaired in sample.get("repairs", []):
        assert broken in text, f"{name}: nothing to repair: {broken}"
        text = text.replace(broken, repaired)
    if inside := sample.get("inside"):
        lines = text.splitlines()
        imports = [line for line in lines if line.startswith("import ")]
        body = [line for line in lines if not line.startswith("import ")]
        text = "\n".join([*imports, f"{inside} {{", *body, "})" if inside.count("(") > inside.count(")") else "}"])
    told = f"process.stdout.write('\\n' + JSON.stringify((await ({sample['tells']})) ?? null) + '\\n');"
    return "\n".join([PRELUDE, sample.get("before", ""), text, sample.get("after", ""), told])


@pytest.fixture(scope="module")
def told(server: Server, built: Callable[[str], None], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each sample told, or what its process printed when it failed."""
    built("node")
    folder = tmp_path_factory.mktemp("samples")
    (folder / "node_modules").symlink_to(LANES / "node" / "node_modules")
    (folder / "node").symlink_to(HERE / "node")
    headers = {"x-api-key": server.key}
    imported = httpx.post(f"{server.url}/api/import", json={"records": OBJECTS}, headers=headers).json()
    assert all(result["ok"] for result in imported["results"]), imported
    with FakeProvider([*ENDPOINTS, *ASSISTANT_ENDPOINTS]) as provider:
        environment = clean_environment(
            **server.environment, OPENAI_API_KEY="sk-test", OPENAI_BASE_URL=provider.base_url
        )
        return {name: run(name, folder, environment) for name in SAMPLES}


def run(name: str, folder: Path, environment: dict[str, str]) -> Any:
    path = folder / f"{name}.mts"
    path.write_text(module_of(name), encoding="utf-8")
    command = [LANES / "node" / "bin" / "node", "--preserve-symlinks", "--preserve-symlinks-main", path]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        return f"ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.mark.parametrize("name", TOLD)
def test_a_sample(told: dict[str, Any], name: str):
    assert told[name] == TOLD[name], told[name]


def test_every_sample_is_looked_at():
    assert SAMPLES.keys() == TOLD.keys()
