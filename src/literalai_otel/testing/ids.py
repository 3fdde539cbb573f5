"""Fixed ids and a fixed clock, so that whole spans can be compared with a snapshot."""

import itertools
import threading

from opentelemetry.sdk.trace.id_generator import IdGenerator


class CountingIds(IdGenerator):
    """Trace ids 1, 2, … and span ids 1, 2, … (or from `start` on), in order of demand."""

    def __init__(self, start: int = 1) -> None:
        self._lock = threading.Lock()
        self._traces = itertools.count(start)
        self._spans = itertools.count(start)

    def generate_trace_id(self) -> int:
        """The next 128-bit trace id."""
        with self._lock:
            return next(self._traces)

    def generate_span_id(self) -> int:
        """The next 64-bit span id."""
        with self._lock:
            return next(self._spans)

    def is_trace_id_random(self) -> bool:
        """They are not: the random flag of the W3C trace context stays unset."""
        return False


class FixedClock:
    """A clock that advances by `tick` each time it is read.

    Args:
        start: First reading, in nanoseconds since the epoch.
        tick: Nanoseconds between two readings.
    """

    def __init__(self, start: int = 1_700_000_000_000_000_000, tick: int = 1_000_000_000) -> None:
        self._lock = threading.Lock()
        self._next = start
        self._tick = tick

    def __call__(self) -> int:
        """The present reading, in nanoseconds since the epoch."""
        with self._lock:
            reading = self._next
            self._next += self._tick
            return reading
