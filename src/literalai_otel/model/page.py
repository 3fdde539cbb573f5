"""A page of a list: keyset cursors around data (`spec/literal-wire.md` §2.0, PI)."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from literalai_otel.model.wire import Entity

T = TypeVar("T")


@dataclass(slots=True, kw_only=True, repr=False)
class PageInfo(Entity):
    """Cursors are opaque; `end_cursor` goes back as `after`."""

    has_next_page: bool = False
    has_previous_page: bool = False
    start_cursor: str | None = None
    end_cursor: str | None = None


@dataclass(slots=True, kw_only=True, repr=False)
class Page(Entity, Generic[T]):
    """`data` in list order; `total_count` counts the whole filtered list."""

    data: list[T]
    page_info: PageInfo
    total_count: int | None = None
