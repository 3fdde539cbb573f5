"""The events of a stream of completions, kept as the SDK hands them to what makes chunks of them.

One comes for each chunk, when the chunk is asked for: what the program does not read is not recorded.
"""

from collections.abc import Callable
from inspect import GEN_CREATED, getgeneratorstate
from types import GeneratorType
from typing import Any, Final

from literalai_otel.genai import KeptEvents, Watch, follow_stream

STREAM_ITERATOR: Final = "generator"
"""Where a stream of the SDK keeps its iterator."""
_DECODER: Final = "decoder"
"""The parameter of what makes that iterator that takes the function from the text of an event to a chunk."""


def has_events(stream: Any) -> bool:
    """Whether `stream` is a sync one that is made of its events as is known here, and nobody has read yet."""
    generator = getattr(stream, STREAM_ITERATOR, None)
    return (
        type(generator) is GeneratorType
        and getgeneratorstate(generator) == GEN_CREATED
        and getattr(_maker(generator), "__code__", None) is generator.gi_code
        and callable(generator.gi_frame.f_locals.get(_DECODER))
    )


def keep_events(stream: Any, watch: Watch, kept: KeptEvents) -> None:
    """Have `kept` take the events of `stream`, and `watch` hear of its end."""
    generator = getattr(stream, STREAM_ITERATOR)
    arguments = dict(generator.gi_frame.f_locals)
    decode: Callable[[str], Any] = arguments[_DECODER]
    keep = kept.keep

    def keep_and_decode(text: str) -> Any:
        keep(text)  # nobody looks at what comes after the end
        return decode(text)

    arguments[_DECODER] = keep_and_decode
    setattr(stream, STREAM_ITERATOR, kept.read(_maker(generator)(**arguments), watch))
    follow_stream(stream, watch, STREAM_ITERATOR)


def _maker(generator: Any) -> Any:
    """The function that made `generator`: what the module of its code has by its name."""
    return generator.gi_frame.f_globals.get(generator.__name__)
