"""A page of a list: keyset cursors around data (`spec/literal-wire.md` §2.0, PI)."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from literalai_otel.model.wire import Entity

T = TypeVar("T")


@dataclass(slots=True, kw_only=True, repr=False)
class PageInfo(Entity):
    """Cursors are opaque; `end_cursor` goes back as `after`.

    A list that is filtered by what no index finds is looked through for a bounded time. Where it was `cut`, the page
    may hold less than was asked for, even nothing, and there is a next page: `end_cursor` goes on from where the
    search stopped. `scanned_until` is the time of the last item that was looked at, in a list that is ordered by time.
    """

    has_next_page: bool = False
    has_previous_page: bool = False
    start_cursor: str | None = None
    end_cursor: str | None = None
    cut: bool | None = None
    scanned_until: str | None = None


@dataclass(slots=True, kw_only=True, repr=False)
class Page(Entity, Generic[T]):
    """`data` in list order; `total_count` counts the whole filtered list, None where that would take too long."""

    data: list[T]
    page_info: PageInfo
    total_count: int | None = None
