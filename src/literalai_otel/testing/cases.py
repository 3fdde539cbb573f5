"""Tables of cases for the twin runner (`twin`): each a program, and the spans that it is expected to leave."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.trace import SpanKind, StatusCode

from literalai_otel import attributes
from literalai_otel.testing.reading import error_name, outputs, texts, usage
from literalai_otel.testing.spans import CapturedSpan

CONTENT = (
    attributes.INPUT_MESSAGES,
    attributes.OUTPUT_MESSAGES,
    attributes.TOOL_DEFINITIONS,
    attributes.SYSTEM_INSTRUCTIONS,
    attributes.PROMPT_VARIABLES,
    attributes.STEP_INPUT,
    attributes.STEP_OUTPUT,
)
"""What must not be on a span by default."""
MAX_ATTRIBUTES = 60


@dataclass(frozen=True)
class Expect:
    """What is recorded for a case, one span unless it says otherwise. None: not looked at.

    Attributes:
        name: The span's name.
        texts: Text of each output message.
        error: Last part of `error.type`, `*` for any; None means that the span must not be an error.
        outcome: How the stream ended, when it was not read to its end.
        usage: Input and output tokens.
        fields: Some of the fields that Literal gets.
    """

    name: str
    provider: str
    texts: Sequence[str] | None = None
    error: str | None = None
    outcome: str | None = None
    finish: Sequence[str] | None = None
    usage: tuple[int | None, int | None] | None = None
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])
    check: Callable[[CapturedSpan], None] | None = None


@dataclass(frozen=True)
class Case:
    """A row: its id, its program, and the spans that it is expected to leave."""

    id: str
    run: Callable[[Any], Coroutine[Any, Any, None]]
    expect: tuple[Expect, ...]
    kinds: Sequence[str]
    logs: str | None
    """Part of a debug record with a traceback that the case may cause, where the provider talks nonsense."""
    features: Sequence[str]
    """Rows of docs/features.toml that it proves."""


class Cases:
    """A table of cases, filled by a decorator."""

    def __init__(self) -> None:
        self.rows: list[Case] = []

    def __call__(
        self,
        id: str,
        *expect: Expect,
        kinds: Sequence[str] = ("sync", "async"),
        logs: str | None = None,
        features: Sequence[str] = (),
    ) -> Any:
        """Add the decorated coroutine function as case `id`."""

        def add(run: Callable[[Any], Coroutine[Any, Any, None]]) -> Callable[..., Any]:
            self.rows.append(Case(id, run, expect, kinds, logs, features))
            return run

        return add


def check_span(span: CapturedSpan, expected: Expect, scope: str) -> None:
    """Compare `span`, which the instrumentor of `scope` has made below a span of the user's. Raises AssertionError."""
    _check_invariants(span, scope)
    seen, fields = span.attributes, span.fields
    assert span.name == expected.name
    assert span.known[attributes.PROVIDER_NAME] == expected.provider
    if expected.error is None:
        assert span.status is not StatusCode.ERROR, span.description
        assert attributes.ERROR_TYPE not in seen
    else:
        assert span.status is StatusCode.ERROR
        assert expected.error in ("*", error_name(span)), error_name(span)
    assert fields.get(attributes.STREAM_OUTCOME) == expected.outcome
    if expected.texts is not None:
        assert texts(outputs(span)) == tuple(expected.texts)
    if expected.finish is not None:
        assert tuple(fields[attributes.RESPONSE_FINISH_REASONS]) == tuple(expected.finish)
    if expected.usage is not None:
        assert usage(span) == expected.usage
    for name, value in expected.fields.items():
        assert fields.get(name) == value, name
    if expected.check is not None:
        expected.check(span)


def _check_invariants(span: CapturedSpan, scope: str) -> None:
    """What holds for every span of a call of a model."""
    seen, fields, known = span.attributes, span.fields, span.known
    assert span.scope == scope
    assert span.kind is SpanKind.CLIENT
    assert known[attributes.SERVER_ADDRESS] == "127.0.0.1"
    assert isinstance(known[attributes.SERVER_PORT], int)
    assert span.span.parent is not None, "the user's span is the parent"
    assert len(seen) <= MAX_ATTRIBUTES
    assert len(span.span.events) <= 1, "an exception at most"
    assert not set(CONTENT) & set(seen), "content is Literal's alone by default"
    assert {name: _listed(fields.get(name)) for name in seen} == {name: _listed(value) for name, value in seen.items()}
    assert None not in fields.values()
    assert attributes.CONTENT_DROPPED not in fields


def _listed(value: Any) -> Any:
    """The SDK keeps sequences as tuples."""
    return list(value) if isinstance(value, tuple) else value  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - any attribute
