import base64

import orjson
import pytest

from literalai_otel.server.filters import FilterError, parse_order
from literalai_otel.server.store import PageQuery, StepBatch, StepRow

ROWS = 1_000


def fill(world, values):
    """One step per entry, written in this order; `values` are columns of the step."""
    rows = [StepRow(f"s{number:04d}", dict(columns)) for number, columns in enumerate(values)]
    assert world.store.upsert_steps(StepBatch(world.project.id, rows)).result(20) == [None] * len(rows)
    return [row.id for row in rows]


def walk(world, *, size, order=None, backward=False, **options):
    """All ids, page by page."""
    found, cursor = [], None
    while True:
        place = {"before" if backward else "after": cursor}
        query = PageQuery(first=size, order=parse_order("steps", order), **place, **options)
        page = world.store.list_steps(world.project.id, query, payload=False)
        ids = [node["id"] for node in page.nodes]
        found = ids + found if backward and cursor else found + ids
        more = page.has_previous if backward and cursor else page.has_next
        if not more:
            return found
        assert page.cursors
        cursor = page.cursors[0 if backward else -1]


@pytest.fixture
def equal_times(world):
    return fill(world, [{"start_time": 5, "model": "m"}] * ROWS)


@pytest.mark.parametrize("size", [1, 7, 100, 999, 1000])
def test_a_thousand_steps_of_equal_time_come_once_each_in_order(world, equal_times, size):
    if size == 1:
        equal_times = equal_times[-40:]
        with_limit = []
        cursor = None
        for _ in equal_times:
            page = world.store.list_steps(world.project.id, PageQuery(first=1, after=cursor), payload=False)
            with_limit.append(page.nodes[0]["id"])
            cursor = page.cursors[-1]
        assert with_limit == equal_times[::-1]
        return
    assert walk(world, size=size) == equal_times[::-1]


@pytest.mark.parametrize(("direction", "step"), [("ASC", 1), ("DESC", -1)])
@pytest.mark.parametrize("column", ["startTime", "createdAt", "name", "tokenCount"])
def test_both_directions_of_every_kind_of_column(world, equal_times, direction, step, column):
    assert walk(world, size=300, order={"column": column, "direction": direction}) == equal_times[::step]


def test_pages_backwards_are_the_pages_forwards(world, equal_times):
    last = None
    for _ in range(3):
        page = world.store.list_steps(world.project.id, PageQuery(first=100, after=last), payload=False)
        last = page.cursors[-1]
    before = world.store.list_steps(world.project.id, PageQuery(first=100, before=page.cursors[0]), payload=False)
    assert [node["id"] for node in before.nodes] == equal_times[::-1][100:200]
    assert (before.has_previous, before.has_next) == (True, True)
    between = PageQuery(first=500, after=before.cursors[0], before=before.cursors[-1])
    inner = world.store.list_steps(world.project.id, between, payload=False)
    assert [node["id"] for node in inner.nodes] == equal_times[::-1][101:199]


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("size", [1, 2, 3, 50])
@pytest.mark.parametrize("backward", [False, True])
def test_rows_without_a_value_have_their_place_on_every_page(world, direction, size, backward):
    ids = fill(world, [{"model": model} if model else {} for model in (None, "b", "a", None, "b", None, "a")])
    # None first ascending, last descending; equal values in order of arrival, mirrored.
    ascending = [ids[index] for index in (0, 3, 5, 2, 6, 1, 4)]
    expected = ascending if direction == "ASC" else ascending[::-1]
    order = {"column": "name", "direction": direction}
    world.put(
        *(
            {"id": step_id, "name": name}
            for step_id, name in zip(ids, (None, "b", "a", None, "b", None, "a"), strict=True)
        )
    )
    if backward:
        first = world.store.list_steps(
            world.project.id, PageQuery(first=7, order=parse_order("steps", order)), payload=False
        )
        query = PageQuery(first=size, before=first.cursors[-1], order=parse_order("steps", order))
        page = world.store.list_steps(world.project.id, query, payload=False)
        assert [node["id"] for node in page.nodes] == expected[:-1][-size:]
    else:
        assert walk(world, size=size, order=order) == expected


def test_rows_that_arrive_between_pages_are_neither_repeated_nor_skipped(world):
    fill(world, [{"start_time": number} for number in range(10)])
    first = world.store.list_steps(world.project.id, PageQuery(first=5), payload=False)
    world.put({"id": "newest", "startTime": "2030-01-01T00:00:00Z"})
    second = world.store.list_steps(world.project.id, PageQuery(first=5, after=first.cursors[-1]), payload=False)
    assert [node["id"] for node in first.nodes + second.nodes] == [f"s{number:04d}" for number in range(9, -1, -1)]


def test_steps_without_a_start_are_listed_by_their_arrival(world):
    world.put({"id": "old", "startTime": "2001-01-01T00:00:00Z"}, {"id": "no start"})
    world.put({"id": "future", "startTime": "2100-01-01T00:00:00Z"})
    assert world.ids() == ["future", "no start", "old"]
    world.put({"id": "no start", "startTime": "2000-01-01T00:00:00Z"})
    assert world.ids() == ["future", "old", "no start"]


def test_the_connection_has_what_the_published_clients_select(world):
    fill(world, [{}] * 3)
    page = world.store.list_steps(world.project.id, PageQuery(first=2))
    connection = page.to_connection()
    assert connection["totalCount"] == 3
    assert connection["pageInfo"] == {
        "startCursor": page.cursors[0],
        "endCursor": page.cursors[1],
        "hasNextPage": True,
        "hasPreviousPage": False,
        "cut": False,
        "scannedUntil": None,
    }
    assert [edge["node"]["id"] for edge in connection["edges"]] == ["s0002", "s0001"]


@pytest.mark.parametrize(("first", "expected"), [(None, 50), (0, 0), (-3, 0), (10_000, 60)])
def test_page_sizes_are_bounded(world, first, expected):
    fill(world, [{}] * 60)
    page = world.store.list_steps(world.project.id, PageQuery(first=first))
    assert len(page.nodes) == expected
    assert page.total_count == 60


def test_the_count_is_taken_only_when_it_is_asked_for(world):
    assert world.store.list_steps(world.project.id, PageQuery(count=False)).total_count is None


def forged(*values):
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        "é",
        "====",
        forged(),
        forged("time", 1),
        forged("time", [1], 2),
        forged("time", 1, "2"),
        forged("createdAt", 1, 2),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    ],
)
def test_a_cursor_of_no_earlier_page_is_an_error(world, cursor):
    with pytest.raises(FilterError, match="cursor"):
        world.store.list_steps(world.project.id, PageQuery(after=cursor))
