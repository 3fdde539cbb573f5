"""Event-loop budget (DESIGN §5): no work of ours over 1 ms on it for content up to 256 KiB.

Calls of one size are made with and without us, interleaved; the row is the difference of the median CPU time on the
loop's thread, which bounds any single block that we add.
"""

import asyncio
import json
import statistics
import time

import openai
from loopback import process, sink

import literalai_otel
from literalai_otel.testing import Chat, FakeProvider
from literalai_otel_openai import OpenAIInstrumentor

SIZES_KIB = (1, 64, 256)
ROUNDS, CALLS = 9, 5


async def seconds(base_url: str, size: int) -> float:
    """CPU time of the loop's thread for one call that sends `size` bytes of content."""
    async with openai.AsyncOpenAI(base_url=base_url, api_key="sk-test", max_retries=0) as client:
        messages = [{"role": "user", "content": "x" * size}]
        await client.chat.completions.create(model="m", messages=messages)  # pyright: ignore[reportArgumentType]
        started = time.thread_time()
        for _ in range(CALLS):
            await client.chat.completions.create(model="m", messages=messages)  # pyright: ignore[reportArgumentType]
        return (time.thread_time() - started) / CALLS


def main() -> None:
    """Print one JSON line per row."""
    with FakeProvider() as provider, process(sink) as server_url:
        literalai_otel.init(api_key="k", api_url=server_url)
        provider.script(Chat("a short answer"))
        instrumentor = OpenAIInstrumentor()
        for size in SIZES_KIB:
            bare: list[float] = []
            ours: list[float] = []
            for _ in range(ROUNDS):
                instrumentor.uninstrument()
                bare.append(asyncio.run(seconds(provider.base_url, size * 1024)))
                instrumentor.instrument()
                ours.append(asyncio.run(seconds(provider.base_url, size * 1024)))
            added = (statistics.median(ours) - statistics.median(bare)) * 1000
            print(
                json.dumps(
                    {
                        "benchmark": "event_loop",
                        "row": f"{size} KiB message",
                        "added_ms": round(added, 3),
                        "budget_ms": 1,
                        "within": added <= 1,
                    }
                )
            )

        literalai_otel.flush(10)


if __name__ == "__main__":
    main()
