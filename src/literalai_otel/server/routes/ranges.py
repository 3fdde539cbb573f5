"""One byte range of a `Range` header (RFC 9110, 14.1.2), which players use to seek in audio and video."""

import re
from typing import Final

_RANGE: Final = re.compile(r"bytes=(\d{0,19})-(\d{0,19})", re.IGNORECASE)


class UnsatisfiableError(Exception):
    """The range begins behind the end."""


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Start and stop (exclusive) within `size` bytes; None for no header, several ranges or none that is one.

    A server may ignore what it does not serve, and then answers the whole.

    Raises:
        UnsatisfiableError: nothing of the file is in the range.
    """
    found = _RANGE.fullmatch(header) if header else None
    if found is None:
        return None
    first, last = found.groups()
    if not first:
        if not last:
            return None
        start, stop = max(0, size - int(last)), size
    else:
        if last and int(last) < int(first):
            return None
        start, stop = int(first), min(size, int(last) + 1) if last else size
    if start >= stop:
        raise UnsatisfiableError
    return start, stop
