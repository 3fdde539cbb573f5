"""The server-sent events of a stream, kept on their way from the SDK's decoder to what makes chunks of them.

One comes for each chunk, when the chunk is asked for: what the program does not read is not recorded.
"""

import logging
from collections.abc import Iterator
from itertools import repeat
from types import GeneratorType
from typing import Any, Final

from literalai_otel.genai import KeptEvents, Watch, follow_stream
from literalai_otel.genai.current import attach, detach

logger = logging.getLogger(__name__)

_COUNTED_AFTER: Final = 64
"""Events after which it is seen to that they are not too many, and are still wanted."""


def has_events(stream: Any) -> bool:
    """Whether `stream` is a sync one that is made of its events as is known here."""
    return hasattr(stream, "_decoder") and type(getattr(stream, "_iterator", None)) is GeneratorType


def keep_events(stream: Any, watch: Watch, kept: KeptEvents) -> None:
    """Have `kept` take the events of `stream`, and `watch` hear of its end."""
    follow_stream(stream, watch)
    stream._decoder = _Decoder(stream._decoder, watch, kept)


class _Decoder:
    """Stands in for the decoder that a stream has for itself."""

    __slots__ = ("_decoder", "_kept", "_watch")

    def __init__(self, decoder: Any, watch: Watch, kept: KeptEvents) -> None:
        self._decoder = decoder
        self._watch = watch
        self._kept = kept

    def iter_bytes(self, pieces: Iterator[bytes]) -> Iterator[Any]:
        """The events in `pieces`."""
        return _kept(self._decoder.iter_bytes(pieces), self._watch, self._kept)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._decoder, name)


def _kept(events: Any, watch: Watch, kept: KeptEvents) -> Iterator[Any]:
    """Pass `events` on. The recording is current while one is read from the wire."""
    context, keep = watch.recording.context, kept.keep
    try:
        while not watch.done:
            for token in map(attach, repeat(context, _COUNTED_AFTER)):  # a call and a count for each event, both in C
                try:
                    event = next(events)
                except StopIteration:
                    return
                finally:
                    detach(token)
                try:
                    keep(event._data)
                except AttributeError:  # a decoder of the program's own; `data` is a call
                    keep(event.data)
                yield event
            try:
                kept.limit()
            except Exception:
                logger.debug("events are kept without bounds", exc_info=True)
        yield from events
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            close()
