"""Every case bare and instrumented: the user sees no difference, and the right spans are recorded.

The rows of `spec/instrumentation-cases.md` §4.4 are the cases of `cases_*.py`, those that need more the other tests.
"""

from collections.abc import Callable

import pytest

from literalai_otel.testing import FakeProvider, SpanCapture, span_tree
from literalai_otel.testing.cases import Case, check_span
from literalai_otel.testing.guards import Guard
from literalai_otel.testing.twin import Observation, observe

from .cases_chat import CHAT
from .cases_errors import ERRORS
from .cases_others import OTHERS
from .cases_streams import STREAMS
from .worlds import MistralWorld

SCOPE = "literalai_otel.instrumentors.mistralai"
CASES = [*CHAT.rows, *STREAMS.rows, *ERRORS.rows, *OTHERS.rows]


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
        for alone in (False, True)
    ]


def run(case: Case, kind: str, provider: FakeProvider) -> Observation:
    """One run; the user's own span goes to a provider of its own."""
    tracer_provider, _ = SpanCapture.provider()
    return observe(
        case.run, provider, MistralWorld, asynchronous=kind == "async", tracer=tracer_provider.get_tracer("user")
    )


def test_the_ids_of_the_cases_are_unique() -> None:
    assert len({case.id for case in CASES}) == len(CASES)


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
        check_span(span, expected, SCOPE)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_the_twin_can_fail(kind: str, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """A twin that overlooks a changed request would prove nothing."""
    case = next(case for case in CASES if case.id == "M1 chat")
    bare = run(case, kind, provider)
    assert run(case, kind, provider) == bare
    original = MistralWorld.client
    monkeypatch.setattr(
        MistralWorld, "client", lambda self, **settings: original(self, **{"api_key": "another", **settings})
    )
    changed = run(case, kind, provider)
    assert changed.wire != bare.wire
    assert changed.shown == bare.shown
