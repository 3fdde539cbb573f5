"""Times: ISO 8601 texts on the wire, whole microseconds since 1970 in UTC in the database.

The published clients send three spellings (`spec/literal-wire.md` §1.5): `…Z` with micro- or milliseconds, an
offset such as `+00:00`, and a blank instead of the `T` without a zone, which is read as UTC.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_FIRST: Final = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


def parse_time(text: str) -> int:
    """Microseconds since 1970. Digits below the microsecond are cut.

    Raises:
        ValueError: not a time.
    """
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    microseconds = (moment - _EPOCH) // _MICROSECOND
    if not _FIRST <= microseconds <= _LAST:  # an offset can lead out of the calendar, where nothing can be shown
        raise ValueError("a time must be within the years 1 to 9999 of UTC")
    return microseconds


def format_time(microseconds: int) -> str:
    """ISO in UTC with milliseconds; with microseconds where there are any, so that what was sent comes back."""
    moment = _EPOCH + timedelta(microseconds=microseconds)
    precision = "milliseconds" if microseconds % 1000 == 0 else "microseconds"
    return moment.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def now() -> int:
    """The present in microseconds since 1970."""
    return time.time_ns() // 1000
