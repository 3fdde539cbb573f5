"""Where submissions wait to be prepared: at the door, as they came, then inside, booked.

Leaving something at the door takes no lock: a caller waits for nobody. Whoever holds the delivery's lock next lets it
in, before anything is counted.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Final

from literalai_otel.export.counters import DropReason
from literalai_otel.export.ledger import Ledger
from literalai_otel.export.losses import Losses
from literalai_otel.export.prepare import EndingSpan, Source, Submission

Arrival = tuple[Callable[..., Source], tuple[Any, ...], str | None, int, float]
"""What makes a source and of what, the environment of what is no span, its size in bytes, about, the monotonic time."""

_CHUNK: Final = 256
_CHUNK_BYTES: Final = 4 * 1024 * 1024
"""Submissions prepared in one go, and their bytes, about."""


class Inbox:
    """The submissions of one set of workers. All but `door.append` needs the delivery's lock.

    Args:
        door: What came and is not booked. It outlives the workers: none of it is lost when they leave.
        ledger: The delivery's books.
        losses: Where losses are said.
    """

    def __init__(self, door: deque[Arrival], ledger: Ledger, losses: Losses) -> None:
        self.door = door
        self._ledger = ledger
        self._losses = losses
        self._inside: deque[Submission] = deque()

    def __len__(self) -> int:
        """Submissions inside."""
        return len(self._inside)

    @property
    def oldest_since(self) -> float:
        """When the oldest inside came."""
        return self._inside[0].accepted_at

    def let_in(self, refused: DropReason | None = None) -> bool:
        """Book what is at the door: as accepted if there is room and it is not `refused`. Whether all was let in."""
        all_came_in = True
        while True:
            try:  # without asking before: a garbage collection may end a span here, and let the rest in
                make, given, environment, size, since = self.door.popleft()
            except IndexError:
                return all_came_in
            reason = refused or self._ledger.accept(size)
            if reason is not None:
                self._ledger.refuse(reason)
                self._losses.note(reason, 1)
                all_came_in = False
                if make is EndingSpan:  # no span stays open because Literal does not get it
                    EndingSpan(*given).ended()
                continue
            try:
                source = make(*given)
            except Exception as problem:
                self._ledger.failed("translate_failed", self._ledger.epoch, size)
                self._losses.note("translate_failed", 1, repr(problem))
                all_came_in = False
                continue
            self._inside.append(Submission(source, environment, size, since, self._ledger.epoch))

    def take(self) -> list[Submission]:
        """The oldest inside, as many as are prepared in one go."""
        chunk: list[Submission] = []
        size = 0
        while self._inside and len(chunk) < _CHUNK and size < _CHUNK_BYTES:
            chunk.append(self._inside.popleft())
            size += chunk[-1].size
        return chunk

    def put_back(self, chunk: list[Submission]) -> None:
        """They were not prepared after all."""
        self._inside.extendleft(reversed(chunk))
