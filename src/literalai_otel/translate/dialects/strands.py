"""Strands Agents: GenAI with messages as events, and a few names of its own (`spec/genai-semconv.md` §3.8)."""

from collections.abc import Mapping
from typing import Any, Final

from literalai_otel import attributes as names
from literalai_otel.translate.dialects import genai
from literalai_otel.translate.reading import Reading, Rest, number, renaming, take
from literalai_otel.translate.record import SpanRecord

SCOPES: Final = ("strands",)
_CYCLE: Final = "event_loop.cycle_id"
_rename: Final = renaming({"system_prompt": names.SYSTEM_INSTRUCTIONS})


def skips(scope_name: str, attributes: Mapping[str, Any]) -> bool:
    """A turn of the agent's loop says nothing that its call and its tools don't."""
    return _CYCLE in attributes and names.TOOL_NAME not in attributes and names.REQUEST_MODEL not in attributes


def officially(rest: Rest) -> None:
    """Says everything in official names that has one."""
    _rename(rest)
    milliseconds = take(rest, names.SERVER_TIME_TO_FIRST_TOKEN, number)
    if milliseconds is not None:
        rest.setdefault(names.RESPONSE_TIME_TO_FIRST_CHUNK, milliseconds / 1000)


def read(record: SpanRecord, rest: Rest) -> Reading:
    """The reading of an agent, a call or a tool."""
    officially(rest)
    return genai.read(record, rest)
