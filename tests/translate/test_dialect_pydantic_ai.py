"""Spans of pydantic-ai, beyond what `test_recordings` compares (`spec/genai-semconv.md` §3.4)."""

import json
from typing import Any

import pytest

from literalai_otel.model import ChatGeneration

from .conftest import Ways
from .recorded import recorded

SCOPE = "pydantic-ai"
RUN = {"gen_ai.operation.name": "invoke_agent", "agent_name": "guide"}
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}


def test_a_run_has_its_messages_and_the_calls_have_the_tokens(way: str) -> None:
    run, first, tool, second = recorded("pydantic_ai/tools", way).steps
    assert (run.type, run.name, run.generation) == ("run", "guide", None)
    assert [message["role"] for message in (run.input or {})["content"]] == ["system", "user", "assistant", "tool"]
    assert run.output == {"role": "assistant", "content": "It is 21 degrees in Paris."}
    assert (tool.name, tool.input, tool.output) == ("get_weather", {"city": "Paris"}, {"city": "Paris", "degrees": 21})
    for call in (first, second):
        assert isinstance(call.generation, ChatGeneration)
        assert call.generation.token_count == 18


def test_the_second_format_says_the_same(way: str) -> None:
    def plain(case: str) -> list[Any]:
        return [(step.type, step.name, step.input, step.output) for step in recorded(case, way).steps]

    assert plain("pydantic_ai/tools_in_the_second_format") == plain("pydantic_ai/tools")


def test_only_a_conversation_that_the_application_named_is_a_thread(way: str) -> None:
    assert [step.thread_id for step in recorded("pydantic_ai/conversation", way).steps] == ["thread-1", "thread-1"]
    for step in recorded("pydantic_ai/chat", way).steps:
        assert step.thread_id is None
        assert (step.metadata or {})["conversation_id"].startswith("00000000-0000-7")


def test_a_structured_answer_is_the_output_of_the_run(way: str) -> None:
    run, call = recorded("pydantic_ai/structured", way).steps
    assert run.output == {"city": "Paris", "country": "France"}
    assert call.generation is not None
    assert (call.generation.settings or {})["output_mode"] == "tool"


def test_a_stream_tells_when_its_first_chunk_came(way: str) -> None:
    call = recorded("pydantic_ai/stream", way).steps[1]
    assert call.generation is not None
    assert call.generation.tt_first_token is not None
    assert 1 < call.generation.tt_first_token < 60_000, "milliseconds"


def test_embeddings_are_told_without_vectors(way: str) -> None:
    step = recorded("pydantic_ai/embeddings", way).only
    assert (step.type, step.input) == ("embedding", {"content": ["sunny day", "rainy night"]})
    assert step.output == {"count": 2, "dimensions": 8}


def test_the_events_of_the_first_format(ways: Ways) -> None:
    events = [
        {"event.name": "gen_ai.system.message", "role": "system", "content": "Be kind.", "gen_ai.message.index": 0},
        {"event.name": "gen_ai.user.message", "role": "user", "content": "Hi", "gen_ai.message.index": 0},
        {"event.name": "gen_ai.choice", "index": 0, "message": {"role": "assistant", "content": "Hello"}},
    ]
    given = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
    call = ways.step({**CHAT, "events": json.dumps(events)}, scope=SCOPE)
    assert (call.input, call.output) == ({"content": given}, {"role": "assistant", "content": "Hello"})
    run = ways.step({**RUN, "all_messages_events": json.dumps(events[:2]), "final_result": "Hello"}, scope=SCOPE)
    assert (run.name, run.input, run.output) == ("guide", {"content": given}, {"content": "Hello"})


def test_tools_are_found_in_the_parameters_of_a_request(ways: Ways) -> None:
    tool = {"name": "f", "description": "d", "parameters_json_schema": {"type": "object"}, "strict": True}
    parameters = {"function_tools": [tool], "output_mode": "text", "output_object": None}
    call = ways.step({**CHAT, "model_request_parameters": json.dumps(parameters)}, scope=SCOPE)
    assert call.generation is not None
    function = {"name": "f", "description": "d", "parameters": {"type": "object"}}
    assert call.generation.tools == [{"type": "function", "function": function}]
    assert call.generation.settings == {"model": "gpt-4o"}


@pytest.mark.parametrize("cut", ['[{"role":"us', "{"])
def test_messages_that_a_limit_cut_are_kept_as_they_are(cut: str, ways: Ways) -> None:
    run = ways.step({**RUN, "pydantic_ai.all_messages": cut}, scope=SCOPE)
    assert run.input == {"content": [{"role": "user", "content": cut}]}
