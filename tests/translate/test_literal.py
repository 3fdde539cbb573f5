"""Our own spans: fields native beside the span, or JSON on it (`spec/genai-semconv.md` §7)."""

from collections.abc import Mapping
from typing import Any

import pytest

from literalai_otel import attributes as names
from literalai_otel.jsonable import dumps_text
from literalai_otel.model import STEP_TYPES, Attachment, ChatGeneration, CompletionGeneration, Score, Step
from literalai_otel.translate import SpanRecord, is_step, translate

from .conftest import ended, over_otlp

STAMPS = {names.THREAD_ID: "t1", names.ROOT_RUN_ID: "r1", names.TAGS: ("a", "b")}
TEXTS = frozenset({names.STEP_TYPE, names.STEP_NAME, names.STEP_ID, names.STEP_PARENT_ID, names.ENVIRONMENT})


class Forms:
    """The same fields: beside the span, on the span as JSON, and so over OTLP."""

    def __init__(self, name: str) -> None:
        self.name = name

    def step(self, fields: Mapping[str, Any], *, scope: str = names.STEP_SCOPE, **span: Any) -> Step:
        span.setdefault("name", "work")
        if self.name == "beside":
            record = SpanRecord.from_sdk(ended({}, scope=scope, **span), fields)
        else:
            on_span = {
                name: value if name in TEXTS or not self._is_json(name, value) else dumps_text(value)
                for name, value in fields.items()
            }
            found = ended(on_span, scope=scope, **span)
            record = over_otlp(found) if self.name == "otlp" else SpanRecord.from_sdk(found)
        step = translate(record)
        assert step is not None
        return step

    @staticmethod
    def _is_json(name: str, value: Any) -> bool:
        return isinstance(value, dict | list) or name in (names.STEP_INPUT, names.STEP_OUTPUT)


@pytest.fixture(params=["beside", "on the span", "otlp"])
def forms(request: pytest.FixtureRequest) -> Forms:
    return Forms(request.param)


@pytest.mark.feature("L-LOG-03", "O-06")
def test_a_step_span_as_a_whole(forms: Forms) -> None:
    step = forms.step(
        {
            **STAMPS,
            names.STEP_ID: "my own id",
            names.STEP_PARENT_ID: "its parent",
            names.STEP_NAME: "look up",
            names.STEP_TYPE: "tool",
            names.STEP_INPUT: {"city": "Lisbon", "n": [1, None, 0.5]},
            names.STEP_OUTPUT: {"content": ""},
            names.METADATA: {"release": "mine", "k": {"nested": [1]}},
            names.RELEASE: "1.0",
            names.ENVIRONMENT: "staging",
            names.ATTACHMENTS: [{"id": "a1", "name": "f.png", "objectKey": "k", "mime": "image/png"}],
            names.SCORES: [{"id": "c1", "name": "quality", "type": "AI", "value": 0}],
        }
    )
    assert step == Step(
        id="my own id",
        parent_id="its parent",
        root_run_id="r1",
        thread_id="t1",
        name="look up",
        type="tool",
        start_time="2026-11-21T08:00:00.123456Z",
        end_time="2026-11-21T08:00:02.123456Z",
        input={"city": "Lisbon", "n": [1, None, 0.5]},
        output={"content": ""},
        tags=["a", "b"],
        environment="staging",
        scores=[Score(id="c1", name="quality", type="AI", value=0)],
        attachments=[Attachment(id="a1", name="f.png", object_key="k", mime="image/png")],
        metadata={
            "release": "mine",
            "k": {"nested": [1]},
            "otel": {
                "trace_id": "0af7651916cd43dd8448eb211c80319c",
                "span_id": "b7ad6b7169203331",
                "scope": names.STEP_SCOPE,
                "scope_version": "1.2",
            },
        },
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": 1}, {"a": 1}),
        ("text", {"content": "text"}),
        ('{"a": 1}', {"content": '{"a": 1}'}),
        ("", {"content": ""}),
        (0, {"content": 0}),
        (False, {"content": False}),
        ([], {"content": []}),
        ([{"a": None}], {"content": [{"a": None}]}),
    ],
)
def test_input_and_output_keep_what_the_user_gave(forms: Forms, value: Any, expected: Any) -> None:
    step = forms.step({names.STEP_TYPE: "run", names.STEP_INPUT: value, names.STEP_OUTPUT: value})
    assert (step.input, step.output) == (expected, expected)


@pytest.mark.parametrize("kind", STEP_TYPES)
@pytest.mark.feature("L-LOG-08", "L-LOG-09")
def test_every_step_type(forms: Forms, kind: str) -> None:
    assert forms.step({names.STEP_TYPE: kind}).type == kind


@pytest.mark.parametrize("fields", [{}, {names.STEP_TYPE: "wizardry"}])
def test_an_unknown_type_is_undefined(forms: Forms, fields: dict[str, Any]) -> None:
    assert forms.step(fields).type == "undefined"


@pytest.mark.feature("L-GEN-02")
def test_a_generation_attached_by_hand(forms: Forms) -> None:
    chat = {"type": "CHAT", "model": "m", "messages": [{"role": "user", "content": "hi"}], "duration": 0.5}
    step = forms.step({names.STEP_TYPE: "llm", names.GENERATION: chat})
    assert step.generation == ChatGeneration(model="m", messages=[{"role": "user", "content": "hi"}], duration=0.5)
    bare = forms.step({names.GENERATION: {"prompt": "a", "completion": "b"}})
    assert bare.type == "llm"
    assert bare.generation == CompletionGeneration(prompt="a", completion="b", duration=2.0)


def test_a_genai_span_of_ours_is_read_as_genai_with_our_fields_over_it(forms: Forms) -> None:
    step = forms.step(
        {
            names.OPERATION_NAME: "chat",
            names.PROVIDER_NAME: "openai",
            names.REQUEST_MODEL: "m",
            names.INPUT_MESSAGES: [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}],
            names.OUTPUT_MESSAGES: [{"role": "assistant", "parts": [{"type": "text", "content": "yo"}]}],
            names.GENERATION_SETTINGS: {"logit_bias": {"1": 2}, "user": None},
            names.GENERATION_METADATA: {"mine": True},
            names.PROMPT_VARIABLES: {"n": 3},
            names.STEP_NAME: "ask",
            names.STEP_ID: "chosen",
            **STAMPS,
        },
        scope="literalai_otel.instrumentors.openai",
    )
    assert isinstance(step.generation, ChatGeneration)
    assert (step.id, step.name, step.type, step.thread_id, step.tags) == ("chosen", "ask", "llm", "t1", ["a", "b"])
    assert step.generation.settings == {"model": "m", "logit_bias": {"1": 2}, "user": None}
    assert (step.generation.metadata, step.generation.variables) == ({"mine": True}, {"n": 3})
    assert step.input == {"content": step.generation.messages} == {"content": [{"role": "user", "content": "hi"}]}


@pytest.mark.feature("O-05")
def test_the_hosts_limits_cannot_corrupt_a_step() -> None:
    """16 attributes of 100 characters: what lies beside the span is whole (DESIGN §3, Units)."""
    long = "x" * 5000
    fields = {
        names.OPERATION_NAME: "chat",
        names.PROVIDER_NAME: "openai",
        names.REQUEST_MODEL: "m",
        names.INPUT_MESSAGES: [{"role": "user", "parts": [{"type": "text", "content": long}]}],
        names.METADATA: {"k": long},
    }
    cut = {name: dumps_text(value)[:100] for name, value in fields.items() if name != names.OPERATION_NAME}
    step = translate(SpanRecord.from_sdk(ended(cut, scope="literalai_otel.instrumentors.openai"), fields))
    assert step is not None
    assert step.input == {"content": [{"role": "user", "content": long}]}
    assert step.metadata is not None
    assert step.metadata["k"] == long


@pytest.mark.parametrize(
    ("scope", "attributes", "expected"),
    [
        (names.STEP_SCOPE, {}, True),
        ("literalai_otel.instrumentors.openai", {}, True),
        ("literalai_otel_lookalike", {}, False),
        ("literalai_otel", {}, False),
        ("foreign", {names.STEP_TYPE: "run"}, True),
        ("foreign", {names.STEP_ID: "x"}, True),
        ("foreign", {names.STEP_NAME: "x"}, False),
    ],
)
def test_which_spans_are_ours(scope: str, attributes: dict[str, Any], expected: bool) -> None:
    assert is_step(scope, attributes) is expected
