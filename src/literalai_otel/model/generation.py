"""The model payload of an `llm` step (`spec/literal-wire.md` §4, Generation)."""

from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

from literalai_otel.model.wire import Entity, from_wire

GenerationType = Literal["CHAT", "COMPLETION"]
GenerationMessageRole = Literal["system", "user", "assistant", "tool", "function", "developer"]


class TextContent(TypedDict):
    """A part of a message."""

    type: Literal["text"]
    text: str


class ImageUrlContent(TypedDict):
    """A part of a message; `image_url` is `{"url": …}`, a text in messages of old clients."""

    type: Literal["image_url"]
    image_url: dict[str, Any] | str


GenerationMessage = dict[str, Any]
"""`{role, content, name?, tool_calls?, tool_call_id?, uuid?, templated?}`, OpenAI-like; content is a
text, a list of parts, or None."""


@dataclass(slots=True, kw_only=True, repr=False)
class Generation(Entity):
    """What chat and completion have in common.

    Units: `tt_first_token` milliseconds, `duration` seconds, `token_throughput_in_s` tokens per second.
    `token_count_estimated`: the counts are the server's estimate, since the provider told none.
    """

    type: GenerationType | None = None
    id: str | None = None
    prompt_id: str | None = None
    provider: str | None = None
    model: str | None = None
    error: str | None = None
    settings: dict[str, Any] | None = None
    variables: dict[str, Any] | None = None
    tags: list[str] | None = None
    metadata: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = None
    token_count: int | None = None
    input_token_count: int | None = None
    output_token_count: int | None = None
    token_count_estimated: bool | None = None
    tt_first_token: float | None = None
    token_throughput_in_s: float | None = field(default=None, metadata={"wire": "tokenThroughputInSeconds"})
    duration: float | None = None

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "ChatGeneration | CompletionGeneration":  # pyright: ignore[reportIncompatibleMethodOverride] - the data say which of the two it is
        """The subclass that `type` names; without one, `prompt` or `completion` decides."""
        return generation_from_wire(data)


@dataclass(slots=True, kw_only=True, repr=False)
class ChatGeneration(Generation):
    """Messages in, one message out."""

    type: GenerationType | None = "CHAT"
    messages: list[GenerationMessage] | None = None
    message_completion: GenerationMessage | None = None


@dataclass(slots=True, kw_only=True, repr=False)
class CompletionGeneration(Generation):
    """Text in, text out."""

    type: GenerationType | None = "COMPLETION"
    prompt: str | None = None
    completion: str | None = None


BaseGeneration = Generation
"""The published name."""


def generation_from_wire(data: dict[str, Any]) -> ChatGeneration | CompletionGeneration:
    """The subclass that `type` names; without one, `prompt` or `completion` decides (`spec/literal-wire.md` §2.4)."""
    declared = data.get("type") or ("COMPLETION" if "prompt" in data or "completion" in data else "CHAT")
    return from_wire(CompletionGeneration if declared == "COMPLETION" else ChatGeneration, data)
