"""The time axis of the dashboard: a range cut into buckets that people can read, in their time zone.

Buckets of a day or a week begin at midnight where the reader is, so a day with a change of the clocks has 23 or 25
hours. Times are whole seconds since 1970.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

MINUTE, QUARTER, HOUR, DAY, WEEK = 60, 900, 3_600, 86_400, 604_800
_SIZES: Final = (
    (2 * HOUR, MINUTE),
    (6 * HOUR, 5 * MINUTE),
    (36 * HOUR, QUARTER),
    (8 * DAY, HOUR),
    (200 * DAY, DAY),
)
"""Ranges of up to so many seconds -> seconds of a bucket: 30 to 200 of them, however long the range is."""
LONGEST: Final = 20 * 366 * DAY
"""Seconds of the longest range."""


@dataclass(frozen=True, slots=True)
class Buckets:
    """`edges` has one more than there are buckets: each goes from its edge to before the next. `seconds`: of most."""

    edges: tuple[int, ...]
    seconds: int

    @property
    def start(self) -> int:
        """Where the first begins."""
        return self.edges[0]

    @property
    def end(self) -> int:
        """Where the last one ends; it may be shorter than the others."""
        return self.edges[-1]

    def __len__(self) -> int:
        return len(self.edges) - 1


def buckets(start: int, end: int, zone: ZoneInfo) -> Buckets:
    """The buckets from the one that holds `start` to the one that holds the second before `end`.

    The last one ends with the range, rounded up to a minute or quarter of an hour, so that "until now" has no hours in
    it that are still to come.
    """
    end = max(end, start + 1)
    seconds = next((size for longest, size in _SIZES if end - start <= longest), WEEK)
    edges = [_floor(start, seconds, zone)]
    for edge in _after(edges[0], seconds, zone):
        if edge >= end:
            break
        edges.append(edge)
    return Buckets((*edges, _up(end, min(seconds, QUARTER))), seconds)


def before(period: Buckets, zone: ZoneInfo) -> Buckets:
    """The same number of buckets just before, the last of them as long as the last of `period`.

    A comparison with a day that is not over is one with the same hours of the day before.
    """
    if period.seconds < DAY:
        shift = len(period) * period.seconds
        return Buckets(tuple(edge - shift for edge in period.edges), period.seconds)
    # Back from where this period begins: there are zones that left out a day.
    days = period.seconds // DAY
    starts = [_days_on(period.start, -days * back, zone) for back in range(len(period), 0, -1)]
    return Buckets((*starts, starts[-1] + period.end - period.edges[-2]), period.seconds)


def _floor(moment: int, seconds: int, zone: ZoneInfo) -> int:
    if seconds < DAY:
        # Before there were time zones, places had offsets to the second.
        offset = int(_offset(moment, zone).total_seconds()) // QUARTER * QUARTER
        return (moment + offset) // seconds * seconds - offset
    local = datetime.fromtimestamp(moment, zone)
    days = local.weekday() if seconds == WEEK else 0
    return _timestamp((local - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0), zone)


def _after(edge: int, seconds: int, zone: ZoneInfo) -> Iterator[int]:
    """The edges after this one."""
    while True:
        edge = edge + seconds if seconds < DAY else _days_on(edge, seconds // DAY, zone)
        yield edge


def _days_on(edge: int, days: int, zone: ZoneInfo) -> int:
    return _timestamp(datetime.fromtimestamp(edge, zone) + timedelta(days=days), zone)


def _timestamp(local: datetime, zone: ZoneInfo) -> int:
    """Where the clocks skip midnight, the day begins at the quarter of an hour after."""
    return _up(int(local.replace(tzinfo=zone).timestamp()), QUARTER)


def _offset(moment: int, zone: ZoneInfo) -> timedelta:
    return datetime.fromtimestamp(moment, zone).utcoffset() or timedelta()


def _up(moment: int, step: int) -> int:
    return -(-moment // step) * step
