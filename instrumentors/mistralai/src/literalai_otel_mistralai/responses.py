"""Readers of the Responses API of release 3, whose items are OpenAI's (`genai.response_items`)."""

from collections.abc import Mapping
from typing import Any, Final

from literalai_otel.attributes import (
    INPUT_MESSAGES,
    OUTPUT_MESSAGES,
    OUTPUT_TYPE,
    REQUEST_MAX_TOKENS,
    REQUEST_PREVIOUS_RESPONSE_ID,
    REQUEST_REASONING_LEVEL,
    REQUEST_TEMPERATURE,
    REQUEST_TOP_P,
    RESPONSE_FINISH_REASONS,
    RESPONSE_ID,
    RESPONSE_MODEL,
    SYSTEM_INSTRUCTIONS,
    TOOL_DEFINITIONS,
)
from literalai_otel.genai import CallOptions, Invocation, fields_of, messages, response_items
from literalai_otel.genai.parameters import NUMBER, Parameters, write_parameters
from literalai_otel.jsonable import to_jsonable
from literalai_otel_mistralai.completions import FORMATS
from literalai_otel_mistralai.endpoint import Asked, Endpoint, Json
from literalai_otel_mistralai.usage import write_texts, write_usage

_PARAMETERS: Final[Parameters] = {
    "temperature": (REQUEST_TEMPERATURE, NUMBER),
    "top_p": (REQUEST_TOP_P, NUMBER),
    "max_output_tokens": (REQUEST_MAX_TOKENS, (int,)),
    "previous_response_id": (REQUEST_PREVIOUS_RESPONSE_ID, (str,)),
}
_WHOLE: Final = ("response.completed", "response.incomplete", "response.failed")
"""Events that carry the whole response."""
_DELTA_SUFFIX: Final = ".delta"


def _read_request(asked: Asked, attributes: dict[str, Any]) -> None:
    write_parameters(asked, _PARAMETERS, attributes)
    effort = fields_of(asked.get("reasoning")).get("effort")
    if isinstance(effort, str):
        attributes[REQUEST_REASONING_LEVEL] = str(effort)
    text = fields_of(asked.get("text"))
    output_type = FORMATS.get(str(fields_of(text.get("format", text.get("format_"))).get("type")))
    if output_type is not None:
        attributes[OUTPUT_TYPE] = output_type


def _input(request: Json, options: CallOptions) -> list[Json]:
    return response_items.input_messages(request.get("input"))


def _instructions(request: Json, options: CallOptions) -> list[Json] | None:
    given = request.get("instructions")
    return [{"type": "text", "content": given}] if isinstance(given, str) else None


def _tools(request: Json, options: CallOptions) -> list[Json] | None:
    return messages.tool_definitions(request.get("tools") or ()) or None


def _read_response(invocation: Invocation, response: Any) -> None:
    fields = fields_of(response)
    write_texts(fields, (("id", RESPONSE_ID), ("model", RESPONSE_MODEL)), invocation.attributes)
    plain: Json = to_jsonable({key: fields.get(key) for key in ("status", "incomplete_details")})
    kinds = [{"type": fields_of(item).get("type")} for item in fields.get("output") or ()]
    reason = response_items.finish_reason({**plain, "output": kinds})
    if reason is not None:
        invocation.attributes[RESPONSE_FINISH_REASONS] = [reason]
    write_usage(fields.get("usage"), invocation.attributes)


def _read_output(response: Any) -> list[Json] | None:
    return response_items.output_messages(fields_of(response))


class _ResponsesFold:
    """Keeps the event that carries the whole response; until it has come, the pieces of the text."""

    def __init__(self, invocation: Invocation, *, wants_content: bool) -> None:
        self.error: tuple[str, str] | None = None
        """Type and message of the error that the provider reported."""
        self._invocation = invocation
        self._wants_content = wants_content
        self._pieces: list[str] = []
        self._response: Any = None

    def is_output(self, chunk: Any) -> bool:
        """Whether the event holds a piece of the answer: others come before."""
        return str(fields_of(fields_of(chunk).get("data")).get("type")).endswith(_DELTA_SUFFIX)

    def add(self, chunk: Any) -> None:
        """Take over what an event says."""
        fields = fields_of(fields_of(chunk).get("data"))
        kind = str(fields.get("type"))
        if kind in _WHOLE:
            self._whole(fields.get("response"), failed=kind == "response.failed")
        elif kind == "error":
            self.error = (str(fields.get("code") or "error"), str(fields.get("message")))
        elif kind == "response.output_text.delta" and self._wants_content and isinstance(fields.get("delta"), str):
            self._pieces.append(fields["delta"])
        elif self._response is None and kind == "response.created":
            write_texts(
                fields_of(fields.get("response")),
                (("id", RESPONSE_ID), ("model", RESPONSE_MODEL)),
                self._invocation.attributes,
            )

    def finish(self) -> None:
        """Write the answer into the invocation."""
        if not self._wants_content:
            return
        if self._response is not None:
            response: Mapping[str, Any] = self._response
            self._invocation.content[OUTPUT_MESSAGES] = lambda: _read_output(response)
        elif self._pieces:
            text = "".join(self._pieces)
            self._invocation.content[OUTPUT_MESSAGES] = lambda: [
                {"role": "assistant", "parts": [{"type": "text", "content": text}]}
            ]
        self._invocation.content_size += sum(map(len, self._pieces))

    def _whole(self, response: Any, *, failed: bool) -> None:
        _read_response(self._invocation, response)
        error = fields_of(fields_of(response).get("error"))
        if failed:
            self.error = (str(error.get("code") or "error"), str(error.get("message")))
        if self._wants_content:
            self._response = to_jsonable(response)


RESPONSES: Final = Endpoint(
    operation="chat",
    read_request=_read_request,
    request_content={INPUT_MESSAGES: _input, SYSTEM_INSTRUCTIONS: _instructions, TOOL_DEFINITIONS: _tools},
    no_settings=frozenset({"input", "instructions", "tools"}),
    read_response=_read_response,
    read_output=_read_output,
    fold=_ResponsesFold,
)
