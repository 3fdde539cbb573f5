"""Readers of model calls: chat, completion and their streams, of any class that LlamaIndex has.

Parameters come from fields of the LLM by name, never from a dump: an LLM holds its API key.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final, cast

from literalai_otel.attributes import (
    GENERATION_METADATA,
    INPUT_MESSAGES,
    OPERATION_NAME,
    OUTPUT_MESSAGES,
    PROMPT_NAME,
    PROMPT_VARIABLES,
    PROVIDER_NAME,
    REQUEST_FREQUENCY_PENALTY,
    REQUEST_MAX_TOKENS,
    REQUEST_MODEL,
    REQUEST_PRESENCE_PENALTY,
    REQUEST_REASONING_LEVEL,
    REQUEST_SEED,
    REQUEST_STOP_SEQUENCES,
    REQUEST_STREAM,
    REQUEST_TEMPERATURE,
    REQUEST_TOP_K,
    REQUEST_TOP_P,
    TOOL_DEFINITIONS,
)
from literalai_otel.genai import Inference, Invocation, Recording, fields_of
from literalai_otel.genai.messages import Json, tool_definitions
from literalai_otel.jsonable import to_jsonable
from literalai_otel_llama_index.messages import Said, message_of, snapshot, snapshots, written
from literalai_otel_llama_index.node import SpanCall
from literalai_otel_llama_index.providers import provider_of
from literalai_otel_llama_index.raw import Raw, raw_of, write_raw

_SETTINGS: Final[Mapping[str, tuple[str, tuple[type, ...]]]] = {
    "temperature": (REQUEST_TEMPERATURE, (int, float)),
    "top_p": (REQUEST_TOP_P, (int, float)),
    "top_k": (REQUEST_TOP_K, (int,)),
    "max_tokens": (REQUEST_MAX_TOKENS, (int,)),
    "max_completion_tokens": (REQUEST_MAX_TOKENS, (int,)),
    "max_output_tokens": (REQUEST_MAX_TOKENS, (int,)),
    "num_output": (REQUEST_MAX_TOKENS, (int,)),
    "frequency_penalty": (REQUEST_FREQUENCY_PENALTY, (int, float)),
    "presence_penalty": (REQUEST_PRESENCE_PENALTY, (int, float)),
    "seed": (REQUEST_SEED, (int,)),
    "random_seed": (REQUEST_SEED, (int,)),
    "reasoning_effort": (REQUEST_REASONING_LEVEL, (str,)),
}
"""What classes of LLMs and callers name their parameters, the attribute for each, and the types that it may have."""
_STOPS: Final = ("stop", "stop_sequences")
_MODEL_NAMES: Final = ("model", "model_name", "model_id", "deployment_name")
_UNKNOWN_MODEL: Final = "unknown"
"""LlamaIndex's default name."""


def begin(call: SpanCall) -> Invocation:
    """The invocation of `chat`, `complete`, or one of their async and streaming forms."""
    is_chat = call.method.endswith("chat")
    attributes: dict[str, Any] = {OPERATION_NAME: "chat" if is_chat else "text_completion"}
    provider = provider_of(call.cls)
    if provider is not None:
        attributes[PROVIDER_NAME] = provider
    model = model_of(call.instance)
    given = keywords_of(call.arguments)
    if isinstance(given.get("model"), str):
        model = given["model"]
    if model is not None:
        attributes[REQUEST_MODEL] = model
    if "stream" in call.method:
        attributes[REQUEST_STREAM] = True
    for source in (fields_of(call.instance), given):
        _read_settings(source, attributes)
    invocation = Inference(attributes)
    said = snapshots(call.arguments.get("messages")) if is_chat else [_prompt(call.arguments, given)]
    invocation.content[INPUT_MESSAGES] = partial(written, said)
    tools: Any = given.get("tools")
    if isinstance(tools, list | tuple) and tools:
        invocation.content[TOOL_DEFINITIONS] = partial(_tools, tuple(cast(list[Any], tools)))
    if call.parent is not None and call.parent.prompt is not None:
        _add_prompt(invocation, *call.parent.prompt)
    return invocation


def keywords_of(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """The further keywords of a call. They are bound as one argument."""
    given = arguments.get("kwargs")
    return cast(Mapping[str, Any], given) if isinstance(given, Mapping) else {}


def model_of(component: Any) -> str | None:
    """The model that an LLM, an embedding or a reranker is for."""
    fields = fields_of(component)
    for name in _MODEL_NAMES:
        value = fields.get(name)
        if isinstance(value, str) and value and value != _UNKNOWN_MODEL:
            return value
    try:
        # A property that may compute anything, and raise for models that it does not know.
        name = component.metadata.model_name
    except Exception:
        return None
    return name if isinstance(name, str) and name and name != _UNKNOWN_MODEL else None


def _read_settings(source: Mapping[str, Any], attributes: dict[str, Any]) -> None:
    for key in filter(source.__contains__, _SETTINGS):
        value, (name, types) = source[key], _SETTINGS[key]
        if value is not None and isinstance(value, types) and type(value) is not bool:
            attributes[name] = value
    for key in filter(source.__contains__, _STOPS):
        stop: Any = source[key]
        if isinstance(stop, str):
            attributes[REQUEST_STOP_SEQUENCES] = [stop]
        elif isinstance(stop, list | tuple) and stop:
            attributes[REQUEST_STOP_SEQUENCES] = [str(item) for item in cast(list[Any], stop)]


def _prompt(arguments: Mapping[str, Any], given: Mapping[str, Any]) -> Said:
    """The prompt of a completion; decorators of LlamaIndex hide its name."""
    positional: Any = arguments.get("args")
    prompt = arguments.get("prompt", given.get("prompt"))
    if prompt is None and isinstance(positional, tuple) and positional:
        prompt = cast(tuple[Any, ...], positional)[0]
    return Said("user", (prompt if isinstance(prompt, str) else str(prompt),), {})


def _tools(tools: tuple[Any, ...]) -> list[Json]:
    shown = cast(list[Any], to_jsonable(tools))
    return tool_definitions(cast(Json, tool) for tool in shown if isinstance(tool, dict))


def _add_prompt(invocation: Invocation, template: Any, variables: Mapping[str, Any]) -> None:
    kind: Any = fields_of(fields_of(template).get("metadata")).get("prompt_type")
    name: Any = getattr(kind, "value", kind)
    if isinstance(name, str) and name != "custom":
        invocation.attributes[PROMPT_NAME] = name
    bound: dict[str, Any] = {**fields_of(fields_of(template).get("kwargs")), **variables}
    invocation.content[PROMPT_VARIABLES] = partial(to_jsonable, bound)
    invocation.content[GENERATION_METADATA] = partial(_template, template)


def _template(template: Any) -> Json:
    """Templates are of several classes, but all of them can say their text."""
    return {"prompt_template": str(template.get_template())}


def read(recording: Recording, response: Any) -> None:
    """Take over what a ChatResponse or a CompletionResponse tells."""
    _learn(recording, (raw_of(response),), _said(response) if recording.wants_content else None)


def _learn(recording: Recording, answers: tuple[Raw, ...], said: Said | None, text: str = "") -> None:
    """Learn what `answers` tell, the last of them most, and `said`; `text`: what the pieces of a stream said."""
    if recording.defers:
        answers = tuple(map(Raw.kept, answers))
    recording.learn(partial(_write, answers, said, text))


def _write(answers: tuple[Raw, ...], said: Said | None, text: str, invocation: Invocation) -> None:
    reason = None
    for answer in answers:
        reason = write_raw(answer, invocation.attributes)
    if said is not None:
        invocation.content[OUTPUT_MESSAGES] = partial(_answer, said, reason, text)


def _answer(said: Said, reason: str | None, text: str) -> list[Json]:
    return [message_of(_with_pieces(said, text), reason)]


def _said(response: Any) -> Said | None:
    message = getattr(response, "message", None)
    if message is not None:
        return snapshot(message)
    text = getattr(response, "text", None)
    return None if text is None else Said("assistant", (text,), {})


def _with_pieces(said: Said, text: str) -> Said:
    """`said`, whose text is `text`, the pieces of a stream: what responses say beside them differs from class to class.

    Some give the newest piece only, the one for Mistral gives all texts so far in one list.
    """
    if not text:
        return said
    places = [place for place, block in enumerate(said.blocks) if isinstance(block, str) or hasattr(block, "text")]
    blocks: list[Any] = [block for place, block in enumerate(said.blocks) if place not in places]
    blocks.insert(places[0] if places else len(blocks), text)
    return Said(said.role, tuple(blocks), said.extra)


class ResponseFold:
    """Gathers a stream of responses, each of which holds all text so far and the newest piece of it."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._last: Any = None
        self._before: Any = None
        self._pieces: list[str] = []

    def add(self, chunk: Any) -> None:
        """Take over what `chunk` says."""
        self._before, self._last = self._last, chunk
        delta = chunk.delta
        if delta:
            self._pieces.append(delta)

    def finish(self) -> None:
        """Learn what the last responses tell."""
        if self._last is None or not self._recording.active:
            return
        # Usage and the finish reason may come apart.
        last = (self._last,) if self._before is None else (self._before, self._last)
        said = _said(self._last) if self._recording.wants_content else None
        _learn(self._recording, tuple(map(raw_of, last)), said, "".join(self._pieces))
