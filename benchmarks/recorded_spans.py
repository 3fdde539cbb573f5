"""The reference span of `translate.py` in dialects whose spans were recorded: what a package really puts on a span.

A recorded call of a model (`tests/recordings`) with the texts of the reference in place of its own.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from literalai_otel.server.routes.otlp_json import parse_json_request
from literalai_otel.translate import SpanRecord

RECORDINGS: Final = Path(__file__).resolve().parents[1] / "tests" / "recordings"
CALLS: Final[Mapping[str, tuple[str, str]]] = {
    "Vercel AI SDK 6": ("vercel/v6_chat", "ai.generateText.doGenerate"),
    "Vercel AI SDK 7": ("vercel/v7_chat", "chat gpt-4o"),
    "pydantic-ai": ("pydantic_ai/chat", "chat gpt-4o"),
    "Logfire": ("logfire/chat", "Chat Completion with {request_data[model]!r}"),
    "LiteLLM": ("litellm/v1_chat", "litellm_request"),
    "LiteLLM, second engine": ("litellm/v2_chat", "chat gpt-4o"),
    "Mistral, native": ("mistral_native/chat", "chat mistral-small-latest"),
    "Google ADK": ("google_adk/chat", "call_llm"),
}
"""Row -> recording, name of the span in it."""
SYSTEM: Final = ("Be kind.",)
QUESTION: Final = ('"Hi"', '"How warm is Paris?"')
ANSWER: Final = ("Hello from the fake provider.", "Bonjour from the fake provider.", "It is 21 degrees in Paris.")


def recorded_spans(system: str, question: str, answer: str) -> Mapping[str, tuple[str, Mapping[str, Any]]]:
    """Row -> scope and attributes of a call with these messages; the texts must need no escapes in JSON."""
    changes = {
        **dict.fromkeys(SYSTEM, system),
        **dict.fromkeys(QUESTION, f'"{question}"'),
        **dict.fromkeys(ANSWER, answer),
    }
    found: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for row, (case, name) in CALLS.items():
        record = _record(case, name)
        found[row] = (record.scope, {key: _changed(value, changes) for key, value in record.attributes.items()})
    return found


def _record(case: str, name: str) -> SpanRecord:
    request = parse_json_request((RECORDINGS / f"{case}.json").read_bytes())
    (found,) = (
        SpanRecord.from_otlp(resource.resource, scope.scope, span)
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
        if span.name == name
    )
    return found


def _changed(value: Any, changes: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for text, other in changes.items():
            value = value.replace(text, other)
    return value
