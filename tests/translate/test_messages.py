"""Parts become OpenAI-like messages (`spec/genai-semconv.md` §1.3)."""

import json
from typing import Any

import pytest

from literalai_otel.translate.messages import joined_text, messages_of, system_message_of


def text(content: Any) -> dict[str, Any]:
    return {"type": "text", "content": content}


CALL = {"type": "tool_call", "id": "c1", "name": "f", "arguments": {"a": 1}}
FUNCTION = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}

PARTS: list[Any] = [
    # role, parts, messages
    pytest.param("user", [text("hi")], [{"role": "user", "content": "hi"}], id="one text"),
    pytest.param(
        "user",
        [text("a"), text("b")],
        [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}],
        id="two texts",
    ),
    pytest.param("user", [text({"a": 1})], [{"role": "user", "content": '{"a":1}'}], id="text that is none"),
    pytest.param("user", "hi", [{"role": "user", "content": "hi"}], id="parts that are a text"),
    pytest.param("user", ["hi"], [{"role": "user", "content": "hi"}], id="a part that is a text"),
    pytest.param("user", [], [{"role": "user", "content": None}], id="no parts"),
    pytest.param("assistant", [CALL], [{"role": "assistant", "content": None, "tool_calls": [FUNCTION]}], id="call"),
    pytest.param(
        "assistant",
        [text("ok"), {**CALL, "arguments": '{"a": 1}'}, {"type": "tool_call", "name": "g"}],
        [
            {
                "role": "assistant",
                "content": "ok",
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}},
                    {"type": "function", "function": {"name": "g", "arguments": ""}},
                ],
            }
        ],
        id="calls as text and without arguments",
    ),
    pytest.param(
        "tool",
        [
            {"type": "tool_call_response", "id": "c1", "response": "sunny"},
            {"type": "tool_call_response", "id": "c2", "result": {"t": 3}},
        ],
        [
            {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
            {"role": "tool", "tool_call_id": "c2", "content": '{"t":3}'},
        ],
        id="tool responses are split",
    ),
    pytest.param(
        "user",
        [{"type": "tool_call_response", "id": "c1", "response": None}, text("and now?")],
        [
            {"role": "tool", "tool_call_id": "c1", "content": None},
            {"role": "user", "content": "and now?"},
        ],
        id="a response beside a text",
    ),
    pytest.param(
        "assistant",
        [{"type": "server_tool_call", "id": "s", "name": "search", "server_tool_call": {"type": "web", "q": "x"}}],
        [
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "s",
                        "type": "function",
                        "function": {"name": "search", "arguments": '{"type":"web","q":"x"}'},
                        "metadata": {"type": "web"},
                    }
                ],
            }
        ],
        id="server tool call",
    ),
    pytest.param(
        "tool",
        [{"type": "server_tool_call_response", "id": "s", "server_tool_call_response": {"type": "web", "n": 2}}],
        [{"role": "tool", "tool_call_id": "s", "content": '{"type":"web","n":2}'}],
        id="server tool response",
    ),
    pytest.param(
        "assistant",
        [
            {"type": "server_tool_call", "id": "s", "name": "search", "server_tool_call": {"type": "web", "q": "x"}},
            {"type": "server_tool_call_response", "id": "s", "server_tool_call_response": {"type": "web", "n": 2}},
            text("found"),
        ],
        [
            {
                "role": "assistant",
                "content": "found",
                "tool_calls": [
                    {
                        "id": "s",
                        "type": "function",
                        "function": {"name": "search", "arguments": '{"type":"web","q":"x"}'},
                        "metadata": {"type": "web", "response": {"type": "web", "n": 2}},
                    }
                ],
            }
        ],
        id="server tool call with its response",
    ),
    pytest.param(
        "assistant",
        [{"type": "reasoning", "content": "hm"}, {"type": "reasoning", "content": "so"}, text("42")],
        [{"role": "assistant", "content": "42", "reasoning_content": "hm\nso"}],
        id="reasoning",
    ),
    pytest.param(
        "assistant",
        [{"type": "refusal", "content": "no"}],
        [{"role": "assistant", "content": "no", "refusal": "no"}],
        id="refusal",
    ),
    pytest.param(
        "user",
        [text("see"), {"type": "blob", "modality": "image", "mime_type": "image/jpeg", "content": "AAAA"}],
        [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "see"},
                    {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,AAAA"}},
                ],
            }
        ],
        id="image bytes",
    ),
    pytest.param(
        "user",
        [{"type": "uri", "modality": "image", "uri": "https://x/y.png"}],
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x/y.png"}}]}],
        id="image address",
    ),
    pytest.param(
        "assistant",
        [{"type": "uri", "modality": "image", "mime_type": "image/png", "uri": "sha256:ab", "byte_size": 9}],
        [
            {
                "role": "assistant",
                "content": [
                    {
                        "type": "image_url",
                        "image_url": {"url": "sha256:ab"},
                        "mime_type": "image/png",
                        "byte_size": 9,
                    }
                ],
            }
        ],
        id="image by hash",
    ),
    pytest.param(
        "user",
        [{"type": "uri", "modality": "audio", "mime_type": "audio/wav", "uri": "sha256:ab", "byte_size": 9}],
        [
            {
                "role": "user",
                "content": [
                    {
                        "type": "text",
                        "text": "[audio/wav content, 9 bytes]",
                        "uri": "sha256:ab",
                        "mime_type": "audio/wav",
                        "byte_size": 9,
                        "modality": "audio",
                    }
                ],
            }
        ],
        id="audio by hash",
    ),
    pytest.param(
        "user",
        [{"type": "blob", "modality": "audio", "mime_type": "audio/mpeg", "name": "a.mp3", "byte_size": 5}],
        [{"role": "user", "content": "[audio/mpeg content, a.mp3, 5 bytes]"}],
        id="upload",
    ),
    pytest.param(
        "user",
        [{"type": "blob", "modality": "audio", "mime_type": "audio/wav", "content": "AAAA"}],
        [{"role": "user", "content": "[audio/wav content]"}],
        id="audio bytes never reach the content",
    ),
    pytest.param(
        "user",
        [{"type": "uri", "modality": "video", "uri": "https://x/y.mp4"}],
        [{"role": "user", "content": "https://x/y.mp4"}],
        id="video address",
    ),
    pytest.param(
        "user",
        [{"type": "file", "modality": "document", "file_id": "f1"}],
        [{"role": "user", "content": "[file f1]"}],
        id="file",
    ),
    pytest.param("user", [{"type": "compaction"}], [{"role": "user", "content": None}], id="compaction"),
    pytest.param(
        "user",
        [{"type": "hologram", "x": 1}],
        [{"role": "user", "content": '{"type":"hologram","x":1}'}],
        id="unknown part",
    ),
    pytest.param("user", [{"type": ["odd"]}], [{"role": "user", "content": '{"type":["odd"]}'}], id="odd type"),
    pytest.param("user", [None], [{"role": "user", "content": None}], id="null part"),
    pytest.param(
        "developer",
        [text("be kind")],
        [{"role": "system", "content": "be kind", "original_role": "developer"}],
        id="role that old clients do not know",
    ),
    pytest.param(
        "model", [text("x")], [{"role": "assistant", "content": "x", "original_role": "model"}], id="gemini's role"
    ),
    pytest.param(
        "wizard", [text("x")], [{"role": "user", "content": "x", "original_role": "wizard"}], id="unknown role"
    ),
    pytest.param(None, [text("x")], [{"role": "user", "content": "x"}], id="no role"),
]


@pytest.mark.parametrize(("role", "parts", "expected"), PARTS)
@pytest.mark.parametrize("form", ["native", "json", "tuple"])
@pytest.mark.feature("L-GEN-10", "L-LOG-13")
def test_parts_become_messages(role: Any, parts: Any, expected: Any, form: str) -> None:
    messages: Any = [{"role": role, "parts": parts}]
    value = {"native": messages, "json": json.dumps(messages), "tuple": tuple(messages)}[form]
    assert messages_of(value) == expected


def test_extra_keys_of_a_message_survive_for_prompt_lineage() -> None:
    message = {"role": "user", "parts": [text("x")], "uuid": "u1", "templated": True, "name": "ada", "empty": None}
    assert messages_of([message]) == [
        {"role": "user", "content": "x", "uuid": "u1", "templated": True, "name": "ada"},
    ]


def test_the_finish_reason_leaves_the_message() -> None:
    assert messages_of([{"role": "assistant", "parts": [text("x")], "finish_reason": "stop"}], "assistant") == [
        {"role": "assistant", "content": "x"},
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, []),
        ([], []),
        ("[]", []),
        ("", [{"role": "user", "content": ""}]),
        ('[{"role": "us', [{"role": "user", "content": '[{"role": "us'}]),
        ({"role": "user", "parts": [text("x")]}, [{"role": "user", "content": "x"}]),
        (["plain", None, 3], [{"role": "user", "content": "plain"}, {"role": "user", "content": "3"}]),
        (7, [{"role": "user", "content": "7"}]),
        (
            [{"role": "user", "content": "openai-like", "name": "ada"}],
            [{"role": "user", "content": "openai-like", "name": "ada"}],
        ),
        ([{"role": "assistant", "tool_calls": [FUNCTION]}],
         [{"role": "assistant", "content": None, "tool_calls": [FUNCTION]}]),
    ],
)  # fmt: skip
def test_other_shapes_are_never_lost(value: Any, expected: Any) -> None:
    assert messages_of(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([text("a")], [{"role": "system", "content": "a"}]),
        (json.dumps([text("a")]), [{"role": "system", "content": "a"}]),
        ("plain", [{"role": "system", "content": "plain"}]),
        ('"json text"', [{"role": "system", "content": "json text"}]),
        ([], []),
        ("[]", []),
        ("null", []),
        ([{"role": "system", "parts": [text("a")]}], [{"role": "system", "content": "a"}]),
    ],
)
def test_system_instructions_become_one_system_message(value: Any, expected: Any) -> None:
    assert system_message_of(value) == expected


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([], None),
        ([{"content": "a"}, {"content": "b"}], "a\nb"),
        ([{"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}], "a\nb"),
        ([{"content": None}], ""),
    ],
)
def test_joined_text(messages: Any, expected: Any) -> None:
    assert joined_text(messages) == expected
