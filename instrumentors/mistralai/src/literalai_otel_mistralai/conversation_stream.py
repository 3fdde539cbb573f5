"""The events of a streamed conversation, folded into the entries that a plain answer would have had."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from literalai_otel.genai import fields_of
from literalai_otel.jsonable import to_jsonable
from literalai_otel_mistralai.completion_stream import joined
from literalai_otel_mistralai.endpoint import Json

Write = Callable[[str | None, list[Json], Any], None]
"""Gets the conversation's id, the entries and the usage."""

_DONE: Final = "conversation.response.done"
_STARTED: Final = "conversation.response.started"
_ERROR: Final = "conversation.response.error"
_KINDS: Final[Mapping[str, str]] = {
    "message.output.delta": "message.output",
    "function.call.delta": "function.call",
    "tool.execution.started": "tool.execution",
    "tool.execution.delta": "tool.execution",
    "tool.execution.done": "tool.execution",
    "agent.handoff.started": "agent.handoff",
    "agent.handoff.done": "agent.handoff",
}
"""The type of the entry that an event adds to, by the type of the event."""
_FACTS: Final = (
    "id",
    "role",
    "model",
    "agent_id",
    "name",
    "tool_call_id",
    "previous_agent_id",
    "previous_agent_name",
    "next_agent_id",
    "next_agent_name",
)
_PIECES: Final = ("content", "arguments")
"""Fields that come in pieces, as against those that every event repeats."""


class ConversationFold:
    """Gathers the events of one stream. Without `wants_content` texts are not kept."""

    def __init__(self, write: Write, *, wants_content: bool) -> None:
        self.error: tuple[str, str] | None = None
        """Type and message of the error that the provider reported."""
        self._write = write
        self._wants_content = wants_content
        self._conversation_id: str | None = None
        self._entries: dict[tuple[str, Any], _Entry] = {}
        self._usage: Any = None

    def add(self, chunk: Any) -> None:
        """Take over what `chunk`, an event of the SDK, says."""
        fields = fields_of(fields_of(chunk).get("data"))
        kind = fields.get("type")
        entry_type = _KINDS.get(str(kind))
        if entry_type is not None:
            key = (entry_type, fields.get("id"))
            entry = self._entries.get(key)
            if entry is None:
                entry = self._entries[key] = _Entry(entry_type)
            entry.add(fields, wants_content=self._wants_content)
        elif kind == _STARTED:
            self._conversation_id = fields.get("conversation_id")
        elif kind == _DONE:
            self._usage = fields.get("usage")
        elif kind == _ERROR:
            self.error = (str(fields.get("code")), str(fields.get("message")))

    def finish(self) -> None:
        """Write what was gathered into the invocation."""
        self._write(self._conversation_id, [entry.json() for entry in self._entries.values()], self._usage)


class _Entry:
    """An entry that comes in pieces."""

    __slots__ = ("_facts", "_pieces")

    def __init__(self, entry_type: str) -> None:
        self._facts: Json = {"type": entry_type}
        self._pieces: dict[str, list[Any]] = {}

    def add(self, event: Mapping[str, Any], *, wants_content: bool) -> None:
        """Take over a piece."""
        for key in _FACTS:
            if isinstance(event.get(key), str):
                self._facts[key] = event[key]
        if not wants_content:
            return
        for key in _PIECES:
            piece = event.get(key)
            if isinstance(piece, str):
                self._pieces.setdefault(key, []).append(piece)
            elif fields_of(piece):
                self._pieces.setdefault(key, []).append(to_jsonable(piece))
        info = fields_of(event.get("info"))
        if info:
            self._facts["info"] = to_jsonable(info)

    def json(self) -> Json:
        """The entry as a plain answer has it."""
        return {**self._facts, **{key: joined(pieces) for key, pieces in self._pieces.items()}}
