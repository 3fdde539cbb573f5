"""Every case with every framework, bare and instrumented: the program sees no difference, and the same is recorded.

One call is one generation: as many spans as the provider got requests, with the tokens of the wire.
"""

from collections.abc import Sequence

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from literalai_otel import attributes
from literalai_otel.testing import CapturedSpan, FakeProvider, SpanCapture, span_tree
from literalai_otel.testing.cases import CONTENT, MAX_ATTRIBUTES
from literalai_otel.testing.guards import Guard
from literalai_otel.testing.reading import usage
from literalai_otel.testing.twin import Observation, observe

from .cases import CASES, Case, Expect
from .drivers import DRIVERS
from .driving import ConformanceWorld, Driver
from .reading import calls, inputs, output

WIRE_TOKENS = (11, 7)


ROWS = [
    pytest.param(driver, case, kind, id=f"{driver}-{case.id}-{kind}")
    for driver in DRIVERS
    for case in CASES
    for kind in case.kinds
    # What a framework does with bad input it does before an SDK sees it.
    if len(driver.instrumentors) == 1 or not case.id.startswith("bad input")
]


def run(driver: Driver, case: Case, kind: str, provider: FakeProvider) -> tuple[Observation, ConformanceWorld, int]:
    """One run: what could be seen, its world, and the id of the user's span around it."""
    tracer_provider, callers = SpanCapture.provider()
    worlds: list[ConformanceWorld] = []

    def make(provider: FakeProvider, *, asynchronous: bool) -> ConformanceWorld:
        worlds.append(ConformanceWorld(driver, provider, asynchronous=asynchronous))
        return worlds[-1]

    tracer = tracer_provider.get_tracer("user")
    seen = observe(case.run, provider, make, asynchronous=kind == "async", tracer=tracer)
    return seen, worlds[0], callers.one().span_id


# An SDK's own HTTP client complains when it is dropped with a connection open.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("driver", "case", "kind"), ROWS)
def test_matrix(driver: Driver, case: Case, kind: str, provider: FakeProvider, guard: Guard) -> None:
    for text in case.logs:
        guard.allow(text)
    bare, _, _ = run(driver, case, kind, provider)
    tracer_provider, capture = SpanCapture.provider()
    guard.watch(capture)
    with driver.instrumented(tracer_provider):
        ours, world, caller = run(driver, case, kind, provider)

    assert ours.wire == bare.wire
    assert ours.shown == bare.shown
    assert ours.warned == bare.warned
    assert ours.printed == bare.printed
    assert ours.raised == bare.raised

    assert capture.settled(), capture.still_open
    spans = sorted(capture.spans, key=lambda each: each.span.start_time or 0)
    for span in spans:
        check_always(driver, span, caller)
    if case.expect is None:
        assert len(spans) <= max(1, len(ours.wire)), span_tree(spans)
        assert len(spans) >= len(ours.wire), span_tree(spans)
        return
    assert len(spans) == len(case.expect), span_tree(spans)
    for span, expected in zip(spans, case.expect, strict=True):
        check(driver, span, expected, streamed="stream" in case.id, caught=world.caught)


def check_always(driver: Driver, span: CapturedSpan, caller: int) -> None:
    """What holds for every span of a model call, whoever makes it and however it ends."""
    seen, fields = span.attributes, span.fields
    assert span.scope == f"literalai_otel.instrumentors.{driver.scope}"
    assert span.kind is SpanKind.CLIENT
    assert span.name == f"chat {driver.model}"
    assert seen[attributes.OPERATION_NAME] == "chat"
    assert seen[attributes.PROVIDER_NAME] == driver.provider_name
    assert seen[attributes.REQUEST_MODEL] == driver.model
    assert span.parent_id == caller, "the user's span is the parent"
    assert len(seen) <= MAX_ATTRIBUTES
    assert not set(CONTENT) & set(seen), "content is Literal's alone by default"
    assert None not in fields.values()
    assert attributes.CONTENT_DROPPED not in fields


def check(
    driver: Driver, span: CapturedSpan, expected: Expect, *, streamed: bool, caught: Sequence[BaseException]
) -> None:
    """What the case says of this span."""
    if expected.failed:
        assert span.status is StatusCode.ERROR
        kinds = {type(error).__qualname__ for error in caught}
        assert str(span.attributes[attributes.ERROR_TYPE]).rpartition(".")[2] in kinds
    else:
        assert span.status is not StatusCode.ERROR, span.description
        assert attributes.ERROR_TYPE not in span.attributes
    if expected.early:
        assert span.fields[attributes.STREAM_OUTCOME] in ("closed", "abandoned")
    elif not expected.failed:
        assert attributes.STREAM_OUTCOME not in span.fields
    if expected.text is not None:
        assert output(span) == expected.text
    if expected.inputs is not None:
        assert inputs(span) == tuple(expected.inputs)
    assert calls(span) == list(expected.calls)
    if expected.finish is not None:
        assert list(span.fields[attributes.RESPONSE_FINISH_REASONS]) == [expected.finish]
    if expected.usage:
        assert usage(span) == (WIRE_TOKENS if driver.stream_usage or not streamed else (None, None))
        assert span.fields[attributes.RESPONSE_MODEL] == driver.served
    elif expected.usage is False:
        assert usage(span) in ((0, 0), (None, None)), "no number is invented"


def test_the_ids_of_the_cases_are_unique() -> None:
    assert len({case.id for case in CASES}) == len(CASES)


def test_every_lane_drives_all_four_frameworks() -> None:
    assert {driver.scope for driver in DRIVERS} == {"openai", "mistralai", "langchain", "llama_index"}
