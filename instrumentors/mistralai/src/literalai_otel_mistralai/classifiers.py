"""Readers of moderation and classification: a judgement on texts or chats, no generation."""

from collections.abc import Iterable
from typing import Any, Final, cast

from literalai_otel.attributes import RESPONSE_ID, RESPONSE_MODEL, STEP_INPUT, STEP_OUTPUT
from literalai_otel.genai import CallOptions, Invocation, fields_of
from literalai_otel_mistralai.embeddings import inputs_of
from literalai_otel_mistralai.endpoint import Endpoint, Json
from literalai_otel_mistralai.messages import content_parts, input_messages
from literalai_otel_mistralai.usage import write_texts, write_usage


def _judged(request: Json, options: CallOptions) -> list[Json]:
    """Texts as parts, chats as messages; there may be one or several of either."""
    return list(_parts_or_messages(inputs_of(request, options)))


def _parts_or_messages(given: Any) -> Iterable[Json]:
    if isinstance(given, list):
        for item in cast(list[Any], given):
            yield from _parts_or_messages(item)
    elif "messages" in fields_of(given):
        yield from _parts_or_messages(fields_of(given)["messages"])
    elif isinstance(given, dict):
        yield from input_messages([given])
    else:
        yield from content_parts(given)


def _read_response(invocation: Invocation, response: Any) -> None:
    fields = fields_of(response)
    write_texts(fields, (("id", RESPONSE_ID), ("model", RESPONSE_MODEL)), invocation.attributes)
    write_usage(fields.get("usage"), invocation.attributes)


def _read_output(response: Any) -> Json | None:
    results: Any = fields_of(response).get("results")
    return {"results": results} if isinstance(results, list) and results else None


def _judging(operation: str) -> Endpoint:
    return Endpoint(
        operation=operation,
        request_content={STEP_INPUT: _judged},
        no_settings=frozenset({"input", "inputs"}),
        read_response=_read_response,
        read_output=_read_output,
        output=STEP_OUTPUT,
    )


MODERATION: Final = _judging("moderation")
CLASSIFICATION: Final = _judging("classification")
