"""The ingest path's overload as an answer: 503 with `Retry-After`."""

import math
from collections.abc import Generator
from contextlib import contextmanager

from literalai_otel.server.ingest import Overloaded
from literalai_otel.server.problems import Problem


@contextmanager
def refusing_overload() -> Generator[None]:
    """`Overloaded` inside the block becomes the `Problem` of that name."""
    try:
        yield
    except Overloaded as overload:
        raise Problem(
            "OVERLOADED", "The server is busy: try again.", retry_after=math.ceil(overload.retry_after)
        ) from None
