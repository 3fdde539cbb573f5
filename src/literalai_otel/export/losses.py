"""One warning line for each kind of loss, seldom repeated, that names the fix.

A host application must neither miss that data is lost nor drown in lines about it.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Final

from literalai_otel.config import Config
from literalai_otel.export.counters import DropReason

package_logger = logging.getLogger("literalai_otel")

ADVICE: Final[dict[DropReason, str]] = {
    "queue_full": "the delivery queue is full, because they are made faster than {url} takes them",
    "spool_full": "the spool is full, and the oldest make room; raise LITERAL_SPOOL_MAX_BYTES",
    "spool_lost": "the file of the spool was broken or removed",
    "too_large": "{url} refuses them as too large even one at a time; log less content "
    "or raise LITERAL_MAX_BODY_BYTES of the server",
    "rejected": "{url} refuses them",
    "unauthorized": "{url} does not accept the API key; check LITERAL_API_KEY",
    "unreachable": "{url} cannot be reached; check LITERAL_API_URL and that the server runs (`literalai-otel serve`)",
    "server_error": "{url} keeps failing; its log says why",
    "bad_answer": "{url} does not answer as a Literal server does; check LITERAL_API_URL",
    "timeout_at_exit": "the time for delivery was over before {url} had taken them; "
    "call flush() earlier or raise LITERAL_FLUSH_TIMEOUT",
    "after_exit": "they were recorded after the last delivery of a process that is ending",
    "misconfigured": "the settings cannot be used",
    "translate_failed": "they could not be translated; this is a bug of literalai-otel",
    "internal_error": "delivery failed; this is a bug of literalai-otel",
}

REPEAT_AFTER_S: Final = 60.0
GATHER_S: Final = 1.0
"""A line waits so long for more of its kind, so that it counts a burst, or a short program, as a whole."""

_said_unconfigured = threading.Event()


def say_unconfigured(config: Config) -> bool:
    """Whether `config` lacks an address or a key; the first time in a process, one line says so and names the fix."""
    named = {"LITERAL_API_URL": config.api_url, "LITERAL_API_KEY": config.api_key}
    missing = [name for name, value in named.items() if value is None]
    if missing and not _said_unconfigured.is_set():
        _said_unconfigured.set()
        package_logger.warning(
            "Literal AI: nothing is sent: set %s; `literalai-otel serve` starts a server and shows both",
            " and ".join(missing),
        )
    return bool(missing)


class Losses:
    """Says on the package logger what was lost: soon for a new kind, then at most every `REPEAT_AFTER_S`.

    `note` is for inside locks, `say` for outside: a logging handler may do anything, also end a span.

    The notes are guarded by the lock of their delivery. With a lock of their own, two threads that hold one each
    could wait for the other's: a garbage collection may end a step, and so submit it, at any moment.

    Args:
        url: How the lines name the server.
        clock: Seconds that only go forward.
    """

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._silent_until: dict[DropReason, float] = {}
        self._silent_about: dict[str, float] = {}
        self._unsaid: dict[DropReason, int] = {}
        self._details: dict[DropReason, str] = {}
        self._due: dict[DropReason, float] = {}
        self.renew_locks(threading.RLock())

    def note(self, reason: DropReason, count: int, detail: str = "") -> None:
        """`count` units are lost; `detail` is what the server or the network said."""
        if not count:
            return
        with self._noting:
            if reason not in self._unsaid:
                self._due[reason] = max(self._clock() + GATHER_S, self._silent_until.get(reason, 0.0))
            self._unsaid[reason] = self._unsaid.get(reason, 0) + count
            self._details[reason] = detail or self._details.get(reason, "")

    def due_at(self) -> float | None:
        """When `say` has something to say, by the clock; None when nothing was noted."""
        with self._noting:
            return min(self._due.values(), default=None)

    def say(self, *, gathering: bool = False, silent: bool = False, wait: float = 0.0) -> None:
        """Log what was noted and is due.

        Args:
            gathering: Also what was noted only just now.
            silent: Also what was said not long ago: nobody will come back for it.
            wait: Seconds to let another thread finish its lines, so that they are out when this returns.
        """
        if not self._speaking.acquire(timeout=wait):
            return
        try:
            for reason, count, detail in self._take(gathering, silent):
                _warn(
                    "Literal AI: %d %s lost: %s%s",
                    count,
                    "step" if count == 1 else "steps",
                    ADVICE[reason].format(url=self._url),
                    f" ({_line(detail)})" if detail else "",
                )
        finally:
            self._speaking.release()

    def say_delay(self, count: int, detail: str) -> None:
        """Log, seldom, that `count` or more units wait for a server that does not take them; none is lost yet."""
        self._say_seldom(
            "Literal AI: %s does not take steps now (%s); %d or more wait, trying on", self._url, _line(detail), count
        )

    def say_spool_trouble(self, detail: str) -> None:
        """Log, seldom, that the spool cannot be used; nothing is lost by that yet."""
        self._say_seldom(
            "Literal AI: the spool is not used (%s); steps wait in memory alone. Check LITERAL_SPOOL_DIR", _line(detail)
        )

    def say_left(self, count: int, detail: str) -> None:
        """Log that `count` units stay in the spool at the end."""
        if count:
            _warn(
                "Literal AI: %d %s in the spool, not lost: %s has not taken %s%s; the next process sends them, or "
                "`literalai-otel replay`",
                count,
                "step stays" if count == 1 else "steps stay",
                self._url,
                "it" if count == 1 else "them",
                f" ({_line(detail)})" if detail else "",
            )

    def say_preprocess_failed(self, count: int, detail: str) -> None:
        """Log, seldom, that `count` or more steps go without their content, since the user's hook failed."""
        self._say_seldom(
            "Literal AI: the preprocess function failed (%s); %d or more steps are sent without their content",
            _line(detail),
            count,
        )

    def say_mask_failed(self, count: int, detail: str) -> None:
        """Log, seldom, that `count` or more steps go without the content that the user's mask failed on."""
        self._say_seldom(
            "Literal AI: the mask failed (%s); %d or more steps are sent without the content that it was for",
            _line(detail),
            count,
        )

    def say_media_dropped(self, count: int, detail: str) -> None:
        """Log, seldom, that `count` or more files of steps stay behind."""
        self._say_seldom(
            "Literal AI: %d or more files of steps were not uploaded (%s); the steps are sent without them",
            count,
            _line(detail),
        )

    def say_strangers(self, count: int) -> None:
        """Log, seldom, that the user's hook gave `count` or more steps that it had not been given."""
        self._say_seldom(
            "Literal AI: %d or more steps that the preprocess function added are not sent: it may change steps, known "
            "by their id, and leave them out",
            count,
        )

    def forget(self) -> None:
        """In a forked child: what was noted is the parent's to say."""
        self._unsaid.clear()
        self._due.clear()
        self._details.clear()

    def renew_locks(self, noting: AbstractContextManager[object]) -> None:
        """Guard the notes with `noting`, a reentrant lock."""
        self._noting = noting
        self._speaking = threading.RLock()

    def _say_seldom(self, line: str, *values: object) -> None:
        with self._noting:
            now = self._clock()
            if now < self._silent_about.get(line, now):
                return
            self._silent_about[line] = now + REPEAT_AFTER_S
        _warn(line, *values)

    def _take(self, gathering: bool, silent: bool) -> list[tuple[DropReason, int, str]]:
        taken: list[tuple[DropReason, int, str]] = []
        with self._noting:
            now = self._clock()
            for reason in list(self._unsaid):
                may_speak = now >= (self._silent_until.get(reason, now) if gathering else self._due[reason])
                if may_speak or silent:
                    self._silent_until[reason] = now + REPEAT_AFTER_S
                    del self._due[reason]
                    taken.append((reason, self._unsaid.pop(reason), self._details.pop(reason, "")))
        return taken


def _warn(line: str, *values: object) -> None:
    # A handler or filter that fails must cost neither the steps that are being sent nor the caller of a flush.
    with suppress(Exception):
        package_logger.warning(line, *values)


def _line(text: str) -> str:
    """`text` on one line, 300 characters at most: it may be a page of HTML."""
    return " ".join(text.split())[:300]
