"""Ending what nobody will end: streams whose last reference is gone.

The garbage collector may run at any allocation, also while this thread holds a lock of the tracing pipeline. So a
collected stream is only put in line here, without any lock, and ended on a thread that exists for as long as there
is something to end; `finish_abandoned` does it at once, for flushes and tests.
"""

import _thread
import logging
import os
import time
from collections import deque
from collections.abc import Callable
from typing import Final

logger = logging.getLogger(__name__)

Ending = Callable[[], None]

_LONGEST_ENDING_S: Final = 1.0
"""How long `finish_abandoned` waits for an ending that another thread is at."""


class _Line:
    """Endings that wait. `add` and `drain` may be called from a finalizer."""

    def __init__(self) -> None:
        self._waiting: deque[Ending] = deque()
        self._at_work: deque[int] = deque()
        """The threads that are ending something, or about to."""
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
        me = _thread.get_ident()
        self._at_work.append(me)
        try:
            while self._waiting:
                self._end_next()
        finally:
            self._at_work.remove(me)

    def _end_next(self) -> None:
        try:
            ending = self._waiting.popleft()
        except IndexError:  # another thread was faster
            return
        try:
            ending()
        except Exception:
            logger.debug("an abandoned recording did not end", exc_info=True)

    def wait_for_others(self) -> None:
        me, give_up_at = _thread.get_ident(), time.monotonic() + _LONGEST_ENDING_S
        while any(thread != me for thread in tuple(self._at_work)) and time.monotonic() < give_up_at:
            time.sleep(0.0005)

    def forget(self) -> None:
        """In a forked child: the endings are the parent's, and the thread is not there."""
        self._waiting.clear()
        self._at_work.clear()
        self._thread_runs = False

    def _run(self) -> None:
        self.drain()
        self._thread_runs = False
        # Something may have been put in line between the last look and the line above.
        self.drain()


_LINE: Final = _Line()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_LINE.forget)


def end_later(ending: Ending) -> None:
    """Have `ending` called soon, on another thread. Safe in finalizers."""
    _LINE.add(ending)


def finish_abandoned() -> None:
    """End every abandoned recording now; when this returns, those are over too that another thread had begun to end."""
    _LINE.drain()
    _LINE.wait_for_others()
