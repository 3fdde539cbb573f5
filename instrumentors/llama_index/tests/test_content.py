"""What content is recorded, where it goes, and what odd values do: nothing to the caller."""

import json
from typing import Any

import pytest
from llama_index.core import PromptTemplate
from llama_index.core.llms import ChatMessage, ImageBlock, MockLLM, TextBlock
from llama_index.core.schema import ImageNode, NodeWithScore, QueryBundle
from llama_index.core.tools import FunctionTool

from literalai_otel.attributes import (
    INPUT_MESSAGES,
    PROMPT_VARIABLES,
    RETRIEVAL_DOCUMENTS,
    STEP_INPUT,
    STEP_OUTPUT,
    TOOL_CALL_ARGUMENTS,
    TOOL_CALL_RESULT,
)
from literalai_otel.config import INLINE_MEDIA_BYTES
from literalai_otel.genai.media import take_media
from literalai_otel.jsonable import dumps, loads
from literalai_otel.testing import SpanCapture
from literalai_otel_llama_index.messages import message_of, snapshot

from .parts import EchoLLM, Found, everything, index, texts, words_llm

SECRET = "a-secret-word"


def do_everything() -> None:
    """A query, a stream, a chat, a tool and an embedding, all about the secret."""
    engine = index().as_query_engine(llm=EchoLLM())
    engine.query(SECRET)
    list(index().as_query_engine(llm=EchoLLM(), streaming=True).query(SECRET).response_gen)
    index().as_chat_engine(chat_mode="context", llm=EchoLLM()).chat(SECRET)
    FunctionTool.from_defaults(lambda word: word, name="say", description="Says it.")(word=SECRET)


# --- where content goes (I10, I23) ----------------------------------------------------------------


@pytest.mark.parametrize("capture_content", ["literal_only", "true", "false"])
def test_content_goes_where_the_policy_says(capture_content: str, instrument: Any, policy: Any) -> None:
    policy(capture_content=capture_content)
    capture = instrument()
    do_everything()
    on_spans = "".join(span.span.to_json() for span in capture.spans)
    beside = json.dumps([span.fields for span in capture.spans], default=str)
    assert (SECRET in on_spans) == (capture_content == "true")
    assert (SECRET in beside) == (capture_content != "false")
    assert "Paris" not in on_spans or capture_content == "true"


def test_a_mask_sees_everything_that_is_said(instrument: Any, policy: Any) -> None:
    policy(mask=lambda value, name, span: json.loads(json.dumps(value).replace(SECRET, "*")))
    capture = instrument()
    do_everything()
    assert SECRET not in everything(capture.spans)


@pytest.mark.parametrize("capture_content", ["literal_only", "true"])
def test_nothing_is_printed(
    capture_content: str, instrument: Any, policy: Any, capfd: pytest.CaptureFixture[str], caplog: Any
) -> None:
    """I38."""
    policy(capture_content=capture_content)
    instrument()
    do_everything()
    out, err = capfd.readouterr()
    assert SECRET not in out + err
    assert [record for record in caplog.records if record.name.startswith("literalai")] == []


# --- messages (I8, I24) ---------------------------------------------------------------------------


def shown(*blocks: Any, role: str = "user", **extra: Any) -> list[dict[str, Any]]:
    message = ChatMessage(role=role, blocks=list(blocks), additional_kwargs=extra)
    return message_of(snapshot(message))["parts"]


def test_images_by_address_and_as_data() -> None:
    by_address, small, big = (
        ImageBlock(url="https://example.org/a.png"),
        ImageBlock(image=b"iVBORw0K", image_mimetype="image/png"),
        ImageBlock(image=b"A" * 4 * INLINE_MEDIA_BYTES, image_mimetype="image/png"),
    )
    parts = shown(by_address, small, big)
    take_media(parts, INLINE_MEDIA_BYTES)
    address, inline, reference = parts
    assert address == {"type": "uri", "modality": "image", "uri": "https://example.org/a.png"}
    assert (inline["type"], inline["modality"], inline["mime_type"]) == ("blob", "image", "image/png")
    assert (reference["type"], reference["uri"][:7]) == ("uri", "sha256:")
    assert len(json.dumps(reference)) < 250


def test_blocks_of_newer_releases() -> None:
    types = pytest.importorskip("llama_index.core.base.llms.types")
    if not hasattr(types, "ToolCallBlock"):
        pytest.skip("blocks of thoughts and tool calls came with llama-index-core 0.14")
    call = types.ToolCallBlock(tool_call_id="c1", tool_name="look", tool_kwargs='{"at": "it"}')
    twice = {"tool_calls": [{"id": "c1", "function": {"name": "look", "arguments": "{}"}}]}
    assert shown(types.ThinkingBlock(content="hm"), TextBlock(text="so"), call, role="assistant", **twice) == [
        {"type": "reasoning", "content": "hm"},
        {"type": "text", "content": "so"},
        {"id": "c1", "type": "tool_call", "name": "look", "arguments": {"at": "it"}},
    ]
    assert shown(types.CachePoint(cache_control=types.CacheControl(type="ephemeral"))) == []


def test_a_message_is_what_it_was_when_it_was_sent(capture: SpanCapture) -> None:
    messages = [ChatMessage(content="before")]
    EchoLLM().chat(messages)
    messages[0].content = "after"
    messages.append(ChatMessage(content="more"))
    assert texts(capture.one().fields[INPUT_MESSAGES]) == ["before"]


def test_an_image_query_keeps_its_address(capture: SpanCapture) -> None:
    index().as_query_engine(llm=words_llm()).query(QueryBundle(query_str="What is it?", image_path="/tmp/cat.png"))
    assert capture.spans[-1].fields[STEP_INPUT] == {"query": "What is it?", "image": "/tmp/cat.png"}


def test_an_image_document_keeps_no_bytes(capture: SpanCapture) -> None:
    node = ImageNode(image="A" * 10_000, image_url="https://example.org/a.png", id_="i1")
    Found(NodeWithScore(node=node, score=0.5)).retrieve("What?")
    (document,) = capture.one().fields[STEP_OUTPUT]
    assert (document["id"], document["image_url"]) == ("i1", "https://example.org/a.png")
    assert len(dumps(document)) < 500


# --- odd values (bad input, I33) ------------------------------------------------------------------


class Hostile:
    """Raises whatever one asks it."""

    def __repr__(self) -> str:
        raise RuntimeError("no text")

    __str__ = __repr__
    json = dict = "not callable"


def circular() -> dict[str, Any]:
    loop: dict[str, Any] = {}
    loop["self"] = loop
    return loop


def deep() -> list[Any]:
    found: list[Any] = []
    for _ in range(1000):
        found = [found]
    return found


ODD = [None, float("nan"), b"bytes", circular(), deep(), Hostile(), {1: 2}, {"a", "b"}, "\ud800", 2**80, object(), int]


@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
def test_odd_arguments_and_results_of_a_tool(value: Any, capture: SpanCapture) -> None:
    seen: list[Any] = []

    def take(thing: Any = None) -> str:
        seen.append(thing)
        return "taken"

    FunctionTool.from_defaults(take)(thing=value)
    assert seen[0] is value
    fields = capture.one().fields
    loads(dumps(fields[TOOL_CALL_ARGUMENTS]))
    assert fields[TOOL_CALL_RESULT] == "taken"


@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
def test_odd_variables_of_a_template(value: Any, capture: SpanCapture) -> None:
    template = PromptTemplate("nothing", function_mappings={"given": lambda **_: ""})
    EchoLLM().predict(template, given=value)
    loads(dumps(capture.one().fields[PROMPT_VARIABLES]))


def test_a_generator_of_messages_is_left_alone(capture: SpanCapture) -> None:
    taken: list[str] = []

    class Reading(MockLLM):
        def chat(self, messages: Any, **kwargs: Any) -> Any:
            taken.extend(str(message.content) for message in messages)

    Reading().chat(ChatMessage(content=word) for word in ("one", "two"))  # type: ignore[arg-type]
    assert taken == ["one", "two"]
    assert capture.one().fields[INPUT_MESSAGES] == []


def test_readers_that_fail_cost_only_the_step(
    capture: SpanCapture, monkeypatch: pytest.MonkeyPatch, guard: Any
) -> None:
    guard.allow("")

    def fail(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr("literalai_otel_llama_index.handler.SpanCall", fail)
    assert str(index().as_query_engine(llm=words_llm()).query("Where?")) == "text text text"
    assert capture.spans == []
    monkeypatch.undo()
    monkeypatch.setattr("literalai_otel_llama_index.llms.write_raw", fail)
    assert EchoLLM().complete("x").text == "echo: x"
    assert list(EchoLLM().stream_complete("x"))
    assert [span.name for span in capture.spans] == ["text_completion echo-1"] * 2


def test_documents_are_beside_the_span_only(capture: SpanCapture) -> None:
    index().as_query_engine(llm=words_llm()).query("Where?")
    for span in capture.spans:
        assert not {RETRIEVAL_DOCUMENTS, STEP_INPUT, STEP_OUTPUT, INPUT_MESSAGES} & span.attributes.keys()
