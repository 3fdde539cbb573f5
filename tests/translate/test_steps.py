"""What is read alike for every dialect: place in the tree, times, errors, metadata; and any input at all."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.trace import Event
from opentelemetry.trace import SpanKind, Status, StatusCode

from literalai_otel import attributes as names
from literalai_otel.jsonable import dumps, loads
from literalai_otel.model import Step, to_wire
from literalai_otel.translate import SpanRecord, iso_time, step_id, translate, trim

from .conftest import PARENT_ID, START, TRACE_ID, Ways, ended, over_otlp

CHAT = {names.OPERATION_NAME: "chat", names.REQUEST_MODEL: "m"}


@dataclass
class Place:
    """A lineage, as the processor makes it."""

    parent_step_id: str | None = None
    parent_span_id: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    bridges: list[str] = field(default_factory=list)
    inner: dict[str, Any] | None = None


def otel(record: SpanRecord) -> dict[str, Any]:
    step = translate(record)
    assert step is not None
    assert step.metadata is not None
    return step.metadata["otel"]


@pytest.mark.feature("O-06", "L-LOG-12")
def test_the_lineage_says_parent_and_bridges() -> None:
    parent = step_id(TRACE_ID, PARENT_ID)
    place = Place(parent, "00f067aa0ba902b7", {names.THREAD_ID: "t", names.TAGS: ["x"]}, ["00000000000000aa"])
    record = SpanRecord.from_sdk(ended(CHAT, parent=True), None, place)
    step = translate(record)
    assert step is not None
    assert (step.parent_id, step.thread_id, step.tags) == (parent, "t", ["x"])
    assert otel(record)["parent_span_id"] == "00f067aa0ba902b7"
    assert otel(record)["bridges"] == ["00000000000000aa"]


def test_without_a_known_parent_step_the_server_gets_the_span_to_find_it_by() -> None:
    remote = SpanRecord.from_sdk(ended(CHAT, parent=True), None, Place(parent_span_id="00f067aa0ba902b7"))
    step = translate(remote)
    assert step is not None
    assert step.parent_id is None
    assert otel(remote)["parent_span_id"] == "00f067aa0ba902b7"


def test_a_root_names_no_parent(ways: Ways) -> None:
    step = ways.step(CHAT)
    assert step.parent_id is None
    assert set(step.metadata["otel"]) == {"trace_id", "span_id", "scope", "scope_version"}  # type: ignore[index]


def test_a_parent_that_the_user_named_holds_without_a_lineage(ways: Ways) -> None:
    assert ways.step({**CHAT, names.STEP_PARENT_ID: "named"}, parent=True).parent_id == "named"


def test_stamps_beside_the_span_win_over_those_that_the_host_cut() -> None:
    place = Place(fields={names.THREAD_ID: "thread-1234567890"})
    step = translate(SpanRecord.from_sdk(ended({**CHAT, names.THREAD_ID: "thread-1"}), None, place))
    assert step is not None
    assert step.thread_id == "thread-1234567890"


@pytest.mark.parametrize(
    ("attributes", "thread"),
    [
        ({names.CONVERSATION_ID: "c"}, "c"),
        ({names.CONVERSATION_ID: "c", names.THREAD_ID: "t"}, "t"),
        ({names.THREAD_ID: ""}, None),
        ({}, None),
    ],
)
@pytest.mark.feature("L-LOG-05", "L-LOG-06")
def test_the_thread(ways: Ways, attributes: dict[str, Any], thread: str | None) -> None:
    assert ways.step({**CHAT, **attributes}).thread_id == thread


def raised(**facts: str) -> Event:
    return Event("exception", {f"exception.{key}": value for key, value in facts.items()}, START)


@pytest.mark.parametrize(
    ("status", "attributes", "events", "expected"),
    [
        (Status(StatusCode.ERROR, "it broke"), {names.ERROR_TYPE: "E"}, (raised(message="m"),), "it broke"),
        (Status(StatusCode.ERROR), {names.ERROR_TYPE: "E"}, (raised(message="m", type="T"),), "m"),
        (Status(StatusCode.ERROR), {names.ERROR_TYPE: "E"}, (raised(type="T"),), "T"),
        (Status(StatusCode.ERROR), {names.ERROR_TYPE: "E"}, (), "E"),
        (Status(StatusCode.ERROR), {}, (), "error"),
        (Status(StatusCode.ERROR), {}, (raised(message="first"), raised(message="last")), "last"),
        (Status(StatusCode.UNSET), {names.ERROR_TYPE: "E"}, (), "E"),
        (Status(StatusCode.UNSET), {}, (raised(message="handled"),), None),
        (Status(StatusCode.OK), {names.ERROR_TYPE: "E"}, (), None),
    ],
)
@pytest.mark.feature("L-LOG-11")
def test_the_error(ways: Ways, status: Status, attributes: Any, events: Any, expected: str | None) -> None:
    step = ways.step({**CHAT, names.INPUT_MESSAGES: "[]", **attributes}, status=status, events=events)
    assert step.error == expected
    assert step.generation is not None
    assert step.generation.error == expected


def test_the_exception_is_kept_whole(ways: Ways) -> None:
    event = raised(type="ValueError", message="no", stacktrace="Traceback …")
    found = ways.step(CHAT, events=(event,), status=Status(StatusCode.ERROR)).metadata["otel"]  # type: ignore[index]
    assert found["exception"] == {"type": "ValueError", "message": "no", "stacktrace": "Traceback …"}


@pytest.mark.parametrize(
    ("nanoseconds", "expected"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (1_000_000_000, "1970-01-01T00:00:01.000000Z"),
        (START, "2026-11-21T08:00:00.123456Z"),
        (START + 999, "2026-11-21T08:00:00.123457Z"),
        (-1, "1970-01-01T00:00:00.999999Z"),
        (2**64 - 1, "2554-07-21T23:34:33.709551Z"),
        (10**21, "9999-12-31T23:59:59.000000Z"),
    ],
)
def test_times(nanoseconds: int, expected: str) -> None:
    assert iso_time(nanoseconds) == expected


def test_a_span_that_ends_before_it_starts_has_no_negative_duration(ways: Ways) -> None:
    step = ways.step({**CHAT, names.USAGE_OUTPUT_TOKENS: 3}, end=START - 5)
    assert step.generation is not None
    assert (step.generation.duration, step.generation.token_throughput_in_s) == (0.0, None)


@pytest.mark.parametrize(
    ("attributes", "resource", "environment", "release"),
    [
        ({}, {}, None, None),
        ({}, {"deployment.environment.name": "dev", "service.version": "2"}, "dev", "2"),
        ({}, {"deployment.environment.name": "qa-7"}, None, None),
        ({names.ENVIRONMENT: "experiment"}, {"deployment.environment.name": "prod"}, "experiment", None),
        ({names.RELEASE: "3"}, {"service.version": "2"}, None, "3"),
        ({names.METADATA: '{"release": "mine"}'}, {"service.version": "2"}, None, "mine"),
    ],
)
def test_environment_and_release(
    ways: Ways, attributes: Any, resource: Any, environment: str | None, release: str | None
) -> None:
    step = ways.step({**CHAT, **attributes}, resource=resource)
    assert step.environment == environment
    assert step.metadata is not None
    assert step.metadata.get("release") == release


def test_thread_name_and_user_travel_with_the_span(ways: Ways) -> None:
    found = ways.step({**CHAT, names.THREAD_NAME: "Trip", names.USER_ID: "ada"}).metadata["otel"]  # type: ignore[index]
    assert (found["thread_name"], found["user_id"]) == ("Trip", "ada")


@pytest.mark.parametrize("metadata", ['{"cut', "[1]", "text", 7])
def test_metadata_that_is_no_object_is_kept_beside(ways: Ways, metadata: Any) -> None:
    step = ways.step({**CHAT, names.METADATA: metadata})
    assert step.metadata["otel"]["attributes"] == {names.METADATA: metadata}  # type: ignore[index]


def test_other_spans_are_no_steps_unless_all_are_wanted() -> None:
    span = ended({"http.request.method": "GET"}, name="GET", kind=SpanKind.CLIENT)
    assert translate(SpanRecord.from_sdk(span)) is None
    step = translate(SpanRecord.from_sdk(span), export_all=True)
    assert step is not None
    assert (step.type, step.name) == ("undefined", "GET")
    assert step.metadata["otel"]["attributes"] == {"http.request.method": "GET"}  # type: ignore[index]


NAMES = sorted(value for name, value in vars(names).items() if name.isupper() and isinstance(value, str))
scalars = (
    st.text() | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
)
json_text = st.sampled_from(
    [
        "",
        "[]",
        "{}",
        "[null]",
        '[{"role": "user", "parts": [{"type": "text"}]}]',
        '[{"role": 1, "parts": {"type": "tool_call"}}]',
        '[{"parts": [{"type": "tool_call_response"}, {"type": "server_tool_call"}, {"type": "blob"}]}]',
        '[{"role": "assistant", "parts": [{"type": "uri"}, {"type": "file"}, 3, [1]], "finish_reason": 3}]',
        '{"type": "CHAT", "messages": 3}',
        '[{"type": "function"}, {"name": 3}, 4]',
        '{"a": [1, {"b": null}]}',
        '[{"role": "user", "par',
        "\x00",
    ]
)
values = scalars | json_text | st.lists(st.text()) | st.dictionaries(st.text(min_size=1), scalars, max_size=3)
attribute_sets = st.dictionaries(st.sampled_from(NAMES) | st.text(min_size=1, max_size=8), values, max_size=14)
kinds = st.sampled_from(list(SpanKind))
statuses = st.builds(Status, st.sampled_from(list(StatusCode)))
scopes = st.sampled_from([names.STEP_SCOPE, "literalai_otel.instrumentors.openai", "foreign"])


@given(attribute_sets, kinds, statuses, scopes, st.booleans())
@settings(max_examples=300, deadline=None)
@pytest.mark.feature("O-06")
def test_any_span_translates_alike_from_the_sdk_and_over_otlp(
    attributes: dict[str, Any], kind: SpanKind, status: Status, scope: str, parent: bool
) -> None:
    span = ended(
        attributes,
        kind=kind,
        status=status,
        scope=scope,
        parent=parent,
        events=(Event("exception", {"exception.message": "m"}, START), Event("other", {}, START)),
        resource={"service.name": "s", "service.version": "v"},
    )
    here, there = SpanRecord.from_sdk(span), over_otlp(span)
    assert here == there
    step = translate(here, export_all=True)
    assert step == translate(there, export_all=True)
    assert step is not None
    wire = loads(dumps(to_wire(trim(step))))
    assert to_wire(Step.from_dict(wire)) == wire


native = st.recursive(
    st.none() | scalars | st.binary() | st.just(2**90) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(NAMES), native | json_text, max_size=12), scopes)
@settings(max_examples=300, deadline=None)
def test_any_field_beside_a_span_gives_a_step_that_can_be_sent(fields: dict[str, Any], scope: str) -> None:
    step = translate(SpanRecord.from_sdk(ended({}, scope=scope), fields), export_all=True)
    assert step is not None
    wire = loads(dumps(to_wire(trim(step))))
    assert isinstance(wire["id"], str)
    assert wire["metadata"]["otel"]["span_id"] == "b7ad6b7169203331"
    for side in ("input", "output"):
        assert isinstance(wire.get(side, {}), dict)
