"""The events of a stream of completions, kept as the SDK hands them to what makes chunks of them.

One comes for each chunk, when the chunk is asked for: what the program does not read is not recorded.
"""

from collections.abc import Callable, Mapping
from inspect import GEN_CREATED, getgeneratorstate
from types import GeneratorType
from typing import Any, Final, NamedTuple

from literalai_otel.genai import KeptEvents, Watch, followed

STREAM_ITERATOR: Final = "generator"
"""Where a stream of the SDK keeps its iterator."""
_DECODER: Final = "decoder"
"""The parameter of what makes that iterator that takes the function from the text of an event to a chunk."""


class Chunks(NamedTuple):
    """How the SDK makes the chunks of a stream: `make(**arguments)` is the iterator that it has."""

    make: Callable[..., Any]
    arguments: Mapping[str, Any]


def chunks_of(stream: Any) -> Chunks | None:
    """How the chunks of `stream` are made; None unless it is a sync one, as is known here, that nobody has read."""
    generator = getattr(stream, STREAM_ITERATOR, None)
    if type(generator) is not GeneratorType or getgeneratorstate(generator) != GEN_CREATED:
        return None
    frame = generator.gi_frame
    # What the module of its code has by its name: nobody says which function made a generator.
    make, arguments = frame.f_globals.get(generator.__name__), frame.f_locals
    if getattr(make, "__code__", None) is not generator.gi_code or not callable(arguments.get(_DECODER)):
        return None
    return Chunks(make, arguments)


def keep_events(stream: Any, chunks: Chunks, watch: Watch, kept: KeptEvents) -> None:
    """Have `kept` take the events of `stream`, and `watch` hear of its end."""
    decode: Callable[[str], Any] = chunks.arguments[_DECODER]
    keep = kept.keep

    def keep_and_decode(text: str) -> Any:
        keep(text)  # nobody looks at what comes after the end
        return decode(text)

    anew = chunks.make(**{**chunks.arguments, _DECODER: keep_and_decode})
    setattr(stream, STREAM_ITERATOR, followed(kept.read(anew, watch), watch))
