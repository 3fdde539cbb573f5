"""The server-sent events of a stream, kept on their way from the SDK's decoder to what makes chunks of them.

One comes for each chunk, when the chunk is asked for: what the program does not read is not recorded.
"""

from collections.abc import Iterator
from operator import attrgetter
from types import GeneratorType
from typing import Any, Final

from literalai_otel.genai import KeptEvents, Watch, followed

_TEXT: Final = attrgetter("_data")
"""Of an event that the SDK's decoder made; one of the program's own has `data` alone."""


def has_events(stream: Any) -> bool:
    """Whether `stream` is a sync one that is made of its events as is known here."""
    return hasattr(stream, "_decoder") and type(getattr(stream, "_iterator", None)) is GeneratorType


def keep_events(stream: Any, watch: Watch, kept: KeptEvents) -> None:
    """Have `kept` take the events of `stream`, and `watch` hear of its end."""
    stream._iterator = followed(stream._iterator, watch)
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
        return self._kept.read(self._decoder.iter_bytes(pieces), self._watch, _TEXT)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._decoder, name)
