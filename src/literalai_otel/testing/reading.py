"""Reading what was recorded: fields may hold JSON or the text of it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from literalai_otel import attributes
from literalai_otel.testing.spans import CapturedSpan


def decoded(value: Any) -> Any:
    """`value`, parsed when it is JSON text."""
    return json.loads(value) if isinstance(value, str | bytes) else value


def inputs(span: CapturedSpan) -> list[Mapping[str, Any]]:
    """The recorded request messages."""
    return decoded(span.fields[attributes.INPUT_MESSAGES])


def outputs(span: CapturedSpan) -> list[Mapping[str, Any]]:
    """The recorded answer, one message per choice; [] when nothing was recorded."""
    return decoded(span.fields.get(attributes.OUTPUT_MESSAGES, []))


def parts(messages: Sequence[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    """The parts of that type in all messages."""
    return [part for message in messages for part in message["parts"] if part["type"] == kind]


def texts(messages: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The text of each message."""
    return tuple("".join(part["content"] for part in parts([message], "text")) for message in messages)


def arguments(part: Mapping[str, Any]) -> Any:
    """The arguments of a tool-call part, which may be JSON or its text."""
    return decoded(part["arguments"])


def usage(span: CapturedSpan) -> tuple[Any, Any]:
    """Input and output tokens, None where none was recorded."""
    fields = span.fields
    return fields.get(attributes.USAGE_INPUT_TOKENS), fields.get(attributes.USAGE_OUTPUT_TOKENS)


def error_name(span: CapturedSpan) -> str | None:
    """The last part of `error.type`."""
    kind = span.attributes.get(attributes.ERROR_TYPE)
    return None if kind is None else str(kind).rsplit(".", 1)[-1]
