"""Messages that spans have as events, in every form that was used (`spec/genai-semconv.md` §1.7, §3.8)."""

import json
from typing import Any

import pytest
from opentelemetry.sdk.trace import Event

from .conftest import START, Ways
from .recorded import recorded

SPAN = {"gen_ai.system": "openai", "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}
CALLED = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
CONVERSATION = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": None, "tool_calls": [CALLED]},
    {"role": "tool", "content": "1", "tool_call_id": "c1"},
]
HELLO = {"role": "assistant", "content": "Hello"}


def event(name: str, **attributes: Any) -> Event:
    return Event(name, attributes, START + 1)


SPREAD = (
    event("gen_ai.system.message", content="Be kind.", role="system"),
    event("gen_ai.user.message", content="Hi", **{"gen_ai.system": "openai"}),
    event("gen_ai.assistant.message", tool_calls=json.dumps([CALLED])),
    event("gen_ai.tool.message", content="1", id="c1"),
    event("gen_ai.choice", index=0, finish_reason="stop", message=json.dumps(HELLO)),
)
AZURE = (
    event("gen_ai.system.message", **{"gen_ai.event.content": '{"role":"system","content":"Be kind."}'}),
    event("gen_ai.user.message", **{"gen_ai.event.content": '{"content":"Hi"}', "gen_ai.system": "az.ai.inference"}),
    event("gen_ai.assistant.message", **{"gen_ai.event.content": json.dumps({"tool_calls": [CALLED]})}),
    event("gen_ai.tool.message", **{"gen_ai.event.content": '{"content":"1","id":"c1"}'}),
    event(
        "gen_ai.choice",
        **{"gen_ai.event.content": '{"message":{"content":"Hello"},"finish_reason":"stop","index":0}'},
    ),
)
OLDEST = (
    event("gen_ai.content.prompt", **{"gen_ai.prompt": json.dumps(CONVERSATION)}),
    event("gen_ai.content.completion", **{"gen_ai.completion": json.dumps([HELLO])}),
)
WRAPPED = (
    event("gen_ai.content.prompt", **{"gen_ai.prompt": json.dumps({"messages": CONVERSATION})}),
    event("gen_ai.content.completion", **{"gen_ai.completion": json.dumps({"choices": [{"message": HELLO}]})}),
)
TODAY = (
    event(
        "gen_ai.client.inference.operation.details",
        **{
            "gen_ai.input.messages": json.dumps(CONVERSATION),
            "gen_ai.output.messages": json.dumps(
                [{"role": "assistant", "parts": [{"type": "text", "content": "Hello"}]}]
            ),
        },
    ),
)


def _said(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in message.items() if value is not None} for message in messages]


@pytest.mark.parametrize(
    "events", [SPREAD, AZURE, OLDEST, WRAPPED, TODAY], ids=["1.28", "azure", "1.27", "body", "now"]
)
def test_events_are_the_messages_of_a_call(events: tuple[Event, ...], ways: Ways) -> None:
    step = ways.step(SPAN, events=events)
    assert _said((step.input or {})["content"]) == _said(CONVERSATION)
    assert step.output == HELLO
    if events in (SPREAD, AZURE):
        assert step.generation is not None
        assert (step.generation.metadata or {})["finish_reasons"] == ["stop"]


def test_attributes_are_right_where_a_span_says_both(ways: Ways) -> None:
    said = {"gen_ai.output.messages": '[{"role":"assistant","content":"from the span"}]'}
    step = ways.step({**SPAN, **said}, events=SPREAD)
    assert (step.output or {})["content"] == "from the span"
    assert len((step.input or {})["content"]) == 4


def test_an_answer_may_be_spread_or_a_text(ways: Ways) -> None:
    spread = ways.step(SPAN, events=(event("gen_ai.choice", content="Hello", role="assistant", finish_reason="stop"),))
    text = ways.step(SPAN, events=(event("gen_ai.choice", message="Hello"),))
    assert spread.output == text.output == HELLO


def test_blocks_of_bedrock_become_parts(ways: Ways) -> None:
    blocks = [
        {"text": "see"},
        {"toolUse": {"toolUseId": "c1", "name": "f", "input": {"a": 1}}},
    ]
    step = ways.step(SPAN, events=(event("gen_ai.choice", message=json.dumps(blocks)),))
    assert step.output == {"role": "assistant", "content": "see", "tool_calls": [CALLED]}


def test_what_a_limit_cut_is_kept_as_it_is(ways: Ways) -> None:
    cut = '[{"role":"us'
    step = ways.step(SPAN, events=(event("gen_ai.content.prompt", **{"gen_ai.prompt": cut}),))
    assert step.input == {"content": [{"role": "user", "content": cut}]}
    azure = ways.step(SPAN, events=(event("gen_ai.user.message", **{"gen_ai.event.content": cut}),))
    assert (azure.input or {})["content"][0]["role"] == "user"


def test_real_events_of_an_agent(way: str) -> None:
    """Strands Agents: the run, its calls, and a tool whose arguments and result are messages too."""
    run, first, tool, second = recorded("strands/tools", way).steps
    assert (run.type, run.name, run.thread_id) == ("run", "guide", "thread-1")
    assert run.input == {
        "content": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "How warm is Paris?"}]
    }
    assert (first.type, second.type) == ("llm", "llm")
    assert (first.output or {})["tool_calls"][0]["function"]["arguments"] == '{"city":"Paris"}'
    assert [message["role"] for message in (second.input or {})["content"]] == ["user", "assistant", "tool"]
    assert second.output == {"role": "assistant", "content": "It is 21 degrees in Paris."}
    assert (tool.name, tool.input, tool.output) == (
        "get_weather",
        {"city": "Paris"},
        {"json": {"city": "Paris", "degrees": 21}},
    )
