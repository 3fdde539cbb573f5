"""Parameters of REST requests, from a query or a JSON object, read strictly."""

from collections.abc import Mapping
from typing import Any, cast

from literalai_otel.jsonable import loads
from literalai_otel.server.access.permissions import Role
from literalai_otel.server.problems import Problem
from literalai_otel.server.times import parse_time


def object_of(body: bytes) -> dict[str, Any]:
    """The JSON object of a body; an empty body is an empty one. Raises `Problem` 400."""
    try:
        content: Any = loads(body) if body.strip() else {}
    except (ValueError, UnicodeDecodeError):
        raise Problem("BAD_REQUEST", "The body is not valid JSON.") from None
    if not isinstance(content, dict):
        raise Problem("BAD_REQUEST", "The body must be one JSON object.")
    return cast(dict[str, Any], content)


def filters_of(text: str | None) -> list[Mapping[str, Any]]:
    """Filters as JSON, in the grammar of the published clients; none where there is no text. Raises `Problem` 400."""
    if not text:
        return []
    try:
        given: Any = loads(text)
    except (ValueError, RecursionError):
        raise Problem("BAD_USER_INPUT", "filters must be JSON: a list of {field, operator, value, path?}.") from None
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in cast(list[Any], given)):
        raise Problem("BAD_USER_INPUT", "filters must be a list of {field, operator, value, path?}.")
    return cast(list[Mapping[str, Any]], given)


def role_of(value: Any) -> Role:
    """A role by its name. Raises `Problem` 400."""
    if not isinstance(value, str) or value not in Role.__members__:
        raise Problem("BAD_USER_INPUT", f"role must be one of {', '.join(Role)}.")
    return Role(value)


def time_of(wanted: Mapping[str, Any], name: str) -> int | None:
    """A moment in microseconds since 1970; None when it is not given. Raises `Problem` 400."""
    value = wanted.get(name)
    if value is None:
        return None
    try:
        return parse_time(value)
    except (AttributeError, TypeError, ValueError, OverflowError):
        raise Problem("BAD_USER_INPUT", f"{name} must be an ISO 8601 time.") from None


def whole_of(wanted: Mapping[str, Any], name: str, default: int, most: int) -> int:
    """A whole number from 0 to `most`, also as a text. Raises `Problem` 400."""
    value = wanted.get(name)
    if value is None:
        return default
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise Problem("BAD_USER_INPUT", f"{name} must be a whole number from 0 to {most}.")
    return value
