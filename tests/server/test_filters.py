import pytest

from literalai_otel.server.filters import (
    FIELDS,
    OPERATORS,
    Condition,
    FilterError,
    Kind,
    Order,
    parse_filters,
    parse_order,
)


def one(entity="steps", field="name", operator="eq", value="x", **more):
    return parse_filters(entity, [{"field": field, "operator": operator, "value": value, **more}])[0]


@pytest.mark.parametrize("nothing", [None, []])
def test_no_filters_are_no_conditions(nothing):
    assert parse_filters("threads", nothing) == ()


@pytest.mark.parametrize(
    ("field", "operator", "value", "expected"),
    [
        ("name", "eq", "x", Condition("name", Kind.TEXT, "eq", "x")),
        ("name", "ilike", "", Condition("name", Kind.TEXT, "ilike", "")),
        ("name", "in", ["a", "b"], Condition("name", Kind.TEXT, "in", ("a", "b"))),
        ("name", "in", "a", Condition("name", Kind.TEXT, "in", ("a",))),
        ("name", "is", None, Condition("name", Kind.TEXT, "is", None)),
        ("name", "eq", "\ud800", Condition("name", Kind.TEXT, "eq", "\ufffd")),
        ("tags", "in", [], Condition("tags", Kind.LIST, "in", ())),
        ("tags", "eq", "a", Condition("tags", Kind.LIST, "eq", ("a",))),
        ("metadata", "eq", 7, Condition("metadata", Kind.JSON, "eq", "7")),
        ("metadata", "eq", True, Condition("metadata", Kind.JSON, "eq", "true")),
        ("scoreValue", "gte", 0, Condition("scoreValue", Kind.NUMBER, "gte", 0)),
        ("startTime", "gt", "1970-01-01T00:00:01Z", Condition("startTime", Kind.TIME, "gt", 1_000_000)),
        ("startTime", "gt", "1970-01-01T01:00:01+01:00", Condition("startTime", Kind.TIME, "gt", 1_000_000)),
        ("startTime", "gt", "1970-01-01 00:00:00.000001", Condition("startTime", Kind.TIME, "gt", 1)),
    ],
)
def test_values_become_what_the_store_compares(field, operator, value, expected):
    assert one(field=field, operator=operator, value=value) == expected


def test_a_path_goes_along_and_an_empty_one_is_none():
    assert one(field="metadata", path="a.b").path == "a.b"
    assert one(field="metadata", path="").path is None


@pytest.mark.parametrize(("entity", "name"), [(entity, name) for entity, fields in FIELDS.items() for name in fields])
def test_every_operator_of_every_field_is_accepted_and_no_other(entity, name):
    field = FIELDS[entity][name]
    value = {Kind.NUMBER: 1, Kind.TIME: "2026-01-01T00:00:00Z", Kind.LIST: ["a"]}.get(field.kind, "a")
    for operator in {operator for operators in OPERATORS.values() for operator in operators} | {"is", "nis", "like"}:
        null = operator in ("is", "nis")
        allowed = field.nullable if null else operator in OPERATORS[field.kind]
        given = None if null else "a" if operator in ("eq", "neq") and field.kind is Kind.LIST else value
        if allowed:
            assert one(entity, name, operator, given).operator == operator
        else:
            with pytest.raises(FilterError, match="operators: "):
                one(entity, name, operator, given)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"field": "colour"}, "fields: id, createdAt"),
        ({"field": None}, "fields: "),
        ({"field": ["name"]}, "fields: "),
        ({"operator": "like"}, "operators: eq, neq, ilike, nilike, in, nin, is, nis"),
        ({"operator": None}, "operators: "),
        ({"value": 1}, "a text, not 1"),
        ({"value": None}, "a text, not None"),
        ({"value": ["x"]}, "a text, not"),
        ({"value": "x" * 5_001}, "at most 5000"),
        ({"operator": "in", "value": [1]}, "a text, not 1"),
        ({"operator": "in", "value": ["x"] * 1_001}, "at most 1000"),
        ({"operator": "ilike", "value": "%" * 11}, "at most 10 %"),
        ({"operator": "is", "value": "x"}, "null only"),
        ({"path": "x"}, "takes no path"),
        ({"field": "metadata", "path": 1}, "path of a filter is a text"),
        ({"field": "scoreValue", "value": "1"}, "finite number"),
        ({"field": "scoreValue", "value": True}, "finite number"),
        ({"field": "scoreValue", "value": float("nan")}, "finite number"),
        ({"field": "scoreValue", "value": 2**63}, "finite number"),
        ({"field": "startTime", "operator": "gt", "value": "yesterday"}, "ISO 8601"),
        ({"field": "startTime", "operator": "gt", "value": 5}, "ISO 8601"),
        ({"field": "metadata", "value": {"a": 1}}, "a text, not"),
    ],
)
def test_what_the_grammar_does_not_know_is_an_error_that_says_what_it_knows(changes, message):
    with pytest.raises(FilterError, match=message):
        one(**changes)


def test_an_error_does_not_repeat_a_huge_value():
    with pytest.raises(FilterError) as raised:
        one(value=["x" * 100_000])
    assert len(str(raised.value)) < 300


def test_orders():
    assert parse_order("threads", None) is None
    assert parse_order("threads", {"column": "createdAt", "direction": "ASC"}) == Order("createdAt", descending=False)
    assert parse_order("steps", {"column": "startTime", "direction": "DESC"}) == Order("startTime", descending=True)


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ({"column": "colour", "direction": "ASC"}, "columns: createdAt"),
        ({"column": ["createdAt"], "direction": "ASC"}, "columns: createdAt"),
        ({"direction": "ASC"}, "columns: createdAt"),
        ({"column": "createdAt", "direction": "asc"}, "ASC or DESC"),
        ({"column": "createdAt"}, "ASC or DESC"),
    ],
)
def test_an_unknown_order_is_an_error(order, message):
    with pytest.raises(FilterError, match=message):
        parse_order("threads", order)
