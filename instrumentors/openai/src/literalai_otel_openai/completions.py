"""Readers of `POST /completions`, the older endpoint: prompts are continued, choices hold bare texts."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final, cast

from literalai_otel.attributes import GENERATION_SETTINGS, INPUT_MESSAGES, OUTPUT_MESSAGES
from literalai_otel.genai import CallOptions, Invocation, fields_of, items_of
from literalai_otel.jsonable import dumps_text
from literalai_otel_openai import chat
from literalai_otel_openai.endpoint import Endpoint, Json, settings

_NOT_SETTINGS: Final = frozenset({"model", "prompt", "suffix"})


def texts_of(value: Any) -> list[str]:
    """The texts of a prompt or an input: one or many, each a text or a list of tokens, which is kept as JSON."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or not value:
        return []
    items = cast(list[Any], value)
    if isinstance(items[0], int):
        return [dumps_text(items)]
    return [item if isinstance(item, str) else dumps_text(item) for item in items]


def _add_request_content(invocation: Invocation, options: CallOptions) -> None:
    request = invocation.exchange.request
    invocation.content[INPUT_MESSAGES] = lambda: _prompts(request())
    invocation.content[GENERATION_SETTINGS] = lambda: settings(request(), _NOT_SETTINGS)


def _prompts(request: Json) -> list[Json]:
    suffix: Json = {"suffix": request["suffix"]} if request.get("suffix") else {}
    return [
        {"role": "user", "parts": [{"type": "text", "content": text}], **suffix}
        for text in texts_of(request.get("prompt"))
    ]


def _read_output(response: Any) -> list[Json] | None:
    fields = fields_of(response)
    choices = [fields_of(choice) for choice in items_of(fields.get("choices"))]
    return [_message(choice.get("text"), choice) for choice in choices] or None


def _message(text: Any, choice: Mapping[str, Any]) -> Json:
    parts = [{"type": "text", "content": text}] if isinstance(text, str) else []
    kept = {key: choice[key] for key in ("finish_reason", "content_filter_results") if choice.get(key)}
    return {"role": "assistant", "parts": parts, **kept}


class _Fold:
    """Gathers the chunks of one stream. Without `wants_content` texts are not kept."""

    __slots__ = ("_head", "_invocation", "_reasons", "_texts", "_usage", "_wants_content")

    def __init__(self, invocation: Invocation, *, wants_content: bool) -> None:
        self._invocation = invocation
        self._wants_content = wants_content
        self._head: Json = {}
        self._usage: Any = None
        self._texts: dict[int, list[str]] = {}
        self._reasons: dict[int, str] = {}

    def add(self, chunk: Any) -> None:
        """Take over what `chunk` says."""
        fields = fields_of(chunk)
        if fields.get("usage") is not None:
            self._usage = fields["usage"]
        for key, _ in chat.RESPONSE_TEXTS:
            if fields.get(key):
                self._head[key] = fields[key]
        for choice in items_of(fields.get("choices")):
            known = fields_of(choice)
            index: int = known.get("index") or 0
            pieces = self._texts.setdefault(index, [])
            text = known.get("text")
            if self._wants_content and isinstance(text, str):
                pieces.append(text)
            if isinstance(known.get("finish_reason"), str):
                self._reasons[index] = known["finish_reason"]

    def finish(self) -> None:
        """Write head, finish reasons, usage and the texts into the invocation."""
        if not self._head and not self._texts:
            return
        reasons = [self._reasons[index] for index in sorted(self._reasons)]
        chat.write_response(self._invocation, self._head, reasons, self._usage)
        if self._wants_content and self._texts:
            self._invocation.content[OUTPUT_MESSAGES] = partial(_joined, self._texts, self._reasons)
            self._invocation.content_size += sum(sum(map(len, pieces)) for pieces in self._texts.values())


def _joined(texts: Mapping[int, Iterable[str]], reasons: Mapping[int, str]) -> list[Json]:
    return [_message("".join(texts[index]), {"finish_reason": reasons.get(index)}) for index in sorted(texts)]


COMPLETIONS: Final = Endpoint(
    operation="text_completion",
    read_request=chat.read_request,
    add_request_content=_add_request_content,
    read_response=chat.read_response,
    read_output=_read_output,
    fold=_Fold,
    result_field="choices",
    stream_may_wait=True,
    gives_usage_in_streams=True,
)
