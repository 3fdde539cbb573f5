"""The examples run as their docstrings say, and are short enough to be read."""

import ast
from pathlib import Path

import pytest

from literalai_otel.testing import Chat, Failure, FakeProvider
from literalai_otel.testing.mistral_chat import MistralChat
from literalai_otel.testing.mistral_endpoints import MISTRAL_ENDPOINTS

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.py"))


def test_there_are_examples():
    assert {path.name for path in EXAMPLES} >= {"agent.py", "app.py", "mistral_chat.py"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_short_and_begins_with_what_it_shows(path: Path):
    source = path.read_text(encoding="utf-8")
    assert source.count("\n") <= 60
    assert ast.get_docstring(ast.parse(source))


def test_the_plain_program_becomes_one_generation_and_knows_nothing_of_us(run, ours, sink):
    source = (EXAMPLES[0].parent / "app.py").read_text(encoding="utf-8")
    assert "import literalai" not in source
    done = run(source, ours)
    assert (done.status, done.out, done.err) == (0, "Hello from the fake provider.\n", "")
    (step,) = sink.steps
    assert (step["type"], step["generation"]["provider"]) == ("llm", "openai")


@pytest.mark.feature("I-MIS-01", "I-MIS-02")
def test_each_turn_of_the_mistral_conversation_is_a_generation_with_the_history(run, ours, sink):
    source = (EXAMPLES[0].parent / "mistral_chat.py").read_text(encoding="utf-8")
    with FakeProvider(MISTRAL_ENDPOINTS) as mistral:
        mistral.script(MistralChat("The castle."), MistralChat("The bridge."))
        done = run(source, ours | {"MISTRAL_SERVER_URL": mistral.origin})
    assert (done.status, done.out, done.err) == (0, "The castle.\nThe bridge.\n", "")
    first, second = (step["generation"] for step in sorted(sink.steps, key=lambda step: step["startTime"]))
    assert {first["provider"], second["provider"]} == {"mistralai"}
    assert (first["inputTokenCount"], first["outputTokenCount"]) == (11, 7)
    assert [message["role"] for message in second["messages"]] == ["system", "user", "assistant", "user"]
    assert second["messages"][2]["content"] == "The castle."
    assert second["messageCompletion"]["content"] == "The bridge."


@pytest.mark.feature("I-LC-06", "I-LC-10", "I-LC-13")
def test_the_graph_is_a_run_with_a_step_for_each_node(run, ours, sink, provider):
    source = (EXAMPLES[0].parent / "langchain_agent.py").read_text(encoding="utf-8")
    assert "import literalai" not in source
    provider.script(Chat("Climb the hill."))
    done = run(source, ours | {"LANGSMITH_TRACING": "false"})
    assert (done.status, done.out) == (0, "Climb the hill.\n")
    steps = {step["name"]: step for step in sink.steps}
    parent = {name: next((each["name"] for each in sink.steps if each["id"] == step.get("parentId")), None)
              for name, step in steps.items()}  # fmt: skip
    assert steps["trip planner"]["type"] == "run"
    assert (parent["look_up"], parent["plan"]) == ("trip planner", "trip planner")
    assert (steps["get_weather"]["type"], parent["get_weather"]) == ("tool", "look_up")
    (generation,) = sink.generations
    assert (generation["type"], generation["generation"]["inputTokenCount"]) == ("llm", 11)
    assert {step["threadId"] for step in sink.steps} == {"trip-to-lisbon"}


@pytest.mark.feature("L-LOG-01")
def test_the_agent_is_a_thread_of_two_runs_each_with_a_tool_and_model_calls(run, ours, sink, provider):
    source = (EXAMPLES[0].parent / "agent.py").read_text(encoding="utf-8")
    provider.script(Chat("Walk."), Failure(400), Chat("On the hill."))
    done = run(source, ours)
    assert (done.status, done.out, done.err) == (0, "Walk.\nOn the hill.\n", "")
    (thread,) = {thread["id"] for thread in sink.threads}
    assert {step["threadId"] for step in sink.steps} == {thread}
    assert {thread.get("name") for thread in sink.threads} == {"Trip to Lisbon"}
    runs = {step["name"]: step["id"] for step in sink.steps if step["type"] == "run"}
    assert set(runs) == {"plan_trip", "find_view"}
    below = sorted((step["parentId"], step["type"], step["startTime"]) for step in sink.steps if step.get("parentId"))
    assert [(parent, kind) for parent, kind, _ in below] == sorted(
        [
            (runs["plan_trip"], "llm"),
            (runs["plan_trip"], "tool"),
            (runs["find_view"], "llm"),
            (runs["find_view"], "llm"),
            (runs["find_view"], "tool"),
        ]
    )
    streamed = [step["generation"]["ttFirstToken"] for step in sink.generations if "ttFirstToken" in step["generation"]]
    failed = [step for step in sink.steps if step.get("error")]
    assert len(streamed) == 1
    assert [step["type"] for step in failed] == ["llm"]
