"""Work that comes back, on a thread of its own."""

import logging
import threading
from collections.abc import Callable
from typing import Any, Self

_log = logging.getLogger(__name__)


class Periodic:
    """Runs `work` soon after the start and then every `seconds`, until it is stopped. A failure is logged.

    `work` gets an event that is set when it should come to an end.
    """

    def __init__(self, name: str, seconds: float, work: Callable[[threading.Event], None]) -> None:
        self._name = name
        self._seconds = seconds
        self._work = work
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"literalai-{name}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self._work(self._ending)
            except Exception:
                _log.exception("%s failed; it is tried again later", self._name)
            self._ending.wait(self._seconds)
