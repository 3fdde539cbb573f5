"""Readers of `POST /responses` and `/responses/compact`. Items and messages: `genai.response_items`."""

from collections.abc import Mapping
from typing import Any, Final, cast

from literalai_otel.attributes import (
    CONVERSATION_COMPACTED,
    CONVERSATION_ID,
    GENERATION_SETTINGS,
    INPUT_MESSAGES,
    OPENAI_API_TYPE,
    OPENAI_REQUEST_SERVICE_TIER,
    OPENAI_RESPONSE_SERVICE_TIER,
    OUTPUT_TYPE,
    PROMPT_NAME,
    PROMPT_VARIABLES,
    PROMPT_VERSION,
    REQUEST_MAX_TOKENS,
    REQUEST_PREVIOUS_RESPONSE_ID,
    REQUEST_REASONING_LEVEL,
    REQUEST_STREAM,
    REQUEST_TEMPERATURE,
    REQUEST_TOP_P,
    RESPONSE_FINISH_REASONS,
    RESPONSE_ID,
    RESPONSE_MODEL,
    RESPONSE_STATUS,
    SYSTEM_INSTRUCTIONS,
    TOOL_DEFINITIONS,
)
from literalai_otel.genai import CallOptions, Invocation, fields_of, items_of
from literalai_otel.genai.messages import content_parts, tool_definitions
from literalai_otel.genai.parameters import NUMBER, Parameters, write_parameters
from literalai_otel.genai.response_items import (
    cleaned,
    finish_reason,
    is_compacted,
    output_messages,
    placed_input_messages,
)
from literalai_otel.genai.usage import write_usage
from literalai_otel.jsonable import to_jsonable
from literalai_otel_openai.chat import FORMATS
from literalai_otel_openai.endpoint import Error, Json, settings

_REQUEST_VALUES: Final[Parameters] = {
    "temperature": (REQUEST_TEMPERATURE, NUMBER),
    "top_p": (REQUEST_TOP_P, NUMBER),
    "max_output_tokens": (REQUEST_MAX_TOKENS, (int,)),
    "service_tier": (OPENAI_REQUEST_SERVICE_TIER, (str,)),
    "previous_response_id": (REQUEST_PREVIOUS_RESPONSE_ID, (str,)),
}
_RESPONSE_TEXTS: Final = (
    ("id", RESPONSE_ID),
    ("model", RESPONSE_MODEL),
    ("service_tier", OPENAI_RESPONSE_SERVICE_TIER),
)
_NOT_SETTINGS: Final = frozenset({"model", "input", "instructions", "tools"})
_COMPLETED: Final = "completed"


def read_request(request: Mapping[str, Any], attributes: dict[str, Any]) -> None:
    """Write what a request body says into `attributes`."""
    attributes[OPENAI_API_TYPE] = "responses"
    write_parameters(request, _REQUEST_VALUES, attributes)
    if request.get("stream"):
        attributes[REQUEST_STREAM] = True
    conversation = request.get("conversation")
    prompt = fields_of(request.get("prompt"))
    form = fields_of(fields_of(request.get("text")).get("format"))
    told = {
        REQUEST_REASONING_LEVEL: fields_of(request.get("reasoning")).get("effort"),
        CONVERSATION_ID: conversation if isinstance(conversation, str) else fields_of(conversation).get("id"),
        OUTPUT_TYPE: FORMATS.get(str(form.get("type"))),
        PROMPT_NAME: prompt.get("id"),
        PROMPT_VERSION: prompt.get("version"),
    }
    attributes.update({name: value for name, value in told.items() if isinstance(value, str)})


def add_request_content(invocation: Invocation, options: CallOptions) -> None:
    """Add the producers of input, instructions, tools and settings; they read the request when they are called."""
    request = invocation.exchange.request
    invocation.content[SYSTEM_INSTRUCTIONS] = lambda: content_parts(request().get("instructions")) or None
    invocation.content[INPUT_MESSAGES] = lambda: _input(request(), options)
    invocation.content[TOOL_DEFINITIONS] = lambda: cleaned(tool_definitions(items_of(request().get("tools")))) or None
    invocation.content[GENERATION_SETTINGS] = lambda: _settings(request())
    invocation.content.setdefault(PROMPT_VARIABLES, lambda: _variables(request()))


def _input(request: Json, options: CallOptions) -> list[Json] | None:
    if request.get("input") is None:
        return None
    messages: list[Json] = []
    for message, positions in placed_input_messages(request["input"]):
        for position in positions:
            if position in options.message_uuids:
                uuid = options.message_uuids[position]
                message |= {"templated": True} if uuid is None else {"uuid": uuid, "templated": True}
        messages.append(message)
    return messages


def _settings(request: Json) -> Json:
    kept = settings(request, _NOT_SETTINGS)
    if isinstance(kept.get("prompt"), dict):
        # What is put into a prompt is content.
        kept["prompt"] = {key: value for key, value in kept["prompt"].items() if key != "variables"}
    return kept


def _variables(request: Json) -> Json | None:
    variables = fields_of(request.get("prompt")).get("variables")
    return cleaned(dict(cast(Json, variables))) if isinstance(variables, Mapping) and variables else None


def read_response(invocation: Invocation, response: Any) -> Error | None:
    """Write what a response tells into the attributes; the error of one that failed."""
    fields = fields_of(response)
    attributes = invocation.attributes
    for key, name in _RESPONSE_TEXTS:
        value = fields.get(key)
        if value and isinstance(value, str):
            attributes[name] = value
    plain = _outline(fields)
    reason = finish_reason(plain)
    if reason is not None:
        attributes[RESPONSE_FINISH_REASONS] = [reason]
    status = fields.get("status")
    if isinstance(status, str) and status != _COMPLETED:
        attributes[RESPONSE_STATUS] = status
    if is_compacted(plain):
        attributes[CONVERSATION_COMPACTED] = True
    if fields.get("usage") is not None:
        write_usage(fields["usage"], attributes)
    return _error(fields)


def has_succeeded(result: Any) -> bool:
    """Whether the SDK's `result` is a response that neither failed nor goes on."""
    return fields_of(result).get("status") == _COMPLETED


def _outline(fields: Mapping[str, Any]) -> Json:
    """The little of a response that its finish reason depends on, as JSON."""
    details = fields_of(fields.get("incomplete_details"))
    return {
        "status": fields.get("status"),
        "incomplete_details": {"reason": details.get("reason")},
        "output": [{"type": fields_of(item).get("type")} for item in items_of(fields.get("output"))],
    }


def _error(fields: Mapping[str, Any]) -> Error | None:
    if fields.get("status") != "failed":
        return None
    error = fields_of(fields.get("error"))
    return str(error.get("code") or "failed"), str(error.get("message") or "the response failed")


def read_output(response: Any) -> list[Json] | None:
    """What a response, JSON or a model, says."""
    fields: Any = to_jsonable(response) if hasattr(response, "__pydantic_extra__") else response
    return output_messages(cast(Json, fields)) if isinstance(fields, dict) else None
