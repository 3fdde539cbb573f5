"""What happened to everything that delivery was given: numbers that add up.

At any moment `accepted == sent + sum(dropped.values()) + queued + spooled`. A unit is a step or a thread upsert.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

DropReason = Literal[
    "queue_full",
    "spool_full",
    "spool_lost",
    "too_large",
    "rejected",
    "unauthorized",
    "unreachable",
    "server_error",
    "bad_answer",
    "timeout_at_exit",
    "after_exit",
    "misconfigured",
    "translate_failed",
    "internal_error",
]
"""Why a unit was lost; what each one means and how to prevent it: `losses.ADVICE`."""


def _nothing() -> Mapping[DropReason, int]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Counters:
    """The numbers of one delivery since it was made, or since this process was forked.

    `sampled_out` counts steps that a sampler decided against; they were never accepted. `retried` counts
    requests that were sent again. `content_dropped` counts steps that were sent without their content, because the
    user's preprocess function failed on them; what that function left out was never accepted. `mask_failed` counts
    steps without the content that the user's mask failed on, `media_dropped` files that were not uploaded.

    `queued` is what is accepted and neither delivered nor dropped yet, requests in flight included. `spooled` is on the
    disk alone: memory had no room for it, or delivery was stopped before the server had it. `taken_over` counts those
    of `accepted` that an ended process had left in the spool.
    """

    accepted: int = 0
    sampled_out: int = 0
    sent: int = 0
    retried: int = 0
    content_dropped: int = 0
    mask_failed: int = 0
    media_dropped: int = 0
    dropped: Mapping[DropReason, int] = field(default_factory=_nothing)
    queued: int = 0
    spooled: int = 0
    taken_over: int = 0


@dataclass(frozen=True, slots=True)
class FlushResult:
    """What a flush achieved. True only when everything was delivered: nothing pending, spooled or dropped.

    `sent`, `retried` and `dropped` count since the flush before. What had been accepted before the call and was neither
    delivered nor dropped when its time was over is `spooled` when it is on the disk, so that it outlives the process,
    and `pending` when it is in memory alone. What ended processes left in the spool is nobody's to wait for: it counts
    as `sent` when it is, never as `spooled`.
    """

    sent: int = 0
    retried: int = 0
    dropped: Mapping[DropReason, int] = field(default_factory=_nothing)
    pending: int = 0
    spooled: int = 0

    @property
    def complete(self) -> bool:
        """Everything that was accepted has been delivered."""
        return self.pending == 0 and self.spooled == 0 and not self.dropped

    def __bool__(self) -> bool:
        return self.complete
