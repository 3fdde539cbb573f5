"""What goes in and out of steps follows the content policy (S10); tags and metadata are no content."""

import json
from typing import Any

import pytest

from literalai_otel import genai
from literalai_otel.attributes import STEP_INPUT, STEP_OUTPUT
from literalai_otel.config import Config
from literalai_otel.content_rules import content_rules
from literalai_otel.context import message, run, step
from literalai_otel.model import ChatGeneration


def work(secret: str) -> Any:
    """Is decorated below."""
    message(f"said {secret}", name="message")
    return {"answer": secret}


def log_everything() -> None:
    @step
    def stream(secret: str) -> Any:
        yield secret

    generation = ChatGeneration(model="m", input_token_count=3, messages=[{"role": "user", "content": "secret"}])
    with run(name="block", input="secret", output="secret", tags=["tag"], metadata={"k": "v"}, generation=generation):
        step(work)("secret")
        list(stream("secret"))


def test_content_goes_to_literal_and_not_on_spans(world: Any) -> None:
    log_everything()
    assert world.step_named("work")["input"] == {"secret": "secret"}
    assert world.step_named("message")["output"] == {"content": "said secret"}
    assert "secret" not in json.dumps([span.attributes for span in world.capture.spans])


def test_content_off_means_nowhere(world: Any, capture_content: Any) -> None:
    capture_content("false")
    log_everything()
    assert "secret" not in json.dumps(world.steps)
    assert "secret" not in json.dumps([span.attributes for span in world.capture.spans])
    assert world.step_named("block")["tags"] == ["tag"]
    assert world.step_named("block")["metadata"]["k"] == "v"
    generation = world.step_named("block")["generation"]
    assert (generation["model"], generation["inputTokenCount"]) == ("m", 3)


def test_content_on_spans_is_json_text(world: Any, capture_content: Any) -> None:
    capture_content("true")
    log_everything()
    span = next(span for span in world.capture.spans if span.name == "work")
    assert json.loads(span.attributes[STEP_INPUT]) == {"secret": "secret"}
    assert json.loads(span.attributes[STEP_OUTPUT]) == {"answer": "secret"}
    assert world.step_named("work")["input"] == {"secret": "secret"}


@pytest.mark.parametrize("mode", ["literal_only", "true"])
def test_a_mask_sees_everything_first(world: Any, capture_content: Any, mode: str) -> None:
    def mask(value: Any, key: str, info: Any) -> Any:
        assert info.name in ("block", "work", "stream", "message")
        return json.loads(json.dumps(value).replace("secret", "***"))

    capture_content(mode, mask)
    log_everything()
    assert "secret" not in json.dumps(world.steps)
    assert "secret" not in json.dumps([span.attributes for span in world.capture.spans])
    assert world.step_named("work")["output"] == {"answer": "***"}
    assert world.step_named("message")["output"] == {"content": "said ***"}


def test_a_failing_mask_drops_content_and_never_the_step(world: Any, capture_content: Any, guard: Any) -> None:
    guard.allow("mask hook failed")
    guard.allow("the content policy failed on a step")
    guard.allow("the mask failed (RuntimeError: mask)")

    def mask(value: Any, key: str, info: Any) -> Any:
        raise RuntimeError("mask")

    capture_content("true", mask)
    log_everything()
    assert {found["name"] for found in world.steps} == {"block", "work", "stream", "message"}
    assert "secret" not in json.dumps(world.steps)
    assert "secret" not in json.dumps([span.attributes for span in world.capture.spans])


def test_long_texts_of_steps_are_whole(world: Any) -> None:
    long = "x" * 1_000_000
    step(work)(long)
    assert world.step_named("work")["output"] == {"answer": long}


@pytest.mark.parametrize("mode", ["literal_only", "true"])
def test_rules_hold_for_steps_and_for_what_is_on_spans(world: Any, mode: str) -> None:
    genai.configure(Config(capture_content=mode, content_policy=content_rules("*=hash")))
    try:
        log_everything()
        assert "secret" not in json.dumps(world.steps)
        assert "secret" not in json.dumps([span.attributes for span in world.capture.spans])
        assert "sha256:" in json.dumps(world.step_named("block")["generation"])
        assert world.step_named("block")["generation"]["model"] == "m"
        assert world.step_named("message")["output"]["content"].startswith("sha256:")
        on_span = [span.attributes[STEP_OUTPUT] for span in world.capture.spans if STEP_OUTPUT in span.attributes]
        assert all("sha256:" in shown for shown in on_span) and bool(on_span) is (mode == "true")
    finally:
        genai.configure(Config())
