"""Event-loop budget (DESIGN §5): no work of ours over 1 ms on it for content up to 256 KiB.

Calls of one size are made with each framework, with and without us, interleaved; the row is the difference of the
median CPU time on the loop's thread, which bounds any single block that we add.
"""

import asyncio
import contextlib
import json
import statistics
import time
from typing import TYPE_CHECKING

from frameworks import drivers, providers
from loopback import Address, process, sink

import literalai_otel

if TYPE_CHECKING:
    from conformance.driving import Driver

SIZES_KIB = (1, 64, 256)
ROUNDS, CALLS = 9, 5


async def seconds(driver: "Driver", address: Address, size: int) -> float:
    """CPU time of the loop's thread for one call that sends `size` bytes of content."""
    client = driver.client(address, True)
    messages = ({"role": "user", "content": "x" * size},)
    await driver.ask(client, messages)
    started = time.thread_time()
    for _ in range(CALLS):
        await driver.ask(client, messages)
    spent = (time.thread_time() - started) / CALLS
    closing = driver.close_client(client)
    if closing is not None:
        await closing
    return spent


def main() -> None:
    """Print one JSON line per row."""
    with providers() as addresses, process(sink) as server_url:
        literal = literalai_otel.init(api_key="k", api_url=server_url, instrument=False)
        for driver in drivers():
            address = addresses[driver.answer.__name__]
            for size in SIZES_KIB:
                bare: list[float] = []
                ours: list[float] = []
                for _ in range(ROUNDS):
                    for spent, switched in ((bare, contextlib.nullcontext()), (ours, driver.instrumented())):
                        with switched:
                            spent.append(asyncio.run(seconds(driver, address, size * 1024)))
                added = (statistics.median(ours) - statistics.median(bare)) * 1000
                head = {"benchmark": "event_loop", "framework": driver.scope, "row": f"{size} KiB message"}
                print(json.dumps({**head, "added_ms": round(added, 3), "budget_ms": 1, "within": added <= 1}))
            literal.flush(10)
        literal.flush_and_stop()


if __name__ == "__main__":
    main()
