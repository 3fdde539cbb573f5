"""The content policy on steps: spans of others, rules for all, and hooks that fail."""

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Status, StatusCode

import literalai_otel
from literalai_otel import genai
from literalai_otel.config import Config
from literalai_otel.content_rules import content_rules
from literalai_otel.export import Delivery, LiteralSpanProcessor
from literalai_otel.export.masking import govern
from literalai_otel.genai import Invocation, Recorder
from literalai_otel.genai.content import Mask, SpanInfo, policy
from literalai_otel.jsonable import dumps_text
from literalai_otel.model import ChatGeneration, Step, to_wire
from literalai_otel.testing import recorded

MESSAGES = [{"role": "system", "content": "be secret"}, {"role": "user", "content": "my secret"}]


@pytest.fixture
def use() -> Iterator[Callable[..., None]]:
    """Sets the policy of the process for one test."""

    def configure(rules: str = "", mask: Mask | None = None) -> None:
        genai.configure(Config(content_policy=content_rules(rules)), mask=mask)

    yield configure
    genai.configure(Config())


@pytest.fixture
def stored(sink: Any, delivery_to: Any, provider_for: Any) -> Callable[[], tuple[dict[str, Any], Delivery]]:
    """Records a call as another instrumentor would, with a secret wherever there may be one; the step of it."""

    def record() -> tuple[dict[str, Any], Delivery]:
        delivery = delivery_to(sink.url)
        provider: TracerProvider = provider_for(delivery)
        messages = [{"role": "user", "parts": [{"type": "text", "content": "my secret"}]}]
        with provider.get_tracer("somebody.else").start_as_current_span("chat m") as span:
            span.set_attributes(
                {
                    "gen_ai.operation.name": "chat",
                    "gen_ai.provider.name": "openai",
                    "gen_ai.request.model": "m",
                    "gen_ai.usage.input_tokens": 3,
                    "gen_ai.input.messages": json.dumps(messages),
                    "gen_ai.output.messages": json.dumps([{**messages[0], "role": "assistant"}]),
                    "gen_ai.tool.definitions": json.dumps([{"type": "function", "name": "secret"}]),
                    "else.raw": "a secret that no dialect reads",
                    "else.count": 7,
                }
            )
            span.record_exception(ValueError("secret"))
            span.set_status(Status(StatusCode.ERROR, "secret"))
        delivery.flush(5)
        (step,) = sink.steps.values()
        return step, delivery

    return record


def test_a_mask_sees_all_content_of_a_span_of_others(stored: Any, use: Any) -> None:
    seen: dict[str, SpanInfo] = {}

    def mask(value: Any, key: str, span: SpanInfo) -> Any:
        seen[key] = span
        return json.loads(json.dumps(value).replace("secret", "***"))

    use(mask=mask)
    step, delivery = stored()
    assert "secret" not in json.dumps(step)
    assert step["input"] == {"content": [{"role": "user", "content": "my ***"}]}
    assert step["generation"]["messages"] == step["input"]["content"]
    assert step["generation"]["messageCompletion"] == step["output"] == {"role": "assistant", "content": "my ***"}
    assert step["generation"]["tools"] == [{"type": "function", "function": {"name": "***"}}]
    assert step["error"] == "***"
    assert step["metadata"]["otel"]["attributes"] == {"else.raw": "a *** that no dialect reads", "else.count": 7}
    assert step["generation"]["inputTokenCount"] == 3
    assert {"gen_ai.input.messages", "gen_ai.output.messages", "else.raw", "exception.message"} <= seen.keys()
    info = seen["gen_ai.input.messages"]
    assert (info.name, info.operation, info.provider, info.model) == ("chat m", "llm", "openai", "m")
    assert info.span_id == step["metadata"]["otel"]["span_id"]
    assert delivery.counters().mask_failed == 0


@pytest.mark.parametrize("rules", ["", "*=mask"])
def test_a_mask_that_fails_drops_the_content_and_keeps_the_step(
    rules: str, stored: Any, use: Any, warnings_of: Callable[[], list[str]]
) -> None:
    def mask(value: Any, key: str, span: SpanInfo) -> Any:
        raise RuntimeError("no idea")

    use(rules, mask)
    step, delivery = stored()
    assert "secret" not in json.dumps(step)
    assert (step["name"], step["type"], step["generation"]["model"]) == ("chat m", "llm", "m")
    assert step["generation"]["inputTokenCount"] == 3
    assert step["metadata"]["content_dropped"] == "mask_failed"
    assert step["metadata"]["otel"]["trace_id"]
    assert delivery.counters().mask_failed == 1
    (line,) = [line for line in warnings_of() if "mask" in line]
    assert "no idea" in line and "1 or more" in line


def test_rules_hold_for_spans_of_others(stored: Any, use: Any) -> None:
    use("role:user=hash; output=drop; tool_definition=drop; error=drop; attribute=drop")
    step, _ = stored()
    assert "secret" not in json.dumps(step)
    assert step["input"]["content"][0]["content"].startswith("sha256:")
    assert step["output"] == {"role": "assistant", "content": "[dropped]"}
    assert step["metadata"]["content_policy"] == {"drop": 6, "hash": 1}


def test_nothing_is_touched_without_a_policy(stored: Any) -> None:
    step, delivery = stored()
    assert step["input"] == {"content": [{"role": "user", "content": "my secret"}]}
    assert "content_policy" not in step["metadata"]
    assert delivery.counters().mask_failed == 0


def test_a_mask_sees_steps_that_are_no_spans(use: Any, sink: Any, delivery_to: Any, a_step: Any) -> None:
    use(mask=lambda value, key, span: f"{key} of {span.name}")
    delivery = delivery_to(sink.url)
    delivery.submit_step(a_step("s1", type="user_message", error="secret", output={"content": "secret"}))
    delivery.flush(5)
    assert sink.steps["s1"]["error"] == "exception.message of look up"
    assert sink.steps["s1"]["output"] == {"content": "literalai.step.output of look up"}


def test_of_our_own_spans_only_errors_are_left_to_mask() -> None:
    genai.configure(Config(), mask=lambda value, key, span: f"{key} ***")
    try:
        step = Step(id="1", error="secret", input={"content": "seen"}, generation=ChatGeneration(error="secret"))
        wire = to_wire(govern(step, policy(), unmasked=False).step)
    finally:
        genai.configure(Config())
    error = "exception.message ***"
    assert wire == {
        "id": "1",
        "error": error,
        "input": {"content": "seen"},
        "generation": {"type": "CHAT", "error": error},
    }


# --- steps that are no spans of others ------------------------------------------------------------


def ruled(step: Step, rules: str, mask: Mask | None = None) -> dict[str, Any]:
    genai.configure(Config(content_policy=content_rules(rules)), mask=mask)
    try:
        before = dumps_text(to_wire(step))
        governed = govern(step, policy(), unmasked=False)
        assert dumps_text(to_wire(step)) == before, "the step of the caller stays as it was"
        return to_wire(governed.step)
    finally:
        genai.configure(Config())


def test_the_sides_of_a_tool_step_are_a_call_and_its_result() -> None:
    step = Step(id="1", type="tool", input={"city": "Paris"}, output={"content": "rain"})
    assert ruled(step, "tool_call=drop; tool_result=drop") == {
        "id": "1",
        "type": "tool",
        "input": {"content": "[dropped]"},
        "output": {"content": "[dropped]"},
        "metadata": {"content_policy": {"drop": 2}},
    }
    assert ruled(Step(id="1", type="run", input={"city": "Paris"}), "tool_call=drop")["input"] == {"city": "Paris"}


@pytest.mark.parametrize(
    ("type", "role"), [("user_message", "user"), ("assistant_message", "assistant"), ("system_message", "system")]
)
def test_messages_have_the_role_of_whoever_said_them(type: Any, role: str) -> None:
    step = Step(id="1", type=type, output={"content": "hello"})
    assert ruled(step, f"role:{role}=drop")["output"] == {"content": "[dropped]"}
    others = "; ".join(f"role:{other}=drop" for other in ("user", "assistant", "system") if other != role)
    assert ruled(step, others)["output"] == {"content": "hello"}


def test_a_generation_that_was_attached_by_hand() -> None:
    generation = ChatGeneration(
        model="m",
        messages=MESSAGES,
        message_completion={"role": "assistant", "content": "the secret"},
        variables={"who": "secret"},
        metadata={"choices": [{"role": "assistant", "content": "secret too"}], "note": "n"},
    )
    step = Step(id="1", type="llm", input={"content": MESSAGES}, generation=generation)
    wire = ruled(step, "role:system=drop; role:user=drop; role:assistant=drop; variable=drop")
    assert "secret" not in json.dumps(wire)
    assert wire["generation"]["variables"] == {"who": "[dropped]"}
    assert wire["generation"]["metadata"]["note"] == "n"
    assert wire["metadata"]["content_policy"] == {"drop": 5}, "a text that stands twice is one"


def test_a_rule_decides_what_the_mask_gets() -> None:
    asked: list[Any] = []

    def mask(piece: Any, key: str, span: SpanInfo) -> Any:
        asked.append(piece)
        return "masked"

    step = Step(id="1", type="llm", generation=ChatGeneration(messages=MESSAGES))
    wire = ruled(step, "role:user=mask", mask)
    assert asked == ["my secret"]
    assert [message["content"] for message in wire["generation"]["messages"]] == ["be secret", "masked"]


def test_what_is_nested_too_deeply_for_the_rules_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    deep: Any = {"role": "user", "content": "secret"}
    for _ in range(2000):
        deep = [deep]
    with caplog.at_level(logging.CRITICAL):
        wire = ruled(Step(id="1", type="run", name="n", input={"deep": deep}, tags=["secret"]), "role:user=drop")
    assert wire == {"id": "1", "type": "run", "name": "n", "metadata": {"content_dropped": "mask_failed"}}


HOSTILE = [
    "\ud800 lone",
    "nul \x00",
    "\U0001f642" * 1000,
    "",
    " ",
    "data:;base64,",
    "data:image/png;base64,%%%%",
    "sha256:",
]


@pytest.mark.parametrize("rules", ["*=drop", "*=hash", "*=offload", "text>1=offload; *=hash", ">2=drop"])
def test_hostile_texts_are_ruled_too(rules: str, a_step: Any) -> None:
    deep: Any = "deep"
    for _ in range(900):
        deep = {"d": deep}
    messages = [{"role": "user", "content": text} for text in HOSTILE]
    with recorded(content_policy=rules) as steps:
        delivery = literalai_otel.init().delivery
        delivery.submit_step(a_step("s1", type="llm", generation=ChatGeneration(messages=messages)))
        delivery.submit_step(a_step("s2", input={"deep": deep}, metadata={"\ud800": "\x00"}))
        assert len(steps) == 2
        assert steps.counters.mask_failed == 0
        stored = dumps_text([to_wire(step) for step in steps])
        ruled_messages = steps.where(id="s1")[0].generation
    assert "lone" not in stored and 'deep"}' not in stored
    assert isinstance(ruled_messages, ChatGeneration) and len(ruled_messages.messages or []) == len(HOSTILE)


@pytest.mark.parametrize("on_spans", ["literal_only", "true"])
def test_the_limits_of_the_host_do_not_let_content_by(on_spans: str, sink: Any, delivery_to: Any) -> None:
    """16 attributes of 100 characters: what the rules took away is in no half of a text either."""
    genai.configure(Config.load({}, capture_content=on_spans, content_policy="role:user=hash; output=drop"))
    try:
        limits = SpanLimits(max_span_attributes=16, max_span_attribute_length=100)
        provider = TracerProvider(span_limits=limits, shutdown_on_exit=False)
        exporter = InMemorySpanExporter()
        delivery = delivery_to(sink.url)
        provider.add_span_processor(LiteralSpanProcessor(delivery, client_name="c"))
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        recorder = Recorder("literalai_otel.instrumentors.test", "1", tracer_provider=provider)
        said = [{"role": "user", "parts": [{"type": "text", "content": "my secret " * 50}]}]
        invocation = Invocation({"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"})
        invocation.content["gen_ai.input.messages"] = lambda: said
        invocation.content["gen_ai.output.messages"] = lambda: [{**said[0], "role": "assistant"}]
        recording = recorder.open(invocation)
        assert recording is not None
        recording.complete()
        delivery.flush(5)
        provider.shutdown()
    finally:
        genai.configure(Config())
    (step,) = sink.steps.values()
    expected = "sha256:" + hashlib.sha256(("my secret " * 50).encode()).hexdigest()
    assert step["generation"]["messages"] == [{"role": "user", "content": expected}]
    assert step["output"] == {"role": "assistant", "content": "[dropped]"}
    (span,) = exporter.get_finished_spans()
    assert "secret" not in span.to_json()
    assert ("gen_ai.input.messages" in (span.attributes or {})) is (on_spans == "true")
