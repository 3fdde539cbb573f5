"""Frameworks with a few names of their own: one recorded, others by hand (`spec/genai-semconv.md` §3.8)."""

import json
from typing import Any

import pytest
from opentelemetry.sdk.trace import Event

from literalai_otel.model import ChatGeneration, Step

from .conftest import START, Ways
from .recorded import recorded

HI = [{"role": "user", "content": "Hi"}]
HELLO = {"role": "assistant", "content": "Hello"}
SUNNY = {"city": "Paris", "degrees": 21}


def generation(step: Step) -> ChatGeneration:
    assert isinstance(step.generation, ChatGeneration)
    return step.generation


def test_googles_kit(way: str) -> None:
    steps = recorded("google_adk/tools", way).steps
    assert [(step.type, step.name) for step in steps] == [
        ("run", "invocation"),
        ("run", "guide"),
        ("llm", "call_llm"),
        ("tool", "get_weather"),
        ("llm", "call_llm"),
    ]
    assert (steps[3].input, steps[3].output) == ({"city": "Paris"}, SUNNY)
    assert {step.thread_id for step in steps[1:3]} == {"thread-1"}
    found = generation(steps[4])
    assert [message["role"] for message in found.messages or []] == ["system", "user", "assistant", "tool"]
    assert (found.message_completion or {})["content"] == "It is 21 degrees in Paris."
    assert (found.model, found.token_count, (found.settings or {})["temperature"]) == ("canned-1", 18, 0.2)
    assert (found.tools or [])[0]["function"]["name"] == "get_weather"


GENKIT_REQUEST = {
    "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
    "config": {"temperature": 0.5},
    "tools": [{"name": "f", "description": "d", "inputSchema": {"type": "object"}}],
}
GENKIT_ANSWER = {
    "message": {"role": "model", "content": [{"text": "Hello"}]},
    "finishReason": "stop",
    "usage": {"inputTokens": 3, "outputTokens": 2},
}
GENKIT = {
    "genkit:type": "action",
    "genkit:metadata:subtype": "model",
    "genkit:name": "googleai/gemini-flash",
    "genkit:input": json.dumps(GENKIT_REQUEST),
    "genkit:output": json.dumps(GENKIT_ANSWER),
}
LAMINAR = {
    "lmnr.span.type": "LLM",
    "lmnr.span.input": json.dumps(HI),
    "lmnr.span.output": json.dumps([HELLO]),
    "lmnr.association.properties.session_id": "t1",
    "lmnr.association.properties.user_id": "u1",
    "lmnr.association.properties.metadata.tenant": "acme",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 3,
    "gen_ai.usage.output_tokens": 2,
}
LIVEKIT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-4o",
    "lk.chat_ctx": json.dumps({"items": [{"type": "message", "role": "user", "content": ["Hi"]}]}),
    "lk.response.text": "Hello",
    "lk.response.ttft": 0.25,
    "gen_ai.usage.input_tokens": 3,
    "gen_ai.usage.output_tokens": 2,
}
CLAUDE_CODE = {
    "span.type": "llm_request",
    "claude_code.version": "2",
    "model": "claude-sonnet",
    "input_tokens": 3,
    "output_tokens": 2,
    "ttft_ms": 250,
    "session.id": "t1",
}
VOLTAGENT = {
    "span.type": "llm",
    "voltagent.operation_id": "o1",
    "llm.model": "gpt-4o",
    "llm.messages": json.dumps(HI),
    "output": "Hello",
    "gen_ai.usage.input_tokens": 3,
    "gen_ai.usage.output_tokens": 2,
}


@pytest.mark.parametrize("attributes", [GENKIT, LAMINAR, LIVEKIT, VOLTAGENT], ids=["genkit", "lmnr", "livekit", "volt"])
def test_a_call_of_a_model(attributes: dict[str, Any], ways: Ways) -> None:
    found = generation(ways.step(attributes, scope="somebody"))
    assert (found.messages, found.message_completion) == (HI, {**HELLO, **_role(attributes)})
    assert (found.input_token_count, found.output_token_count) == (3, 2)


def _role(attributes: dict[str, Any]) -> dict[str, str]:
    return {"original_role": "model"} if attributes is GENKIT else {}


def test_settings_and_tools_of_genkit(ways: Ways) -> None:
    step = ways.step(GENKIT, scope="genkit-tracer")
    found = generation(step)
    assert step.name == "googleai/gemini-flash"
    assert (found.settings or {})["temperature"] == 0.5
    function = {"name": "f", "description": "d", "parameters": {"type": "object"}}
    assert found.tools == [{"type": "function", "function": function}]
    assert (found.metadata or {})["finish_reasons"] == ["stop"]


def test_whose_a_span_of_laminar_is(ways: Ways) -> None:
    step = ways.step(LAMINAR, scope="lmnr")
    assert step.thread_id == "t1"
    metadata = step.metadata or {}
    assert (metadata["tenant"], metadata["otel"]["user_id"]) == ("acme", "u1")


def test_a_request_of_claude_code(ways: Ways) -> None:
    step = ways.step(CLAUDE_CODE, scope="tracing", name="claude_code.llm_request")
    found = generation(step)
    assert (found.model, found.token_count, found.tt_first_token) == ("claude-sonnet", 5, 250.0)
    assert step.thread_id == "t1"


@pytest.mark.parametrize(
    ("attributes", "events"),
    [
        ({"lk.function_tool.name": "get_weather", "lk.function_tool.arguments": '{"city":"Paris"}'}, ()),
        ({"genkit:metadata:subtype": "tool", "genkit:name": "get_weather", "genkit:input": '{"city":"Paris"}'}, ()),
        ({"lmnr.span.type": "TOOL", "gen_ai.tool.name": "get_weather", "lmnr.span.input": '{"city":"Paris"}'}, ()),
        (
            {"span.type": "tool", "claude_code.version": "2", "tool_name": "get_weather", "input": '{"city":"Paris"}'},
            (Event("tool.output", SUNNY, START + 1),),
        ),
    ],
    ids=["livekit", "genkit", "lmnr", "claude_code"],
)
def test_a_tool(attributes: dict[str, Any], events: tuple[Event, ...], ways: Ways) -> None:
    results = {"lk.function_tool.output": json.dumps(SUNNY), "genkit:output": json.dumps(SUNNY), "output": ""}
    own = {} if events else {name: value for name, value in results.items() if name[:2] in str(attributes)}
    if "lmnr.span.type" in attributes:
        own = {"lmnr.span.output": json.dumps(SUNNY)}
    step = ways.step({**attributes, **own}, scope="somebody", name="function_tool", events=events)
    assert (step.type, step.name) == ("tool", "get_weather")
    assert (step.input, step.output) == ({"city": "Paris"}, SUNNY)


def test_anything_else_keeps_what_went_in_and_came_out(ways: Ways) -> None:
    said = {"lmnr.span.type": "DEFAULT", "lmnr.span.input": '{"question":"Hi"}', "lmnr.span.output": '"Hello"'}
    inner = ways.step(said, scope="somebody", name="answer", parent=True)
    assert (inner.type, inner.name, inner.input) == ("undefined", "answer", {"question": "Hi"})
    root = ways.step({**said, "lmnr.span.input": json.dumps(HI)}, scope="somebody", name="answer")
    assert (root.type, root.input) == ("run", {"content": HI})
    flow = {"genkit:type": "flow", "genkit:name": "menu", "genkit:input": '"a theme"', "genkit:sessionId": "t1"}
    step = ways.step(flow, scope="genkit-tracer", parent=True)
    assert (step.type, step.name, step.thread_id) == ("run", "menu", "t1")


def test_mistrals_own_spans_name_the_host_alone(way: str) -> None:
    step = recorded("mistral_native/chat", way).only
    found = generation(step)
    assert (found.provider, found.model, found.token_count) == ("mistralai", "mistral-small-latest-2501", 18)
    assert (found.metadata or {})["server_address"] == "127.0.0.1"
    assert step.thread_id == "thread-1"
    assert recorded("mistral_native/error", way).only.error == "scripted failure 429"
