"""The books of a delivery: what was accepted, what is held, what became of the rest.

Flushes divide time into epochs: a flush waits until no unit of its epoch or an earlier one is held.
"""

from types import MappingProxyType

from literalai_otel.export.counters import Counters, DropReason, FlushResult


class Ledger:
    """Keeps the numbers consistent: accepted = sent + dropped + held. Delivery guards it with its own lock.

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
        self._dropped: dict[DropReason, int] = {}
        self._in_epoch: dict[int, int] = {}
        self._reported = Counters()
        self.epoch = 0
        self.held = 0
        self.held_bytes = 0

    def accept(self, size: int) -> DropReason | None:
        """Count and hold a unit of `size` bytes; if there is no room do neither, and say why."""
        if self.held >= self._max_units or self.held_bytes + size > self._max_bytes:
            return "queue_full"
        self._accepted += 1
        self.held += 1
        self.held_bytes += size
        self._in_epoch[self.epoch] = self._in_epoch.get(self.epoch, 0) + 1
        return None

    def refuse(self, reason: DropReason) -> None:
        """Count a unit that is lost as it comes."""
        self._accepted += 1
        self._drop(reason, 1)

    def resize(self, old: int, new: int) -> bool:
        """A held unit was measured; False when its true size does not fit, though it is still held."""
        self.held_bytes += new - old
        return self.held_bytes <= self._max_bytes

    def withdraw(self, epoch: int, size: int) -> None:
        """A held unit turned out to be no step."""
        self._accepted -= 1
        self._settle(epoch, size)

    def sent(self, epoch: int, size: int) -> None:
        """A held unit is stored by the server."""
        self._sent += 1
        self._settle(epoch, size)

    def dropped(self, reason: DropReason, epoch: int, size: int) -> None:
        """A held unit is lost."""
        self._drop(reason, 1)
        self._settle(epoch, size)

    def drop_held(self, reason: DropReason) -> int:
        """Everything held is lost; returns how much that was."""
        lost = self.held
        self._drop(reason, lost)
        self._in_epoch.clear()
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

    def close_epoch(self) -> int:
        """The number of the epoch that ends now."""
        self.epoch += 1
        return self.epoch - 1

    def pending(self, epoch: int) -> int:
        """Units of `epoch` and earlier ones that are held."""
        return sum(count for number, count in self._in_epoch.items() if number <= epoch)

    def counters(self) -> Counters:
        """The numbers of this moment."""
        return Counters(
            accepted=self._accepted,
            sampled_out=self._sampled_out,
            sent=self._sent,
            retried=self._retried,
            content_dropped=self._content_dropped,
            dropped=MappingProxyType(dict(self._dropped)),
            queued=self.held,
        )

    def report(self, pending: int) -> FlushResult:
        """The difference to the report before."""
        now, before = self.counters(), self._reported
        self._reported = now
        fresh: dict[DropReason, int] = {}
        for reason, count in now.dropped.items():
            if count > before.dropped.get(reason, 0):
                fresh[reason] = count - before.dropped.get(reason, 0)
        return FlushResult(
            sent=now.sent - before.sent,
            retried=now.retried - before.retried,
            dropped=MappingProxyType(fresh),
            pending=pending,
        )

    def _drop(self, reason: DropReason, count: int) -> None:
        if count:
            self._dropped[reason] = self._dropped.get(reason, 0) + count

    def _settle(self, epoch: int, size: int) -> None:
        self.held -= 1
        self.held_bytes -= size
        left = self._in_epoch[epoch] - 1
        if left:
            self._in_epoch[epoch] = left
        else:
            del self._in_epoch[epoch]
