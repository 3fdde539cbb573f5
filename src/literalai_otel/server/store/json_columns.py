"""JSON in Text columns: cleaned and bounded on the way in, JSON types on the way out. NULL is null."""

from typing import Any

from literalai_otel.jsonable import loads
from literalai_otel.server.values import InvalidValueError, clean_json, clean_object, within
from literalai_otel.translate.limits import MAX_CONTENT_BYTES, MAX_METADATA_BYTES


def encode(value: Any, field: str, limit: int = MAX_CONTENT_BYTES) -> str | None:
    """The column of any JSON value of at most `limit` bytes.

    Raises:
        InvalidValueError: too large.
    """
    return None if value is None else within(clean_json(value), field, limit).decode()


def encode_object(value: Any, field: str, limit: int = MAX_METADATA_BYTES) -> str | None:
    """The column of an object.

    Raises:
        InvalidValueError: no object, or too large.
    """
    return None if value is None else clean_object(value, field, limit).decode()


def encode_list(value: Any, field: str, limit: int = MAX_METADATA_BYTES) -> str | None:
    """The column of a list.

    Raises:
        InvalidValueError: no list, or too large.
    """
    if value is not None and not isinstance(value, list):
        raise InvalidValueError(f"{field} must be a list, not {type(value).__name__}")
    return encode(value, field, limit)


def decode(text: str | None) -> Any:
    """The value of a column."""
    return None if text is None else loads(text)
