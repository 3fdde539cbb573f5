"""OpenAI's Responses as the fake provider speaks them, plain and streamed, and what belongs to the endpoint."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from literalai_otel.testing.openai_chat import ABSENT, CHAT_MODELS, CREATED, Missing, asked_of, digest_of, words_of
from literalai_otel.testing.replies import (
    JSON_TYPE,
    SSE_TYPE,
    Answer,
    Cut,
    Endpoint,
    Frame,
    Gate,
    RecordedRequest,
    Reply,
    encode,
)

RESPONSES_USAGE: Final[Mapping[str, Any]] = {
    "input_tokens": 13,
    "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
    "output_tokens": 9,
    "output_tokens_details": {"reasoning_tokens": 5},
    "total_tokens": 22,
}


def message_item(text: str, *, refusal: bool = False) -> dict[str, Any]:
    """An output message with one text."""
    part: dict[str, Any] = (
        {"type": "refusal", "refusal": text} if refusal else {"type": "output_text", "text": text, "annotations": []}
    )
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]}


def reasoning_item(*summary: str) -> dict[str, Any]:
    """Thoughts of the model, as summaries."""
    return {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": text} for text in summary],
        "encrypted_content": "gAAAA",
    }


def call_item(name: str, arguments: str, call_id: str = "call_1") -> dict[str, Any]:
    """A function call that the program is to carry out; `arguments` is the JSON text."""
    return {
        "type": "function_call",
        "id": f"fc_{call_id}",
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
        "status": "completed",
    }


@dataclass(frozen=True, slots=True)
class Response:
    """A response, streamed when the request says `stream`.

    A stream sends each item as it is added, its texts word by word, the item when it is done, and in the end the
    whole response.
    """

    output: Sequence[Mapping[str, Any]] = field(
        default_factory=lambda: (message_item("Hello from the fake provider."),)
    )
    status: str = "completed"
    usage: Mapping[str, Any] | Missing | None = field(default_factory=lambda: RESPONSES_USAGE)
    error: Mapping[str, Any] | None = None
    incomplete: str | None = None
    """Why it is not complete; sets the status."""
    kind: str = "response"
    """`response.compaction` has neither status nor model."""
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])
    before: Gate | None = None
    gates: Mapping[int, Gate] = field(default_factory=dict[int, Gate])
    """Held before the event of that number (streams)."""
    cut_after: int | None = None
    error_after: int | None = None
    """Send an error event in place of the event of that number, and end (streams)."""
    events: Sequence[Mapping[str, Any]] | None = None
    """The events of a stream, given one by one, for what no orderly provider sends."""

    def render(self, request: RecordedRequest) -> Reply:
        """JSON or server-sent events, as the request asks."""
        asked = asked_of(request)
        headers = {"x-request-id": f"req_{digest_of(request)}"}
        if asked.get("stream") or "stream=true" in request.path:
            return Reply(200, {"content-type": SSE_TYPE, **headers}, self._frames(request), True, self.before)
        return Reply(200, {"content-type": JSON_TYPE, **headers}, (encode(self._body(request)),), before=self.before)

    def _body(self, request: RecordedRequest) -> dict[str, Any]:
        asked = asked_of(request)
        head = {"id": f"resp_{digest_of(request)}", "object": self.kind, "created_at": CREATED, "output": self.output}
        usage = {} if isinstance(self.usage, Missing) else {"usage": self.usage}
        if self.kind != "response":
            return {**head, **usage, **self.extra}
        conversation = asked.get("conversation")
        return {
            **head,
            "status": "incomplete" if self.incomplete else self.status,
            "model": f"{asked.get('model') or 'unknown'}-2025-01-01",
            "error": self.error,
            "incomplete_details": {"reason": self.incomplete} if self.incomplete else None,
            "instructions": asked.get("instructions"),
            "metadata": asked.get("metadata") or {},
            "parallel_tool_calls": True,
            "previous_response_id": asked.get("previous_response_id"),
            "conversation": {"id": conversation} if isinstance(conversation, str) else conversation,
            "service_tier": asked.get("service_tier") or "default",
            "temperature": asked.get("temperature"),
            "text": asked.get("text") or {"format": {"type": "text"}},
            "tool_choice": asked.get("tool_choice") or "auto",
            "tools": asked.get("tools") or [],
            "top_p": asked.get("top_p"),
            **usage,
            **self.extra,
        }

    def _frames(self, request: RecordedRequest) -> Iterator[Frame]:
        for number, event in enumerate(self.events if self.events is not None else self._events(request)):
            if number in self.gates:
                yield self.gates[number]
            if number == self.cut_after:
                yield Cut()
                return
            if number == self.error_after:
                yield _event({"type": "error", "code": "server_error", "message": "scripted", "param": None}, number)
                return
            yield _event(event, number)

    def _events(self, request: RecordedRequest) -> Iterator[dict[str, Any]]:
        whole = self._body(request)
        begun: dict[str, Any] = {**whole, "status": "in_progress", "output": [], "usage": None}
        yield {"type": "response.created", "response": begun}
        yield {"type": "response.in_progress", "response": begun}
        for index, item in enumerate(self.output):
            place = {"output_index": index, "item_id": item.get("id")}
            yield {"type": "response.output_item.added", "output_index": index, "item": _empty(item)}
            yield from ({**event, **place} for event in _item_events(item))
            yield {"type": "response.output_item.done", "output_index": index, "item": item}
        yield {"type": f"response.{whole['status']}", "response": whole}


def _event(value: Mapping[str, Any], number: int) -> bytes:
    numbered = {**value, "sequence_number": number}
    return b"event: %b\ndata: %b\n\n" % (str(value.get("type")).encode(), encode(numbered))


def _empty(item: Mapping[str, Any]) -> dict[str, Any]:
    """The item as it is added, before its texts have come."""
    lists: dict[str, Any] = {key: [] for key in ("content", "summary") if key in item}
    texts = {key: "" for key in ("arguments", "input") if key in item}
    kept = {key: value for key, value in item.items() if key not in ("status", "result", "outputs", "results")}
    return {**kept, "status": "in_progress", **lists, **texts}


def _item_events(item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for index, part in enumerate(cast(Sequence[Mapping[str, Any]], item.get("content") or ())):
        at = {"content_index": index}
        kind = "output_text" if part["type"] == "output_text" else "refusal"
        text: str = part["text"] if kind == "output_text" else part["refusal"]
        empty = {**part, "text" if kind == "output_text" else "refusal": ""}
        yield {"type": "response.content_part.added", "part": empty, **at}
        for piece in words_of(text):
            logprobs: dict[str, Any] = {"logprobs": []} if kind == "output_text" else {}
            yield {"type": f"response.{kind}.delta", "delta": piece, **logprobs, **at}
        done: dict[str, Any] = {"text": text, "logprobs": []} if kind == "output_text" else {"refusal": text}
        yield {"type": f"response.{kind}.done", **done, **at}
        yield {"type": "response.content_part.done", "part": part, **at}
    for index, part in enumerate(cast(Sequence[Mapping[str, Any]], item.get("summary") or ())):
        at = {"summary_index": index}
        yield {"type": "response.reasoning_summary_part.added", "part": {**part, "text": ""}, **at}
        for piece in words_of(part["text"]):
            yield {"type": "response.reasoning_summary_text.delta", "delta": piece, **at}
        yield {"type": "response.reasoning_summary_text.done", "text": part["text"], **at}
        yield {"type": "response.reasoning_summary_part.done", "part": part, **at}
    if item["type"] == "function_call":
        arguments: str = item["arguments"]
        for piece in (arguments[:5], arguments[5:]):
            yield {"type": "response.function_call_arguments.delta", "delta": piece}
        yield {"type": "response.function_call_arguments.done", "arguments": arguments, "name": item["name"]}


_PICTURE: Final = "iVBORw0KGgo="
SERVER_TOOL_ITEMS: Final[tuple[Mapping[str, Any], ...]] = (
    {
        "type": "web_search_call",
        "id": "ws_1",
        "status": "completed",
        "action": {"type": "search", "query": "weather", "sources": [{"type": "url", "url": "https://example.com"}]},
    },
    {
        "type": "file_search_call",
        "id": "fs_1",
        "status": "completed",
        "queries": ["weather"],
        "results": [{"file_id": "file-1", "filename": "a.txt", "score": 0.5, "text": "sunny", "attributes": {}}],
    },
    {
        "type": "code_interpreter_call",
        "id": "ci_1",
        "status": "completed",
        "code": "print(1)",
        "container_id": "cntr_1",
        "outputs": [{"type": "logs", "logs": "1\n"}],
    },
    {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": _PICTURE, "output_format": "png"},
    {
        "type": "mcp_call",
        "id": "mcp_1",
        "status": "completed",
        "name": "roll",
        "arguments": '{"sides": 6}',
        "server_label": "dice",
        "output": "4",
        "error": None,
    },
    {
        "type": "mcp_list_tools",
        "id": "mcpl_1",
        "server_label": "dice",
        "tools": [{"name": "roll", "input_schema": {}, "description": "Roll", "annotations": None}],
    },
    {"type": "mcp_approval_request", "id": "mcpr_1", "name": "roll", "arguments": "{}", "server_label": "dice"},
)
"""One call of each tool that the provider carries out."""

_FAILING: Final = ("error-400", "error-401", "error-404", "error-429", "error-500", "html", "empty", "disconnect")
RESPONSES_MODELS: Final[Mapping[str, Answer]] = {
    "reasoning": Response((reasoning_item("First this.", "Then that."), message_item("42"))),
    "tools": Response(
        (
            reasoning_item(),
            call_item("get_weather", '{"city": "Paris"}', "call_1"),
            call_item("get_time", '{"zone": "Europe/Paris"}', "call_2"),
        )
    ),
    "server-tools": Response((*SERVER_TOOL_ITEMS, message_item("It is sunny."))),
    "custom-tool": Response(
        ({"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_1", "name": "run_sql", "input": "select 1"},)
    ),
    "computer": Response(
        (
            {
                "type": "computer_call",
                "id": "cu_1",
                "call_id": "call_1",
                "action": {"type": "click", "button": "left", "x": 1, "y": 2},
                "pending_safety_checks": [],
                "status": "completed",
            },
        )
    ),
    "refusal": Response((message_item("I can't help with that.", refusal=True),)),
    "structured": Response((message_item('{"city": "Paris", "degrees": 21}'),)),
    "cut-short": Response((message_item("Once upon"),), incomplete="max_output_tokens"),
    "filtered": Response((message_item(""),), incomplete="content_filter"),
    "failed": Response((), status="failed", error={"code": "server_error", "message": "The model is ill."}, usage=None),
    "queued": Response((), status="queued", usage=None),
    "usage-absent": Response(usage=ABSENT),
    "nothing": Response(()),
    **{name: CHAT_MODELS[name] for name in _FAILING},
}
"""What the provider does for these model names; any other model gets a plain `Response()`."""

_COMPACTED: Final = Response(
    (
        {"type": "message", "id": "msg_0", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
        {"type": "compaction", "id": "cmp_1", "encrypted_content": "gAAAA"},
    ),
    kind="response.compaction",
)
RESPONSES_ENDPOINTS: Final = (
    Endpoint("POST", r"(/[^/]+)*/responses", Response(), RESPONSES_MODELS),
    Endpoint("POST", r"(/[^/]+)*/responses/compact", _COMPACTED),
    Endpoint("POST", r"(/[^/]+)*/responses/input_tokens", Response((), kind="response.input_tokens")),
    Endpoint("POST", r"(/[^/]+)*/responses/[^/]+/cancel", Response(status="cancelled")),
    Endpoint("GET", r"(/[^/]+)*/responses/[^/]+", Response()),
    Endpoint("DELETE", r"(/[^/]+)*/responses/[^/]+", Response()),
    Endpoint("GET", r"(/[^/]+)*/responses/[^/]+/input_items", Response((), kind="list", extra={"data": []})),
)
