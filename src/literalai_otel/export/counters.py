"""What happened to everything that delivery was given: numbers that add up.

At any moment `accepted == sent + sum(dropped.values()) + queued`. A unit is a step or a thread upsert.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

DropReason = Literal[
    "queue_full",
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
    user's preprocess function failed on them; what that function left out was never accepted. `queued` is what is
    accepted and neither delivered nor dropped yet, requests in flight included.
    """

    accepted: int = 0
    sampled_out: int = 0
    sent: int = 0
    retried: int = 0
    content_dropped: int = 0
    dropped: Mapping[DropReason, int] = field(default_factory=_nothing)
    queued: int = 0


@dataclass(frozen=True, slots=True)
class FlushResult:
    """What a flush achieved. True only when nothing is pending and nothing was dropped.

    `sent`, `retried` and `dropped` count since the flush before; `pending` is what had been accepted before the
    call and was neither delivered nor dropped when its time was over.
    """

    sent: int = 0
    retried: int = 0
    dropped: Mapping[DropReason, int] = field(default_factory=_nothing)
    pending: int = 0

    @property
    def complete(self) -> bool:
        """Everything that was accepted has been delivered."""
        return self.pending == 0 and not self.dropped

    def __bool__(self) -> bool:
        return self.complete
