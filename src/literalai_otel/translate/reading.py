"""`Reading`: what a dialect says about a record; and the tolerant readers of single values.

Attributes come from anyone: numbers as texts, lists as JSON, JSON cut by a length limit. A reader gives None for
what it can't make sense of, and never raises (`spec/genai-semconv.md` §3.0, robustness rules).

A dialect reads from `rest`, a dict of all that the span says, and takes out what it has understood. What is left in
the end is kept in `metadata.otel.attributes`: nothing that a span says gets lost.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from literalai_otel.jsonable import dumps_text, loads, to_jsonable
from literalai_otel.model import Attachment, ChatGeneration, CompletionGeneration, Score, StepType
from literalai_otel.translate.record import SpanRecord

T = TypeVar("T")

AnyGeneration = ChatGeneration | CompletionGeneration


@dataclass(slots=True, kw_only=True)
class Reading:
    """The part of a step that only the dialect knows; ids, times, tags and errors are read alike for all."""

    type: StepType = "undefined"
    name: str | None = None
    input: Any = None
    output: Any = None
    generation: AnyGeneration | None = None
    attachments: list[Attachment] | None = None
    scores: list[Score] | None = None


Rest = dict[str, Any]
Reader = Callable[[Any], Any]
Places = Mapping[str, tuple[str, str, Reader]]
"""Attribute -> where its value goes, under which name there, how it is read."""


def take_places(rest: Rest, places: Places) -> defaultdict[str, dict[str, Any]]:
    """Everything in `rest` that `places` knows, taken out of it: where -> name there -> value.

    One pass over what a span has costs less than asking for all that it might have. What a reader can't understand
    stays in `rest`; of two attributes with one place the first counts.
    """
    found: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for name, value in list(rest.items()):
        place = places.get(name)
        if place is not None:
            where, key, reader = place
            understood = reader(value)
            if understood is not None:
                found[where].setdefault(key, understood)
                del rest[name]
            elif value == "":  # an empty text means absent
                del rest[name]
    return found


def take(rest: Rest, name: str, reader: Callable[[Any], T | None]) -> T | None:
    """The value of `name` as `reader` understands it, taken out of `rest`; what it can't understand stays there."""
    value = rest.pop(name, None)
    if value is None:
        return None
    found = reader(value)
    if found is None and value != "":
        rest[name] = value
    return found


def text(value: Any) -> str | None:
    """A text that is not empty; numbers become texts."""
    if type(value) is str or isinstance(value, str):
        return value or None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return None


def integer(value: Any) -> int | None:
    """A whole number, also from `12.0` and `"12"`."""
    if type(value) is int:
        return value
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
        return int(number) if number.is_integer() else None
    except (TypeError, ValueError, OverflowError):
        return None


def number(value: Any) -> float | None:
    """A finite number, also from a text."""
    if isinstance(value, bool):
        return None
    try:
        found = value if type(value) is float else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found - found == 0 else None


def flag(value: Any) -> bool | None:
    """A truth value, also from `"True"`."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return None


def structure(value: Any) -> Any:
    """The dict or list behind `value`, which may be one, its JSON, or a tuple; None when there is none."""
    if isinstance(value, str):
        if not value.lstrip().startswith(("{", "[")):
            return None
        try:
            return loads(value)
        except ValueError:
            return None
    if isinstance(value, dict | list):
        return cast(Any, value)
    if isinstance(value, tuple | Mapping):
        return to_jsonable(value)
    return None


def mapping(value: Any) -> dict[str, Any] | None:
    """`structure` when it is an object."""
    found = structure(value)
    return cast(dict[str, Any], found) if isinstance(found, dict) else None


def sequence(value: Any) -> list[Any] | None:
    """`structure` when it is a list."""
    found = structure(value)
    return cast(list[Any], found) if isinstance(found, list) else None


def texts(value: Any) -> list[str] | None:
    """A list of texts; a single text that is no JSON list counts as one."""
    found = list(cast(list[Any], value)) if isinstance(value, tuple | list) else sequence(value)
    if found is not None:
        return [item if isinstance(item, str) else dumps_text(item) for item in found if item is not None]
    single = text(value)
    return None if single is None else [single]


def content_object(value: Any) -> dict[str, Any] | None:
    """Step input and output are objects on the wire; anything else goes under `content` (`literal-wire.md` §4)."""
    if value is None:
        return None
    if isinstance(value, dict):
        return cast(dict[str, Any], value)
    plain = to_jsonable(value)
    return cast(dict[str, Any], plain) if isinstance(plain, dict) else {"content": plain}


def given(record: SpanRecord, rest: Rest, name: str) -> Any:
    """A value of the user's, taken out of `rest`: native beside the span, JSON on it. What is no JSON is a text."""
    value = rest.pop(name, None)
    if isinstance(value, str) and name not in record.fields:
        try:
            return loads(value)
        except ValueError:
            return value
    return value
