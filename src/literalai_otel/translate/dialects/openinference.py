"""OpenInference, of Arize Phoenix and others (`spec/genai-semconv.md` §3.2).

Lists are spread over attributes by number. Spans of model calls also carry the raw request and response as
`input.value` and `output.value`; those are used where the lists are missing, and dropped where they say the same.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

from literalai_otel import attributes as names
from literalai_otel.model import StepType
from literalai_otel.translate.bodies import put_answered, put_asked
from literalai_otel.translate.dialects import genai
from literalai_otel.translate.reading import (
    Reading,
    Rest,
    add_metadata,
    content_object,
    in_order,
    mapping,
    number,
    places_of,
    plain_or_structure,
    renaming,
    take_numbered,
    text,
)
from literalai_otel.translate.record import SpanRecord

_KIND: Final = "openinference.span.kind"
_MODEL: Final = "llm.model_name"
_EMBEDDING_MODEL: Final = "embedding.model_name"
_RERANKER_MODEL: Final = "reranker.model_name"
_INPUT_MESSAGES: Final = "llm.input_messages."
_OUTPUT_MESSAGES: Final = "llm.output_messages."
_PROMPTS: Final = "llm.prompts."
_CHOICES: Final = "llm.choices."
_TOOLS: Final = "llm.tools."
_EMBEDDINGS: Final = "embedding.embeddings."
_FOUND: Final = "retrieval.documents."
_RANKED_IN: Final = "reranker.input_documents."
_RANKED: Final = "reranker.output_documents."
_OF_DOCUMENTS: Final = (_FOUND, _RANKED_IN, _RANKED)
_LISTS: Final = (_INPUT_MESSAGES, _OUTPUT_MESSAGES, _PROMPTS, _CHOICES, _TOOLS, _EMBEDDINGS, *_OF_DOCUMENTS)
_INPUT: Final = "input.value"
_OUTPUT: Final = "output.value"
_MIME_TYPES: Final = ("input.mime_type", "output.mime_type")
_PARAMETERS: Final = "llm.invocation_parameters"
_EMBEDDING_PARAMETERS: Final = "embedding.invocation_parameters"
_OF_CALLS: Final = "llm."
_FIRST_TOKEN: Final = "First Token Stream Event"

SCOPES: Final = ("openinference",)
KEYS: Final = (
    _KIND,
    # The kind is set first, so a limit of the host drops it first.
    _MODEL,
    _EMBEDDING_MODEL,
    _RERANKER_MODEL,
    _PARAMETERS,
    "llm.token_count.",
    *_LISTS,
)
MODELS: Final = (_MODEL, _EMBEDDING_MODEL, _RERANKER_MODEL)

_TYPES: Final[Mapping[str, StepType]] = {
    "LLM": "llm",
    "EMBEDDING": "embedding",
    "RETRIEVER": "retrieval",
    "RERANKER": "rerank",
    "TOOL": "tool",
    "AGENT": "run",
}
_OFFICIAL: Final[Mapping[str, str]] = {
    "llm.provider": names.PROVIDER_NAME,
    "llm.system": names.PROVIDER_NAME,
    "llm.request.model_name": names.REQUEST_MODEL,
    "llm.response.model_name": names.RESPONSE_MODEL,
    # Mostly the served one.
    _MODEL: names.RESPONSE_MODEL,
    _EMBEDDING_MODEL: names.RESPONSE_MODEL,
    _RERANKER_MODEL: names.REQUEST_MODEL,
    "reranker.top_k": names.RETRIEVAL_TOP_K,
    "llm.finish_reason": names.RESPONSE_FINISH_REASONS,
    "llm.token_count.prompt": names.USAGE_INPUT_TOKENS,
    "llm.token_count.completion": names.USAGE_OUTPUT_TOKENS,
    "llm.token_count.total": names.SHORT_USAGE_TOTAL,
    "llm.token_count.prompt_details.cache_read": names.USAGE_CACHE_READ_INPUT_TOKENS,
    "llm.token_count.prompt_details.cache_input": names.USAGE_CACHE_READ_INPUT_TOKENS,
    "llm.token_count.prompt_details.cache_write": names.USAGE_CACHE_WRITE_INPUT_TOKENS,
    "llm.token_count.prompt_details.audio": names.USAGE_AUDIO_INPUT_TOKENS,
    "llm.token_count.completion_details.audio": names.USAGE_AUDIO_OUTPUT_TOKENS,
    "llm.token_count.completion_details.reasoning": names.USAGE_REASONING_OUTPUT_TOKENS,
    "llm.prompt_template.variables": names.PROMPT_VARIABLES,
    "llm.prompt_template.version": names.PROMPT_VERSION,
    "tool.name": names.TOOL_NAME,
    "tool.description": names.TOOL_DESCRIPTION,
    "tool.id": names.TOOL_CALL_ID,
    "agent.name": names.AGENT_NAME,
    "tag.tags": names.TAGS,
}
_PROVIDERS: Final[Mapping[str, str]] = {
    "aws": "aws.bedrock",
    "azure": "azure.ai.openai",
    "google": "gcp.gemini",
    "vertexai": "gcp.vertex_ai",
    "xai": "x_ai",
}
_COUNTED: Final = ("total", "prompt", "completion")
_TOLD_OF_CALLS: Final = (names.INPUT_MESSAGES, names.OUTPUT_MESSAGES, _MODEL, "llm.token_count.prompt", *genai.USAGE)
"""Where the kind was dropped."""
_NO_SETTINGS: Final = frozenset(("model", "model_name", "messages", "input", "prompt", "tools", "functions", "_type"))
_PLAIN: Final = frozenset(("role", "content"))


def call_type(attributes: Mapping[str, Any]) -> StepType | None:
    """What a span that records a call of a model is to Literal; None for any other span."""
    kind = attributes.get(_KIND)
    if isinstance(kind, str):
        return _TYPES.get(kind.upper())
    # Some say the kind at the end only, and at the start what is asked.
    return "llm" if any(name.startswith(_OF_CALLS) for name in attributes) else None


def _provider(value: Any) -> str | None:
    found = text(value)
    return None if found is None else _PROVIDERS.get(found, found)


_PLACES: Final = places_of(
    {
        **genai.places_with(_OFFICIAL),
        "llm.provider": ("generation", "provider", _provider),
        # Whose wire format it is: of the two the weaker word.
        "llm.system": ("renamed", "provider", _provider),
        "llm.prompt_template.template": ("metadata", "prompt_template", text),
        "prompt.id": ("metadata", "prompt_id", text),
        "prompt.vendor": ("metadata", "prompt_vendor", text),
        "prompt.url": ("metadata", "prompt_url", text),
        **{f"llm.cost.{name}": ("cost", name, number) for name in _COUNTED},
    }
)
_rename: Final = renaming(_OFFICIAL)
_rename_beside: Final = renaming(
    {name: official for name, official in _OFFICIAL.items() if official not in genai.PLACES}
)


def officially(rest: Rest) -> None:
    """Says in OpenTelemetry's names what OpenInference has names of its own for."""
    _say_structures(rest)
    _rename(rest)
    provider = _provider(rest.get(names.PROVIDER_NAME))
    if provider is not None:
        rest[names.PROVIDER_NAME] = provider


def _say_structures(rest: Rest) -> None:
    """Says lists and objects in OpenTelemetry's form."""
    lists = take_numbered(rest, _LISTS)
    if _MODEL in rest or _EMBEDDING_MODEL in rest:
        # What OpenInference itself writes under the official name is the served model.
        rest.pop(names.REQUEST_MODEL, None)
    parameters = mapping(rest.get(_PARAMETERS))
    if parameters is not None:
        del rest[_PARAMETERS]
        _set_parameters(rest, parameters)
    asked = [_message(item, "user") for item in lists.get(_INPUT_MESSAGES, ())]
    answers = [_message(item, "assistant") for item in lists.get(_OUTPUT_MESSAGES, ())]
    if _PROMPTS in lists or _CHOICES in lists:
        asked += [_text_message("user", item, "prompt") for item in lists.get(_PROMPTS, ())]
        answers += [_text_message("assistant", item, "completion") for item in lists.get(_CHOICES, ())]
        rest.setdefault(names.OPERATION_NAME, "text_completion")
    if asked:
        rest[names.INPUT_MESSAGES] = asked
        rest.pop(_INPUT, None)
    if answers:
        rest[names.OUTPUT_MESSAGES] = answers
        rest.pop(_OUTPUT, None)
    if _TOOLS in lists:
        rest[names.TOOL_DEFINITIONS] = [_tool(item) for item in lists[_TOOLS]]
    if not lists.keys().isdisjoint(_OF_DOCUMENTS):
        _set_documents(rest, lists)
    if _EMBEDDINGS in lists:
        _set_embeddings(rest, lists[_EMBEDDINGS])
    metadata = mapping(rest["metadata"]) if "metadata" in rest else None
    if metadata is not None:
        del rest["metadata"]
        add_metadata(rest, metadata)


def read(record: SpanRecord, rest: Rest) -> Reading:
    """The reading of a span of any kind; CHAIN and AGENT hold runs, other kinds have no type of their own."""
    kind = text(rest.pop(_KIND, None))
    _say_structures(rest)
    for name in _MIME_TYPES:
        rest.pop(name, None)
    found = _type_of(record, rest, kind)
    if found == "llm":
        _rename_beside(rest)
        return _read_llm(record, rest)
    _rename(rest)
    reading = Reading(type=found)
    if found == "tool":
        reading.name = text(rest.pop(names.TOOL_NAME, None))
    elif found == "run":
        reading.name = text(rest.get(names.AGENT_NAME))
    elif found == "embedding":
        rest.pop(_OUTPUT, None)  # the raw response, vectors and all
    asked = rest.pop(names.RETRIEVAL_QUERY_TEXT, None)
    answered = rest.pop(names.RETRIEVAL_DOCUMENTS, None)
    given, result = plain_or_structure(rest.pop(_INPUT, None)), plain_or_structure(rest.pop(_OUTPUT, None))
    texts, sizes = rest.pop(names.STEP_INPUT, None), rest.pop(names.STEP_OUTPUT, None)
    reading.input = content_object(next((one for one in (texts, asked, given) if one is not None), None))
    reading.output = content_object(next((one for one in (sizes, answered, result) if one is not None), None))
    return reading


def _type_of(record: SpanRecord, rest: Rest, kind: str | None) -> StepType:
    if kind is None:
        if names.RETRIEVAL_DOCUMENTS in rest:
            return "retrieval"
        return "llm" if any(name in rest for name in _TOLD_OF_CALLS) else "undefined"
    kind = kind.upper()
    return "run" if kind == "CHAIN" and record.is_root else _TYPES.get(kind, "undefined")


def _read_llm(record: SpanRecord, rest: Rest) -> Reading:
    rest.setdefault(names.OPERATION_NAME, "chat")
    for name, put, raw in (
        (names.INPUT_MESSAGES, put_asked, rest.pop(_INPUT, None)),
        (names.OUTPUT_MESSAGES, put_answered, rest.pop(_OUTPUT, None)),
    ):
        if raw is not None and name not in rest:
            said: Rest = {}
            put(said, raw)
            if name in said:  # the other facts are on the span as well
                rest[name] = said[name]
    seconds = record.seconds_until(_FIRST_TOKEN)
    if seconds is not None:
        rest.setdefault(names.RESPONSE_TIME_TO_FIRST_CHUNK, seconds)
    return genai.read(record, rest, _PLACES)


def _set_parameters(rest: Rest, parameters: Mapping[str, Any]) -> None:
    model = parameters.get("model") or parameters.get("model_name")
    if model is not None:
        rest.setdefault(names.REQUEST_MODEL, model)
    kept = {key: item for key, item in parameters.items() if key not in _NO_SETTINGS and item not in (None, "")}
    if kept:
        rest.setdefault(names.GENERATION_SETTINGS, kept)


def _set_documents(rest: Rest, lists: Mapping[str, list[dict[str, Any]]]) -> None:
    for prefix in (_FOUND, _RANKED):
        if prefix in lists:
            rest[names.RETRIEVAL_DOCUMENTS] = [_document(item) for item in lists[prefix]]
            rest.pop(_OUTPUT, None)
    if _RANKED_IN in lists:
        given = [_document(item) for item in lists[_RANKED_IN]]
        rest[names.RETRIEVAL_QUERY_TEXT] = {"query": rest.pop("reranker.query", None), "documents": given}
        rest.pop(_INPUT, None)


def _set_embeddings(rest: Rest, items: list[dict[str, Any]]) -> None:
    """The texts, and of the vectors how many and how long they are."""
    model = (mapping(rest.get(_EMBEDDING_PARAMETERS)) or {}).get("model")
    if model is not None:
        rest.setdefault(names.REQUEST_MODEL, model)
    found = [_inner(item, "embedding") for item in items]
    texts = [item["text"] for item in found if "text" in item]
    vectors = [item["vector"] for item in found if isinstance(item.get("vector"), list | tuple)]
    if texts:
        rest.setdefault(names.STEP_INPUT, texts)
        rest.pop(_INPUT, None)
    if vectors:
        size = len(cast(list[Any], vectors[0]))
        rest[names.EMBEDDINGS_DIMENSION_COUNT] = size
        rest.setdefault(names.STEP_OUTPUT, {"count": len(vectors), "dimensions": size})


def _inner(item: Mapping[str, Any], name: str) -> dict[str, Any]:
    found: Any = item.get(name)
    return found if found.__class__ is dict else {}


def _text_message(role: str, item: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": _inner(item, name).get("text")}]}


def _message(item: Mapping[str, Any], default_role: str) -> dict[str, Any]:
    """`N.message.*` as a message of the official form."""
    known = _inner(item, "message")
    if known.keys() == _PLAIN and known["content"].__class__ is str:
        return known  # nearly all are
    role = known.get("role") or default_role
    content = known.get("content")
    answers = known.get("tool_call_id")
    if answers is not None and role == "tool":
        return {"role": role, "parts": [{"type": "tool_call_response", "id": answers, "response": content}]}
    parts: list[dict[str, Any]] = [] if content is None else [{"type": "text", "content": content}]
    parts += [_part(_inner(part, "message_content")) for part in in_order(known.get("contents"))]
    parts += [_tool_call(_inner(call, "tool_call")) for call in in_order(known.get("tool_calls"))]
    if "function_call_name" in known:
        arguments = known.get("function_call_arguments_json")
        parts.append({"type": "tool_call", "name": known["function_call_name"], "arguments": arguments})
    message: dict[str, Any] = {"role": role, "parts": parts}
    return {**message, "name": known["name"]} if known.get("name") else message


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    kind = part.get("type")
    if kind in ("reasoning", "thinking"):
        return {"type": "reasoning", "content": part.get("text")}
    for modality in ("image", "audio", "video", "document"):
        if modality in part:
            url = _inner(_inner(part, modality), modality).get("url")
            return {"type": "uri", "modality": modality, "uri": url} if url is not None else dict(part)
    return {"type": "text", "content": part.get("text")} if "text" in part else dict(part)


def _tool_call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = _inner(call, "function")
    return {
        "type": "tool_call",
        "id": call.get("id"),
        "name": function.get("name"),
        "arguments": function.get("arguments"),
    }


def _tool(item: Mapping[str, Any]) -> Any:
    tool = _inner(item, "tool")
    return mapping(tool.get("json_schema")) or tool


def _document(item: Mapping[str, Any]) -> dict[str, Any]:
    """`N.document.*` in the form of our own steps: id, score, text, metadata."""
    known = _inner(item, "document")
    metadata = mapping(known.get("metadata"))
    found = {
        "id": known.get("id"),
        "score": known.get("score"),
        "text": known.get("content"),
        "metadata": known.get("metadata") if metadata is None else metadata,
    }
    return {key: value for key, value in found.items() if value is not None}
