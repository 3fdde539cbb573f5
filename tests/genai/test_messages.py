"""OpenAI-shaped messages as messages with parts."""

from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given, settings, strategies

from literalai_otel.genai.messages import (
    input_message,
    input_messages,
    output_message,
    tool_definitions,
    without_media,
)
from literalai_otel.jsonable import dumps

SMALL = b64encode(b"small").decode()


def text(content: str) -> dict[str, Any]:
    return {"type": "text", "content": content}


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        ({"content": "hi"}, [text("hi")]),
        ({"content": None}, []),
        ({"content": ""}, [text("")]),
        ({"content": ["plain", {"type": "text", "text": "typed"}]}, [text("plain"), text("typed")]),
        ({"content": 5}, [text("5")]),
        ({"content": "c", "refusal": "no"}, [text("c"), {"type": "refusal", "content": "no"}]),
        ({"content": [{"type": "refusal", "refusal": "no"}]}, [{"type": "refusal", "content": "no"}]),
        ({"content": "c", "reasoning_content": "hm"}, [{"type": "reasoning", "content": "hm"}, text("c")]),
        ({"content": "c", "reasoning": "hm"}, [{"type": "reasoning", "content": "hm"}, text("c")]),
        (
            {"content": [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{SMALL}"}}]},
            [{"type": "blob", "modality": "image", "mime_type": "image/png", "content": SMALL}],
        ),
        (
            {"content": [{"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "low"}}]},
            [{"type": "uri", "modality": "image", "uri": "https://x/y.png", "detail": "low"}],
        ),
        (
            {"content": [{"type": "input_audio", "input_audio": {"data": SMALL, "format": "mp3"}}]},
            [{"type": "blob", "modality": "audio", "mime_type": "audio/mpeg", "content": SMALL}],
        ),
        (
            {"content": [{"type": "file", "file": {"file_id": "f1", "filename": "a.pdf"}}]},
            [{"type": "file", "modality": "document", "file_id": "f1", "name": "a.pdf"}],
        ),
        (
            {"content": [{"type": "file", "file": {"file_data": f"data:application/pdf;base64,{SMALL}"}}]},
            [{"type": "blob", "modality": "document", "mime_type": "application/pdf", "content": SMALL}],
        ),
        ({"content": [{"type": "novel", "a": 1}]}, [{"type": "novel", "a": 1}]),
        (
            {"audio": {"id": "a1", "data": "AAAA", "transcript": "said"}},
            [text("said"), {"type": "file", "modality": "audio", "file_id": "a1"}],
        ),
        (
            {"tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}]},
            [{"type": "tool_call", "id": "1", "name": "f", "arguments": {"a": 1}}],
        ),
        (
            {"tool_calls": [{"type": "custom", "custom": {"name": "f", "input": "x"}}, {"function": None}]},
            [{"type": "tool_call", "name": "f", "arguments": "x"}, {"type": "tool_call", "name": None}],
        ),
        (
            {"function_call": {"name": "f", "arguments": "{broken"}},
            [{"type": "tool_call", "name": "f", "arguments": "{broken"}],
        ),
    ],
)
def test_parts(message: dict[str, Any], parts: list[Any]) -> None:
    assert input_message({"role": "user", **message}) == {"role": "user", "parts": parts}
    assert output_message(message, "stop") == {"role": "assistant", "parts": parts, "finish_reason": "stop"}


@pytest.mark.parametrize(
    ("content", "response"),
    [("42", "42"), (None, None), ([{"type": "text", "text": "42"}], [text("42")])],
)
def test_the_answer_of_a_tool(content: Any, response: Any) -> None:
    message = {"role": "tool", "tool_call_id": "1", "content": content}
    part = {"type": "tool_call_response", "id": "1", "response": response}
    assert input_message(message) == {"role": "tool", "parts": [part]}


def test_what_else_a_message_carries_stays() -> None:
    message = {"role": "user", "content": "x", "name": "ann", "uuid": "u", "templated": True, "nothing": None}
    assert input_message(message) == {
        "role": "user",
        "parts": [text("x")],
        "name": "ann",
        "uuid": "u",
        "templated": True,
    }


def test_tool_definitions_are_flat() -> None:
    function = {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True}
    assert tool_definitions(
        [{"type": "function", "function": function}, {"type": "custom", "custom": {"name": "c"}}, "odd"], [function]
    ) == [
        {"type": "function", **function},
        {"type": "custom", "name": "c"},
        {"type": "function", "name": "odd"},
        {"type": "function", **function},
    ]


def test_media_inside_an_answer_is_referred_to() -> None:
    blob = {"type": "blob", "modality": "image", "content": SMALL}
    message = {"role": "tool", "parts": [{"type": "tool_call_response", "response": [blob]}]}
    shown = without_media([message])
    assert SMALL.encode() not in dumps(shown)
    assert shown[0]["parts"][0]["response"][0]["byte_size"] == 5
    assert message["parts"][0]["response"] == [blob]


JSON = strategies.sampled_from([None, True, 5, "text", "data:x", [], [5], {}, {"a": 1}, {"url": 5}, {"data": [1]}])
KEYS = strategies.sampled_from(
    [
        *("role", "content", "tool_calls", "function_call", "refusal", "audio", "reasoning", "type", "text", "url"),
        *("image_url", "input_audio", "file", "function", "arguments", "tool_call_id", "data"),
    ]
)
OBJECTS = strategies.dictionaries(KEYS, JSON, max_size=4)
MESSAGES = strategies.lists(
    strategies.dictionaries(KEYS, JSON | OBJECTS | strategies.lists(OBJECTS, max_size=2), max_size=4), max_size=3
)


@settings(max_examples=300, deadline=None)
@given(MESSAGES)
def test_any_shape_is_tolerated(messages: list[Any]) -> None:
    converted = input_messages(messages)
    assert len(converted) == len(messages)
    assert all(isinstance(message["parts"], list) for message in converted)
    dumps(without_media(converted))
    dumps(tool_definitions(messages))
