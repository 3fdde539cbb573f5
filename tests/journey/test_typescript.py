"""J7: I write TypeScript (spec/journeys.md)."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from literalai_otel.model import ChatGeneration, Step
from literalai_otel.testing import Chat, FakeProvider, ToolCall
from programs import Server, clean_environment

ROOT = Path(__file__).resolve().parents[2]
NODE = ROOT / ".lanes" / "node"
RECORDINGS = ROOT / "tests" / "recordings" / "vercel"
SKIP = "LITERAL_SKIP_PUBLISHED"
CALLED = ToolCall("call_1", "get_weather", '{"city": "Paris"}')
ANSWER = "It is 21 degrees in Paris."


def stored(server: Server, expected: int, seconds: float = 15) -> list[Step]:
    """All steps once there are `expected` of them, in order."""
    deadline = time.monotonic() + seconds
    while True:
        steps = server.api().get_steps(first=100).data
        if len(steps) >= expected or time.monotonic() > deadline:
            return in_order(steps)
        time.sleep(0.05)


def in_order(steps: list[Step]) -> list[Step]:
    """Each before what is below it.

    JavaScript's clock counts milliseconds: of two with the same start the one that ended first was first.
    """

    def below(parent_id: str | None) -> Iterator[Step]:
        children = [step for step in steps if step.parent_id == parent_id]
        for step in sorted(children, key=lambda step: (step.start_time or "", step.end_time or "")):
            yield step
            yield from below(step.id)

    return [*below(None)]


def outline(steps: list[Step]) -> list[str]:
    """The tree, a line for each step."""
    by_id = {step.id: step for step in steps}

    def depth(step: Step) -> int:
        return 0 if step.parent_id is None else 1 + depth(by_id[step.parent_id])

    return [f"{'  ' * depth(step)}{step.type} {step.name}" for step in steps]


def generation(step: Step) -> ChatGeneration:
    assert isinstance(step.generation, ChatGeneration)
    return step.generation


@pytest.fixture(scope="module")
def node() -> Path:
    """The environment with Node, which takes a minute to make the first time."""
    if os.environ.get(SKIP) == "1":
        pytest.skip(f"{SKIP}=1: the environments with the published clients are not to be built")
    subprocess.run([sys.executable, "tests/lanes.py", "node", "--build"], cwd=ROOT, check=True, timeout=800)
    return NODE


@pytest.mark.timeout(900)
@pytest.mark.feature("I-VER-01", "I-VER-02", "I-VER-03")
def test_a_program_with_the_vercel_ai_sdk(server: Server, provider: FakeProvider, node: Path, tmp_path: Path):
    provider.script(Chat(tool_calls=(CALLED,)), Chat(ANSWER), model="agent")
    (tmp_path / "node_modules").symlink_to(node / "node_modules")
    (tmp_path / "app.mjs").symlink_to(Path(__file__).with_name("typescript.mjs"))
    done = subprocess.run(
        [node / "bin" / "node", "--preserve-symlinks", "--preserve-symlinks-main", tmp_path / "app.mjs"],
        env=clean_environment(**server.environment, OPENAI_BASE_URL=provider.base_url),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    steps = stored(server, 6)
    assert outline(steps) == [
        "run plan-trip",
        "  llm ai.generateText.doGenerate",
        "  tool get_weather",
        "  llm ai.generateText.doGenerate",
        "run plan-trip",
        "  llm ai.streamText.doStream",
    ]
    assert {step.thread_id for step in steps} == {"trip-1"}
    for step in steps:
        if step.type != "tool":  # the spans of tools say nothing of it in this release
            assert (step.tags, (step.metadata or {})["tenant"]) == (["travel", "beta"], "acme")
    thread = server.api().get_thread("trip-1")
    assert thread is not None
    assert thread.participant_identifier == "ada"
    first, second, streamed = (generation(step) for step in steps if step.type == "llm")
    assert first.messages == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "How warm is Paris?"},
    ]
    assert (first.message_completion or {})["tool_calls"][0]["function"]["name"] == "get_weather"
    assert (first.provider, first.model, first.token_count) == ("openai", "agent-2025-01-01", 18)
    assert first.settings and first.settings["temperature"] == 0.2
    assert [tool["function"]["name"] for tool in first.tools or []] == ["get_weather"]
    assert [message["role"] for message in second.messages or []] == ["system", "user", "assistant", "tool"]
    assert (second.message_completion or {})["content"] == ANSWER
    assert (streamed.message_completion or {})["content"] == done.stdout
    assert streamed.token_count == 18
    assert streamed.tt_first_token is not None


@pytest.mark.feature("I-VER-01")
@pytest.mark.parametrize("release", ["v6", "v7"])
def test_what_newer_releases_send_is_stored_as_one_tree(server: Server, release: str):
    """Their own requests, recorded: OTLP as JSON, with the key in a header."""
    request = urllib.request.Request(
        f"{server.url}/v1/traces",
        data=(RECORDINGS / f"{release}_tools.json").read_bytes(),
        headers={"content-type": "application/json", "x-api-key": server.key},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200
    steps = stored(server, 4)
    call = {"v6": "ai.generateText.doGenerate", "v7": "chat agent"}[release]
    assert outline(steps) == ["run answer-questions", f"  llm {call}", "  tool get_weather", f"  llm {call}"]
    assert [generation(step).token_count for step in steps if step.type == "llm"] == [18, 18]
    assert (generation(steps[3]).message_completion or {})["content"] == ANSWER
