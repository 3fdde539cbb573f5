"""The Vercel AI SDK, both forms (`spec/genai-semconv.md` §3.3).

Up to release 6, and by `LegacyOpenTelemetry` since, its spans have names of their own under the scope `ai`. Since 7
they speak GenAI under the scope `gen_ai`, less what a run was for, embeddings and rankings.

A call of `generateText` and its kin is a run, with a generation for each request to the model inside. The identity,
tags and metadata of a call are what the user put into `experimental_telemetry.metadata`, or into the runtime context
since 7; `literalaiStepId`, `literalaiTags` and `literalaiMetadata` mean what they meant to Literal's own wrapper.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from literalai_otel import attributes as names
from literalai_otel.model import StepType
from literalai_otel.translate.dialects import genai
from literalai_otel.translate.dialects.vercel_messages import (
    answer,
    plain_values,
    prompt_messages,
    tool_definitions,
    whole_prompt,
)
from literalai_otel.translate.kinds import Names, PerKind
from literalai_otel.translate.reading import (
    Reading,
    Rest,
    add_metadata,
    json_value,
    mapping,
    number,
    renaming,
    structure,
    text,
    texts,
)
from literalai_otel.translate.record import SpanRecord

SCOPES: Final = ("ai", "gen_ai")
_OPERATION: Final = "ai.operationId"
KEYS: Final = (_OPERATION, "ai.telemetry.", "ai.prompt.", "ai.response.", "ai.toolCall.")
MODELS: Final = ("ai.model.id", names.REQUEST_MODEL, names.RESPONSE_MODEL)
_MODEL: Final = "ai.model.id"
_PROVIDER: Final = "ai.model.provider"
_METADATA: Final = ("ai.telemetry.metadata.", "ai.settings.context.")
_NESTED_STEP: Final = "agent_step"

_OPERATIONS: Final[Mapping[str, str]] = {
    "ai.generateText": "invoke_agent",
    "ai.streamText": "invoke_agent",
    "ai.generateObject": "invoke_agent",
    "ai.streamObject": "invoke_agent",
    "ai.generateText.doGenerate": "chat",
    "ai.streamText.doStream": "chat",
    "ai.generateObject.doGenerate": "chat",
    "ai.streamObject.doStream": "chat",
    "ai.toolCall": "execute_tool",
    "ai.embed": "embeddings",
    "ai.embed.doEmbed": "embeddings",
    "ai.embedMany": "embeddings",
    "ai.embedMany.doEmbed": "embeddings",
    "ai.rerank": "rerank",
    "ai.rerank.doRerank": "rerank",
}
"""Its operations -> the official ones."""

_PROVIDERS: Final[Mapping[str, str]] = {
    "google.vertex": "gcp.vertex_ai",
    "google": "gcp.gemini",
    "amazon-bedrock": "aws.bedrock",
    "azure-openai": "azure.ai.openai",
    "azure": "azure.ai.openai",
    "mistral": "mistral_ai",
    "xai": "x_ai",
}
"""What its names of providers begin with -> their official names; the others are official up to the first dot."""

_ANSWER: Final = tuple(f"ai.response.{piece}" for piece in ("text", "reasoning", "toolCalls", "object", "files"))
"""What an answer is said in."""
_OLDER_ANSWER: Final[Mapping[str, str]] = {name.replace("response", "result"): name for name in _ANSWER}
"""How older releases named the same."""
_WHOSE: Final[Mapping[str, str]] = {
    f"{prefix}{key}": official
    for prefix in _METADATA
    for key, official in (("sessionId", names.THREAD_ID), ("threadId", names.THREAD_ID), ("userId", names.USER_ID))
}
_RUN: Final[Mapping[str, str]] = {"ai.telemetry.functionId": names.AGENT_NAME, **_OLDER_ANSWER, **_WHOSE}
_CALL: Final[Mapping[str, str]] = {
    _MODEL: names.REQUEST_MODEL,
    _PROVIDER: names.PROVIDER_NAME,
    names.LEGACY_SYSTEM: names.PROVIDER_NAME,
    "ai.response.model": names.RESPONSE_MODEL,
    "ai.response.id": names.RESPONSE_ID,
    "ai.response.finishReason": names.RESPONSE_FINISH_REASONS,
    "ai.finishReason": names.RESPONSE_FINISH_REASONS,
    "ai.settings.maxOutputTokens": names.REQUEST_MAX_TOKENS,
    "ai.settings.maxTokens": names.REQUEST_MAX_TOKENS,
    "ai.settings.temperature": names.REQUEST_TEMPERATURE,
    "ai.settings.topP": names.REQUEST_TOP_P,
    "ai.settings.topK": names.REQUEST_TOP_K,
    "ai.settings.presencePenalty": names.REQUEST_PRESENCE_PENALTY,
    "ai.settings.frequencyPenalty": names.REQUEST_FREQUENCY_PENALTY,
    "ai.settings.stopSequences": names.REQUEST_STOP_SEQUENCES,
    "ai.settings.seed": names.REQUEST_SEED,
    "ai.usage.inputTokens": names.USAGE_INPUT_TOKENS,
    "ai.usage.promptTokens": names.USAGE_INPUT_TOKENS,
    "ai.usage.tokens": names.USAGE_INPUT_TOKENS,
    "ai.usage.outputTokens": names.USAGE_OUTPUT_TOKENS,
    "ai.usage.completionTokens": names.USAGE_OUTPUT_TOKENS,
    "ai.usage.totalTokens": names.USAGE_TOTAL_TOKENS,
    "ai.usage.inputTokenDetails.cacheReadTokens": names.USAGE_CACHE_READ_INPUT_TOKENS,
    "ai.usage.cachedInputTokens": names.USAGE_CACHE_READ_INPUT_TOKENS,
    "ai.usage.inputTokenDetails.cacheWriteTokens": names.USAGE_CACHE_WRITE_INPUT_TOKENS,
    "ai.usage.outputTokenDetails.reasoningTokens": names.USAGE_REASONING_OUTPUT_TOKENS,
    "ai.usage.reasoningTokens": names.USAGE_REASONING_OUTPUT_TOKENS,
    names.METRIC_TIME_TO_FIRST_CHUNK: names.RESPONSE_TIME_TO_FIRST_CHUNK,
    **_OLDER_ANSWER,
    **_WHOSE,
}
_TOOL: Final[Mapping[str, str]] = {
    "ai.toolCall.name": names.TOOL_NAME,
    "ai.toolCall.id": names.TOOL_CALL_ID,
    "ai.toolCall.args": names.TOOL_CALL_ARGUMENTS,
    "ai.toolCall.result": names.TOOL_CALL_RESULT,
    **_WHOSE,
}
_rename_call: Final = renaming(_CALL)
_RENAMES: Final = {"invoke_agent": renaming(_RUN), "execute_tool": renaming(_TOOL)}
_FIRST_CHUNK: Final = ("ai.response.msToFirstChunk", "ai.stream.msToFirstChunk")
_SPEEDS: Final = ("ai.response.avgOutputTokensPerSecond", "ai.response.avgCompletionTokensPerSecond")
_VALUES: Final = ("ai.values", "ai.value")
_VECTORS: Final = ("ai.embeddings", "ai.embedding")
_DOCUMENTS: Final = "ai.documents"


def skips(scope_name: str, attributes: Mapping[str, Any]) -> bool:
    """A `step N` around one request and its tools says nothing that they don't."""
    return attributes.get(names.OPERATION_NAME) == _NESTED_STEP


def call_type(attributes: Mapping[str, Any]) -> StepType | None:
    """What a span is to Literal by its operation."""
    own = _OPERATIONS.get(text(attributes.get(_OPERATION)) or "")
    return genai.call_type(attributes if own is None else {names.OPERATION_NAME: own})


def officially(rest: Rest) -> None:
    """Says everything in official names that has one."""
    operation = _take_operation(rest)
    _RENAMES.get(operation or "", _rename_call)(rest)
    if operation is not None:
        rest.setdefault(names.OPERATION_NAME, operation)
    own_provider = rest.get(names.PROVIDER_NAME)
    if type(own_provider) is str:
        rest[names.PROVIDER_NAME] = _provider(own_provider)
    for name in _FIRST_CHUNK:
        if name in rest and (milliseconds := number(rest[name])) is not None:
            del rest[name]
            rest.setdefault(names.RESPONSE_TIME_TO_FIRST_CHUNK, milliseconds / 1000)
    _say_messages(rest)
    _say_content(rest)
    _say_metadata(rest, with_id=operation == "invoke_agent")


def read(record: SpanRecord, rest: Rest) -> Reading:
    """The reading of a span of either form."""
    if _OPERATION not in rest and record.name in _OPERATIONS:
        rest[_OPERATION] = record.name  # evicted by a limit: the name of the span says it too
    officially(rest)
    speed = None
    for name in _SPEEDS:
        if name in rest:
            speed = number(rest.pop(name))
            break
    reading = genai.read(record, rest)
    if reading.generation is not None and speed is not None:
        reading.generation.token_throughput_in_s = speed
    for name in _VECTORS:
        if name in rest:
            vectors = rest.pop(name)
            reading.output = _measures(vectors if vectors.__class__ is list else [vectors])
    documents = plain_values(rest.pop(_DOCUMENTS)) if _DOCUMENTS in rest else None
    if documents is not None:
        reading.input = {**(reading.input or {}), "documents": documents}
    return reading


def _take_operation(rest: Rest) -> str | None:
    if _OPERATION not in rest:
        return None
    own = text(rest[_OPERATION])
    operation = _OPERATIONS.get(own or "")
    if operation is not None:
        del rest[_OPERATION]
    if own is not None:
        # Both repeat the operation and the name of the function.
        rest.pop("operation.name", None)
        rest.pop("resource.name", None)
    return operation


@lru_cache(maxsize=256)
def _provider(own: str) -> str:
    """`openai.chat` and `mistral.embedding` name the API too."""
    if own in _PROVIDERS.values():
        return own
    for start, official in _PROVIDERS.items():
        if own == start or own.startswith((f"{start}.", f"{start}-")):
            return official
    return own.partition(".")[0]


def _say_messages(rest: Rest) -> None:
    if "ai.prompt.messages" in rest:
        rest.setdefault(names.INPUT_MESSAGES, prompt_messages(rest.pop("ai.prompt.messages")))
    if "ai.prompt" in rest:
        rest.setdefault(names.INPUT_MESSAGES, whole_prompt(rest.pop("ai.prompt")))
    if not rest.keys().isdisjoint(_ANSWER):
        said = answer(*[rest.pop(name, None) for name in _ANSWER])
        if said is not None:
            rest.setdefault(names.OUTPUT_MESSAGES, said)
    defined = rest.pop("ai.prompt.tools", None) or rest.get(names.TOOL_DEFINITIONS)
    tools = None if defined is None else tool_definitions(defined)
    if tools is not None:
        rest[names.TOOL_DEFINITIONS] = tools
    choice = rest.pop("ai.prompt.toolChoice", None)
    if choice is not None:
        known = mapping(rest.get(names.GENERATION_SETTINGS)) or {}
        rest[names.GENERATION_SETTINGS] = {"tool_choice": structure(choice) or choice, **known}


def _say_metadata(rest: Rest, *, with_id: bool) -> None:
    """What else the user said of the call; the step id is that of the outer span, the others get their own."""
    given = _given[tuple(rest)]
    if not given:
        return
    found = {key: rest.pop(name) for name, key in given}
    tags = [tag for key in ("tags", "literalaiTags") if key in found for tag in texts(found.pop(key)) or ()]
    if tags:
        rest.setdefault(names.TAGS, tags)
    step_id = text(found.pop("literalaiStepId", None))
    if step_id is not None and with_id:
        rest.setdefault(names.STEP_ID, step_id)
    own = mapping(found.pop("literalaiMetadata", None))
    add_metadata(rest, found if own is None else {**found, **own})


@PerKind
def _given(names_on_span: Names) -> list[tuple[str, str]]:
    """Of the names that a span has those of what the user gave, and the user's own names for it."""
    given = [name for name in names_on_span if name.startswith(_METADATA)]
    return [(name, name[len(start) :]) for name in given for start in _METADATA if name.startswith(start)]


def _say_content(rest: Rest) -> None:
    """The texts of embeddings, and rankings; the documents that were ranked are not taken out."""
    for name in _VALUES:
        if name in rest:
            values = rest.pop(name)
            rest.setdefault(names.INPUT_MESSAGES, plain_values(values) or [json_value(values)])
    ranking = plain_values(rest.pop("ai.ranking")) if "ai.ranking" in rest else None
    if ranking is not None:
        documents = plain_values(rest.get(_DOCUMENTS)) or []
        rest.setdefault(names.RETRIEVAL_DOCUMENTS, [_ranked(item, documents) for item in ranking])


def _measures(vectors: list[Any]) -> dict[str, Any]:
    """How many there are and how long, as our own instrumentors say it: the numbers themselves are of no use."""
    first = vectors[0] if vectors else None
    # A vector is JSON of hundreds of numbers: what lies between its commas is counted, not read.
    length = first.count(",") + 1 if isinstance(first, str) else None
    return {"count": len(vectors), **({} if length is None else {"dimensions": length})}


def _ranked(value: Any, documents: list[Any]) -> Any:
    item = mapping(value) or {}
    place = item.get("index")
    if not isinstance(place, int) or not 0 <= place < len(documents):
        return value
    return {"index": place, "score": item.get("relevanceScore"), "content": documents[place]}
