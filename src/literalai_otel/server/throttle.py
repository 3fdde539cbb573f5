"""Failed tries by address, and how long the next must wait: for wrong keys, and for wrong passwords alike.

A leaky bucket for each address: it takes `limit` failures at once and forgets one every `window / limit` seconds.
IPv6 addresses count by their /64, which is what one subscriber has.
"""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

LIMIT: Final = 20
WINDOW: Final = 60.0
"""Seconds in which a full bucket empties."""
ADDRESSES: Final = 4_096
"""Addresses that are remembered; beyond that, the one that failed least recently is forgotten."""


class Throttle:
    """Used from one thread at a time (the event loop)."""

    def __init__(
        self, limit: int = LIMIT, window: float = WINDOW, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = limit
        self._rate = limit / window
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def failed(self, address: str) -> None:
        """Note a failure."""
        key = _subscriber(address)
        self._buckets[key] = (min(self._level(key) + 1.0, self._limit + 1.0), self._clock())
        self._buckets.move_to_end(key)
        if len(self._buckets) > ADDRESSES:
            self._buckets.popitem(last=False)

    def forgive(self, address: str) -> None:
        """Take one failure back: it was none."""
        key = _subscriber(address)
        self._buckets[key] = (max(0.0, self._level(key) - 1.0), self._clock())

    def wait(self, address: str) -> float:
        """Seconds until the next try of `address` is taken seriously; 0.0 when it may come at once."""
        missing = 1.0 - (self._limit - self._level(_subscriber(address)))
        return 0.0 if missing <= 0 else missing / self._rate

    def _level(self, key: str) -> float:
        level, at = self._buckets.get(key, (0.0, 0.0))
        return max(0.0, level - (self._clock() - at) * self._rate)


def _subscriber(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
