"""Waiting for delivery from a coroutine, without holding up its event loop."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def flush_aside(flush: Callable[[float | None], T], timeout: float | None = None) -> T:
    """The result of `flush(timeout)`, which blocks, from a thread of its own.

    Outside of asyncio, under trio say, there is no such thread and the flush blocks.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return flush(timeout)
    return await asyncio.to_thread(flush, timeout)
