"""Regular expressions that users write, matched by RE2: its time is linear, so that no pattern holds up the writer."""

import re
from functools import lru_cache
from typing import Any, Final, Protocol, cast

import re2  # pyright: ignore[reportMissingTypeStubs] - the package has none

from literalai_otel.server.values import InvalidValueError

KEPT: Final = 1_024
_LITERAL: Final = re.compile(r"(?:\\[^\w\s]|[^\\.^$*+?{}\[\]|()])")
_OPTIONAL: Final = ("*", "?", "{")
_BARE_STAR: Final = re.compile(r"\w\*$")
_ENGINE: Final = cast(Any, re2)


class Pattern(Protocol):
    """A compiled pattern."""

    def fullmatch(self, text: str, /) -> object | None:
        """Something true when all of `text` matches."""
        ...


@lru_cache(maxsize=KEPT)
def compiled(pattern: str) -> Pattern:
    """The pattern, ready to match.

    Raises:
        InvalidValueError: it is no regular expression, or one that RE2 has not (such as a look-ahead).
    """
    options = _ENGINE.Options()
    options.log_errors = False
    try:
        return _ENGINE.compile(pattern, options)
    except _ENGINE.error as problem:
        reason = problem.args[0]
        shown = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
        raise InvalidValueError(f"pattern is no regular expression of RE2: {shown}") from None


@lru_cache(maxsize=KEPT)
def literal_start(pattern: str) -> int:
    """How many characters every match begins with."""
    if "|" in pattern:
        return 0
    position, length = 1 if pattern.startswith("^") else 0, 0
    while (character := _LITERAL.match(pattern, position)) is not None:
        position = character.end()
        if pattern[position : position + 1] in _OPTIONAL and position < len(pattern):
            break
        length += 1
    return length


def hint(pattern: str) -> str | None:
    """What to say about a pattern that looks like a file pattern (`spec/features.md` X-34)."""
    if _BARE_STAR.search(pattern) is None:
        return None
    return (
        f"As a regular expression {pattern!r} repeats only its last character. "
        f"To match everything that begins so, write {pattern[:-1] + '.*'!r}."
    )
