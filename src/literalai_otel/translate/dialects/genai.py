"""OpenTelemetry's GenAI conventions, current and renamed, from any scope (`spec/genai-semconv.md` §1)."""

from collections.abc import Mapping
from typing import Any, Final, cast

from literalai_otel import attributes as names
from literalai_otel.model import ChatGeneration, CompletionGeneration, GenerationMessage, StepType
from literalai_otel.translate.dialects.genai_events import say_messages
from literalai_otel.translate.messages import finish_reasons_of, joined_text, messages_of, system_message_of
from literalai_otel.translate.reading import (
    Found,
    Places,
    Reading,
    Rest,
    Table,
    content_object,
    flag,
    integer,
    json_value,
    mapping,
    number,
    places_of,
    sequence,
    structure,
    take,
    take_places,
    taking,
    text,
    texts,
)
from literalai_otel.translate.record import SpanRecord

SCOPES: Final = (names.OFFICIAL_SCOPE,)
KEYS: Final = (
    names.OPERATION_NAME,
    names.PROVIDER_NAME,
    names.LEGACY_SYSTEM,
    names.SYSTEM_INSTRUCTIONS,
    names.REQUEST_PREFIX,
    names.RESPONSE_PREFIX,
    names.USAGE_PREFIX,
    names.INPUT_PREFIX,
    names.OUTPUT_PREFIX,
    names.TOOL_PREFIX,
    names.RETRIEVAL_PREFIX,
    names.EMBEDDINGS_PREFIX,
)
"""Not every `gen_ai.*` name: baggage copies `gen_ai.conversation.id` and `gen_ai.agent.*` to spans that are no steps.
Not the operation alone: the host's attribute limit drops what was set first."""

USAGE: Final = (
    names.USAGE_INPUT_TOKENS,
    names.USAGE_OUTPUT_TOKENS,
    names.LEGACY_USAGE_PROMPT_TOKENS,
    names.LEGACY_USAGE_COMPLETION_TOKENS,
)
STEP_TYPE_OF_OPERATION: Final[Mapping[str, StepType]] = {
    "chat": "llm",
    "text_completion": "llm",
    "generate_content": "llm",
    "completion": "llm",
    "llm_request": "llm",
    "responses": "llm",
    "embeddings": "embedding",
    "retrieval": "retrieval",
    "vector_db_retrieve": "retrieval",
    "search_memory": "retrieval",
    "rerank": "rerank",
    "execute_tool": "tool",
    "create_memory_store": "tool",
    "delete_memory_store": "tool",
    "create_memory": "tool",
    "update_memory": "tool",
    "upsert_memory": "tool",
    "delete_memory": "tool",
    "invoke_agent": "run",
    "create_agent": "run",
    "invoke_workflow": "run",
    "plan": "run",
    "fetch_response": "undefined",
}

_COMPLETION_OPERATIONS: Final = frozenset({"text_completion", "completion"})
_PROVIDER_LABELS: Final = {
    "mistral_ai": "mistralai",
    "vertex_ai": "gcp.vertex_ai",
    "gemini": "gcp.gemini",
    "az.ai.inference": "azure.ai.inference",
    "az.ai.openai": "azure.ai.openai",
    "xai": "x_ai",
}
"""The published client writes `mistralai`; the others were renamed. The raw name stays in the metadata."""


def _milliseconds(value: Any) -> float | None:
    seconds = number(value)
    return None if seconds is None else seconds * 1000


def _tools(value: Any) -> list[dict[str, Any]] | None:
    found = sequence(value)
    if found is None:
        return None
    return [_tool(cast("dict[str, Any]", tool)) for tool in found if isinstance(tool, dict)]


def _tool(definition: dict[str, Any]) -> dict[str, Any]:
    """Flat as in the conventions -> nested as in OpenAI's chat API; anything else as it is."""
    if definition.get("type", "function") != "function" or "function" in definition:
        return definition
    return {"type": "function", "function": {key: item for key, item in definition.items() if key != "type"}}


PLACES: Final[Table] = {
    names.PROVIDER_NAME: ("generation", "provider", text),
    names.RESPONSE_MODEL: ("generation", "model", text),
    names.PROMPT_ID: ("generation", "prompt_id", text),
    names.GENERATION_TAGS: ("generation", "tags", texts),
    names.TOOL_DEFINITIONS: ("generation", "tools", _tools),
    names.USAGE_INPUT_TOKENS: ("generation", "input_token_count", integer),
    names.USAGE_OUTPUT_TOKENS: ("generation", "output_token_count", integer),
    names.USAGE_TOTAL_TOKENS: ("generation", "token_count", integer),
    names.RESPONSE_TIME_TO_FIRST_CHUNK: ("generation", "tt_first_token", _milliseconds),
    # used where the current name is absent
    names.LEGACY_SYSTEM: ("renamed", "provider", text),
    names.LEGACY_USAGE_PROMPT_TOKENS: ("renamed", "input_token_count", integer),
    names.LEGACY_USAGE_COMPLETION_TOKENS: ("renamed", "output_token_count", integer),
    names.SHORT_USAGE_TOTAL: ("renamed", "token_count", integer),
    # request parameters: the official ones, and all of them
    names.REQUEST_MODEL: ("settings", "model", text),
    names.REQUEST_TEMPERATURE: ("settings", "temperature", number),
    names.REQUEST_TOP_P: ("settings", "top_p", number),
    names.REQUEST_TOP_K: ("settings", "top_k", integer),
    names.REQUEST_MAX_TOKENS: ("settings", "max_tokens", integer),
    names.REQUEST_STOP_SEQUENCES: ("settings", "stop", texts),
    names.REQUEST_FREQUENCY_PENALTY: ("settings", "frequency_penalty", number),
    names.REQUEST_PRESENCE_PENALTY: ("settings", "presence_penalty", number),
    names.REQUEST_SEED: ("settings", "seed", integer),
    names.REQUEST_CHOICE_COUNT: ("settings", "n", integer),
    names.REQUEST_STREAM: ("settings", "stream", flag),
    names.REQUEST_REASONING_LEVEL: ("settings", "reasoning_effort", text),
    names.IS_STREAMING: ("settings", "stream", flag),
    names.SHORT_REQUEST_CHOICE_COUNT: ("settings", "n", integer),
    names.SHORT_REQUEST_REASONING: ("settings", "reasoning_effort", text),
    names.REQUEST_MAX_COMPLETION_TOKENS: ("settings", "max_completion_tokens", integer),
    names.REQUEST_REPETITION_PENALTY: ("settings", "repetition_penalty", number),
    names.REQUEST_STRUCTURED_OUTPUT_SCHEMA: ("settings", "response_format", structure),
    names.OUTPUT_TYPE: ("settings", "output_type", text),
    names.OPENAI_REQUEST_SERVICE_TIER: ("settings", "service_tier", text),
    names.GENERATION_SETTINGS: ("complete", "settings", mapping),
    # what Literal has no field for
    names.RESPONSE_FINISH_REASONS: ("metadata", "finish_reasons", texts),
    names.RESPONSE_ID: ("metadata", "response_id", text),
    names.RESPONSE_STATUS: ("metadata", "response_status", text),
    names.CONVERSATION_COMPACTED: ("metadata", "conversation_compacted", flag),
    names.REQUEST_ID: ("metadata", "request_id", text),
    names.ANTHROPIC_REQUEST_ID: ("metadata", "request_id", text),
    names.ANTHROPIC_STOP_REASON: ("metadata", "finish_reasons", texts),
    names.REQUEST_RETRIES: ("metadata", "retries", integer),
    names.STREAM_OUTCOME: ("metadata", "stream_outcome", text),
    names.OPENAI_RESPONSE_SERVICE_TIER: ("metadata", "service_tier", text),
    names.OPENAI_RESPONSE_SYSTEM_FINGERPRINT: ("metadata", "system_fingerprint", text),
    names.SHORT_SERVICE_TIER: ("metadata", "service_tier", text),
    names.SHORT_FINGERPRINT: ("metadata", "system_fingerprint", text),
    names.SHORT_OPENAI_FINGERPRINT: ("metadata", "system_fingerprint", text),
    names.LEGACY_OPENAI_FINGERPRINT: ("metadata", "system_fingerprint", text),
    names.LEGACY_OPENAI_SERVICE_TIER: ("metadata", "service_tier", text),
    names.REQUEST_PREVIOUS_RESPONSE_ID: ("metadata", "previous_response_id", text),
    names.OPENAI_API_TYPE: ("metadata", "api_type", text),
    names.AGENT_ID: ("metadata", "agent_id", text),
    names.SERVER_ADDRESS: ("metadata", "server_address", text),
    names.SERVER_PORT: ("metadata", "server_port", integer),
    names.PROMPT_NAME: ("metadata", "prompt_name", text),
    names.PROMPT_VERSION: ("metadata", "prompt_version", text),
    names.TRUNCATED: ("metadata", "truncated", flag),
    names.CONTENT_DROPPED: ("metadata", "content_dropped", text),
    names.GENERATION_METADATA: ("own", "metadata", mapping),
    names.USAGE_CACHE_READ_INPUT_TOKENS: ("usage", "cache_read_input_tokens", integer),
    names.USAGE_CACHE_WRITE_INPUT_TOKENS: ("usage", "cache_write_input_tokens", integer),
    names.LEGACY_USAGE_CACHE_CREATION: ("usage", "cache_write_input_tokens", integer),
    names.SHORT_USAGE_CACHE_READ: ("usage", "cache_read_input_tokens", integer),
    names.SHORT_USAGE_CACHE_CREATION: ("usage", "cache_write_input_tokens", integer),
    names.SHORT_USAGE_REASONING: ("usage", "reasoning_output_tokens", integer),
    names.USAGE_REASONING_OUTPUT_TOKENS: ("usage", "reasoning_output_tokens", integer),
    names.USAGE_TEXT_INPUT_TOKENS: ("usage", "text_input_tokens", integer),
    names.USAGE_TEXT_OUTPUT_TOKENS: ("usage", "text_output_tokens", integer),
    names.USAGE_IMAGE_INPUT_TOKENS: ("usage", "image_input_tokens", integer),
    names.USAGE_IMAGE_OUTPUT_TOKENS: ("usage", "image_output_tokens", integer),
    names.USAGE_AUDIO_INPUT_TOKENS: ("usage", "audio_input_tokens", integer),
    names.USAGE_AUDIO_OUTPUT_TOKENS: ("usage", "audio_output_tokens", integer),
    names.USAGE_PAGES: ("usage", "pages", integer),
    names.USAGE_AUDIO_SECONDS: ("usage", "audio_seconds", number),
    names.PROMPT_VARIABLES: ("variables", "typed", mapping),
}
_PLACES: Final = places_of(PLACES)
_take_variables: Final = taking(names.PROMPT_VARIABLE_PREFIX)

_OBJECTS: Final = ("usage", "cost")
"""Places whose facts stay together in the metadata."""
_SAME_SETTING: Final[Mapping[str, tuple[str, ...]]] = {
    # an official setting is left out where the complete settings have it under the provider's own name
    "max_tokens": ("max_completion_tokens", "max_output_tokens"),
    "stop": ("stop_sequences",),
    "seed": ("random_seed",),
    "reasoning_effort": ("reasoning",),
    "output_type": ("response_format", "text", "text_format"),
}
_OTHERWISE: Final = frozenset(name for same in _SAME_SETTING.values() for name in same)
"""Where the complete settings have none of these, nothing is left out."""


def call_type(attributes: Mapping[str, Any]) -> StepType | None:
    """What a span is to Literal by its operation; None without one."""
    operation = attributes.get(names.OPERATION_NAME)
    return STEP_TYPE_OF_OPERATION.get(operation) if isinstance(operation, str) else None


def places_with(own: Mapping[str, str]) -> Table:
    """Where the attributes of a call go, also those that a dialect has names of its own for: own -> official name.

    Reading them in place costs nothing more than the official ones, saying them under other names first does.
    """
    return {**PLACES, **{name: PLACES[official] for name, official in own.items() if official in PLACES}}


def read(record: SpanRecord, rest: Rest, places: Places = _PLACES) -> Reading:
    """The reading of a GenAI span: its type by operation, then what that type needs.

    `places` are those of a call of a model: of `PLACES`, or of what `places_with` gives.
    """
    if record.events:
        say_messages(record.events, rest)
    operation = take(rest, names.OPERATION_NAME, text)
    kind = _step_type(rest, operation)
    reading = Reading(type=kind)
    if kind == "llm":
        _read_llm(rest, reading, places, completion=operation in _COMPLETION_OPERATIONS)
    elif kind == "tool":
        reading.name = take(rest, names.TOOL_NAME, text)
        reading.input = _take_content(record, rest, names.TOOL_CALL_ARGUMENTS)
        reading.output = _take_content(record, rest, names.TOOL_CALL_RESULT)
        _read_told(rest, reading)
    elif kind in ("retrieval", "rerank"):
        reading.input = _take_content(record, rest, names.RETRIEVAL_QUERY_TEXT)
        reading.output = _take_content(record, rest, names.RETRIEVAL_DOCUMENTS)
    elif kind == "embedding":
        given = messages_of(rest.pop(names.INPUT_MESSAGES, None))
        reading.input = content_object([message.get("content") for message in given] or None)
    else:
        if kind == "run":
            reading.name = text(rest.get(names.AGENT_NAME)) or text(rest.get(names.WORKFLOW_NAME))
        _read_conversation(rest, reading)
    return reading


def _step_type(rest: Rest, operation: str | None) -> StepType:
    if operation is not None:
        return STEP_TYPE_OF_OPERATION.get(operation, "undefined")
    # The operation may have been evicted by the host's attribute limit, or never been set.
    if names.TOOL_NAME in rest and names.REQUEST_MODEL not in rest:
        return "tool"
    if any(name in rest for name in (names.INPUT_MESSAGES, names.OUTPUT_MESSAGES, names.USAGE_OUTPUT_TOKENS)):
        return "llm"
    return "undefined"


def _read_llm(rest: Rest, reading: Reading, places: Places, *, completion: bool) -> None:
    has_input = names.INPUT_MESSAGES in rest or names.SYSTEM_INSTRUCTIONS in rest
    messages = _take_input(rest)
    raw_output = rest.pop(names.OUTPUT_MESSAGES, None)
    outputs = messages_of(raw_output, "assistant")
    found = take_places(rest, places)
    metadata = _metadata(found, outputs, raw_output)
    fields = _fields(found, metadata)
    fields["variables"] = _variables(rest, found)
    if completion:
        prompt, answer = joined_text(messages), joined_text(outputs[:1])
        reading.generation = CompletionGeneration(**fields, prompt=prompt, completion=answer)
        # What follows the gap that is to be filled, where the provider takes one.
        suffix = {"suffix": messages[0]["suffix"]} if messages and messages[0].get("suffix") else {}
        reading.input = None if prompt is None else {"content": prompt, **suffix}
        reading.output = None if answer is None else {"content": answer}
        return
    answered = outputs[0] if outputs else None
    reading.generation = ChatGeneration(**fields, messages=messages if has_input else None, message_completion=answered)
    if has_input:
        reading.input = {"content": messages}
    reading.output = answered


def _fields(found: Found, metadata: dict[str, Any]) -> dict[str, Any]:
    """The fields that chat and completion have in common."""
    settings, fields = found["settings"], found["generation"]
    if "renamed" in found:
        fields = {**found["renamed"], **fields}
    fields.setdefault("model", settings.get("model"))
    tokens_in, tokens_out = fields.get("input_token_count"), fields.get("output_token_count")
    if tokens_in is not None and tokens_out is not None:
        fields.setdefault("token_count", tokens_in + tokens_out)
    provider = fields.get("provider")
    if provider in _PROVIDER_LABELS:
        metadata["provider"] = provider
        fields["provider"] = _PROVIDER_LABELS[provider]
    if "complete" in found:
        complete = found["complete"]["settings"]
        if not complete.keys().isdisjoint(_OTHERWISE):
            for key in _SAME_SETTING.keys() & settings.keys():
                if not complete.keys().isdisjoint(_SAME_SETTING[key]):
                    del settings[key]
        settings.update(complete)
    fields["settings"] = settings or None
    if "own" in found:
        metadata.update(found["own"]["metadata"])
    fields["metadata"] = metadata or None
    return fields


def _variables(rest: Rest, found: Found) -> dict[str, Any] | None:
    """The variables of the prompt: one text each, and all with their types where one is no text."""
    variables = _take_variables(rest)
    if "variables" in found:
        variables.update(found["variables"]["typed"])
    return variables or None


def _metadata(found: Found, outputs: list[GenerationMessage], raw_output: Any) -> dict[str, Any]:
    metadata = found["metadata"]
    if "finish_reasons" not in metadata:
        reasons = finish_reasons_of(raw_output)
        if reasons:
            metadata["finish_reasons"] = reasons
    for group in _OBJECTS:
        if group in found:
            metadata[group] = found[group]
    if len(outputs) > 1:
        metadata["choices"] = outputs[1:]
    return metadata


def _take_input(rest: Rest) -> list[GenerationMessage]:
    """System instructions first, then the messages."""
    instructions = rest.pop(names.SYSTEM_INSTRUCTIONS, None)
    messages = messages_of(rest.pop(names.INPUT_MESSAGES, None))
    return messages if instructions is None else [*system_message_of(instructions), *messages]


def _read_conversation(rest: Rest, reading: Reading) -> None:
    """Input and output of an agent or workflow; its usage is a sum over calls, so it is no generation."""
    if names.INPUT_MESSAGES in rest:
        reading.input = {"content": _take_input(rest)}
    outputs = messages_of(rest.pop(names.OUTPUT_MESSAGES, None), "assistant")
    if outputs:
        reading.output = outputs[0] if len(outputs) == 1 else {"content": outputs}


def _read_told(rest: Rest, reading: Reading) -> None:
    """Arguments and result of a tool that stand in messages, as Strands Agents has them."""
    given = messages_of(rest.pop(names.INPUT_MESSAGES, None))
    said = messages_of(rest.pop(names.OUTPUT_MESSAGES, None))
    if given and reading.input is None:
        reading.input = content_object(json_value(given[0].get("content")))
    if said and reading.output is None:
        reading.output = content_object(json_value(said[0].get("content")))


def _take_content(record: SpanRecord, rest: Rest, name: str) -> dict[str, Any] | None:
    """Arguments, results, queries, documents: an object, its JSON, or anything else under `content`."""
    value = rest.pop(name, None)
    if isinstance(value, str) and name not in record.fields:
        if not value:
            return None
        return content_object(structure(value, value))
    return content_object(value)
