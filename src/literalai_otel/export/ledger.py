"""The books of a delivery: what was accepted, what is held, what became of the rest.

Flushes divide time into epochs: a flush waits until nothing of its epoch or an earlier one is outstanding. What is on
the disk alone rests: it is outstanding and not held. What was left behind by other processes is of no epoch.
"""

from collections import Counter
from types import MappingProxyType
from typing import Final

from literalai_otel.export.counters import Counters, DropReason, FlushResult
from literalai_otel.export.lanes import Unit

NO_EPOCH: Final = 1 << 62
"""Of units that another process accepted: later than any flush."""


class Ledger:
    """Keeps the numbers consistent: accepted = sent + dropped + held + spooled. Delivery guards it with its own lock.

    Args:
        max_units: Units held, at most.
        max_bytes: Bytes held, at most.
    """

    def __init__(self, max_units: int, max_bytes: int) -> None:
        self._max_units = max_units
        self._max_bytes = max_bytes
        self._accepted = 0
        self._sampled_out = 0
        self._sent = 0
        self._retried = 0
        self._content_dropped = 0
        self._mask_failed = 0
        self._media_dropped = 0
        self._taken_over = 0
        self._left = 0
        self._left_reported = 0
        self._dropped: dict[DropReason, int] = {}
        self._held_in: Counter[int] = Counter()
        self._on_disk_in: Counter[int] = Counter()
        """Of those held, by epoch."""
        self._resting_in: Counter[int] = Counter()
        self._reported = Counters()
        self.epoch = 0
        self.held = 0
        self.held_bytes = 0

    def accept(self, size: int) -> DropReason | None:
        """Count and hold a unit of `size` bytes; if there is no room do neither, and say why."""
        if self.held >= self._max_units or self.held_bytes + size > self._max_bytes:
            return "queue_full"
        self._accepted += 1
        self._hold(self.epoch, size)
        return None

    def refuse(self, reason: DropReason, count: int = 1) -> None:
        """Count units that are lost as they come."""
        self._accepted += count
        self._drop(reason, count)

    def resize(self, old: int, new: int) -> bool:
        """A held unit was measured; False when its true size does not fit, though it is still held."""
        self.held_bytes += new - old
        return self.held_bytes <= self._max_bytes

    def withdraw(self, epoch: int, size: int) -> None:
        """A held unit turned out to be no step."""
        self._accepted -= 1
        self._release(epoch, size)

    def stored(self, unit: Unit) -> None:
        """A held unit is on the disk too."""
        self._on_disk_in[unit.epoch] += 1

    def sent(self, unit: Unit) -> None:
        """A held unit is stored by the server."""
        self._sent += 1
        self._settle(unit)

    def dropped(self, reason: DropReason, unit: Unit) -> None:
        """A held unit is lost."""
        self._drop(reason, 1)
        self._settle(unit)

    def failed(self, reason: DropReason, epoch: int, size: int) -> None:
        """A held submission is lost before it became a unit."""
        self._drop(reason, 1)
        self._release(epoch, size)

    def left(self, unit: Unit) -> None:
        """A held unit stays on the disk, for whoever comes after us."""
        self._left += 1
        self._settle(unit)

    def rest(self, unit: Unit) -> None:
        """A held unit stays on the disk alone, until there is room."""
        self._resting_in[unit.epoch] += 1
        self._settle(unit)

    def recall(self, unit: Unit, *, own: bool) -> None:
        """A resting unit is held again; it is told its epoch."""
        unit.epoch = self._oldest(own)
        self._take(self._resting_in, unit.epoch)
        self._hold(unit.epoch, unit.size)
        self._on_disk_in[unit.epoch] += 1

    def take_over(self, count: int) -> None:
        """Units of an ended process are ours now, and rest."""
        self._accepted += count
        self._taken_over += count
        self._resting_in[NO_EPOCH] += count

    def vanished(self, reason: DropReason, count: int, *, own: bool) -> None:
        """Resting units are gone from the disk."""
        self._drop(reason, count)
        for _ in range(count):
            self._take(self._resting_in, self._oldest(own))

    def stop(self, reason: DropReason) -> int:
        """Delivery ends: what is on the disk stays there, what is in memory alone is lost; how much that was."""
        on_disk = min(self._on_disk_in.total(), self.held)
        lost = self.held - on_disk
        self._left += on_disk + self._resting_in.total()
        self._drop(reason, lost)
        for epochs in (self._held_in, self._on_disk_in, self._resting_in):
            epochs.clear()
        self.held = self.held_bytes = 0
        return lost

    def retried(self) -> None:
        """A request is sent again."""
        self._retried += 1

    def sampled_out(self, count: int) -> None:
        """A sampler decided against `count` steps."""
        self._sampled_out += count

    def content_dropped(self, count: int) -> None:
        """`count` steps travel without their content."""
        self._content_dropped += count

    def mask_failed(self, count: int) -> None:
        """`count` steps travel without the content that the user's mask failed on."""
        self._mask_failed += count

    def media_dropped(self, count: int) -> None:
        """Steps travel without `count` of their files."""
        self._media_dropped += count

    def close_epoch(self) -> int:
        """The number of the epoch that ends now."""
        self.epoch += 1
        return self.epoch - 1

    def outstanding(self, epoch: int) -> int:
        """Units of `epoch` and earlier ones that are held or rest."""
        return _up_to(epoch, self._held_in) + _up_to(epoch, self._resting_in)

    @property
    def held_of_ours(self) -> int:
        """Units held that no other process left behind."""
        return self.held - self._held_in[NO_EPOCH]

    def counters(self) -> Counters:
        """The numbers of this moment."""
        return Counters(
            accepted=self._accepted,
            sampled_out=self._sampled_out,
            sent=self._sent,
            retried=self._retried,
            content_dropped=self._content_dropped,
            mask_failed=self._mask_failed,
            media_dropped=self._media_dropped,
            dropped=MappingProxyType(dict(self._dropped)),
            queued=self.held,
            spooled=self._left + self._resting_in.total(),
            taken_over=self._taken_over,
        )

    def report(self, epoch: int) -> FlushResult:
        """The difference to the report before, and what is outstanding of `epoch` and earlier ones."""
        now, before = self.counters(), self._reported
        self._reported = now
        fresh: dict[DropReason, int] = {}
        for reason, count in now.dropped.items():
            if count > before.dropped.get(reason, 0):
                fresh[reason] = count - before.dropped.get(reason, 0)
        left, self._left_reported = self._left - self._left_reported, self._left
        on_disk = _up_to(epoch, self._on_disk_in)
        return FlushResult(
            sent=now.sent - before.sent,
            retried=now.retried - before.retried,
            dropped=MappingProxyType(fresh),
            pending=_up_to(epoch, self._held_in) - on_disk,
            spooled=on_disk + _up_to(epoch, self._resting_in) + left,
        )

    def _hold(self, epoch: int, size: int) -> None:
        self.held += 1
        self.held_bytes += size
        self._held_in[epoch] += 1

    def _drop(self, reason: DropReason, count: int) -> None:
        if count:
            self._dropped[reason] = self._dropped.get(reason, 0) + count

    def _settle(self, unit: Unit) -> None:
        self._release(unit.epoch, unit.size)
        if unit.row is not None:
            self._take(self._on_disk_in, unit.epoch)

    def _release(self, epoch: int, size: int) -> None:
        self.held -= 1
        self.held_bytes -= size
        self._take(self._held_in, epoch)

    def _oldest(self, own: bool) -> int:
        """The first epoch in which something rests."""
        return min((epoch for epoch in self._resting_in if epoch != NO_EPOCH), default=NO_EPOCH) if own else NO_EPOCH

    @staticmethod
    def _take(epochs: Counter[int], epoch: int) -> None:
        epochs[epoch] -= 1
        if epochs[epoch] <= 0:
            del epochs[epoch]


def _up_to(epoch: int, counts: Counter[int]) -> int:
    return sum(count for number, count in counts.items() if number <= epoch)
