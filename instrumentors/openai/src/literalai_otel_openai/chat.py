"""Readers of `POST /chat/completions`: request, response and chunks, as JSON objects or as the SDK's models.

Fields: `spec/frameworks.md` §2.5. A reader tolerates whatever compatible hosts send: missing, null, unknown.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from literalai_otel.attributes import (
    GENERATION_SETTINGS,
    INPUT_MESSAGES,
    OPENAI_REQUEST_SERVICE_TIER,
    OPENAI_RESPONSE_SERVICE_TIER,
    OPENAI_RESPONSE_SYSTEM_FINGERPRINT,
    OUTPUT_TYPE,
    REQUEST_CHOICE_COUNT,
    REQUEST_FREQUENCY_PENALTY,
    REQUEST_MAX_TOKENS,
    REQUEST_PRESENCE_PENALTY,
    REQUEST_REASONING_LEVEL,
    REQUEST_SEED,
    REQUEST_STOP_SEQUENCES,
    REQUEST_STREAM,
    REQUEST_TEMPERATURE,
    REQUEST_TOP_P,
    RESPONSE_FINISH_REASONS,
    RESPONSE_ID,
    RESPONSE_MODEL,
    TOOL_DEFINITIONS,
)
from literalai_otel.genai import CallOptions, Invocation, fields_of, items_of
from literalai_otel.genai.messages import input_messages, output_message, tool_definitions
from literalai_otel.genai.parameters import NUMBER, Parameters, write_parameters
from literalai_otel.genai.usage import write_usage
from literalai_otel_openai.endpoint import Json, settings

REQUEST_VALUES: Final[Parameters] = {
    "temperature": (REQUEST_TEMPERATURE, NUMBER),
    "top_p": (REQUEST_TOP_P, NUMBER),
    "max_tokens": (REQUEST_MAX_TOKENS, (int,)),
    "max_completion_tokens": (REQUEST_MAX_TOKENS, (int,)),
    "frequency_penalty": (REQUEST_FREQUENCY_PENALTY, NUMBER),
    "presence_penalty": (REQUEST_PRESENCE_PENALTY, NUMBER),
    "seed": (REQUEST_SEED, (int,)),
    "reasoning_effort": (REQUEST_REASONING_LEVEL, (str,)),
    "service_tier": (OPENAI_REQUEST_SERVICE_TIER, (str,)),
}
"""Parameters that become an attribute as they are, and the types that they may have."""
RESPONSE_TEXTS: Final = (
    ("id", RESPONSE_ID),
    ("model", RESPONSE_MODEL),
    ("service_tier", OPENAI_RESPONSE_SERVICE_TIER),
    ("system_fingerprint", OPENAI_RESPONSE_SYSTEM_FINGERPRINT),
)
_NOT_SETTINGS: Final = frozenset({"model", "messages", "tools", "functions"})
FORMATS: Final = {"json_schema": "json", "json_object": "json", "text": "text"}


def read_request(request: Mapping[str, Any], attributes: dict[str, Any]) -> None:
    """Write what a request body says into `attributes`."""
    write_parameters(request, REQUEST_VALUES, attributes)
    count = request.get("n")
    if isinstance(count, int) and count != 1:
        attributes[REQUEST_CHOICE_COUNT] = count
    stop = request.get("stop")
    if isinstance(stop, str):
        attributes[REQUEST_STOP_SEQUENCES] = [stop]
    elif isinstance(stop, list | tuple):
        attributes[REQUEST_STOP_SEQUENCES] = [str(item) for item in cast(list[Any], stop)]
    if request.get("stream"):
        attributes[REQUEST_STREAM] = True
    output_type = _output_type(request)
    if output_type is not None:
        attributes[OUTPUT_TYPE] = output_type


def _output_type(request: Mapping[str, Any]) -> str | None:
    if "audio" in (request.get("modalities") or ()):
        return "speech"
    form = request.get("response_format")
    return FORMATS.get(str(cast(Json, form).get("type"))) if isinstance(form, dict) else None


def add_request_content(invocation: Invocation, options: CallOptions) -> None:
    """Add the producers of messages, tools and settings; they read the request when they are called."""
    request = invocation.exchange.request
    invocation.content[INPUT_MESSAGES] = lambda: _messages(request(), options)
    invocation.content[TOOL_DEFINITIONS] = lambda: _tools(request())
    invocation.content[GENERATION_SETTINGS] = lambda: _settings(request())


def _messages(request: Json, options: CallOptions) -> list[Json]:
    return options.mark(input_messages(request.get("messages") or ()))


def _tools(request: Json) -> list[Json] | None:
    return tool_definitions(request.get("tools") or (), request.get("functions") or ()) or None


def _settings(request: Json) -> Json:
    kept = settings(request, _NOT_SETTINGS)
    if isinstance(kept.get("prediction"), dict):
        # Predicted content is content.
        kept["prediction"] = {key: value for key, value in kept["prediction"].items() if key != "content"}
    return kept


def read_response(invocation: Invocation, response: Any) -> None:
    """Write what a completion tells into the attributes."""
    fields = fields_of(response)
    reasons: list[str] = []
    for choice in items_of(fields.get("choices")):
        reason = fields_of(choice).get("finish_reason")
        if isinstance(reason, str):
            reasons.append(reason)
    write_response(invocation, fields, reasons, fields.get("usage"))


def output_messages(response: Any) -> list[Json] | None:
    """One message for each choice of a completion."""
    fields = fields_of(response)
    choices = [fields_of(choice) for choice in items_of(fields.get("choices"))]
    return messages_of_choices(choices, fields.get("prompt_filter_results")) or None


def messages_of_choices(choices: Iterable[Mapping[str, Any]], prompt_filter: Any = None) -> list[Json]:
    """Output messages; Azure's verdicts on content stay with their message, the one on the prompt with the first."""
    messages: list[Json] = []
    for choice in choices:
        message = output_message(fields_of(choice.get("message")), choice.get("finish_reason"))
        verdicts = {"content_filter_results": choice.get("content_filter_results")}
        if not messages:
            verdicts["prompt_filter_results"] = prompt_filter
        messages.append({**message, **{key: value for key, value in verdicts.items() if value}})
    return messages


def write_response(invocation: Invocation, fields: Mapping[str, Any], reasons: list[str], usage: Any) -> None:
    """Write a response's own fields, the finish reasons of its choices, and its usage if it has one."""
    attributes = invocation.attributes
    for key, name in RESPONSE_TEXTS:
        value = fields.get(key)
        if value and isinstance(value, str):
            attributes[name] = value
    if reasons:
        attributes[RESPONSE_FINISH_REASONS] = reasons
    if usage is not None:
        write_usage(usage, attributes)
