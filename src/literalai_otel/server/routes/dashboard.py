"""`GET /api/dashboard`: the project in figures over time."""

from typing import Final
from zoneinfo import ZoneInfo

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from literalai_otel.server.access.caller import Caller
from literalai_otel.server.buckets import LONGEST
from literalai_otel.server.filters import parse_filters
from literalai_otel.server.problems import Problem
from literalai_otel.server.routes.answers import json_answer
from literalai_otel.server.routes.parameters import filters_of, time_of
from literalai_otel.server.store import dashboard
from literalai_otel.server.store.dashboard import Question
from literalai_otel.server.store.dashboard_counts import MICROSECONDS
from literalai_otel.server.store.store import Store
from literalai_otel.server.times import now

_AT_A_TIME: Final = 3
"""Dashboards that are counted at one time: lists are to be read meanwhile."""
_EARLIEST: Final = -2_208_988_800
"""1900, in seconds since 1970."""


class DashboardRoute:
    """`store.dashboard` over HTTP. `seconds`: how long counting may take."""

    def __init__(self, store: Store, seconds: float) -> None:
        self._store = store
        self._seconds = seconds
        self._limit = CapacityLimiter(_AT_A_TIME)

    async def get(self, request: Request, caller: Caller) -> Response:
        """`?from=&to=&timezone=&environment=&filters=&compare=1` -> what `dashboard.answer` says.

        Times are ISO texts; without `from` it begins with the first step, without `to` it ends now. `filters` is JSON
        of the steps' grammar.
        """
        question = _question(request.query_params, self._seconds)
        content = await to_thread.run_sync(
            lambda: self._store.read(dashboard.answer, caller.project.id, question), limiter=self._limit
        )
        return json_answer(content, headers={"cache-control": "no-store"})


def _question(wanted: QueryParams, seconds: float) -> Question:
    given = {name: value for name, value in wanted.items() if value}
    start, end = time_of(given, "from"), time_of(given, "to")
    first = None if start is None else start // MICROSECONDS
    last = -(-(now() if end is None else end) // MICROSECONDS)
    if first is not None and first >= last:
        raise Problem("BAD_USER_INPUT", "from must be before to.")
    if not _EARLIEST <= (last if first is None else first) <= last <= now() // MICROSECONDS + LONGEST:
        raise Problem("BAD_USER_INPUT", "The range must lie between the year 1900 and 20 years from now.")
    if first is not None and last - first > LONGEST:
        raise Problem("BAD_USER_INPUT", f"The range is longer than {LONGEST // (366 * 86_400)} years.")
    return Question(
        start=first,
        end=last,
        zone=_zone(given.get("timezone", "UTC")),
        environment=given.get("environment"),
        filters=parse_filters("steps", filters_of(given.get("filters"))),
        compare=given.get("compare") in ("1", "true"),
        seconds=seconds,
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # a name that is no key, a folder, or unknown
        raise Problem("BAD_USER_INPUT", "timezone must be a name such as Europe/Paris.") from None
