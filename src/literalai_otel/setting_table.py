"""What a table of settings is: rows, the parsers that several of them share, and how they are resolved.

`config.Config` and `server_config.ServerConfig` are the tables. This is the only code that reads `os.environ`.
"""

import dataclasses
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from literalai_otel.errors import ConfigError

_SECRETS: Final = ("_KEY", "PASSWORD", "SECRET", "DATABASE_URL", "DATABASE_DIRECT_URL")
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off", ""})


def text(value: str) -> str:
    """A text without the blanks around it."""
    return value.strip()


def url(value: str) -> str:
    """An http(s) base address without trailing slashes."""
    stripped = value.strip().rstrip("/")
    if not stripped.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return stripped


def boolean(value: str) -> bool:
    """True or false in the usual spellings. Raises ValueError."""
    lowered = value.strip().lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise ValueError("must be true or false")


def at_least_one(value: str) -> int:
    """A whole number of 1 or more. Raises ValueError."""
    number = int(value)
    if number < 1:
        raise ValueError("must be at least 1")
    return number


def names(value: str) -> tuple[str, ...]:
    """The names of a list with commas."""
    return tuple(name.strip() for name in value.split(",") if name.strip())


def setting(default: Any, doc: str, *env: str, parse: Callable[[str], Any] = text, flag: bool = True) -> Any:
    """One row of the table. `flag` adds `OTEL_LITERALAI_<NAME>` to the variables that feed it.

    What a variable's name says is secret is not in the `repr` of the settings, so that no log line shows it.
    """
    secret = any(word in name for name in env for word in _SECRETS)
    return field(default=default, repr=not secret, metadata={"doc": doc, "env": env, "parse": parse, "flag": flag})


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRow:
    """A row of the table as documentation and tests read it."""

    name: str
    variables: tuple[str, ...]
    default: Any
    doc: str
    parse: Callable[[str], Any]


class SettingTable:
    """What a settings dataclass can do: list its rows and load itself."""

    __slots__ = ()

    @classmethod
    def rows(cls) -> tuple[SettingRow, ...]:
        """Every setting in declaration order."""
        found: list[SettingRow] = []
        for item in dataclasses.fields(cls):  # pyright: ignore[reportArgumentType] - subclasses are dataclasses
            flagged = (f"OTEL_LITERALAI_{item.name.upper()}",) if item.metadata["flag"] else ()
            found.append(
                SettingRow(
                    name=item.name,
                    variables=(*item.metadata["env"], *flagged),
                    default=item.default,
                    doc=item.metadata["doc"],
                    parse=item.metadata["parse"],
                )
            )
        return tuple(found)

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, /, **arguments: Any) -> Self:
        """Resolve every setting: an argument that is not None wins, then the first variable that is set.

        An empty variable counts as unset. Raises `ConfigError` naming the setting, its source and the rule.
        """
        source = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        for row in cls.rows():
            given = arguments.pop(row.name, None)
            if given is not None:
                values[row.name] = _checked(row, given, f"argument {row.name}")
                continue
            for variable in row.variables:
                raw = source.get(variable)
                if raw:
                    values[row.name] = _checked(row, raw, f"environment variable {variable}")
                    break
        if arguments:
            raise ConfigError(f"unknown setting: {', '.join(sorted(arguments))}")
        return cls(**values)


def _checked(row: SettingRow, value: Any, source: str) -> Any:
    """`value` in the setting's own type; an argument may be given as that type or as text."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    try:
        return row.parse(text)
    except ValueError as problem:
        raise ConfigError(f"{source}: {value!r} {problem}") from None
