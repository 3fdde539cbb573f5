"""One reader for each attribute convention; the first that recognises a span wins.

The order is that of `spec/genai-semconv.md` §3.0. A reader is two pure functions: `recognises` decides from the scope
and the attributes (also from those at span start alone), `read` takes what it understands out of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from literalai_otel.translate.dialects import genai, literal
from literalai_otel.translate.reading import Reading, Rest
from literalai_otel.translate.record import SpanRecord


@dataclass(frozen=True, slots=True)
class Dialect:
    """A row of the order."""

    name: str
    recognises: Callable[[str, Mapping[str, Any]], bool]
    read: Callable[[SpanRecord, Rest], Reading]


DIALECTS: Final[tuple[Dialect, ...]] = (
    Dialect("literal", literal.recognises, literal.read),
    Dialect("genai", genai.recognises, genai.read),
)


def dialect_of(scope_name: str, attributes: Mapping[str, Any]) -> Dialect | None:
    """The first dialect that recognises the span, None when it is no step."""
    for dialect in DIALECTS:
        if dialect.recognises(scope_name, attributes):
            return dialect
    return None
