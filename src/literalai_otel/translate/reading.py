"""`Reading`: what a dialect says about a record; and the tolerant readers of single values.

Attributes come from anyone: numbers as texts, lists as JSON, JSON cut by a length limit. A reader gives None for
what it can't make sense of, and never raises (`spec/genai-semconv.md` §3.0, robustness rules).

A dialect reads from `rest`, a dict of all that the span says, and takes out what it has understood. What is left in
the end is kept in `metadata.otel.attributes`: nothing that a span says gets lost.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeVar, cast

from literalai_otel import attributes as names
from literalai_otel.jsonable import dumps_text, loads, to_jsonable
from literalai_otel.model import Attachment, ChatGeneration, CompletionGeneration, Score, StepType
from literalai_otel.translate.kinds import Names, PerKind
from literalai_otel.translate.record import SpanRecord

T = TypeVar("T")
_OPENINGS: Final = ("{", "[")
_TEXT: Final = frozenset({str})
_JSON_BEGINS: Final = frozenset('{["-0123456789tfnNI \t\r\n')
"""What a JSON text may begin with; `NaN` and `Infinity` are none, but written."""
_MAX_DIGITS: Final = 6
"""Longer numbers in a name count nothing."""

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
    error: str | None = None
    """Where the dialect says it elsewhere than in the status of the span."""


Rest = dict[str, Any]
Reader = Callable[[Any], Any]
Found = defaultdict[str, dict[str, Any]]
"""Where values go -> name there -> value."""
Table = Mapping[str, tuple[str, str, Reader]]
"""Attribute -> where its value goes, under which name there, how it is read."""
Places = PerKind[list[tuple[str, str, str, Reader]]]
"""The rows of a table that a span has attributes for, each with the attribute first."""


def places_of(table: Table) -> Places:
    """A table, to be asked for all that a span has at once."""
    return PerKind(lambda names: [(name, *table[name]) for name in names if name in table])


def take_places(rest: Rest, places: Places) -> Found:
    """Everything in `rest` that `places` knows, taken out of it: where -> name there -> value.

    What a reader can't understand stays in `rest`; of two attributes with one place the first counts.
    """
    found: Found = defaultdict(dict)
    for name, where, key, reader in places[tuple(rest)]:
        value = rest[name]
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


def renaming(table: Mapping[str, str]) -> Callable[[Rest], None]:
    """What says under its official name what a dialect says under its own: own name -> official name.

    What is there under the official name stays; of two names for one thing the first in `table` counts. Empty texts
    mean absent.
    """

    @PerKind
    def among(names: Names) -> tuple[list[str], list[tuple[str, str]]]:
        there = frozenset(names)
        said = [(name, official) for name, official in table.items() if name in there]
        return [name for name, official in said if official in there], [pair for pair in said if pair[1] not in there]

    def rename(rest: Rest) -> None:
        twice, said = among[tuple(rest)]
        for name in twice:
            del rest[name]
        for name, official in said:
            value = rest.pop(name)
            if value is not None and value != "":
                rest.setdefault(official, value)

    return rename


def beginning_with(*prefixes: str) -> PerKind[list[str]]:
    """Of the names that a span has those that start with one of `prefixes`."""
    return PerKind(lambda names: [name for name in names if name.startswith(prefixes)])


def taking(prefix: str) -> Callable[[Rest], dict[str, Any]]:
    """What takes everything whose name starts with `prefix` out of a `rest`, under what follows the prefix."""
    among = beginning_with(prefix)

    def take_beginning(rest: Rest) -> dict[str, Any]:
        said = among[tuple(rest)]
        return {name[len(prefix) :]: rest.pop(name) for name in said} if said else {}

    return take_beginning


def take_numbered(rest: Rest, prefixes: tuple[str, ...]) -> dict[str, list[dict[str, Any]]]:
    """Lists of objects that are spread over attributes, taken out of `rest`: prefix -> its objects in order.

    Behind a prefix come a number and a path: `llm.tools.0.tool.name`. A path becomes dicts in dicts; numbers in it
    are keys like any other (`in_order` makes a list of such a dict). What has no number or no path stays in `rest`.
    """
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for name, prefix, number, path, last in filter(None, map(_places_behind(prefixes), [*rest])):
        place = found.setdefault(prefix, {}).setdefault(number, {})
        for part in path:
            inner = place.get(part)
            if inner is None:
                place[part] = {}
                inner = place[part]
            elif inner.__class__ is not dict:
                break
            place = inner
        else:
            if last not in place:
                place[last] = rest.pop(name)
    return {prefix: [items[number] for number in sorted(items)] for prefix, items in found.items()}


@lru_cache(maxsize=64)
def _places_behind(prefixes: tuple[str, ...]) -> Callable[[str], tuple[str, str, int, tuple[str, ...], str] | None]:
    """What a name says of its place: itself, prefix, number, path and its last part; None for any other name.

    Names come again with every span, so each is taken apart once.
    """

    @lru_cache(maxsize=4096)
    def place_of(name: str) -> tuple[str, str, int, tuple[str, ...], str] | None:
        prefix = next((prefix for prefix in prefixes if name.startswith(prefix)), None)
        if prefix is None:
            return None
        number, *path = name[len(prefix) :].split(".")
        if not path or not number.isdecimal() or len(number) > _MAX_DIGITS:
            return None
        return name, prefix, int(number), tuple(path[:-1]), path[-1]

    return place_of


def in_order(numbered: Any) -> list[Any]:
    """The values of a dict whose keys are numbers as texts, by number; [] for anything else."""
    if not isinstance(numbered, dict):
        return []
    known = cast("dict[str, Any]", numbered)
    return [known[key] for key in sorted((key for key in known if key.isdecimal()), key=int)]


def add_metadata(rest: Rest, found: Mapping[str, Any], name: str = names.METADATA) -> None:
    """Puts `found` into the metadata of the step, or into those under `name`; what is there already stays."""
    if found:
        there = rest.get(name)
        rest[name] = {**found} if there is None else {**found, **(mapping(there) or {})}


def text(value: Any) -> str | None:
    """A text that is not empty; numbers become texts."""
    if type(value) is str or isinstance(value, str):
        return value or None
    if value is None:
        return None
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


def structure(value: Any, otherwise: Any = None) -> Any:
    """The dict or list behind `value`, which may be one, its JSON, or a tuple; `otherwise` when there is none."""
    kind = value.__class__
    if kind is dict or kind is list or value is None:
        return value  # first what is asked most: what a reader has made of a text comes here again
    if isinstance(value, str):
        if value[:1] not in _OPENINGS and not value.lstrip().startswith(_OPENINGS):
            return otherwise
        try:
            return loads(value)
        except ValueError:
            return otherwise
    return to_jsonable(value) if isinstance(value, list | tuple | Mapping) else otherwise


def mapping(value: Any) -> dict[str, Any] | None:
    """`structure` when it is an object."""
    if value.__class__ is dict:
        return value
    found = structure(value)
    return found if found.__class__ is dict else None


def sequence(value: Any) -> list[Any] | None:
    """`structure` when it is a list."""
    if value.__class__ is list:
        return value
    found = structure(value)
    return found if found.__class__ is list else None


def texts(value: Any) -> list[str] | None:
    """A list of texts; a single text that is no JSON list counts as one."""
    found: Any = list(value) if value.__class__ is tuple else sequence(value)
    if found is not None:
        if _TEXT.issuperset(map(type, found)):
            return [*found]
        return [item if isinstance(item, str) else dumps_text(item) for item in found if item is not None]
    single = text(value)
    return None if single is None else [single]


def plain_or_structure(value: Any) -> Any:
    """The dict or list behind `value` where there is one, else the value itself; None for an empty text."""
    return structure(value, None if value == "" else value)


def json_value(value: Any) -> Any:
    """What a JSON text says, quoted texts and numbers as well; anything else as it is."""
    if not isinstance(value, str):
        return value
    if value[:1] not in _JSON_BEGINS:  # finding that out by reading takes ten times as long
        return value or None
    try:
        return loads(value)
    except ValueError:
        return value


def content_object(value: Any) -> dict[str, Any] | None:
    """Step input and output are objects on the wire; anything else goes under `content` (`literal-wire.md` §4)."""
    if value is None:
        return None
    if isinstance(value, dict):
        return cast("dict[str, Any]", value)
    plain = to_jsonable(value)
    return cast("dict[str, Any]", plain) if isinstance(plain, dict) else {"content": plain}


def given(record: SpanRecord, rest: Rest, name: str) -> Any:
    """A value of the user's, taken out of `rest`: native beside the span, JSON on it. What is no JSON is a text."""
    value = rest.pop(name, None)
    if isinstance(value, str) and name not in record.fields:
        try:
            return loads(value)
        except ValueError:
            return value
    return value
