"""Readers of chat, agents and fill-in-the-middle completions, which share the shape of their answers.

Fields: `spec/frameworks.md` §3.1.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

from literalai_otel.attributes import (
    INPUT_MESSAGES,
    OUTPUT_TYPE,
    REQUEST_CHOICE_COUNT,
    REQUEST_FREQUENCY_PENALTY,
    REQUEST_MAX_TOKENS,
    REQUEST_PRESENCE_PENALTY,
    REQUEST_REASONING_LEVEL,
    REQUEST_SEED,
    REQUEST_STOP_SEQUENCES,
    REQUEST_TEMPERATURE,
    REQUEST_TOP_K,
    REQUEST_TOP_P,
    RESPONSE_FINISH_REASONS,
    RESPONSE_ID,
    RESPONSE_MODEL,
    TOOL_DEFINITIONS,
)
from literalai_otel.genai import CallOptions, Invocation, fields_of, items_of
from literalai_otel.genai.parameters import NUMBER, Parameters, write_parameters
from literalai_otel_mistralai.completion_stream import CompletionFold
from literalai_otel_mistralai.endpoint import Asked, Endpoint, Json
from literalai_otel_mistralai.messages import input_messages, output_message, tool_definitions
from literalai_otel_mistralai.usage import write_texts, write_usage

_PARAMETERS: Final[Parameters] = {
    "temperature": (REQUEST_TEMPERATURE, NUMBER),
    "top_p": (REQUEST_TOP_P, NUMBER),
    "top_k": (REQUEST_TOP_K, (int,)),
    "max_tokens": (REQUEST_MAX_TOKENS, (int,)),
    "frequency_penalty": (REQUEST_FREQUENCY_PENALTY, NUMBER),
    "presence_penalty": (REQUEST_PRESENCE_PENALTY, NUMBER),
    "random_seed": (REQUEST_SEED, (int,)),
    "reasoning_effort": (REQUEST_REASONING_LEVEL, (str,)),
}
FORMATS: Final = {"json_schema": "json", "json_object": "json", "text": "text"}
"""The official output type, by the type of the response format."""


def read_parameters(asked: Asked, attributes: dict[str, Any]) -> None:
    """Write the sampling parameters among `asked` into `attributes`."""
    write_parameters(asked, _PARAMETERS, attributes)
    count = asked.get("n")
    if isinstance(count, int) and count != 1:
        attributes[REQUEST_CHOICE_COUNT] = count
    stop = asked.get("stop")
    if isinstance(stop, str):
        attributes[REQUEST_STOP_SEQUENCES] = [stop]
    elif isinstance(stop, list | tuple):
        attributes[REQUEST_STOP_SEQUENCES] = [str(item) for item in cast(list[Any], stop)]
    output_type = FORMATS.get(str(fields_of(asked.get("response_format")).get("type")))
    if output_type is not None:
        attributes[OUTPUT_TYPE] = output_type


def read_response(invocation: Invocation, response: Any) -> None:
    """Write what a completion tells into the attributes."""
    fields = fields_of(response)
    reasons = [fields_of(choice).get("finish_reason") for choice in items_of(fields.get("choices"))]
    write_response(invocation, fields, reasons, fields.get("usage"))


def write_response(invocation: Invocation, fields: Mapping[str, Any], reasons: list[Any], usage: Any) -> None:
    """Write id and model of a response, the finish reasons of its choices, and its usage if it has one."""
    attributes = invocation.attributes
    write_texts(fields, (("id", RESPONSE_ID), ("model", RESPONSE_MODEL)), attributes)
    known = [str(reason) for reason in reasons if isinstance(reason, str)]
    if known:
        attributes[RESPONSE_FINISH_REASONS] = known
    write_usage(usage, attributes)


def _messages(request: Json, options: CallOptions) -> list[Json]:
    return options.mark(input_messages(request.get("messages")))


def _prompt(request: Json, options: CallOptions) -> list[Json]:
    """The code before the gap; what comes after it is content too."""
    suffix = request.get("suffix")
    after: Json = {"suffix": suffix} if isinstance(suffix, str) else {}
    return [{"role": "user", "parts": [{"type": "text", "content": request.get("prompt")}], **after}]


def _tools(request: Json, options: CallOptions) -> list[Json] | None:
    return tool_definitions(request.get("tools"))


def output_messages(response: Any) -> list[Json] | None:
    """One message for each choice of a completion."""
    return [
        output_message(choice.get("message"), choice.get("finish_reason"))
        for choice in map(fields_of, items_of(fields_of(response).get("choices")))
    ] or None


def _fold(invocation: Invocation, *, wants_content: bool) -> CompletionFold:
    return CompletionFold(invocation, write_response, wants_content=wants_content)


CHAT: Final = Endpoint(
    operation="chat",
    read_request=read_parameters,
    request_content={INPUT_MESSAGES: _messages, TOOL_DEFINITIONS: _tools},
    no_settings=frozenset({"messages", "tools"}),
    read_response=read_response,
    read_output=output_messages,
    fold=_fold,
    stream_may_wait=True,
)
"""Also of the agents that the provider keeps: `agent_id` stands in for the model."""

FIM: Final = Endpoint(
    operation="text_completion",
    read_request=read_parameters,
    request_content={INPUT_MESSAGES: _prompt},
    no_settings=frozenset({"prompt", "suffix"}),
    read_response=read_response,
    read_output=output_messages,
    fold=_fold,
    stream_may_wait=True,
)
"""Fill in the middle: code between a prompt and a suffix."""
