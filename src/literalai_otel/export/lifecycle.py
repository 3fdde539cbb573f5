"""The ends of a process: exit and fork, for all deliveries at once.

At exit every delivery drains at the same time and within one deadline, however many there are and whoever asks
first (our own `atexit` hook, a provider's, a stock processor's). After a fork the child starts empty: what was
queued or in flight belongs to the parent. A fork waits for a worker that is importing: the child would inherit the
lock of a half-imported module, with nobody left to release it.
"""

import atexit
import os
import sys
import threading
import time
import weakref
from typing import Any, Final, Protocol

_OF_TIMEOUT: Final = 0.85
"""Share of the time-out that delivery may use at exit: the interpreter needs some to go down."""
_LONGEST_IMPORT_S: Final = 5.0


class Drainable(Protocol):
    """A delivery, as seen from here."""

    flush_timeout: float

    def begin_closing(self) -> None:
        """Start to drain without waiting for it."""
        ...

    def leave(self, timeout: float) -> None:
        """Drain for `timeout` seconds, then count what is left as lost; nothing is accepted afterwards."""
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
        """A child of `multiprocessing` leaves without `atexit`; its own finalizers do run."""
        if self._finalized_in == os.getpid():
            return
        self._finalized_in = os.getpid()
        process = sys.modules.get("multiprocessing.process")
        if process is not None and process.parent_process() is not None:
            from multiprocessing.util import Finalize

            Finalize(None, self.leave, exitpriority=0)

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
            delivery.leave(self.bounded(delivery.flush_timeout))

    def _start_leaving(self, timeout: float) -> None:
        self._deadline = time.monotonic() + timeout * _OF_TIMEOUT
        for delivery in list(self._deliveries):
            delivery.begin_closing()

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


PROCESS_ENDS: Final = ProcessEnds()
"""One for the process, as `atexit` and `os.register_at_fork` are."""
