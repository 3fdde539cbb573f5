"""OpenLLMetry, of Traceloop: what differs from OpenTelemetry's conventions (`spec/genai-semconv.md` §3.1).

Since 0.55 most of its spans of model calls speak GenAI; the others, and all before, spread messages over attributes by
number. Spans of frameworks and of the decorators of traceloop-sdk have names of their own in both.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

from literalai_otel import attributes as names
from literalai_otel.model import StepType
from literalai_otel.translate.dialects import genai
from literalai_otel.translate.reading import (
    Reading,
    Rest,
    add_metadata,
    content_object,
    in_order,
    mapping,
    renaming,
    sequence,
    structure,
    take_numbered,
    taking,
    text,
    texts,
)
from literalai_otel.translate.record import SpanRecord
from literalai_otel.translate.retrieval import documents_of
from literalai_otel.translate.surroundings import LITERAL_PROMPT

_REQUEST_TYPE: Final = "llm.request.type"
_KIND: Final = "traceloop.span.kind"
_NAME: Final = "traceloop.entity.name"
_INPUT: Final = "traceloop.entity.input"
_OUTPUT: Final = "traceloop.entity.output"
_FUNCTIONS: Final = "llm.request.functions."
_LISTS: Final = (names.INDEXED_PROMPTS, names.INDEXED_COMPLETIONS, _FUNCTIONS)
_take_task: Final = taking(names.TASK_PREFIX)
_MANAGED_PROMPT: Final = "traceloop.prompt."
_take_prompt: Final = taking(_MANAGED_PROMPT)
_take_variables: Final = taking("template_variables.")
_rename_managed: Final = renaming({"key": names.PROMPT_NAME, "version": names.PROMPT_VERSION})
_OF_COMPONENTS: Final = frozenset((_INPUT, _OUTPUT, f"{names.TASK_PREFIX}input", f"{names.TASK_PREFIX}output"))
_FIRST_CHUNKS: Final = (names.CHUNK_EVENT, "llm.content.completion.chunk")
_LIBRARIES: Final = (
    *("agno", "alephalpha", "anthropic", "bedrock", "cohere", "crewai", "google_generativeai", "groq", "haystack"),
    *("langchain", "llamaindex", "llama_index", "mcp", "mistralai", "ollama", "openai", "openai_agents", "replicate"),
    *("sagemaker", "together", "transformers", "vertexai", "voyageai", "watsonx", "writer"),
)
"""What it instruments under OpenTelemetry's own prefix, where HTTP clients and databases are too."""

SCOPES: Final = ("traceloop", *(f"opentelemetry.instrumentation.{library}" for library in _LIBRARIES))
KEYS: Final = (
    _REQUEST_TYPE,
    _KIND,
    _NAME,
    _INPUT,
    _OUTPUT,
    _FUNCTIONS,
    "llm.usage.total_tokens",
    names.INDEXED_COMPLETIONS,
    *(f"{names.INDEXED_PROMPTS}{digit}" for digit in range(10)),
)
"""Not every `traceloop.*` name: its processor copies the workflow's name and the properties to every span."""

_OPERATIONS: Final[Mapping[str, str]] = {
    "chat": "chat",
    "completion": "text_completion",
    "embedding": "embeddings",
    "rerank": "rerank",
}
_KINDS: Final[Mapping[str, StepType]] = {"workflow": "run", "agent": "run", "tool": "tool"}
_rename: Final = renaming(
    {
        "llm.usage.total_tokens": names.SHORT_USAGE_TOTAL,
        "llm.is_streaming": names.IS_STREAMING,
        "llm.frequency_penalty": names.REQUEST_FREQUENCY_PENALTY,
        "llm.presence_penalty": names.REQUEST_PRESENCE_PENALTY,
        "llm.top_k": names.REQUEST_TOP_K,
        "llm.chat.stop_sequences": names.REQUEST_STOP_SEQUENCES,
        "llm.user": names.USER_ID,
        names.END_USER: names.USER_ID,
    }
)
_PROVIDERS: Final[Mapping[str, str]] = {
    "aws": "aws.bedrock",
    "azure": "azure.ai.openai",
    "google": "gcp.gemini",
    "mistralai": "mistral_ai",
    "vertexai": "gcp.vertex_ai",
    "watsonx": "ibm.watsonx.ai",
}
_PLAIN: Final = frozenset(("role", "content"))
_PROVIDER_BEHIND: Final = "traceloop.association.properties.ls_provider"
_ENVELOPES: Final = ("inputs", "outputs", "output", "query", "documents", "input_str")
"""LangChain's callbacks: the value stands under one of these, beside `tags`, `metadata`, `kwargs`."""


def call_type(attributes: Mapping[str, Any]) -> StepType | None:
    """What a span that records a call of a model is to Literal; None for any other span."""
    old = attributes.get(_REQUEST_TYPE)
    operation = _OPERATIONS.get(old) if isinstance(old, str) else None
    return genai.call_type(attributes if operation is None else {names.OPERATION_NAME: operation})


def officially(rest: Rest) -> None:
    """Says in OpenTelemetry's names what OpenLLMetry has names of its own for."""
    _rename(rest)
    old = rest.get(_REQUEST_TYPE)
    if isinstance(old, str) and old in _OPERATIONS:
        del rest[_REQUEST_TYPE]
        rest.setdefault(names.OPERATION_NAME, _OPERATIONS[old])
    for name in (names.PROVIDER_NAME, names.LEGACY_SYSTEM):
        provider = rest.get(name)
        if isinstance(provider, str):
            rest[name] = _provider(rest, provider.lower())
    said = "\n".join(rest)
    if _MANAGED_PROMPT in said or LITERAL_PROMPT in rest:
        _link_prompt(rest)
    if names.INDEXED_PROMPTS in said or names.INDEXED_COMPLETIONS in said or _FUNCTIONS in said:
        _say_lists(rest)


def _say_lists(rest: Rest) -> None:
    """Says the indexed form in the official one."""
    lists = take_numbered(rest, _LISTS)
    prompts, completions = lists.get(names.INDEXED_PROMPTS), lists.get(names.INDEXED_COMPLETIONS)
    if prompts:
        rest[names.INPUT_MESSAGES] = [_message(item, "user") for item in prompts]
    if completions:
        reasons = [reason for item in completions if (reason := item.pop("finish_reason", None))]
        rest[names.OUTPUT_MESSAGES] = [_message(item, "assistant") for item in completions]
        if reasons:
            rest.setdefault(names.RESPONSE_FINISH_REASONS, reasons)
    if _FUNCTIONS in lists:
        rest[names.TOOL_DEFINITIONS] = [
            {"type": "function", **item, "parameters": structure(item.get("parameters"))} for item in lists[_FUNCTIONS]
        ]


def read(record: SpanRecord, rest: Rest) -> Reading:
    """The reading of a span of a model call, a framework's component, or a decorated function."""
    name = text(rest.pop(_NAME, None))
    kind = text(rest.pop(_KIND, None))
    if rest.get("llm.headers") == "None":
        del rest["llm.headers"]
    officially(rest)
    for event in _FIRST_CHUNKS if record.events else ():
        seconds = record.seconds_until(event)
        if seconds is not None:
            rest.setdefault(names.RESPONSE_TIME_TO_FIRST_CHUNK, seconds)
    given, result = (None, None) if _OF_COMPONENTS.isdisjoint(rest) else _component(rest)
    reading = genai.read(record, rest)
    if reading.generation is not None:
        return reading
    if reading.type == "undefined":
        reading.type = _KINDS.get(kind or "", "undefined")
    reading.name = name or reading.name
    if reading.type == "retrieval":
        result = documents_of(result)
    # Arguments and results under the official names are in LangChain's envelope as well.
    reading.input = reading.input if given is None else content_object(given)
    reading.output = reading.output if result is None else content_object(result)
    return reading


def _provider(rest: Rest, provider: str) -> str:
    if provider == "langchain":  # it says so where it does not tell whose model it is
        provider = text(rest.get(_PROVIDER_BEHIND)) or provider
    return _PROVIDERS.get(provider, provider)


def _component(rest: Rest) -> tuple[Any, Any]:
    """Input and output of a component, which stand under up to three names; its tags and metadata go to the step."""
    given, result = rest.pop(_INPUT, None), rest.pop(_OUTPUT, None)
    task = _take_task(rest)
    if task.get("status"):
        rest[f"{names.TASK_PREFIX}status"] = task["status"]
    given = task.get("input") if given is None else given
    result = task.get("output") if result is None else result
    if given is None and result is None:
        return None, None
    for name in (names.TOOL_CALL_ARGUMENTS, names.TOOL_CALL_RESULT):
        rest.pop(name, None)
    return _unwrapped(rest, given), _unwrapped(rest, result)


def _unwrapped(rest: Rest, value: Any) -> Any:
    if isinstance(value, str) and value[:1] == '"':
        found: Any = structure(f"[{value}]")
        return value if found is None else found[0]
    envelope = mapping(value)
    if envelope is None:
        found = structure(value)
        return (value or None) if found is None else found
    if "kwargs" not in envelope and "documents" not in envelope:
        return envelope
    if "args" in envelope:
        return envelope  # of a decorated function
    tags, metadata = texts(envelope.get("tags")), mapping(envelope.get("metadata"))
    if tags:
        rest.setdefault(names.TAGS, tags)
    if metadata:
        add_metadata(rest, {key: item for key, item in metadata.items() if not key.startswith("ls_")})
    return next((envelope[key] for key in _ENVELOPES if key in envelope), envelope)


def _link_prompt(rest: Rest) -> None:
    """The prompt that the call was made from: one of Literal's, of Traceloop's, or none."""
    linked = mapping(rest.get(LITERAL_PROMPT))
    if linked is not None:
        del rest[LITERAL_PROMPT]
        rest.setdefault(names.PROMPT_ID, linked.get("id"))
        rest.setdefault(names.PROMPT_NAME, linked.get("name"))
        rest.setdefault(names.PROMPT_VERSION, linked.get("version"))
        if isinstance(linked.get("variables"), dict):
            rest.setdefault(names.PROMPT_VARIABLES, linked["variables"])
    managed = _take_prompt(rest)
    if not managed:
        return
    variables = _take_variables(managed)
    if variables:
        rest.setdefault(names.PROMPT_VARIABLES, variables)
    _rename_managed(managed)
    for name in (names.PROMPT_NAME, names.PROMPT_VERSION):
        if name in managed:
            rest.setdefault(name, managed.pop(name))
    add_metadata(rest, {f"prompt_{key}": value for key, value in managed.items()}, names.GENERATION_METADATA)


def _message(item: dict[str, Any], default_role: str) -> dict[str, Any]:
    """`N.*` of the indexed form as a message of OpenAI's form."""
    content = item.get("content", item.get("user"))
    if isinstance(content, str) and content[:1] in ('"', "["):
        content = _decoded(content)
    message: dict[str, Any] = {"role": item.get("role") or default_role, "content": content}
    if item.keys() == _PLAIN:
        return message  # nearly all are
    calls = [_tool_call(call) for call in in_order(item.get("tool_calls"))]
    if calls:
        message["tool_calls"] = calls
    for key in ("tool_call_id", "refusal", "name"):
        if item.get(key):
            message[key] = item[key]
    return message


def _decoded(content: str) -> Any:
    """Lists of parts, and the texts that LangChain's instrumentation quotes."""
    if content == '""':
        return None
    parts = sequence(content)
    return parts if parts and all(isinstance(part, dict) and "type" in part for part in parts) else content


def _tool_call(call: Any) -> dict[str, Any]:
    known = cast("dict[str, Any]", call) if isinstance(call, dict) else {}
    function = {"name": known.get("name") or "", "arguments": known.get("arguments") or ""}
    return {"id": known.get("id"), "type": "function", "function": function}
