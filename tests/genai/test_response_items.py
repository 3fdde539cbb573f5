"""Items of Responses as messages with parts."""

from typing import Any

import pytest
from hypothesis import given, settings, strategies

from literalai_otel.config import INLINE_MEDIA_BYTES
from literalai_otel.genai.media import take_media
from literalai_otel.genai.messages import without_media
from literalai_otel.genai.response_items import (
    finish_reason,
    input_messages,
    is_compacted,
    output_messages,
    placed_input_messages,
)
from literalai_otel.jsonable import dumps


def text(content: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "content": content, **more}


ITEMS: list[Any] = [
    pytest.param({"role": "user", "content": "hi"}, "user", [text("hi")], id="easy message"),
    pytest.param("hi", "user", [text("hi")], id="a bare text"),
    pytest.param(
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a", "annotations": []}]},
        "assistant",
        [text("a")],
        id="output message",
    ),
    pytest.param(
        {"role": "assistant", "content": [{"type": "output_text", "text": "a", "annotations": [{"url": "u"}]}]},
        "assistant",
        [text("a", annotations=[{"url": "u"}])],
        id="citations stay",
    ),
    pytest.param(
        {"type": "reasoning", "summary": [{"text": "s"}, {"text": ""}, None], "content": [{"text": "c"}]},
        "assistant",
        [{"type": "reasoning", "content": "s"}, {"type": "reasoning", "content": "c"}],
        id="reasoning",
    ),
    pytest.param(
        {"type": "function_call", "call_id": "c", "id": "f", "name": "n", "arguments": '{"a": 1}'},
        "assistant",
        [{"type": "tool_call", "name": "n", "id": "c", "arguments": {"a": 1}}],
        id="function call",
    ),
    pytest.param(
        {"type": "shell_call", "id": "s", "action": {"commands": ["ls"]}, "status": "completed"},
        "assistant",
        [{"type": "tool_call", "name": "shell", "id": "s", "arguments": {"commands": ["ls"]}}],
        id="shell call without a call id",
    ),
    pytest.param(
        {"type": "function_call_output", "call_id": "c", "output": "sunny"},
        "tool",
        [{"type": "tool_call_response", "id": "c", "response": "sunny"}],
        id="function result",
    ),
    pytest.param(
        {"type": "hologram_call_output", "call_id": "c", "output": {"light": 1}},
        "tool",
        [{"type": "tool_call_response", "id": "c", "response": {"light": 1}}],
        id="result of an unknown tool",
    ),
    pytest.param(
        {"type": "compaction", "id": "c", "encrypted_content": "x"},
        "assistant",
        [{"type": "compaction", "id": "c"}],
        id="compaction",
    ),
    pytest.param(
        {"type": "additional_tools", "role": "developer", "tools": [{"type": "mcp", "authorization": "secret"}]},
        "developer",
        [{"type": "additional_tools", "role": "developer", "tools": [{"type": "mcp"}]}],
        id="unknown item, without credentials",
    ),
    pytest.param(
        {"type": "input_text", "text": "hi"}, "user", [{"type": "input_text", "text": "hi"}], id="a part as an item"
    ),
]


@pytest.mark.parametrize(("item", "role", "parts"), ITEMS)
def test_items(item: Any, role: str, parts: list[Any]) -> None:
    assert input_messages([item]) == [{"role": role, "parts": parts}]


def test_turns() -> None:
    """Calls of one turn are one message, and so are their results; a second text is another turn."""
    items = [
        {"role": "assistant", "content": "a"},
        {"type": "function_call", "call_id": "1", "name": "n"},
        {"type": "function_call_output", "call_id": "1", "output": "x"},
        {"type": "function_call_output", "call_id": "2", "output": "y"},
        {"role": "assistant", "content": "b"},
        {"role": "assistant", "content": "c"},
        {"type": "reasoning", "summary": []},
        {"role": "user", "content": "d"},
        {"role": "user", "content": "e"},
    ]
    placed = placed_input_messages(items)
    assert [(message["role"], list(positions)) for message, positions in placed] == [
        ("assistant", [0, 1]),
        ("tool", [2, 3]),
        ("assistant", [4]),
        ("assistant", [5]),
        ("user", [7]),
        ("user", [8]),
    ]


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ({"status": "completed", "output": []}, "stop"),
        ({"status": "completed", "output": [{"type": "function_call"}]}, "tool_calls"),
        ({"status": "completed", "output": [{"type": "web_search_call"}]}, "stop"),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "length"),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, "content_filter"),
        ({"status": "incomplete", "incomplete_details": {"reason": "moonrise"}}, "moonrise"),
        ({"status": "incomplete", "incomplete_details": None}, "incomplete"),
        ({"status": "failed"}, "error"),
        ({"status": "cancelled"}, "cancelled"),
        ({"status": "queued"}, None),
        ({"status": None}, None),
        ({"output": [{"type": "compaction"}]}, "compaction"),
    ],
)
def test_finish_reasons(response: Any, reason: str | None) -> None:
    assert finish_reason(response) == reason


def test_a_response_that_says_nothing_has_no_message() -> None:
    assert output_messages({"status": "queued", "output": []}) is None
    assert output_messages({"output": None}) is None
    assert not is_compacted({"output": None})


LARGE = "A" * 4 * INLINE_MEDIA_BYTES


@pytest.mark.parametrize(
    "item",
    [
        {"type": "image_generation_call", "id": "i", "result": LARGE},
        {"role": "user", "content": [{"type": "input_image", "image_url": f"data:image/png;base64,{LARGE}"}]},
        {
            "type": "computer_call_output",
            "output": {"type": "computer_screenshot", "image_url": f"data:a;base64,{LARGE}"},
        },
        {"type": "code_interpreter_call", "id": "c", "outputs": [{"type": "image", "url": f"data:a;base64,{LARGE}"}]},
        {"type": "hologram", "light": {"picture": f"data:image/png;base64,{LARGE}"}},
    ],
)
def test_large_media_is_referred_to(item: Any) -> None:
    messages = input_messages([item])
    take_media(messages, INLINE_MEDIA_BYTES)
    recorded = dumps(messages)
    assert LARGE.encode() not in recorded
    assert b"sha256:" in recorded


def test_small_media_stays_off_spans() -> None:
    items = [{"type": "image_generation_call", "id": "i", "result": "AAAA"}, {"type": "x", "u": "data:a;base64,BBBB"}]
    messages = input_messages(items)
    assert b"AAAA" in dumps(messages)
    assert b"AAAA" not in dumps(without_media(messages))
    assert b"BBBB" not in dumps(messages), "outside of parts nothing could take it off later"


JSON = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers() | strategies.text(max_size=8),
    lambda inner: strategies.lists(inner, max_size=3) | strategies.dictionaries(strategies.text(max_size=6), inner),
    max_leaves=8,
)
KINDS = ["message", "reasoning", "function_call", "computer_call", "mcp_call", "image_generation_call", "x_output", "x"]
FIELDS = ["role", "content", "summary", "arguments", "action", "output", "result", "id", "call_id", "tools", "outputs"]
HOSTILE = strategies.builds(
    lambda kind, fields: {"type": kind, **fields},
    strategies.sampled_from(KINDS) | JSON,
    strategies.dictionaries(strategies.sampled_from(FIELDS), JSON),
)


@settings(deadline=None, max_examples=150)
@given(strategies.lists(HOSTILE | JSON, max_size=4))
def test_no_item_is_too_odd(items: list[Any]) -> None:
    for messages in (input_messages(items), output_messages({"output": items, "status": "completed"}) or []):
        assert all(type(message["role"]) is str and type(message["parts"]) is list for message in messages)
        dumps(messages)
