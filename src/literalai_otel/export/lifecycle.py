"""The ends of a process: exit, SIGTERM and fork, for all deliveries at once.

At exit every delivery drains at the same time and within one deadline, however many there are and whoever asks
first (our own `atexit` hook, a provider's, a stock processor's). SIGTERM, where nobody handles it, ends a process
without that hook: it drains first and then dies of the signal all the same. After a fork the child starts empty: what
was queued or in flight belongs to the parent. A fork waits for a worker that is importing: the child would inherit the
lock of a half-imported module, with nobody left to release it.
"""

import _thread
import atexit
import logging
import os
import signal
import sys
import threading
import time
import weakref
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any, Final, Protocol

logger = logging.getLogger(__name__)

_OF_TIMEOUT: Final = 0.85
"""Share of the time-out that delivery may use at exit: the interpreter needs some to go down."""
_LONGEST_IMPORT_S: Final = 5.0
_MOMENT_S: Final = 0.001
_TO_SPEAK_S: Final = 0.2
"""What is lost at SIGTERM must be said before the end."""


class Drainable(Protocol):
    """A delivery, as seen from here."""

    flush_timeout: float

    @property
    def held_here(self) -> bool:
        """Whether this thread has the lock that draining needs."""
        ...

    def begin_closing(self) -> None:
        """Start to drain without waiting for it."""
        ...

    def shutdown(self, timeout: float | None = None) -> object:
        """Drain for `timeout` seconds, then count what is left as lost; what is accepted later starts it again."""
        ...

    def leave(self, timeout: float) -> None:
        """`shutdown`, and nothing is accepted afterwards."""
        ...

    def reset_after_fork(self) -> None:
        """Start empty, with fresh locks."""
        ...


class ProcessEnds:
    """Hooks of one process, set with the first delivery."""

    def __init__(self) -> None:
        self._deliveries: weakref.WeakSet[Drainable] = weakref.WeakSet()
        self._deadline: float | None = None
        self._hooked = False
        self._finalized_in: int | None = None
        self.loading = threading.Lock()
        """Held by a worker while it imports."""
        self._held_to_fork: list[Any] = []
        """One entry for each fork that has begun, the lock or None: greenlets may begin several at a time."""
        self._held_in = 0
        """The process that held it last."""

    def register(self, delivery: Drainable) -> None:
        """Take care of `delivery`. Registered early, the hook runs late: after the hooks of the application."""
        self._deliveries.add(delivery)
        if self._hooked:
            return
        self._hooked = True
        atexit.register(self.leave)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=self._before_fork,
                after_in_parent=self._after_fork_in_parent,
                after_in_child=self._after_fork_in_child,
            )

    def renew_locks(self) -> None:
        """Make the lock anew, of the kind that `threading` has now (`Delivery` says when)."""
        self.loading = threading.Lock()

    def worker_starts(self) -> None:
        """A child of `multiprocessing` or Celery leaves without `atexit`; hooks of their own do run."""
        if self._finalized_in == os.getpid():
            return
        self._finalized_in = os.getpid()
        process = sys.modules.get("multiprocessing.process")
        if process is not None and process.parent_process() is not None:
            from multiprocessing.util import Finalize

            Finalize(None, self.leave, exitpriority=0)
        celery = sys.modules.get("celery.signals")
        if celery is not None:
            celery.worker_process_shutdown.connect(self._leave_pool, weak=False, dispatch_uid=__name__)

    def catch_termination(self) -> None:
        """Deliver before SIGTERM ends the process, unless the application handles or ignores it.

        The signal ends the process as it would have, at most the flush time-out later. Servers that restore and raise
        it again after a graceful stop (uvicorn) never come to `atexit` either.
        """
        if os.name != "posix" or threading.current_thread() is not threading.main_thread():
            return
        with suppress(ValueError):  # an interpreter beside the main one
            if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
                signal.signal(signal.SIGTERM, self._terminated)

    def bounded(self, timeout: float) -> float:
        """`timeout`, or what is left of the common deadline when the interpreter is going down.

        The exit handlers run on the main thread, after its end. Other threads may outlive it for as long as they like.
        """
        if self._deadline is None:
            main = threading.main_thread()
            if main.is_alive() or main.ident != threading.get_ident():
                return timeout
            self._start_leaving(timeout)
        assert self._deadline is not None
        return max(0.0, min(timeout, self._deadline - time.monotonic()))

    def leave(self) -> None:
        """Drain every delivery, all at the same time."""
        deliveries = list(self._deliveries)
        if self._deadline is None:
            self._start_leaving(max((delivery.flush_timeout for delivery in deliveries), default=0.0))
        for delivery in deliveries:
            with _kept_from_the_user():
                delivery.leave(self.bounded(delivery.flush_timeout))

    def _start_leaving(self, timeout: float) -> None:
        self._deadline = time.monotonic() + timeout * _OF_TIMEOUT
        for delivery in list(self._deliveries):
            delivery.begin_closing()

    def _leave_pool(self, **_: object) -> None:
        """Celery's signal in a process of its pool that is about to end."""
        self.leave()

    def _terminated(self, number: int, frame: object) -> None:
        if any(delivery.held_here for delivery in list(self._deliveries)):
            # This thread was interrupted inside of delivery: nothing can be drained before it has gone on.
            with suppress(RuntimeError):  # the interpreter is going down
                _thread.start_new_thread(_raise_in_a_moment, (number,))  # `threading.Thread` would take locks
                return
        signal.signal(number, signal.SIG_DFL)  # a second one does not wait
        timeout = _OF_TIMEOUT * max((delivery.flush_timeout for delivery in list(self._deliveries)), default=0.0)
        # On a thread of its own: this one may have been interrupted while it held a lock that draining needs.
        draining = threading.Thread(target=self._drain, args=(timeout,), daemon=True)
        with suppress(Exception):  # an interpreter that is going down starts no threads; greenlets may not wait here
            draining.start()
            draining.join(timeout + _TO_SPEAK_S)
        signal.raise_signal(number)
        # Still here: process 1 of a container, which this signal does not end.
        signal.signal(number, self._terminated)

    def _drain(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        deliveries = list(self._deliveries)
        for delivery in deliveries:
            delivery.begin_closing()
        for delivery in deliveries:
            with _kept_from_the_user():
                delivery.shutdown(max(0.0, deadline - time.monotonic()))

    def _before_fork(self) -> None:
        if self._held_to_fork and self._held_in != os.getpid():
            # A child whose earlier hook forks again, before ours has made it a process of its own.
            self._after_fork_in_child()
        self._held_in = os.getpid()
        lock = self.loading
        self._held_to_fork.append(lock if lock.acquire(timeout=_LONGEST_IMPORT_S) else None)

    def _after_fork_in_parent(self) -> None:
        lock = self._held_to_fork.pop()
        if lock is not None:
            lock.release()

    def _after_fork_in_child(self) -> None:
        self.loading = threading.Lock()
        self._held_to_fork.clear()
        self._deadline = None
        for delivery in list(self._deliveries):
            delivery.reset_after_fork()


def _raise_in_a_moment(number: int) -> None:
    time.sleep(_MOMENT_S)
    os.kill(os.getpid(), number)


@contextmanager
def _kept_from_the_user() -> Generator[None]:
    """A failure of ours neither ends up on the user's terminal nor keeps the next delivery from its end."""
    try:
        yield
    except Exception:
        logger.debug("a delivery could not be brought to its end", exc_info=True)


PROCESS_ENDS: Final = ProcessEnds()
"""One for the process, as `atexit` and `os.register_at_fork` are."""
