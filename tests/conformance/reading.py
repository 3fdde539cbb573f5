"""What a span says, in the words of the matrix."""

from typing import Any

from literalai_otel import attributes
from literalai_otel.testing import CapturedSpan
from literalai_otel.testing.reading import arguments, decoded, outputs, parts, texts


def inputs(span: CapturedSpan) -> tuple[str, ...]:
    """The text of each request message, the system's first."""
    system = decoded(span.fields.get(attributes.SYSTEM_INSTRUCTIONS, []))
    head = ("".join(part["content"] for part in system),) if system else ()
    return head + texts(decoded(span.fields.get(attributes.INPUT_MESSAGES, [])))


def output(span: CapturedSpan) -> str:
    """The text of the answer."""
    return "".join(texts(outputs(span)))


def calls(span: CapturedSpan) -> list[tuple[str, str, Any]]:
    """Id, name and arguments of the tool calls of the answer."""
    return [(part["id"], part["name"], arguments(part)) for part in parts(outputs(span), "tool_call")]
