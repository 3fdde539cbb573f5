"""Calls of chat models and text models: what LangChain says of the request and of the result.

Fields and their places: `spec/frameworks.md` §4.2. Every provider's package fills them in its own way, so a reader
takes what it finds and tolerates the rest.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final, cast

from literalai_otel.attributes import (
    OPENAI_RESPONSE_SERVICE_TIER,
    OPENAI_RESPONSE_SYSTEM_FINGERPRINT,
    OPERATION_NAME,
    OUTPUT_TYPE,
    PROVIDER_NAME,
    REQUEST_CHOICE_COUNT,
    REQUEST_FREQUENCY_PENALTY,
    REQUEST_ID,
    REQUEST_MAX_TOKENS,
    REQUEST_MODEL,
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
    USAGE_AUDIO_INPUT_TOKENS,
    USAGE_AUDIO_OUTPUT_TOKENS,
    USAGE_CACHE_READ_INPUT_TOKENS,
    USAGE_CACHE_WRITE_INPUT_TOKENS,
    USAGE_INPUT_TOKENS,
    USAGE_OUTPUT_TOKENS,
    USAGE_REASONING_OUTPUT_TOKENS,
    USAGE_TOTAL_TOKENS,
)
from literalai_otel.genai import Inference
from literalai_otel.genai.credentials import without_credentials
from literalai_otel.genai.messages import Json, tool_definitions
from literalai_otel.genai.usage import write_usage
from literalai_otel.jsonable import to_jsonable

_PROVIDERS: Final = {
    "amazon_bedrock": "aws.bedrock",
    "azure": "azure.ai.openai",
    "azure_openai": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "fireworks": "fireworks_ai",
    "google_anthropic_vertex": "gcp.vertex_ai",
    "google_genai": "gcp.gemini",
    "google_vertexai": "gcp.vertex_ai",
    "ibm": "ibm.watsonx.ai",
    "mistral": "mistral_ai",
    "mistralai": "mistral_ai",
    "moonshot": "moonshot_ai",
    "together": "together_ai",
    "xai": "x_ai",
}
"""LangChain's names of providers whose official name is another (`spec/genai-semconv.md` §1.2)."""
_NUMBERS: Final = (int, float)
_REQUEST_VALUES: Final[Mapping[str, tuple[str, tuple[type, ...]]]] = {
    "temperature": (REQUEST_TEMPERATURE, _NUMBERS),
    "top_p": (REQUEST_TOP_P, _NUMBERS),
    "top_k": (REQUEST_TOP_K, (int,)),
    "max_tokens": (REQUEST_MAX_TOKENS, (int,)),
    "max_completion_tokens": (REQUEST_MAX_TOKENS, (int,)),
    "max_output_tokens": (REQUEST_MAX_TOKENS, (int,)),
    "frequency_penalty": (REQUEST_FREQUENCY_PENALTY, _NUMBERS),
    "presence_penalty": (REQUEST_PRESENCE_PENALTY, _NUMBERS),
    "seed": (REQUEST_SEED, (int,)),
    "random_seed": (REQUEST_SEED, (int,)),
    "reasoning_effort": (REQUEST_REASONING_LEVEL, (str,)),
}
_NOT_SETTINGS: Final = frozenset(
    # Whether it streams is seen by its chunks: LangChain says what the constructor said.
    {"_type", "model", "model_name", "messages", "tools", "functions", "stream", "streaming"}
    | {"default_headers", "extra_headers", "headers"}
)
_FORMATS: Final = {"json_schema": "json", "json_object": "json", "text": "text"}
_INPUT_DETAILS: Final = {
    "cache_read": USAGE_CACHE_READ_INPUT_TOKENS,
    "cache_creation": USAGE_CACHE_WRITE_INPUT_TOKENS,
    "audio": USAGE_AUDIO_INPUT_TOKENS,
}
_OUTPUT_DETAILS: Final = {"reasoning": USAGE_REASONING_OUTPUT_TOKENS, "audio": USAGE_AUDIO_OUTPUT_TOKENS}
_USAGE_PLACES: Final = ("token_usage", "usage")
_NESTED: Final = frozenset({*_USAGE_PLACES, "usage_metadata", "input_token_details", "output_token_details"})
_REASONS: Final = ("finish_reason", "stop_reason", "done_reason", "status")
_RESPONSE_TEXTS: Final = (
    (RESPONSE_MODEL, ("model_name", "model", "model_id")),
    (RESPONSE_ID, ("id", "response_id")),
    (OPENAI_RESPONSE_SERVICE_TIER, ("service_tier",)),
    (OPENAI_RESPONSE_SYSTEM_FINGERPRINT, ("system_fingerprint",)),
    (REQUEST_ID, ("request_id",)),
)
_OWN_IDS: Final = ("run-", "lc_run-", "lc_")
"""How the message ids start that LangChain makes up."""
_EMPTY: Final[Mapping[str, Any]] = {}


def model_invocation(
    operation: str, serialized: Mapping[str, Any], params: Mapping[str, Any], metadata: Mapping[str, Any]
) -> Inference:
    """A model call as it is known at its start: operation, provider, model."""
    attributes: dict[str, Any] = {OPERATION_NAME: operation, PROVIDER_NAME: _provider(serialized, metadata)}
    for model in (params.get("model"), params.get("model_name"), metadata.get("ls_model_name")):
        if isinstance(model, str) and model:
            attributes[REQUEST_MODEL] = model.removeprefix("models/")
            break
    return Inference(attributes)


def _provider(serialized: Mapping[str, Any], metadata: Mapping[str, Any]) -> str:
    """The provider as its package names it, else the name of the model's class."""
    name = metadata.get("ls_provider")
    if not isinstance(name, str) or not name:
        names = serialized.get("id")
        path = [str(part) for part in cast(list[Any], names)] if isinstance(names, list) and names else ["unknown"]
        name = path[-1].removeprefix("Chat").lower() or path[-1]
    return _PROVIDERS.get(name, name)


def read_request(params: Mapping[str, Any], metadata: Mapping[str, Any], attributes: dict[str, Any]) -> None:
    """Write the parameters of a request into `attributes`."""
    for key, value in params.items():
        known = _REQUEST_VALUES.get(key)
        if known is not None and isinstance(value, known[1]) and not isinstance(value, bool):
            attributes[known[0]] = value
    for key, name in (("ls_temperature", REQUEST_TEMPERATURE), ("ls_max_tokens", REQUEST_MAX_TOKENS)):
        if isinstance(metadata.get(key), _NUMBERS):
            attributes.setdefault(name, metadata[key])
    count = params.get("n")
    if isinstance(count, int) and count != 1:
        attributes[REQUEST_CHOICE_COUNT] = count
    stop = params.get("stop") or metadata.get("ls_stop")
    if isinstance(stop, str):
        attributes[REQUEST_STOP_SEQUENCES] = [stop]
    elif isinstance(stop, list | tuple):
        attributes[REQUEST_STOP_SEQUENCES] = [str(item) for item in cast(list[Any], stop)]
    form = params.get("response_format")
    if isinstance(form, dict) and cast(Json, form).get("type") in _FORMATS:
        attributes[OUTPUT_TYPE] = _FORMATS[cast(Json, form)["type"]]


def settings(params: Mapping[str, Any]) -> Json | None:
    """Every parameter of a request but model, messages, tools and credentials; None when there is none."""
    kept = {key: value for key, value in params.items() if key not in _NOT_SETTINGS and value is not None}
    return cast(Json, without_credentials(to_jsonable(kept))) or None


def tools(params: Mapping[str, Any]) -> list[Json] | None:
    """The tools that were offered."""
    offered = (_list(to_jsonable(params.get(key))) for key in ("tools", "functions"))
    modern, older = ([cast(Json, tool) for tool in found if isinstance(tool, dict)] for found in offered)
    return tool_definitions(modern, older) or None


def read_result(result: Any) -> Callable[[dict[str, Any]], None]:
    """What writes that which an `LLMResult` tells into attributes; the program may change the result meanwhile."""
    generations = first_generations(result)
    told = [*(_told(generation) for generation in generations), _copy(getattr(result, "llm_output", None))]
    own_id = getattr(_message(generations[0]), "id", None) if generations else None
    counts = next(
        (counts for each in generations if (counts := _copy(getattr(_message(each), "usage_metadata", None)))), _EMPTY
    )
    return partial(_write_result, told, own_id, counts)


def _write_result(
    told: list[Mapping[str, Any]], own_id: Any, counts: Mapping[str, Any], attributes: dict[str, Any]
) -> None:
    for name, keys in _RESPONSE_TEXTS:
        value = next((text for facts in told for key in keys if (text := _text(facts.get(key)))), None)
        if value is not None:
            attributes[name] = value
    own = _text(own_id)
    if RESPONSE_ID not in attributes and own is not None and not own.startswith(_OWN_IDS):
        attributes[RESPONSE_ID] = own
    reasons = [reason for facts in told[:-1] if (reason := _reason(facts)) is not None]
    if reasons:
        attributes[RESPONSE_FINISH_REASONS] = reasons
    _write_usage(counts, told, attributes)


def first_generations(result: Any) -> list[Any]:
    """The choices for the only prompt of a run."""
    generations = getattr(result, "generations", None)
    return list(generations[0]) if generations else []


def _write_usage(counts: Mapping[str, Any], told: list[Mapping[str, Any]], attributes: dict[str, Any]) -> None:
    """Counts are said once, in one of several places; they are never added up."""
    if counts:
        _write_counts(counts, attributes)
        return
    for facts in reversed(told):  # with several choices the whole is in `llm_output`
        for place in _USAGE_PLACES:
            if _mapping(facts.get(place)):
                write_usage(facts[place], attributes)
                return
        counts = _mapping(facts.get("usage_metadata"))
        if counts:
            _write_counts(counts, attributes)
            return


def _write_counts(counts: Mapping[str, Any], attributes: dict[str, Any]) -> None:
    """Counts by LangChain's own names, or by those of Vertex and Gemini."""
    spent = _count(counts, "input_tokens", "prompt_token_count")
    made = _count(counts, "output_tokens", "candidates_token_count")
    total = _count(counts, "total_tokens", "total_token_count")
    if spent is not None:
        attributes[USAGE_INPUT_TOKENS] = spent
    if made is not None:
        attributes[USAGE_OUTPUT_TOKENS] = made
    if total is not None and total != (spent or 0) + (made or 0):
        attributes[USAGE_TOTAL_TOKENS] = total
    cached = _count(counts, "cached_content_token_count")
    if cached:
        attributes[USAGE_CACHE_READ_INPUT_TOKENS] = cached
    for group, names in (("input_token_details", _INPUT_DETAILS), ("output_token_details", _OUTPUT_DETAILS)):
        for key, count in _mapping(counts.get(group)).items():
            if key in names and type(count) is int and count > 0:
                attributes[names[key]] = count


def _told(generation: Any) -> Mapping[str, Any]:
    """What is said of one choice, on the generation and on its message."""
    info = _copy(getattr(generation, "generation_info", None))
    response = _copy(getattr(_message(generation), "response_metadata", None))
    return {**info, **response} if info else response


def _copy(value: Any, below: int = 2) -> Mapping[str, Any]:
    """A copy of the mapping `value`, and of the dicts in it that are read; empty for anything else.

    They are read `below` levels deep: details of counts in a usage in what is told. A dict may hold itself.
    """
    if not value or (value.__class__ is not dict and not isinstance(value, Mapping)):
        return _EMPTY
    copied = dict(cast(Mapping[str, Any], value))
    for key in _NESTED.intersection(copied) if below else ():
        if isinstance(copied[key], dict):
            copied[key] = _copy(copied[key], below - 1)
    return copied


def _message(generation: Any) -> Any:
    return getattr(generation, "message", None)


def _reason(facts: Mapping[str, Any]) -> str | None:
    return next((reason for key in _REASONS if (reason := _text(facts.get(key)))), None)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _count(counts: Mapping[str, Any], *names: str) -> int | None:
    return next((counts[name] for name in names if type(counts.get(name)) is int and counts[name] >= 0), None)


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], value) if isinstance(value, Mapping) else _EMPTY


def _list(value: Any) -> Iterable[Any]:
    return cast(list[Any], value) if isinstance(value, list) else ()
