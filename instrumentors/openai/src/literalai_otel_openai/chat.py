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
    USAGE_AUDIO_INPUT_TOKENS,
    USAGE_AUDIO_OUTPUT_TOKENS,
    USAGE_CACHE_READ_INPUT_TOKENS,
    USAGE_CACHE_WRITE_INPUT_TOKENS,
    USAGE_INPUT_TOKENS,
    USAGE_OUTPUT_TOKENS,
    USAGE_REASONING_OUTPUT_TOKENS,
    USAGE_TOTAL_TOKENS,
)
from literalai_otel.genai import CallOptions, Invocation
from literalai_otel.genai.messages import input_messages, output_message, tool_definitions

Json = dict[str, Any]

_REQUEST_VALUES: Final[Mapping[str, tuple[str, tuple[type, ...]]]] = {
    "temperature": (REQUEST_TEMPERATURE, (int, float)),
    "top_p": (REQUEST_TOP_P, (int, float)),
    "max_tokens": (REQUEST_MAX_TOKENS, (int,)),
    "max_completion_tokens": (REQUEST_MAX_TOKENS, (int,)),
    "frequency_penalty": (REQUEST_FREQUENCY_PENALTY, (int, float)),
    "presence_penalty": (REQUEST_PRESENCE_PENALTY, (int, float)),
    "seed": (REQUEST_SEED, (int,)),
    "reasoning_effort": (REQUEST_REASONING_LEVEL, (str,)),
    "service_tier": (OPENAI_REQUEST_SERVICE_TIER, (str,)),
}
"""Parameters that become an attribute as they are, and the types that they may have."""
_RESPONSE_TEXTS: Final = (
    ("id", RESPONSE_ID),
    ("model", RESPONSE_MODEL),
    ("service_tier", OPENAI_RESPONSE_SERVICE_TIER),
    ("system_fingerprint", OPENAI_RESPONSE_SYSTEM_FINGERPRINT),
)
_USAGE_DETAILS: Final[Mapping[str, Mapping[str, str]]] = {
    "prompt_tokens_details": {
        "cached_tokens": USAGE_CACHE_READ_INPUT_TOKENS,
        "cache_write_tokens": USAGE_CACHE_WRITE_INPUT_TOKENS,
        "audio_tokens": USAGE_AUDIO_INPUT_TOKENS,
    },
    "completion_tokens_details": {
        "reasoning_tokens": USAGE_REASONING_OUTPUT_TOKENS,
        "audio_tokens": USAGE_AUDIO_OUTPUT_TOKENS,
    },
}
_NOT_SETTINGS: Final = frozenset({"model", "messages", "tools", "functions"})
_CREDENTIALS: Final = frozenset(
    {"api_key", "api-key", "apikey", "x-api-key", "authorization", "access_token", "token", "password", "secret"}
)
_FORMATS: Final = {"json_schema": "json", "json_object": "json", "text": "text"}
_EMPTY: Final[Mapping[str, Any]] = {}
_NO_MODEL: Final = object()


def fields_of(value: Any) -> Mapping[str, Any]:
    """The fields of a JSON object or of an SDK model, with those that this release of the SDK does not know."""
    if type(value) is dict:
        return cast(Json, value)
    unknown: Any = getattr(value, "__pydantic_extra__", _NO_MODEL)
    if unknown is _NO_MODEL:
        return cast(Mapping[str, Any], value) if isinstance(value, Mapping) else _EMPTY
    own: Json = value.__dict__
    return {**own, **unknown} if unknown else own


def read_request(request: Mapping[str, Any], attributes: dict[str, Any]) -> None:
    """Write what a request body says into `attributes`."""
    for key, value in request.items():
        known = _REQUEST_VALUES.get(key)
        if known is not None and isinstance(value, known[1]):
            attributes[known[0]] = value
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
    return _FORMATS.get(str(cast(Json, form).get("type"))) if isinstance(form, dict) else None


def add_request_content(invocation: Invocation, options: CallOptions) -> None:
    """Add the producers of messages, tools and settings; they read the request when they are called."""
    request = invocation.exchange.request
    invocation.content[INPUT_MESSAGES] = lambda: _messages(request(), options)
    invocation.content[TOOL_DEFINITIONS] = lambda: _tools(request())
    invocation.content[GENERATION_SETTINGS] = lambda: settings(request())


def _messages(request: Json, options: CallOptions) -> list[Json]:
    messages = input_messages(request.get("messages") or ())
    for position, uuid in options.message_uuids.items():
        if position < len(messages):
            messages[position] |= {"templated": True} if uuid is None else {"uuid": uuid, "templated": True}
    return messages


def _tools(request: Json) -> list[Json] | None:
    return tool_definitions(request.get("tools") or (), request.get("functions") or ()) or None


def settings(request: Json) -> Json:
    """Every parameter of a request but model, messages, tools and credentials, and no predicted content."""
    kept = {key: value for key, value in request.items() if key not in _NOT_SETTINGS}
    if isinstance(kept.get("prediction"), dict):
        kept["prediction"] = {key: value for key, value in kept["prediction"].items() if key != "content"}
    return cast(Json, _without_credentials(kept))


def _without_credentials(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_credentials(item) for item in cast(list[Any], value)]
    if not isinstance(value, dict):
        return value
    return {
        key: _without_credentials(item)
        for key, item in cast(Json, value).items()
        # A limit such as {"token": 5} or a schema property of that name is no secret.
        if not (key.lower() in _CREDENTIALS and isinstance(item, str))
    }


def read_response(invocation: Invocation, response: Any) -> None:
    """Write what a completion tells into the attributes."""
    fields = fields_of(response)
    reasons: list[str] = []
    for choice in _items(fields.get("choices")):
        reason = fields_of(choice).get("finish_reason")
        if isinstance(reason, str):
            reasons.append(reason)
    write_response(invocation, fields, reasons, fields.get("usage"))


def output_messages(response: Any) -> list[Json] | None:
    """One message for each choice of a completion."""
    fields = fields_of(response)
    choices = [fields_of(choice) for choice in _items(fields.get("choices"))]
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
    for key, name in _RESPONSE_TEXTS:
        value = fields.get(key)
        if value and isinstance(value, str):
            attributes[name] = value
    if reasons:
        attributes[RESPONSE_FINISH_REASONS] = reasons
    if usage is not None:
        write_usage(usage, attributes)


def write_usage(usage: Any, attributes: dict[str, Any]) -> None:
    """Write token counts as far as they are given: totals also when zero, details only when positive."""
    fields = fields_of(usage)
    counts = [fields.get(key) for key in ("prompt_tokens", "completion_tokens", "total_tokens")]
    spent, made, total = (count if type(count) is int and count >= 0 else None for count in counts)
    if spent is not None:
        attributes[USAGE_INPUT_TOKENS] = spent
    if made is not None:
        attributes[USAGE_OUTPUT_TOKENS] = made
    if total is not None and (spent is None or made is None or total != spent + made):
        attributes[USAGE_TOTAL_TOKENS] = total
    for group, names in _USAGE_DETAILS.items():
        details = fields.get(group)
        if details is not None:
            for key, count in fields_of(details).items():
                if key in names and type(count) is int and count > 0:
                    attributes[names[key]] = count


def _items(value: Any) -> Iterable[Any]:
    return cast(list[Any], value) if isinstance(value, list) else ()
