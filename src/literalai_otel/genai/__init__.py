"""What the instrumentors share: invocation, recording, patch table, streams, messages, content policy.

Names are loaded when they are used: the side table is needed by everybody, the patching machinery by few.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from literalai_otel.genai.abandoned import finish_abandoned
    from literalai_otel.genai.body import BodyWatch, watch_body
    from literalai_otel.genai.call import Call, look_at_response, record_calls
    from literalai_otel.genai.call_options import (
        CallOptions,
        current_call_options,
        take_call_options,
        takes_call_options,
    )
    from literalai_otel.genai.closing import watch_closing
    from literalai_otel.genai.content import ContentPolicy, DeferredContent, Mask, SpanInfo, configure, policy
    from literalai_otel.genai.credentials import without_credentials
    from literalai_otel.genai.exchange import Exchange
    from literalai_otel.genai.fields import fields_of, given_fields, items_of
    from literalai_otel.genai.generator import read_generator
    from literalai_otel.genai.instrumentor import Instrumentor
    from literalai_otel.genai.invocation import Inference, Invocation
    from literalai_otel.genai.kept_events import KeptEvents
    from literalai_otel.genai.keys import THREAD_KEY, TRACER_PROVIDER_KEY
    from literalai_otel.genai.place import keep_place, leave_place, own_context, reset_place
    from literalai_otel.genai.recorder import Recorder
    from literalai_otel.genai.recording import Recording
    from literalai_otel.genai.side_table import SIDE_TABLE, end_span, resolve
    from literalai_otel.genai.stream import followed, record_stream
    from literalai_otel.genai.suppression import suppressed
    from literalai_otel.genai.watch import Fold, Watch
    from literalai_otel.genai.wrapper import Patch, PatchSet, when_imported

_HOMES: Final = {
    "BodyWatch": "body",
    "Call": "call",
    "CallOptions": "call_options",
    "ContentPolicy": "content",
    "DeferredContent": "content",
    "Exchange": "exchange",
    "Fold": "watch",
    "Inference": "invocation",
    "Instrumentor": "instrumentor",
    "Invocation": "invocation",
    "KeptEvents": "kept_events",
    "Mask": "content",
    "Patch": "wrapper",
    "PatchSet": "wrapper",
    "Recorder": "recorder",
    "Recording": "recording",
    "SIDE_TABLE": "side_table",
    "SpanInfo": "content",
    "THREAD_KEY": "keys",
    "TRACER_PROVIDER_KEY": "keys",
    "Watch": "watch",
    "configure": "content",
    "current_call_options": "call_options",
    "end_span": "side_table",
    "fields_of": "fields",
    "finish_abandoned": "abandoned",
    "followed": "stream",
    "given_fields": "fields",
    "items_of": "fields",
    "keep_place": "place",
    "leave_place": "place",
    "look_at_response": "call",
    "own_context": "place",
    "policy": "content",
    "read_generator": "generator",
    "record_calls": "call",
    "record_stream": "stream",
    "reset_place": "place",
    "resolve": "side_table",
    "suppressed": "suppression",
    "take_call_options": "call_options",
    "takes_call_options": "call_options",
    "watch_body": "body",
    "watch_closing": "closing",
    "when_imported": "wrapper",
    "without_credentials": "credentials",
}

__all__ = [
    "BodyWatch",
    "Call",
    "CallOptions",
    "ContentPolicy",
    "DeferredContent",
    "Exchange",
    "Fold",
    "Inference",
    "Instrumentor",
    "Invocation",
    "KeptEvents",
    "Mask",
    "Patch",
    "PatchSet",
    "Recorder",
    "Recording",
    "SIDE_TABLE",
    "SpanInfo",
    "THREAD_KEY",
    "TRACER_PROVIDER_KEY",
    "Watch",
    "configure",
    "current_call_options",
    "end_span",
    "fields_of",
    "finish_abandoned",
    "followed",
    "given_fields",
    "items_of",
    "keep_place",
    "leave_place",
    "look_at_response",
    "own_context",
    "policy",
    "read_generator",
    "record_calls",
    "record_stream",
    "reset_place",
    "resolve",
    "suppressed",
    "take_call_options",
    "takes_call_options",
    "watch_body",
    "watch_closing",
    "when_imported",
    "without_credentials",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
