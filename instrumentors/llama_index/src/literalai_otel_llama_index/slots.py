"""Where a wrapped method and the span inside of it meet: the method has the result, the span has the recording."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Final

from literalai_otel_llama_index.node import Node


class Slot:
    """`node` is the one whose recording ends with the result of the method; None when there is none."""

    __slots__ = ("node", "taken")

    def __init__(self) -> None:
        self.node: Node | None = None
        self.taken = False


_SLOT: Final[ContextVar[Slot | None]] = ContextVar("literalai_llama_index_slot", default=None)


@contextmanager
def open_slot() -> Generator[Slot, None, None]:
    """A slot for the span that is entered next. Tasks that are started meanwhile do not find it open."""
    slot = Slot()
    token = _SLOT.set(slot)
    try:
        yield slot
    finally:
        slot.taken = True
        with suppress(ValueError):  # a coroutine that is collected is closed in whatever context the collector runs
            _SLOT.reset(token)


def take_slot() -> Slot | None:
    """The slot of the method that is entered now. A method inside that is not wrapped must not take it."""
    slot = _SLOT.get()
    if slot is None or slot.taken:
        return None
    slot.taken = True
    return slot
