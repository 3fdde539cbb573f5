"""Which way content goes, and what becomes of it on the way."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from dirty_equals import IsStr

from literalai_otel.attributes import (
    CONTENT_DROPPED,
    GENERATION_SETTINGS,
    INPUT_MESSAGES,
    OUTPUT_MESSAGES,
    RESPONSE_ID,
    TRUNCATED,
)
from literalai_otel.config import Config
from literalai_otel.genai import DeferredContent, Recorder, SpanInfo, configure
from literalai_otel.genai import policy as policy_in_force
from literalai_otel.genai.content import CUT_MARK, ContentPolicy, cut_texts
from literalai_otel.genai.media import MEDIA_PREFIX, media_of
from literalai_otel.testing import CapturedSpan, SpanCapture

HELLO = [{"role": "user", "parts": [{"type": "text", "content": "hello"}]}]


@pytest.fixture
def record(recorder: Recorder, capture: SpanCapture, sdk: SimpleNamespace) -> Callable[..., CapturedSpan]:
    def run(**content: Any) -> CapturedSpan:
        recording = recorder.open(sdk.inference(**content))
        assert recording is not None
        recording.invocation.attributes[RESPONSE_ID] = "r"
        recording.complete()
        return capture.one()

    return run


@pytest.mark.parametrize(
    ("settings", "to_literal", "on_span"),
    [
        ({}, True, False),
        ({"capture_content": "true"}, True, True),
        ({"capture_content": "false"}, False, False),
        ({"capture_on_spans": "SPAN_ONLY"}, True, True),
        ({"capture_on_spans": "EVENT_ONLY"}, True, False),
        ({"capture_content": "false", "capture_on_spans": "SPAN_ONLY"}, False, False),
    ],
)
def test_the_switches_decide_who_gets_content(
    settings: dict[str, str], to_literal: bool, on_span: bool, policy: Callable[..., None], record: Any
) -> None:
    policy(**settings)
    span = record(**{INPUT_MESSAGES: HELLO, GENERATION_SETTINGS: {"n": 2}})
    assert span.fields.get(INPUT_MESSAGES) == (HELLO if to_literal else None)
    assert span.attributes.get(INPUT_MESSAGES) == (json.dumps(HELLO, separators=(",", ":")) if on_span else None)
    assert span.fields[GENERATION_SETTINGS] == {"n": 2}
    assert (GENERATION_SETTINGS in span.attributes) is on_span
    assert span.attributes[RESPONSE_ID] == span.fields[RESPONSE_ID] == "r"


def test_content_is_not_even_made_when_capture_is_off(
    policy: Callable[..., None], recorder: Recorder, capture: SpanCapture, sdk: SimpleNamespace
) -> None:
    policy(capture_content="false")
    made: list[str] = []
    invocation = sdk.inference()
    invocation.content[INPUT_MESSAGES] = lambda: made.append("messages")
    invocation.content[GENERATION_SETTINGS] = lambda: made.append("settings") or {}
    recorder.open(invocation).complete()
    assert capture.one().fields[GENERATION_SETTINGS] == {}
    assert made == ["settings"]


def test_the_mask_sees_each_content_field_and_its_span(policy: Callable[..., None], record: Any) -> None:
    seen: list[tuple[Any, str, SpanInfo]] = []

    def mask(value: Any, key: str, span: SpanInfo) -> Any:
        seen.append((value, key, span))
        return None if key == OUTPUT_MESSAGES else "masked"

    policy(mask=mask)
    span = record(**{INPUT_MESSAGES: HELLO, OUTPUT_MESSAGES: HELLO})
    fields = span.fields
    assert fields[INPUT_MESSAGES] == "masked"
    assert OUTPUT_MESSAGES not in fields
    assert {key for _, key, _ in seen} == {INPUT_MESSAGES, OUTPUT_MESSAGES}
    assert seen[0][2] == SpanInfo(
        name="chat m",
        trace_id=f"{span.trace_id:032x}",
        span_id=f"{span.span_id:016x}",
        operation="chat",
        provider="openai",
        model="m",
    )


@pytest.mark.parametrize("capture_content", ["literal_only", "true"])
def test_a_failing_mask_drops_the_content_and_keeps_the_span(
    capture_content: str, policy: Callable[..., None], record: Any
) -> None:
    def mask(value: Any, key: str, span: SpanInfo) -> Any:
        if key == INPUT_MESSAGES:
            raise RuntimeError("no")
        return value

    policy(capture_content=capture_content, mask=mask)
    span = record(**{INPUT_MESSAGES: HELLO, OUTPUT_MESSAGES: HELLO})
    assert INPUT_MESSAGES not in span.fields
    assert INPUT_MESSAGES not in span.attributes
    assert span.fields[CONTENT_DROPPED] == "mask_failed"
    assert span.fields[OUTPUT_MESSAGES] == HELLO
    assert span.fields[RESPONSE_ID] == "r"


def test_what_a_mask_hands_back_is_not_touched(policy: Callable[..., None], record: Any) -> None:
    own = ["x" * 100]
    policy(mask=lambda value, key, span: own, max_content_bytes=10)
    assert record(**{INPUT_MESSAGES: HELLO}).fields[INPUT_MESSAGES] == ["x" * 10 + CUT_MARK]
    assert own == ["x" * 100]


@pytest.mark.parametrize("capture_content", ["literal_only", "true"])
def test_long_texts_are_cut_and_that_is_said(capture_content: str, policy: Callable[..., None], record: Any) -> None:
    policy(capture_content=capture_content, max_content_bytes=12)
    long = [{"parts": [{"content": "ä" * 7}, {"content": "short"}]}]
    span = record(**{INPUT_MESSAGES: long})
    assert span.fields[INPUT_MESSAGES] == [{"parts": [{"content": "ä" * 6 + CUT_MARK}, {"content": "short"}]}]
    assert span.fields[TRUNCATED] is True
    if capture_content == "true":
        assert json.loads(span.attributes[INPUT_MESSAGES]) == span.fields[INPUT_MESSAGES]
        assert span.attributes[TRUNCATED] is True


@pytest.mark.parametrize(
    ("text", "limit", "kept"),
    [
        ("abcd", 4, "abcd"),
        ("abcde", 4, "abcd" + CUT_MARK),
        ("aä", 2, "a" + CUT_MARK),
        ("\ud800bcde", 4, IsStr(regex=r".*\[truncated\]")),
        ("🙂🙂", 7, "🙂" + CUT_MARK),
    ],
)
def test_a_cut_keeps_whole_characters(text: str, limit: int, kept: str) -> None:
    assert cut_texts(text, limit) == (kept, kept != text)


def test_content_that_cannot_be_made_is_absent() -> None:
    def fail() -> Any:
        raise ValueError("not JSON")

    deferred = DeferredContent("k", fail, ContentPolicy.from_config(Config()), None)
    assert deferred() is None
    assert deferred.flags == {}


def test_no_base64_on_spans(policy: Callable[..., None], record: Any) -> None:
    policy(capture_content="true")
    blob = {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AAAA"}
    span = record(**{INPUT_MESSAGES: [{"role": "user", "parts": [blob]}]})
    assert span.fields[INPUT_MESSAGES][0]["parts"] == [blob]
    assert json.loads(span.attributes[INPUT_MESSAGES])[0]["parts"] == [
        {
            "type": "uri",
            "modality": "image",
            "mime_type": "image/png",
            "uri": "sha256:709e80c88487a2411e1ee4dfb9f22a861492d20c4765150c0c794abd70f8147c",
            "byte_size": 3,
        }
    ]


def test_settings_that_nobody_can_read_mean_off(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("literalai_otel.genai.content._CURRENT.policy", None)
    monkeypatch.setenv("LITERAL_CAPTURE_CONTENT", "flase")
    assert not policy_in_force().to_literal
    assert "LITERAL_CAPTURE_CONTENT" in caplog.text


def test_the_environment_is_the_policy_until_somebody_configures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("literalai_otel.genai.content._CURRENT.policy", None)
    monkeypatch.setenv("LITERAL_CAPTURE_CONTENT", "true")
    assert policy_in_force().on_spans
    configure(Config.load({}, capture_content="false"))
    assert not policy_in_force().on_spans


LARGE = "QUJD" * 20_000
BLOB = {"type": "blob", "modality": "image", "mime_type": "image/png", "content": LARGE}


@pytest.mark.parametrize("capture_content", ["literal_only", "true"])
def test_large_media_goes_beside_its_message_to_literal_alone(
    capture_content: str, policy: Callable[..., None], record: Any
) -> None:
    policy(capture_content=capture_content)
    span = record(**{INPUT_MESSAGES: [{"role": "user", "parts": [dict(BLOB)]}]})
    media = media_of(LARGE, "image/png")
    (part,) = span.fields[INPUT_MESSAGES][0]["parts"]
    assert part == {
        "type": "uri",
        "modality": "image",
        "mime_type": "image/png",
        "uri": media.reference,
        "byte_size": 60_000,
    }
    assert span.fields[MEDIA_PREFIX + media.sha256] == media
    assert LARGE not in span.span.to_json() and "media:" not in span.span.to_json()


@pytest.mark.parametrize("fails", [False, True])
def test_media_goes_with_what_a_mask_takes_away(fails: bool, policy: Callable[..., None], record: Any) -> None:
    def mask(value: Any, key: str, span: SpanInfo) -> Any:
        return {}["missing"] if fails else [{"role": "user", "parts": []}]

    policy(mask=mask)
    span = record(**{INPUT_MESSAGES: [{"role": "user", "parts": [dict(BLOB)]}]})
    assert not [name for name in span.fields if name.startswith(MEDIA_PREFIX)]
