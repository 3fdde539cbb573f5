"""Mistral's conversations as the fake provider speaks them: entries, plain or as a stream of events."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from literalai_otel.testing.mistral_chat import Events, asked_of, mistral_failure, words
from literalai_otel.testing.replies import Answer, Endpoint, Gate, RecordedRequest, Reply, json_answer

CONVERSATION: Final = "conv_1"
CONVERSATION_USAGE: Final[Mapping[str, Any]] = {
    "prompt_tokens": 20,
    "completion_tokens": 9,
    "total_tokens": 34,
    "connector_tokens": 5,
}
_CREATED_AT: Final = "2025-01-01T00:00:00Z"
Entry = Mapping[str, Any]


def says(content: Any = "Bonjour from the agent.", model: str = "mistral-medium-2505") -> Entry:
    """A message of the model."""
    return {"type": "message.output", "id": "msg_1", "role": "assistant", "content": content, "model": model}


def calls(name: str = "get_weather", arguments: str = '{"city": "Paris"}', call_id: str = "call_1") -> Entry:
    """A function call that the program is to carry out."""
    return {
        "type": "function.call",
        "id": f"fc_{call_id}",
        "tool_call_id": call_id,
        "name": name,
        "arguments": arguments,
    }


def searches(query: str = '{"query": "Paris"}') -> Entry:
    """A tool that the provider has run."""
    return {
        "type": "tool.execution",
        "id": "tool_1",
        "name": "web_search",
        "arguments": query,
        "info": {"results": 2},
    }


def hands_over() -> Entry:
    """A handoff from one agent to another."""
    return {
        "type": "agent.handoff",
        "id": "handoff_1",
        "previous_agent_id": "ag_1",
        "previous_agent_name": "first",
        "next_agent_id": "ag_2",
        "next_agent_name": "second",
    }


@dataclass(frozen=True, slots=True)
class Conversation:
    """The answer to start, append and restart, streamed when the request says `stream`."""

    outputs: Sequence[Entry] = field(default_factory=lambda: (says(),))
    usage: Mapping[str, Any] = field(default_factory=lambda: CONVERSATION_USAGE)
    error: str | None = None
    """In a stream: an error event with that message in place of the end."""
    gates: Mapping[int, Gate] = field(default_factory=dict[int, Gate])
    cut_after: int | None = None

    def render(self, request: RecordedRequest) -> Reply:
        """JSON or server-sent events, as the request asks."""
        if asked_of(request).get("stream"):
            return Events(
                tuple((data["type"], data) for data in self._events()),
                ends_with_done=False,
                gates=self.gates,
                cut_after=self.cut_after,
            ).render(request)
        body = {
            "object": "conversation.response",
            "conversation_id": CONVERSATION,
            "outputs": [{"object": "entry", "created_at": _CREATED_AT, **entry} for entry in self.outputs],
            "usage": self.usage,
        }
        return json_answer(body, headers={"mistral-correlation-id": "cor_conversation"}).render(request)

    def _events(self) -> Iterator[dict[str, Any]]:
        yield {"type": "conversation.response.started", "conversation_id": CONVERSATION, "created_at": _CREATED_AT}
        for index, entry in enumerate(self.outputs):
            for data in _EVENTS[entry["type"]](entry):
                yield {"created_at": _CREATED_AT, "output_index": index, "id": entry["id"], **data}
        if self.error is not None:
            yield {"type": "conversation.response.error", "message": self.error, "code": 3500}
        else:
            yield {"type": "conversation.response.done", "usage": self.usage}


def _message_events(entry: Entry) -> Iterator[dict[str, Any]]:
    content = entry["content"]
    for number, piece in enumerate(words(content) if isinstance(content, str) else content):
        said = {"content": piece, "content_index": number, "model": entry["model"], "role": "assistant"}
        yield {"type": "message.output.delta", **said}


def _call_events(entry: Entry) -> Iterator[dict[str, Any]]:
    arguments = entry["arguments"]
    for piece in (arguments[:5], arguments[5:]):
        yield {**entry, "type": "function.call.delta", "arguments": piece}


def _execution_events(entry: Entry) -> Iterator[dict[str, Any]]:
    yield {"type": "tool.execution.started", "name": entry["name"], "arguments": entry["arguments"]}
    yield {"type": "tool.execution.done", "name": entry["name"], "info": entry["info"]}


def _handoff_events(entry: Entry) -> Iterator[dict[str, Any]]:
    for kind, side in (("started", "previous"), ("done", "next")):
        named = {key: entry[key] for key in (f"{side}_agent_id", f"{side}_agent_name")}
        yield {"type": f"agent.handoff.{kind}", **named}


_EVENTS: Final = {
    "message.output": _message_events,
    "function.call": _call_events,
    "tool.execution": _execution_events,
    "agent.handoff": _handoff_events,
}

CONVERSATION_MODELS: Final[Mapping[str, Answer]] = {
    "tools": Conversation((calls(),)),
    "search": Conversation((searches(), says())),
    "handoff": Conversation((hands_over(), says())),
    "stream-failure": Conversation(error="the agent is gone"),
    "error-429": mistral_failure(429),
}

CONVERSATION_ENDPOINTS: Final = (
    Endpoint("POST", r"/v1/conversations(/[^/]+(/restart)?)?", Conversation(), CONVERSATION_MODELS),
    Endpoint("GET", r"/v1/conversations", json_answer([])),
)
