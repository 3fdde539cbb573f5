"""JSON of anything: what orjson takes is orjson's, the rest is replaced, and nothing is raised."""

import collections
import dataclasses
import enum
import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from unittest.mock import MagicMock

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, RootModel

from literalai_otel import jsonable


class Model(BaseModel):
    name: str = "n"
    blob: bytes = b"\xff"
    children: "list[Model]" = []


class ListModel(RootModel[list[int]]):
    pass


class BrokenModel(Model):
    def model_dump(self, **_: Any) -> Any:
        raise RuntimeError("no dump")


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("no text")


class HostileMapping(Mapping[str, Any]):
    def __getitem__(self, key: str) -> Any:
        raise RuntimeError

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError

    def __len__(self) -> int:
        return 3


class Shouting(str):
    def __str__(self) -> str:
        return "shouted"


class Colour(enum.Enum):
    RED = "red"
    HUGE = 2**70
    PAIR = (1, b"x")


@dataclasses.dataclass
class Point:
    x: Any
    _secret: int = 2


IDENTIFIER = uuid.UUID(int=7)
MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC)


CASES: list[tuple[Any, Any]] = [
    # orjson refuses each of these, alone or in company of the next
    (b"\x00\xff", "STRIPPED_BINARY_DATA"),
    (bytearray(b"x"), "STRIPPED_BINARY_DATA"),
    (memoryview(b"x"), "STRIPPED_BINARY_DATA"),
    (2**64 - 1, 2**64 - 1),
    (2**64, "18446744073709551616"),
    (-(2**63) - 1, "-9223372036854775809"),
    (float("nan"), None),
    (float("-inf"), None),
    ("a\ud800b", "a�b"),
    ("\ud83d\ude00", "😀"),
    ("nul \x00 stays", "nul \x00 stays"),
    ({2: "a", None: "b", True: "c", 1.5: "d", (1, 2): "e", b"k": "f"},
     {"2": "a", "true": "c", "null": "b", "1.5": "d", "[1, 2]": "e", "STRIPPED_BINARY_DATA": "f"}),
    ({"\ud800": 1}, {"�": 1}),
    ({3, 1, 2}, [1, 2, 3]),
    (frozenset({"b", "a"}), ["a", "b"]),
    ((1, (2,)), [1, [2]]),
    (range(3), [0, 1, 2]),
    (collections.deque([1, b""]), [1, "STRIPPED_BINARY_DATA"]),
    (collections.OrderedDict(a=1), {"a": 1}),
    (MappingProxyType({"a": (1,)}), {"a": [1]}),
    (Point(Point(1)), {"x": {"x": 1}}),
    (Point(2**80), {"x": str(2**80)}),
    (Model(children=[Model()]),
     {"name": "n", "blob": "STRIPPED_BINARY_DATA", "children": [
         {"name": "n", "blob": "STRIPPED_BINARY_DATA", "children": []}]}),
    (ListModel([1, 2]), [1, 2]),
    (BrokenModel(), "name='n' blob=b'\\xff' children=[]"),
    (Model, str(Model)),
    (Point, str(Point)),
    (Colour.RED, "red"),
    (Colour.HUGE, str(2**70)),
    (Colour.PAIR, [1, "STRIPPED_BINARY_DATA"]),
    (Shouting("quiet"), "quiet"),
    (IDENTIFIER, str(IDENTIFIER)),
    (MOMENT, "2026-01-02T03:04:05.678900+00:00"),
    (MOMENT.date(), "2026-01-02"),
    (timedelta(days=1), "1 day, 0:00:00"),
    (Decimal("1.10"), "1.10"),
    (Hostile(), "<unprintable Hostile>"),
    (HostileMapping(), "<unprintable HostileMapping>"),
    ({Hostile(): 1}, {"<unprintable Hostile>": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), CASES, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("company", [None, 2**64, "\ud800"], ids=["alone", "big integer", "surrogate"])
def test_odd_values_become_json_alone_and_beside_values_that_force_the_slow_path(
    value: Any, expected: Any, company: Any
) -> None:
    assert orjson.loads(jsonable.dumps([value, company])) == [
        expected,
        {None: None, 2**64: str(2**64), "\ud800": "�"}[company],
    ]
    assert orjson.loads(jsonable.dumps(jsonable.to_jsonable({"deep": [value]}))) == {"deep": [expected]}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)  # fmt: skip


@given(json_values)
def test_json_values_survive_the_round_trip_and_the_snapshot(value: Any) -> None:
    assert jsonable.loads(jsonable.dumps(value)) == value
    assert jsonable.to_jsonable(value) == value
    assert jsonable.dumps([value, 2**64]) == jsonable.dumps([value, str(2**64)])  # slow path and fast path agree


any_text = st.text(st.characters(codec=None, categories=None))
anything = st.recursive(
    st.none() | st.integers() | st.floats() | any_text | st.binary() | st.builds(Hostile) | st.sampled_from(Colour),
    lambda inner: st.lists(inner) | st.dictionaries(any_text | st.integers() | st.booleans() | st.binary(), inner)
    | st.tuples(inner) | st.builds(Point, inner),
)  # fmt: skip


@given(anything)
@settings(max_examples=200)
def test_any_value_is_encoded_as_valid_utf8_json(value: Any) -> None:
    encoded = jsonable.dumps(value)
    assert jsonable.dumps(orjson.loads(encoded)) == encoded
    assert jsonable.dumps(jsonable.to_jsonable(value)) == encoded


@pytest.mark.parametrize("levels", [10, 254, 255, 600, 1000])
@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}], ids=["lists", "objects"])
def test_a_thousand_levels_are_kept(levels: int, wrap: Any) -> None:
    value: Any = wrap("core")
    for _ in range(levels - 1):
        value = wrap(value)
    text = jsonable.dumps_text(value)
    assert "core" in text
    assert text.count("[") + text.count("{") == levels
    assert jsonable.dumps(jsonable.loads(text)) == text.encode()


def test_many_deep_branches_keep_their_places() -> None:
    def branch(name: str) -> Any:
        value: Any = [name]
        for level in range(450):
            value = {"before": level, "inner": value, "after": name}
        return value

    value = {name: branch(name) for name in ("one", "two", "three")}
    assert json.loads(jsonable.dumps(value)) == value


def test_beyond_the_deepest_level_a_text_says_so_and_the_result_can_be_read_inside_a_request() -> None:
    value: Any = "core"
    for _ in range(5000):
        value = {"a": value}
    read = orjson.loads(jsonable.dumps({"variables": {"input_0": value}}))
    for _ in range(998):
        read = read.get("a") or read.get("variables") or read.get("input_0")
    assert jsonable.DEEP_PLACEHOLDER in jsonable.dumps_text(read)


def test_a_container_inside_itself_is_named_and_shared_ones_are_not() -> None:
    shared = [1]
    looped: dict[str, Any] = {"first": shared, "second": shared}
    looped["again"] = [looped]
    expected = {"first": [1], "second": [1], "again": [jsonable.CIRCULAR_PLACEHOLDER]}
    assert jsonable.loads(jsonable.dumps(looped)) == expected
    assert jsonable.to_jsonable(looped) == expected


def test_objects_made_while_walking_are_never_taken_for_a_cycle() -> None:
    value: Any = Model()
    for _ in range(60):
        value = [{value_type(index): [Model(children=[Model()])] for index in range(3)}, (value,)]
    assert jsonable.CIRCULAR_PLACEHOLDER not in jsonable.dumps_text([value, 2**64])


def value_type(index: int) -> Any:
    return (index, str(index), (index,))[index]


def test_the_snapshot_does_not_follow_later_changes() -> None:
    messages: list[dict[str, Any]] = [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]
    snapshot = jsonable.to_jsonable(messages)
    messages[0]["content"][0]["text"] = "changed"
    messages.append({"role": "assistant", "content": "no"})
    assert snapshot == [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]


@pytest.mark.parametrize(("claim", "kind"), [(dict, dict), (list, list), (str, str), (int, str), (object, str)])
def test_a_mock_that_claims_to_be_something_has_a_json_shape(claim: type, kind: type) -> None:
    mock = MagicMock(spec=claim)
    assert type(jsonable.to_jsonable([mock])[0]) is kind
    assert type(jsonable.loads(jsonable.dumps([mock, 2**64]))[0]) is kind


def test_the_text_of_an_object_is_cut() -> None:
    class Endless:
        def __str__(self) -> str:
            return "x" * 1_000_000

    assert len(jsonable.loads(jsonable.dumps(Endless()))) == jsonable.MAX_TEXT_OF_OBJECT + 1


def test_an_integer_that_python_refuses_to_print_is_hexadecimal() -> None:
    assert jsonable.loads(jsonable.dumps(10**5000)) == hex(10**5000)


def test_another_thread_may_change_a_dict_meanwhile() -> None:
    shared: dict[str, Any] = {str(index): {2**64: index} for index in range(300)}
    stop = threading.Event()

    def churn() -> None:
        turn = 0
        while not stop.is_set():
            turn += 1
            shared[f"new {turn % 500}"] = turn
            shared.pop(f"new {(turn + 250) % 500}", None)

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(100):
            assert jsonable.loads(jsonable.dumps(shared))["7"] == {str(2**64): 7}
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a":1}', {"a": 1}),
        (b"[1]", [1]),
        ('"\\ud800"', "\ud800"),
        ("[Infinity]", [float("inf")]),
        ('"\\ud83d\\ude00"', "😀"),
    ],
)
def test_loads_reads_what_other_writers_produce(text: str | bytes, expected: Any) -> None:
    assert jsonable.loads(text) == expected


@pytest.mark.parametrize("text", ["", "{", '{"a": "cut of', "[" * 100_000, b"\xff", "tru"])
def test_loads_of_no_json_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        jsonable.loads(text)
