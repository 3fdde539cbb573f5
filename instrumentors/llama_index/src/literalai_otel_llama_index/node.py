"""One span of LlamaIndex while it is open, and what a kind of span has to say about it."""

import logging
from asyncio import CancelledError
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from opentelemetry.context import Context, attach, create_key, detach, get_current

from literalai_otel.genai import Invocation, Recording

logger = logging.getLogger(__name__)

NODE_KEY: Final = create_key("literalai-llama-index-node")
"""In an OTel context, the recorded node that it is inside of."""


@dataclass(slots=True)
class SpanCall:
    """The call behind a span: `instance` is None for functions, `method` is the last part of the name.

    Not frozen: that takes a call for each field.
    """

    instance: Any
    method: str
    name: str
    """`Class.method` as LlamaIndex names it."""
    arguments: Mapping[str, Any]
    parent: "Node | None"

    @property
    def cls(self) -> type[Any]:
        """The class of the object."""
        return class_of(self.instance)


@dataclass(frozen=True, slots=True)
class Kind:
    """How the spans of one kind become steps. Without `begin` they become none."""

    family: str
    """Directly inside a span of its family, a span of the same object is the same step. `llm` and `embeddings`
    reach further: whatever object it is."""
    begin: Callable[[SpanCall], Invocation | None] | None = None
    read: Callable[[Recording, Any], None] | None = None
    """Writes what a result tells into the invocation of a recording that is active."""
    stream: Callable[["Node", Any], bool] | None = None
    """Sees to the recording's end when the result is only read later; false when it is complete."""
    notes: Callable[["Node", SpanCall], None] | None = None
    """For spans that become no step: keeps what the steps inside want to know."""
    ended: Callable[["Node", BaseException | None], None] | None = None
    """For spans that become no step: hears of their end, and of the error if there was one."""
    elsewhere: bool = False
    """The work happens in tasks of its own, so that the recording is never current where the span is entered."""


class Node:
    """An open span. `home` is the nearest node at or above it that is recorded."""

    __slots__ = (
        "_attached",
        "_token",
        "above",
        "context",
        "forget",
        "future",
        "home",
        "instance",
        "kind",
        "name",
        "outcome",
        "pieces",
        "prompt",
        "recording",
        "slot",
        "tool_call",
        "tool_seen",
        "turn",
    )

    def __init__(self, kind: Kind, name: str, instance: Any, above: "Node | None") -> None:
        self.kind = kind
        self.name = name
        self.instance = instance
        self.above = above
        self.home: Node | None = above
        self.recording: Recording | None = None
        self.context: Context | None = None
        """Of a recorded node that is open: what happens inside runs in it."""
        self._attached: Context | None = None
        self._token: Any = None
        self.prompt: tuple[Any, Mapping[str, Any]] | None = None
        """Template and variables for the model calls inside."""
        self.tool_call: Any = None
        """The event that asks for the tool inside."""
        self.tool_seen = False
        self.turn: Node | None = None
        """Of a run of several agents: the turn of the one who acts."""
        self.slot: Any = None
        """Where the wrapper of a streaming method waits for this node."""
        self.future: Callable[[], Any] | None = None
        """Of a run whose result is a future: where that is, while it is anywhere."""
        self.forget: Callable[[], Any] | None = None
        """Of a run: takes it off the open spans."""
        self.outcome: str | None = None
        self.pieces: list[str] = []
        """Of what writes the answer of a chat engine: the text so far."""

    @property
    def is_open(self) -> bool:
        """Whether it is recorded and has not ended."""
        return self.context is not None and self.recording is not None and not self.recording.ended

    def within(self, other: "Node") -> bool:
        """Whether it is `other` or, through open nodes, inside of it."""
        found: Node | None = self
        while found is not None and found is not other:
            found = found.above
        return found is other

    def opened(self, recording: Recording) -> None:
        """It is recorded."""
        self.recording = recording
        self.context = recording.context
        self.home = self

    def fail(self, error: BaseException) -> None:
        """End the recording with `error`."""
        if self.recording is None:
            return
        if isinstance(error, GeneratorExit):
            self.recording.stop("abandoned")  # a coroutine that nobody awaits any more
        else:
            self.recording.fail(error, "cancelled" if isinstance(error, CancelledError) else None)

    def closed(self) -> None:
        """Let go of everything: contexts name this node, and tasks keep contexts."""
        self.context = self.above = self.home = self.instance = self.turn = self.slot = None
        self.recording = self.prompt = self.tool_call = self.future = self.forget = None
        self.pieces = []

    def enter(self, context: Context) -> None:
        """Make `context` current, until `leave`."""
        self._attached, self._token = context, attach(context)

    def leave(self) -> None:
        """Make current what was before `enter`."""
        token, self._token = self._token, None
        if token is None:
            return
        if get_current() is self._attached:
            detach(token)
        else:
            _detach_quietly(token)
        self._attached = None


def class_of(instance: Any) -> type[Any]:
    """The class that `instance` really is of."""
    return cast(type[Any], type(instance))


def _detach_quietly(token: Any) -> None:
    """The user's code has left something attached, or this is another task: `detach` would log an error."""
    try:
        token.var.reset(token)
    except (AttributeError, RuntimeError, ValueError):
        logger.debug("a span was left in another context than it was entered in")
