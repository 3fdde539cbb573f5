"""Every case bare and instrumented: the user sees no difference, and the right spans are recorded.

The rows of `spec/instrumentation-cases.md` §1.1 and §4.1 are the cases of `cases_*.py`.
"""

from collections.abc import Callable

import openai
import pytest
from opentelemetry.trace import SpanKind, StatusCode

from literalai_otel import attributes
from literalai_otel.testing import CapturedSpan, FakeProvider, SpanCapture, span_tree
from literalai_otel.testing.cases import Case
from literalai_otel.testing.guards import Guard
from literalai_otel.testing.reading import error_name, outputs, texts, usage
from literalai_otel.testing.twin import Observation, observe

from .cases_errors import ERRORS
from .cases_media import MEDIA
from .cases_plain import PLAIN
from .cases_raw import RAW
from .cases_response_streams import RESPONSE_STREAMS
from .cases_responses import RESPONSES
from .cases_streams import STREAMS
from .cases_text import TEXT
from .worlds import Expect, OpenAIWorld

SCOPE = "literalai_otel.instrumentors.openai"
TABLES = (PLAIN, STREAMS, RAW, ERRORS, RESPONSES, RESPONSE_STREAMS, TEXT, MEDIA)
CASES = [case for table in TABLES for case in table.rows]
# Its event had come, though the SDK made no chunk of it: read later it is there, read in the call it is not.
FOLLOWED = [case for case in STREAMS.rows if case.id != "O26 BaseException while reading"]
CONTENT = (
    attributes.INPUT_MESSAGES,
    attributes.OUTPUT_MESSAGES,
    attributes.TOOL_DEFINITIONS,
    attributes.SYSTEM_INSTRUCTIONS,
    attributes.PROMPT_VARIABLES,
    attributes.STEP_INPUT,
    attributes.STEP_OUTPUT,
)


def parameters() -> list[object]:
    return [
        pytest.param(
            case,
            kind,
            alone,
            id=f"{case.id}-{kind}{', Literal alone' if alone else ''}",
            marks=[pytest.mark.feature(*case.features)] if case.features else [],
        )
        for case in CASES
        for kind in case.kinds
        # Streams are followed in another way where their events are read later.
        for alone in ((False, True) if kind == "sync" and case in FOLLOWED else (False,))
    ]


def run(case: Case, kind: str, provider: FakeProvider) -> Observation:
    """One run; the user's own span goes to a provider of its own."""
    tracer_provider, _ = SpanCapture.provider()
    return observe(
        case.run, provider, OpenAIWorld, asynchronous=kind == "async", tracer=tracer_provider.get_tracer("user")
    )


def test_the_ids_of_the_cases_are_unique() -> None:
    assert len({case.id for case in CASES}) == len(CASES)


# The SDK's own HTTP client complains when a half-made deep copy of it is dropped.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("case", "kind", "alone"), parameters())
def test_twin(
    case: Case, kind: str, alone: bool, provider: FakeProvider, instrument: Callable[..., SpanCapture], guard: Guard
) -> None:
    if case.logs is not None:
        guard.allow(case.logs)
    bare = run(case, kind, provider)
    capture = instrument(alone=alone)
    instrumented = run(case, kind, provider)

    assert instrumented.wire == bare.wire
    assert instrumented.shown == bare.shown
    assert instrumented.warned == bare.warned
    assert instrumented.printed == bare.printed
    assert instrumented.raised == bare.raised

    assert capture.settled(), capture.still_open
    spans = sorted(capture.spans, key=lambda each: each.span.start_time or 0)
    assert len(spans) == len(case.expect), span_tree(spans)
    for span, expected in zip(spans, case.expect, strict=True):
        check_invariants(span, expected)
        check_expected(span, expected)


def check_invariants(span: CapturedSpan, expected: Expect) -> None:
    """What holds for every span of the instrumentor."""
    seen, fields, known = span.attributes, span.fields, span.known
    assert span.scope == SCOPE
    assert span.kind is SpanKind.CLIENT
    assert span.name == (f"{expected.operation} {expected.model}" if expected.model else expected.operation)
    assert known[attributes.OPERATION_NAME] == expected.operation
    assert known[attributes.PROVIDER_NAME] in ("openai", "azure.ai.openai")
    assert known.get(attributes.REQUEST_MODEL) == expected.model
    assert known[attributes.SERVER_ADDRESS] == "127.0.0.1"
    assert isinstance(known[attributes.SERVER_PORT], int)
    assert span.span.parent is not None, "the user's span is the parent"
    assert len(seen) <= 60
    assert len(span.span.events) <= 1, "an exception at most"
    assert not set(CONTENT) & set(seen), "content is Literal's alone by default"
    assert {name: listed(fields.get(name)) for name in seen} == {name: listed(value) for name, value in seen.items()}
    assert None not in fields.values()
    assert attributes.CONTENT_DROPPED not in fields


def listed(value: object) -> object:
    """The SDK keeps sequences as tuples."""
    return list(value) if isinstance(value, tuple) else value


def check_expected(span: CapturedSpan, expected: Expect) -> None:
    if expected.error is None:
        assert span.status is not StatusCode.ERROR, span.description
        assert attributes.ERROR_TYPE not in span.attributes
    else:
        assert span.status is StatusCode.ERROR
        assert expected.error in ("*", error_name(span))
    assert span.fields.get(attributes.STREAM_OUTCOME) == expected.outcome
    if expected.texts is not None:
        assert texts(outputs(span)) == tuple(expected.texts)
    if expected.finish is not None:
        assert tuple(span.fields[attributes.RESPONSE_FINISH_REASONS]) == tuple(expected.finish)
    if expected.usage is not None:
        assert usage(span) == expected.usage
    for name, value in expected.fields.items():
        assert span.fields.get(name) == value
    if expected.check is not None:
        expected.check(span)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_the_twin_can_fail(kind: str, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """A twin that overlooks a changed request would prove nothing."""
    case = next(case for case in CASES if case.id == "chat")
    bare = run(case, kind, provider)
    assert run(case, kind, provider) == bare
    owner = openai.AsyncOpenAI if kind == "async" else openai.OpenAI
    original = owner.default_headers
    monkeypatch.setattr(owner, "default_headers", property(lambda self: {**original.fget(self), "x-ours": "1"}))
    changed = run(case, kind, provider)
    assert changed.wire != bare.wire
    assert changed.shown == bare.shown
