"""Cleaning of values that come from outside, before anything is stored.

NUL characters are taken out (PostgreSQL cannot hold them, and readers stop at them), lone surrogates become U+FFFD
(`spec/features.md` P-ING-02). What no cleaning can mend is an `InvalidValueError`.
"""

import re
from typing import Any, Final, cast

from literalai_otel.errors import LiteralError
from literalai_otel.jsonable import dumps

LONGEST_ID: Final = 255
LONGEST_NAME: Final = 200
_EMAIL: Final = re.compile(r"[^\s@]+@[^\s@]+")
_NUL_IN_JSON: Final = re.compile(rb"\\\\|\\u0000")


class InvalidValueError(LiteralError):
    """A value of the wrong kind or size. The message names the field and the rule."""


def clean_text(value: Any, field: str) -> str:
    """A text that both databases can hold.

    Raises:
        InvalidValueError: not a text.
    """
    if not isinstance(value, str):
        raise InvalidValueError(f"{field} must be a text, not {type(value).__name__}")
    if "\0" in value:
        value = value.replace("\0", "")
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return value


def clean_id(value: Any, field: str) -> str:
    """An id: any text of 1 to 255 characters.

    Raises:
        InvalidValueError: not such a text.
    """
    text = clean_text(value, field)
    if not 0 < len(text) <= LONGEST_ID:
        raise InvalidValueError(f"{field} must have 1 to {LONGEST_ID} characters, not {len(text)}")
    return text


def clean_name(value: Any, field: str) -> str:
    """A name for people: 1 to 200 characters without the blanks around it.

    Raises:
        InvalidValueError: not such a text.
    """
    text = clean_text(value, field).strip()
    if not 0 < len(text) <= LONGEST_NAME:
        raise InvalidValueError(f"{field} must have 1 to {LONGEST_NAME} characters")
    return text


def clean_email(value: Any) -> str:
    """An e-mail address in lower case. Only its shape is checked: no mail is sent.

    Raises:
        InvalidValueError: not of that shape.
    """
    text = clean_text(value, "email").strip().lower()
    if len(text) > LONGEST_ID or not _EMAIL.fullmatch(text):
        raise InvalidValueError("email must be an address such as ada@example.com")
    return text


def clean_json(value: Any) -> bytes:
    """The JSON of any value, without NUL characters."""
    encoded = dumps(value)
    # One character is found several times faster than six, and metadata nearly never have a backslash.
    if b"\\" not in encoded or b"\\u0000" not in encoded:
        # A copy, since orjson's own bytes keep up to 16 times the memory of their length (measured), and these wait.
        return b"%b" % encoded
    # An escaped backslash is matched first, so that the text `\u0000` written out by a user is kept.
    return _NUL_IN_JSON.sub(lambda match: b"" if match[0] == b"\\u0000" else match[0], encoded)


def clean_object(value: Any, field: str, limit: int) -> bytes:
    """The JSON of an object of at most `limit` bytes.

    Raises:
        InvalidValueError: no object, or too large.
    """
    return within(clean_json(checked_object(value, field)), field, limit)


def checked_object(value: Any, field: str) -> dict[str, Any]:
    """`value`, if it is an object.

    Raises:
        InvalidValueError: it is none.
    """
    if not isinstance(value, dict):
        raise InvalidValueError(f"{field} must be an object, not {type(value).__name__}")
    return cast("dict[str, Any]", value)


def within(encoded: bytes, field: str, limit: int) -> bytes:
    """`encoded`, unless it is larger than `limit` bytes.

    Raises:
        InvalidValueError: too large.
    """
    if len(encoded) > limit:
        raise InvalidValueError(f"{field} has {len(encoded)} bytes of JSON, the limit is {limit}")
    return encoded


def clean_tags(value: Any, field: str) -> list[str]:
    """Distinct tags in the order given.

    Raises:
        InvalidValueError: no list of texts.
    """
    if not isinstance(value, list):
        raise InvalidValueError(f"{field} must be a list of texts, not {type(value).__name__}")
    return list(dict.fromkeys(clean_id(tag, field) for tag in value))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - checked by clean_id
