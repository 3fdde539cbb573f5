"""What an index does for a list, what is looked for, and that a search which was cut goes on where it stopped."""

from contextlib import contextmanager

import pytest
from sqlalchemy.exc import DBAPIError

from literalai_otel.server.filters import parse_filters, parse_order
from literalai_otel.server.store import PageQuery, StepBatch, StepRow, deadline, narrowing, scanning
from literalai_otel.server.store.conditions import where
from literalai_otel.server.store.scanning import ScanBound
from literalai_otel.server.store.sorting import Sorting
from literalai_otel.server.store.tables import steps, threads

pytestmark = pytest.mark.feature("L-FLT-08")

HASTY = ScanBound(seconds=0, window=10, quick_window=10)
EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
BY_TIME = Sorting(name="time", expression=steps.c.sort_time, row_id=steps.c.row_id, descending=True, nullable=False)
BY_NAME = Sorting(name="name", expression=steps.c.name, row_id=steps.c.row_id, descending=True)
BY_TOKENS = Sorting(name="tokenCount", expression=threads.c.token_count, row_id=threads.c.row_id, descending=True)


@pytest.mark.parametrize(
    ("entity", "sorting", "filters", "looked_for"),
    [
        ("steps", BY_TIME, [], []),
        ("steps", BY_TIME, [("type", "eq", "run")], []),
        ("steps", BY_TIME, [("type", "in", ["run"])], []),
        ("steps", BY_TIME, [("type", "in", ["run", "llm"])], ["type"]),
        ("steps", BY_TIME, [("type", "neq", "run")], ["type"]),
        ("steps", BY_TIME, [("name", "ilike", "x")], ["name"]),
        ("steps", BY_TIME, [("provider", "eq", "x")], ["provider"]),
        ("steps", BY_TIME, [("type", "eq", "run"), ("name", "eq", "x")], ["name"]),
        ("steps", BY_TIME, [("metadata", "eq", "x"), ("name", "eq", "x")], ["metadata"]),
        ("steps", BY_TIME, [("startTime", "gt", EARLY), ("startTime", "lt", LATE), ("model", "eq", "x")], []),
        ("steps", BY_TIME, [("createdAt", "gt", EARLY)], ["createdAt"]),
        ("steps", BY_NAME, [("type", "eq", "run")], ["type"]),
        ("steps", BY_NAME, [("name", "eq", "x")], []),
        ("steps", BY_NAME, [("threadId", "eq", "x")], []),
        ("steps", BY_NAME, [("id", "in", ["x", "y"])], []),
        ("threads", BY_TOKENS, [("tokenCount", "gte", 7)], []),
        ("threads", BY_TOKENS, [("duration", "gte", 7)], ["duration"]),
        ("threads", BY_TOKENS, [("stepOutput", "eq", "x")], ["stepOutput"]),
    ],
)
def test_what_is_looked_for_row_by_row(entity, sorting, filters, looked_for):
    parsed = parse_filters(entity, [dict(zip(("field", "operator", "value"), one, strict=True)) for one in filters])
    split = where(entity, 1, parsed).split(sorting)
    expected = list(where(entity, 1, [one for one in parsed if one.field in looked_for]))[1:]
    assert [str(one) for one in split.tested] == [str(one) for one in expected]
    assert len(split.walked) == 1 + len(filters) - len(looked_for)


@pytest.fixture
def hundred(world):
    """100 steps, of which each tenth has a provider; 40 without a name."""
    rows = [
        StepRow(
            f"s{number:02}",
            {
                "start_time": number,
                "name": None if number % 5 < 2 else f"n{number % 7}",
                "provider": "p" if number % 10 == 3 else None,
            },
        )
        for number in range(100)
    ]
    assert world.store.upsert_steps(StepBatch(world.project.id, rows)).result(20) == [None] * 100
    return [f"s{number:02}" for number in range(3, 100, 10)]


def walk(world, **options):
    """Ids page by page, and the pages."""
    pages, cursor = [], None
    while True:
        query = PageQuery(bound=HASTY, after=cursor, **options)
        pages.append(world.store.list_steps(world.project.id, query, payload=False))
        if not pages[-1].has_next:
            return [node["id"] for page in pages for node in page.nodes], pages
        cursor = pages[-1].end_cursor


@pytest.mark.parametrize("column", [None, "createdAt", "name", "startTime"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("size", [1, 50])
def test_a_walk_in_every_order_finds_all_of_them_in_ten_cuts(world, hundred, column, direction, size):
    order = column and parse_order("steps", {"column": column, "direction": direction})
    filters = parse_filters("steps", [{"field": "provider", "operator": "eq", "value": "p"}])
    found, pages = walk(world, order=order, filters=filters, first=size)
    whole = world.store.list_steps(world.project.id, PageQuery(order=order, filters=filters), payload=False)
    assert found == [node["id"] for node in whole.nodes]
    assert sorted(found) == hundred
    assert (whole.cut, whole.total_count) == (False, 10)
    assert pages[0].cut or size == 1
    assert all(page.has_next for page in pages[:-1])


def test_a_cut_walk_backwards_finds_all_of_them(world, hundred):
    filters = parse_filters("steps", [{"field": "provider", "operator": "eq", "value": "p"}])
    everything = world.store.list_steps(world.project.id, PageQuery(first=100), payload=False)
    found, cursor = [], everything.end_cursor
    while cursor is not None:
        query = PageQuery(before=cursor, filters=filters, bound=HASTY)
        page = world.store.list_steps(world.project.id, query, payload=False)
        found = [node["id"] for node in page.nodes] + found
        assert page.has_next
        cursor = page.start_cursor if page.has_previous else None
    assert found == hundred[::-1]


@pytest.mark.parametrize("failures", [1, 2, 3, 4])
def test_a_window_that_takes_too_long_is_given_up_and_nothing_is_missed(world, hundred, monkeypatch, failures):
    """As with rows of megabytes: of 100 rows 10 are tried, of those one; behind one that was looked at it is a cut."""
    ends = []

    @contextmanager
    def limited(connection, seconds):
        with deadline.limited(connection, seconds):
            yield
        if len(ends) < failures:
            ends.append(seconds)
            raise deadline.TooSlowError

    monkeypatch.setattr(scanning, "limited", limited)
    filters = parse_filters("steps", [{"field": "provider", "operator": "ilike", "value": "P"}])
    patient = ScanBound(seconds=60, window=100)
    pages, cursor = [], None
    while not pages or pages[-1].has_next:
        query = PageQuery(filters=filters, bound=patient, after=cursor, count=False)
        pages.append(world.store.list_steps(world.project.id, query, payload=False))
        cursor = pages[-1].end_cursor
    assert [node["id"] for page in pages for node in page.nodes] == hundred[::-1]
    assert [page.cut for page in pages] == ([True, False] if failures > 2 else [False])
    assert len(ends) == failures
    assert all(0 < seconds <= 60.1 for seconds in ends)


def test_a_statement_that_takes_too_long_leaves_its_transaction_alone(store):
    endless = {
        "sqlite": "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
        "postgresql": "SELECT pg_sleep(60)",
    }
    with store._database.read() as connection:
        for _ in range(2):
            with pytest.raises(deadline.TooSlowError), deadline.limited(connection, 0.05):
                connection.exec_driver_sql(endless[store.dialect])
            with deadline.limited(connection, 30):
                assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
        assert connection.exec_driver_sql("SELECT 2").scalar_one() == 2


def test_another_failure_is_not_taken_for_slowness(store):
    with (
        store._database.read() as connection,
        pytest.raises(DBAPIError, match="nowhere"),
        deadline.limited(connection, 30),
    ):
        connection.exec_driver_sql("SELECT * FROM nowhere")


def test_what_cannot_be_counted_in_time_is_not_guessed(world, hundred):
    filters = parse_filters("steps", [{"field": "provider", "operator": "eq", "value": "p"}])
    page = world.store.list_steps(world.project.id, PageQuery(first=1, filters=filters, bound=HASTY), payload=False)
    assert page.total_count is None
    patient = world.store.list_steps(world.project.id, PageQuery(first=1, filters=filters), payload=False)
    assert patient.total_count == 10


def test_a_cut_list_says_how_far_it_looked_where_it_is_ordered_by_time(world, hundred):
    filters = parse_filters("steps", [{"field": "provider", "operator": "eq", "value": "nobody"}])
    page = world.store.list_steps(world.project.id, PageQuery(filters=filters, bound=HASTY), payload=False)
    assert (page.nodes, page.cut, page.has_next) == ([], True, True)
    assert page.scanned_until == "1970-01-01T00:00:00.000090Z"
    by_name = PageQuery(
        filters=filters, bound=HASTY, order=parse_order("steps", {"column": "name", "direction": "ASC"})
    )
    assert world.store.list_steps(world.project.id, by_name, payload=False).scanned_until is None


def test_the_experiments_that_are_hidden_are_not_looked_for(world):
    world.put(*({"id": f"e{number}"} for number in range(30)), environment="experiment")
    world.put({"id": "old"})
    page = world.store.list_steps(world.project.id, PageQuery(first=1, hidden="experiment", bound=HASTY))
    assert [node["id"] for node in page.nodes] == ["old"]
    assert (page.cut, page.total_count) == (False, 1)


@pytest.mark.parametrize("few", [0, 1_000])
@pytest.mark.parametrize(("field", "operator", "value"), [("scoreValue", "gte", 1), ("tags", "in", ["a", "b"])])
def test_a_row_that_another_table_names_twice_is_listed_and_counted_once(
    world, monkeypatch, few, field, operator, value
):
    monkeypatch.setattr(narrowing, "FEW", dict.fromkeys(narrowing.FEW, few))
    score = {"name": "helpful", "type": "HUMAN", "value": 1}
    world.put(*({"id": f"s{number}", "scores": [score, score], "tags": ["a", "b"]} for number in range(5)))
    filters = parse_filters("steps", [{"field": field, "operator": operator, "value": value}])
    page = world.store.list_steps(world.project.id, PageQuery(first=2, filters=filters), payload=False)
    assert ([node["id"] for node in page.nodes], page.total_count) == (["s4", "s3"], 5)
