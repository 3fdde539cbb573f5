"""What a span carries to Literal without being on the span.

Content must reach Literal and nobody else by default, and the host's attribute limits must not cut it
(`DESIGN.md` §3, Settings and Units). So whoever ends one of our spans puts its complete fields here, keyed by
trace id and span id; `LiteralSpanProcessor.on_end`, which runs inside `span.end()`, takes them. What nobody took
is discarded as soon as the span has ended: nothing can pile up.

Field names are attribute names. A value may be of any JSON shape, or a callable without arguments: it is called
on the delivery thread, so that conversion, masking and encoding cost the caller nothing.
"""

import logging
import os
import threading
import weakref
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from opentelemetry.trace import Span

from literalai_otel.attributes import CONTENT_DROPPED

logger = logging.getLogger(__name__)

Fields = dict[str, Any]
Deferred = Callable[[], Any]
Key = tuple[int, int]
"""Trace id and span id."""

AWAITED: Final = "_literalai_awaited"
"""Attribute, true, of an open span of another instrumentor that a processor of ours will see end."""
FACTS: Final = "facts"
"""The one field that is no attribute: a callable that gives further fields, read on the delivery thread."""


class SideTable:
    """Fields of spans that are ending. Thread-safe.

    What is one operation of a dict is atomic and takes no lock, unless entries are kept: the oldest is found by a walk.
    """

    def __init__(self) -> None:
        self._entries: dict[Key, Fields] = {}
        self._kept: int | None = None
        # Reentrant: a finalizer that runs inside a locked section may end a span of the same thread.
        self._lock = threading.RLock()
        self.evicted = 0
        """Entries that the bound of `keep_until_taken` pushed out."""
        self.sampled_out = 0
        """Spans that ended without having been recorded: the host's sampler dropped them."""

    def __len__(self) -> int:
        return len(self._entries)

    def keep_until_taken(self, max_entries: int = 4096) -> None:
        """Keep entries after their span ended, `max_entries` at most, the oldest leaving first.

        For an exporter behind a stock span processor, which sees a span only later, on another thread.
        """
        self._kept = max_entries

    def put(self, key: Key, fields: Fields) -> None:
        """Add `fields` to those of the span; a later value wins."""
        if self._kept is None:
            self._put(key, fields)
            return
        with self._lock:
            self._put(key, fields)
            if len(self._entries) > self._kept:
                del self._entries[next(iter(self._entries))]
                self.evicted += 1

    def _put(self, key: Key, fields: Fields) -> None:
        present = self._entries.setdefault(key, fields)
        if present is not fields:
            present.update(fields)

    def put_beside(self, span: Span, fields: Fields) -> None:
        """Add `fields` to those of an open span that someone else will end.

        They leave the table with the span object, unless an exporter will ask for them later.
        """
        key = span.get_span_context()[:2]
        self.put(key, fields)
        weakref.finalize(span, self.discard_unless_kept, key).atexit = False

    @property
    def keeps(self) -> bool:
        """Whether an exporter will ask for the fields of any span after its end."""
        return self._kept is not None

    def count_sampled_out(self) -> None:
        """Count a span that the host's sampler dropped."""
        with self._lock:
            self.sampled_out += 1

    def take(self, key: Key) -> Fields | None:
        """The fields of the span, which leave the table."""
        with self._lock:
            return self._entries.pop(key, None)

    def peek(self, key: Key) -> Fields | None:
        """The fields of the span, which stay until it has ended: a second processor may ask for them too."""
        return self._entries.get(key)

    def reset_after_fork(self) -> None:
        """Start empty in a child, with a lock that no thread of the parent holds."""
        self._lock = threading.RLock()
        self._entries.clear()

    def discard_unless_kept(self, key: Key) -> None:
        """Forget the fields of a span that has ended, unless an exporter will ask for them later."""
        if self._kept is None:
            self._entries.pop(key, None)


SIDE_TABLE: Final = SideTable()
"""One for the process: a span's fields must be found by whichever processor the host gave the span to."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=SIDE_TABLE.reset_after_fork)


def end_span(span: Span, fields: Fields, end_time: int | None = None) -> None:
    """End `span` (`end_time` in ns since the epoch, now by default) with `fields` beside it, if it is recording."""
    if span.is_recording():
        end_recording_span(span, fields, end_time)
        return
    if span.get_span_context().is_valid:
        SIDE_TABLE.count_sampled_out()
    span.end(end_time)


def end_recording_span(span: Span, fields: Fields, end_time: int | None = None) -> None:
    """`end_span` for one that is known to be recording."""
    key = span.get_span_context()[:2]  # a tuple: by name each is a call
    SIDE_TABLE.put(key, fields)
    try:
        span.end(end_time)
    finally:
        SIDE_TABLE.discard_unless_kept(key)


def resolve(fields: Mapping[str, Any]) -> Fields:
    """`fields` with every deferred value called.

    A value that fails is left out and `literalai.content.dropped` says so: a failing mask must never let the
    raw content through. A deferred value may have mappings `flags` and `beside`: fields that its call adds.
    """
    resolved: Fields = {}
    for name, value in fields.items():
        if name == FACTS:
            resolved = {**_facts(value), **resolved}
            continue
        if callable(value):
            deferred = cast(Deferred, value)
            try:
                value = deferred()
            except BaseException:  # a mask may raise anything; `SystemExit` would end the delivery thread
                logger.debug("content of %s dropped", name, exc_info=True)
                resolved[CONTENT_DROPPED] = "mask_failed"
                continue
            resolved.update(getattr(deferred, "flags", {}))
            resolved.update(getattr(deferred, "beside", {}))
        if value is not None:
            resolved[name] = value
    return resolved


def _facts(read: Callable[[], Fields]) -> Fields:
    try:
        return read()
    except Exception:
        logger.debug("facts beside a span dropped", exc_info=True)
        return {}
