"""The events of a stream kept as they came over the wire, and folded when Literal asks (`Recording.learn`).

The text of an event costs the caller one append, and nobody can change it. The SDK's chunk would cost a walk through
its fields, and kept itself it would be large, and the program's to change.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import Any, Final

from literalai_otel.genai.current import attach, detach
from literalai_otel.genai.invocation import Invocation
from literalai_otel.genai.recording import Recording
from literalai_otel.genai.watch import Fold, Watch
from literalai_otel.jsonable import loads

logger = logging.getLogger(__name__)

MAX_KEPT: Final = 256 * 1024
"""Characters of events that a stream may keep."""
_COUNTED_AFTER: Final = 64
"""Events after which it is seen to that they are not too many, and are still wanted."""
_DONE: Final = "[DONE]"
_STRETCH: Final = 128
"""Events folded in one go, in less than a millisecond."""
_BREATH_S: Final = 0.00005
"""After that the thread lets go of the interpreter, so that an event loop stays responsive."""


class KeptEvents:
    """A fold (`genai.watch.Fold`) that leaves the work for later, to the one that `make_fold` makes.

    `keep` takes the text of an event.
    """

    __slots__ = ("_done", "_events", "_exchange", "_folded", "_lock", "_make_fold", "_recording", "_rest", "keep")

    def __init__(self, recording: Recording, make_fold: Callable[[Invocation], Fold]) -> None:
        self._recording: Recording | None = recording
        """None once the stream has ended: what waits to be read keeps little alive."""
        self._exchange = recording.invocation.exchange
        self._make_fold = make_fold
        self._folded: tuple[Fold, Invocation] | None = None
        """The fold, and the invocation that it writes into, from the first event that is folded."""
        self._done = False
        """Whether the event has come that ends the answer."""
        self._events: deque[Any] = deque()
        self._rest: Sequence[Any] | None = ()
        """What was not folded when the stream ended; None once it is."""
        self._lock = threading.Lock()
        self.keep: Callable[[str], None] = self._events.append

    def add(self, chunk: Any) -> None:
        """Take over an event that is a JSON object already."""
        self._events.append(chunk)

    def read(self, events: Iterator[Any], watch: Watch, text_of: Callable[[Any], str] | None = None) -> Iterator[Any]:
        """Pass `events`, a generator, on. The recording is current while one is read from the wire.

        `text_of` gives the text of an event sooner than its `data`, which may be a call, or raises AttributeError.
        Without it whoever makes the events calls `keep`.
        """
        context, keep = watch.recording.context, self.keep
        try:
            while not watch.done:
                for token in map(attach, repeat(context, _COUNTED_AFTER)):  # a call and a count each, both in C
                    try:
                        event = next(events)
                    except StopIteration:
                        return
                    finally:
                        detach(token)
                    if text_of is not None:
                        try:
                            keep(text_of(event))
                        except AttributeError:
                            keep(event.data)
                    yield event
                try:
                    self._limit()
                except Exception:
                    logger.debug("events are kept without bounds", exc_info=True)
            yield from events
        finally:
            close = getattr(events, "close", None)
            if close is not None:
                close()

    def _limit(self) -> None:
        """Fold of what is kept what is too much, the oldest first: that leaves of it what a fold keeps."""
        surplus = sum(map(len, self._events)) - MAX_KEPT
        while surplus > 0 and self._events:
            event = self._events.popleft()
            surplus -= len(event)
            self._take(event)

    def finish(self) -> None:
        """The stream has ended; what it said is learned later."""
        # The program may read on what the SDK has still in hand.
        self._rest = tuple(self._events)
        self._events.clear()
        recording, self._recording = self._recording, None
        if recording is not None:
            recording.learn(self._learn, size=sum(map(len, self._rest)))

    def _learn(self, invocation: Invocation) -> None:
        """Several may ask, and any of them again."""
        with self._lock:
            if self._rest is not None:
                for number, event in enumerate(self._rest, start=1):
                    self._take(event)
                    if number % _STRETCH == 0:
                        time.sleep(_BREATH_S)
                self._rest = None
                self._fold()[0].finish()
        _, found = self._fold()
        invocation.attributes.update(found.attributes)
        invocation.content.update(found.content)

    def _fold(self) -> tuple[Fold, Invocation]:
        if self._folded is None:
            found = Invocation({}, exchange=self._exchange)
            self._folded = self._make_fold(found), found
        return self._folded

    def _take(self, event: Any) -> None:
        try:
            if isinstance(event, str):
                self._done = self._done or event.startswith(_DONE)
                event = None if self._done else loads(event)
            if event is not None:
                self._fold()[0].add(event)
        except Exception:
            logger.debug("an event was not readable", exc_info=True)
