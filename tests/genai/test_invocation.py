"""Operations that are no model call: their names, where they stand, and what they let happen inside."""

from typing import Any

import pytest
from opentelemetry import context as otel_context
from opentelemetry.trace import SpanKind, get_current_span

from literalai_otel.attributes import (
    AGENT_NAME,
    ERROR_TYPE,
    OPERATION_NAME,
    PROVIDER_NAME,
    REQUEST_MODEL,
    RESPONSE_MODEL,
    SERVER_ADDRESS,
    STEP_INPUT,
    STEP_NAME,
    STEP_TYPE,
    TOOL_NAME,
    USAGE_INPUT_TOKENS,
    WORKFLOW_NAME,
)
from literalai_otel.genai import Inference, Invocation, Recorder, Recording
from literalai_otel.genai.keys import OFFICIAL_INFERENCE_KEY, OPENLLMETRY_KEY, RECORDING_KEY
from literalai_otel.testing import SpanCapture
from literalai_otel.testing.spans import span_tree


def a_tool() -> Invocation:
    return Invocation({OPERATION_NAME: "execute_tool", TOOL_NAME: "weather"})


def a_chat() -> Inference:
    return Inference({OPERATION_NAME: "chat", PROVIDER_NAME: "openai", REQUEST_MODEL: "m"})


def opened(recorder: Recorder, invocation: Invocation, **options: Any) -> Recording:
    recording = recorder.open(invocation, **options)
    assert recording is not None
    return recording


@pytest.mark.parametrize(
    ("attributes", "name", "kind"),
    [
        ({OPERATION_NAME: "execute_tool", TOOL_NAME: "weather"}, "execute_tool weather", SpanKind.INTERNAL),
        ({OPERATION_NAME: "execute_tool"}, "execute_tool", SpanKind.INTERNAL),
        ({OPERATION_NAME: "invoke_agent", AGENT_NAME: "clerk"}, "invoke_agent clerk", SpanKind.INTERNAL),
        ({OPERATION_NAME: "invoke_workflow", WORKFLOW_NAME: "graph"}, "invoke_workflow graph", SpanKind.INTERNAL),
        ({OPERATION_NAME: "retrieval"}, "retrieval", SpanKind.CLIENT),
        ({STEP_NAME: "Parser", STEP_TYPE: "undefined"}, "Parser", SpanKind.INTERNAL),
    ],
)
def test_span_name_and_kind(
    recorder: Recorder, capture: SpanCapture, attributes: dict[str, Any], name: str, kind: SpanKind
) -> None:
    opened(recorder, Invocation(attributes)).complete()
    span = capture.one()
    assert (span.name, span.kind, span.attributes) == (name, kind, attributes)


def test_content_of_a_component_goes_beside_its_span(recorder: Recorder, capture: SpanCapture) -> None:
    component = Invocation({STEP_NAME: "Parser", STEP_TYPE: "undefined"})
    component.content[STEP_INPUT] = lambda: {"text": "a"}
    opened(recorder, component).complete()
    span = capture.one()
    assert span.fields == {STEP_NAME: "Parser", STEP_TYPE: "undefined", STEP_INPUT: {"text": "a"}}
    assert STEP_INPUT not in span.attributes


def test_a_given_parent_counts_and_the_current_context_does_not(recorder: Recorder, capture: SpanCapture) -> None:
    above = opened(recorder, a_tool())
    other = opened(recorder, Invocation({STEP_NAME: "other"}))
    token = otel_context.attach(other.context)
    try:
        opened(recorder, Invocation({STEP_NAME: "below"}), parent=above.context).complete()
        assert get_current_span() is other.span
    finally:
        otel_context.detach(token)
    other.complete()
    above.complete()
    assert span_tree(capture.spans) == "execute_tool weather\n  below\nother"


def test_a_tool_below_a_model_call_makes_inner_calls_their_own(recorder: Recorder, capture: SpanCapture) -> None:
    outer = opened(recorder, a_chat(), accepts_nested=True)
    tool = opened(recorder, a_tool(), parent=outer.context)
    assert not {RECORDING_KEY, OPENLLMETRY_KEY, OFFICIAL_INFERENCE_KEY} & tool.context.keys()
    opened(recorder, a_chat(), parent=tool.context).complete()
    tool.complete()
    outer.complete()
    assert span_tree(capture.spans) == "chat m\n  execute_tool weather\n    chat m"


def test_a_tool_leaves_the_model_calls_of_others_alone(recorder: Recorder) -> None:
    tool = opened(recorder, a_tool())
    assert not {RECORDING_KEY, OPENLLMETRY_KEY, OFFICIAL_INFERENCE_KEY} & tool.context.keys()
    tool.complete()


def test_a_nested_call_is_the_same_generation_and_adds_what_it_knows(recorder: Recorder, capture: SpanCapture) -> None:
    outer = opened(recorder, a_chat(), accepts_nested=True)
    inner = opened(recorder, a_chat(), parent=outer.context)
    inner.invocation.attributes[RESPONSE_MODEL] = "m-served"
    inner.complete()
    outer.complete()
    assert capture.one().attributes[RESPONSE_MODEL] == "m-served"


def test_tokens_of_several_inner_calls_add_up_and_what_failed_before_does_not_count(
    recorder: Recorder, capture: SpanCapture
) -> None:
    outer = opened(recorder, a_chat(), accepts_nested=True)
    for tokens in (3, 4):
        inner = opened(recorder, a_chat(), parent=outer.context)
        inner.invocation.attributes[USAGE_INPUT_TOKENS] = tokens
        inner.complete()
    opened(recorder, a_chat(), parent=outer.context).fail(ValueError("first try"))
    outer.complete()
    span = capture.one()
    assert span.attributes[USAGE_INPUT_TOKENS] == 7
    assert (ERROR_TYPE in span.attributes, span.status.name) == (False, "UNSET")


def test_tokens_that_the_outer_call_knows_are_not_added_to(recorder: Recorder, capture: SpanCapture) -> None:
    outer = opened(recorder, a_chat(), accepts_nested=True)
    outer.invocation.attributes[USAGE_INPUT_TOKENS] = 3
    inner = opened(recorder, a_chat(), parent=outer.context)
    inner.invocation.attributes[USAGE_INPUT_TOKENS] = 3
    inner.complete()
    outer.complete()
    assert capture.one().attributes[USAGE_INPUT_TOKENS] == 3


def test_an_inner_client_knows_its_provider_and_address_from_the_start(
    recorder: Recorder, capture: SpanCapture
) -> None:
    outer = opened(recorder, a_chat(), accepts_nested=True)
    there = Inference({OPERATION_NAME: "chat", PROVIDER_NAME: "groq", REQUEST_MODEL: "m", SERVER_ADDRESS: "groq.com"})
    inner = opened(recorder, there, parent=outer.context)
    outer.complete()
    inner.complete()
    span = capture.one()
    assert (span.attributes[PROVIDER_NAME], span.attributes[SERVER_ADDRESS]) == ("groq", "groq.com")
