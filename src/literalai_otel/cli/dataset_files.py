"""Dataset items from CSV and JSONL files, and back to JSONL for fine-tuning: texts in, values out, or a reason."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from literalai_otel.jsonable import loads

PLACES: Final = ("input", "expectedOutput", "metadata")
_PLACE_NAMES: Final = {"expected_output": "expectedOutput", "expected": "expectedOutput", "output": "expectedOutput"}
_JSON_STARTS: Final = ("{", "[")
_MESSAGE_KEYS: Final = ("role", "content", "name", "tool_calls", "tool_call_id", "weight")
_ROLES: Final = ("system", "developer", "user", "assistant", "tool", "function")
_LARGEST_CELL: Final = 4_000_000


class BadRowError(ValueError):
    """A part of a file that cannot be an item. The message says where it is, and what is wrong."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns go where, by name; those of no option go where their own name says."""

    input: Sequence[str] = ()
    expected: Sequence[str] = ()
    metadata: Sequence[str] = ()


@dataclass(slots=True)
class Item:
    """What becomes an item; `row` is its number in the file, 1 for the first."""

    row: int
    parts: dict[str, Any] = field(default_factory=dict[str, Any])


def items_of_csv(text: str, columns: Columns) -> list[Item]:
    """The items of a CSV file with a header.

    A column named `input`, `expectedOutput` or `metadata` holds that as a whole: a JSON object, or a text, which
    goes under `content`. A column `input.question` holds the member `question` of the input, and so on. A cell that
    starts with `{` or `[` is JSON.

    Raises:
        BadRowError: no header, a column that belongs nowhere, a row of another length, a cell that is no JSON.
    """
    csv.field_size_limit(_LARGEST_CELL)
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as problem:
        raise BadRowError(f"line {reader.line_num}: {problem}") from None
    if not rows:
        raise BadRowError("the file is empty: its first line must name the columns")
    header = [name.strip() for name in rows[0][1]]
    places = [_place(name, columns) for name in header]
    return [_item(number, line, row, header, places) for number, (line, row) in enumerate(rows[1:], 1)]


def items_of_jsonl(text: str) -> list[Item]:
    """The items of a JSONL file: `{messages}` as for fine-tuning, or `{input, expectedOutput?, metadata?}`.

    Raises:
        BadRowError: a line that is neither.
    """
    found: list[Item] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            found.append(Item(len(found) + 1, _parts_of_line(f"line {number}", line)))
    return found


def fine_tuning_line(name: str, item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as a training example in OpenAI's form: messages, the answer of the assistant last.

    Raises:
        BadRowError: the item holds no conversation with an answer.
    """
    content, answer = item.get("input"), item.get("expectedOutput")
    messages = cast(dict[str, Any], content).get("messages") if isinstance(content, dict) else None
    if not isinstance(messages, list) or not messages:
        raise BadRowError(f"{name}: its input has no messages")
    said = cast(dict[str, Any], answer) if isinstance(answer, dict) else {}
    if not (said.get("content") or said.get("tool_calls")):
        raise BadRowError(f"{name}: its expected output is no message of an assistant")
    known = cast(dict[str, Any], content)
    turns = [*cast(list[Any], messages), {"role": "assistant", **said}]
    example: dict[str, Any] = {"messages": [_message(name, turn) for turn in turns]}
    if known.get("tools"):
        example["tools"] = known["tools"]
    return example


def _message(name: str, message: Any) -> dict[str, Any]:
    if not isinstance(message, dict) or cast(dict[str, Any], message).get("role") not in _ROLES:
        raise BadRowError(f"{name}: a message needs a role, one of {', '.join(_ROLES)}")
    known = cast(dict[str, Any], message)
    return {key: known[key] for key in _MESSAGE_KEYS if known.get(key) is not None}


def _place(column: str, columns: Columns) -> tuple[str, str | None]:
    """(input, expectedOutput or metadata; the member of it, None for the whole)."""
    for place, names in zip(PLACES, (columns.input, columns.expected, columns.metadata), strict=True):
        if column in names:
            return place, column
    head, _, member = column.partition(".")
    place = _PLACE_NAMES.get(head, head)
    if place not in PLACES:
        raise BadRowError(
            f"column {column!r} belongs nowhere: name it input.{column}, expectedOutput.{column} or metadata.{column}, "
            f"or say --input {column} (or --expected, --metadata)"
        )
    return place, member or None


def _item(
    number: int, line: int, row: Sequence[str], header: Sequence[str], places: Sequence[tuple[str, str | None]]
) -> Item:
    where = f"row {number} (line {line})"
    if len(row) != len(header):
        raise BadRowError(f"{where} has {len(row)} cells, the header has {len(header)}")
    item = Item(number)
    for column, cell, (place, member) in zip(header, row, places, strict=True):
        if cell.strip():
            value = _cell(f"{where}, column {column!r}", cell)
            if member is not None:
                item.parts.setdefault(place, {})[member] = value
            else:
                item.parts[place] = {**item.parts.get(place, {}), **(_whole(value))}
    if "input" not in item.parts:
        raise BadRowError(f"{where} has no input")
    return item


def _whole(value: Any) -> dict[str, Any]:
    return cast(dict[str, Any], value) if isinstance(value, dict) else {"content": value}


def _cell(where: str, cell: str) -> Any:
    if not cell.lstrip().startswith(_JSON_STARTS):
        return cell
    try:
        return loads(cell)
    except ValueError as problem:
        raise BadRowError(f"{where} begins like JSON but is none: {problem}") from None


def _parts_of_line(where: str, line: str) -> dict[str, Any]:
    try:
        content: Any = loads(line)
    except ValueError as problem:
        raise BadRowError(f"{where} is no JSON: {problem}") from None
    if not isinstance(content, dict):
        raise BadRowError(f"{where} must be an object")
    known = cast(dict[str, Any], content)
    if "messages" in known:
        return dict(_conversation(where, known))
    if not isinstance(known.get("input"), dict):
        raise BadRowError(f"{where} has neither messages nor an input")
    return {place: known[place] for place in PLACES if known.get(place) is not None}


def _conversation(where: str, example: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    messages = example["messages"]
    turns = cast(list[Any], messages) if isinstance(messages, list) else []
    if not turns or not all(isinstance(turn, dict) and "role" in turn for turn in turns):
        raise BadRowError(f"{where}: messages must be a list of messages with a role")
    last = turns[-1] if turns[-1]["role"] == "assistant" else None
    asked = turns if last is None else turns[:-1]
    tools = {"tools": example["tools"]} if example.get("tools") else {}
    yield "input", {"messages": asked, **tools}
    if last is not None:
        yield "expectedOutput", last
