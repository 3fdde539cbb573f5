"""The one function of the published module that other packages use."""

from datetime import UTC, datetime

__all__ = ["utc_now"]


def utc_now() -> str:
    """Now, as ISO 8601 in UTC with a `Z`."""
    return datetime.now(UTC).replace(tzinfo=None).isoformat() + "Z"
