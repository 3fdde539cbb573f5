"""The time axis of the dashboard, in the zones and at the moments where calendars are odd."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from literalai_otel.server.buckets import DAY, HOUR, MINUTE, QUARTER, WEEK, before, buckets

ZONES = ("UTC", "Europe/Paris", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")
MOMENTS = ("2026-03-29T13:07:11", "2026-10-25T00:30:00", "2011-12-31T10:00:00", "1999-12-31T23:59:59")
LENGTHS = (MINUTE, HOUR, 5 * HOUR, DAY, 7 * DAY, 30 * DAY, 90 * DAY, 2_000 * DAY)


@pytest.mark.parametrize("zone", [ZoneInfo(name) for name in ZONES], ids=ZONES)
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("length", LENGTHS)
def test_buckets_cover_the_range_and_end_with_it(zone: ZoneInfo, moment: str, length: int) -> None:
    end = int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp())
    period = buckets(end - length, end, zone)
    earlier = before(period, zone)

    unit = min(period.seconds, QUARTER)
    for edges in (period.edges, earlier.edges):
        assert all(one < other for one, other in pairwise(edges))
        assert all(edge % unit == 0 for edge in edges)
    assert period.start <= end - length < period.edges[1]
    assert period.edges[-2] < end <= period.end < end + unit
    assert len(earlier) == len(period) <= 300
    assert earlier.end <= period.start
    assert earlier.end - earlier.edges[-2] == period.end - period.edges[-2]
    if period.seconds >= DAY:
        starts = [datetime.fromtimestamp(edge, zone) for edge in period.edges[:-1]]
        assert {(start.hour, start.minute) for start in starts} <= {(0, 0), (1, 0)}
        assert period.seconds < WEEK or {start.weekday() for start in starts} == {0}


def test_a_comparison_with_a_day_that_is_not_over_ends_at_the_same_hour() -> None:
    zone = ZoneInfo("Europe/Paris")
    now = int(datetime(2026, 5, 20, 14, 0, tzinfo=zone).timestamp())
    period = buckets(now - 30 * DAY, now, zone)
    assert datetime.fromtimestamp(period.edges[-2], zone).hour == 0
    assert datetime.fromtimestamp(before(period, zone).end, zone).hour == 14
