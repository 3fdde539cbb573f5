"""Ending what nobody will end: streams whose last reference is gone.

The garbage collector may run at any allocation, also while this thread holds a lock of the tracing pipeline. So a
collected stream is only put in line here, without any lock, and ended on a thread that exists for as long as there
is something to end; `finish_abandoned` does it at once, for flushes and tests.
"""

import _thread
import logging
import os
from collections import deque
from collections.abc import Callable
from typing import Final

logger = logging.getLogger(__name__)

Ending = Callable[[], None]


class _Line:
    """Endings that wait. Every method may be called from a finalizer."""

    def __init__(self) -> None:
        self._waiting: deque[Ending] = deque()
        self._thread_runs = False

    def add(self, ending: Ending) -> None:
        self._waiting.append(ending)
        if self._thread_runs:
            return
        self._thread_runs = True
        try:
            # Not threading.Thread: its start takes locks, which a finalizer must not do.
            _thread.start_new_thread(self._run, ())
        except RuntimeError:
            # The interpreter is going down; finalizers run one by one now.
            self._thread_runs = False
            self.drain()

    def drain(self) -> None:
        while True:
            try:
                ending = self._waiting.popleft()
            except IndexError:
                return
            try:
                ending()
            except Exception:
                logger.debug("an abandoned recording did not end", exc_info=True)

    def forget_thread(self) -> None:
        self._thread_runs = False

    def _run(self) -> None:
        self.drain()
        self._thread_runs = False
        # Something may have been put in line between the last look and the line above.
        self.drain()


_LINE: Final = _Line()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_LINE.forget_thread)


def end_later(ending: Ending) -> None:
    """Have `ending` called soon, on another thread. Safe in finalizers."""
    _LINE.add(ending)


def finish_abandoned() -> None:
    """End every abandoned recording now."""
    _LINE.drain()
