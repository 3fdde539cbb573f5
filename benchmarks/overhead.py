"""Overhead budget (DESIGN §5): CPU that we add on the caller's thread, in situ, as a ratio to a floor.

Three programs make the same calls to the same provider (another process on loopback), interleaved, in one run:

    bare     the framework alone
    floor    the framework and one plain OpenTelemetry span with 17 attributes and the messages as JSON
    ours     init() with delivery to a server that accepts everything (another process)

A row's figure is the median over rounds of the difference in thread CPU time a call. For an SDK, (ours - bare) is
judged against (floor - bare); for LangChain and LlamaIndex against twice what we add to the same call of OpenAI.

    python benchmarks/overhead.py [--rounds N] [--calls N] [--only FRAMEWORK]
"""

import argparse
import asyncio
import contextlib
import gc
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from frameworks import drivers, providers
from loopback import CHUNKS, Address, process, sink

if TYPE_CHECKING:
    from conformance.driving import Driver

TOOLS = tuple(
    {
        "type": "function",
        "function": {
            "name": f"tool_{number}",
            "description": "Looks something up in a catalogue and returns what it found there, with the source.",
            "parameters": {
                "type": "object",
                "properties": {"query": {"type": "string", "description": "what to look for"}},
                "required": ["query"],
            },
        },
    }
    for number in range(5)
)
MESSAGES = (
    {"role": "system", "content": "You are a concise assistant. " * 8},
    {"role": "user", "content": "Tell me about Lisbon in the spring, with three things to see. " * 4},
)
SETTINGS = {"temperature": 0.5, "max_tokens": 100, "top_p": 1.0}
ROWS: Mapping[str, tuple[Any, ...]] = {"chat": (), "tools": TOOLS, f"stream of {CHUNKS} chunks": (), "async": ()}
"""Row name -> the tools of its request."""


class PlainSpan:
    """The floor: what the least instrumentation does by hand."""

    def __init__(self) -> None:
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.trace import SpanKind

        self._tracer = TracerProvider(shutdown_on_exit=False).get_tracer("floor")
        self._kind = SpanKind.CLIENT

    @contextlib.contextmanager
    def around(self, tools: tuple[Any, ...]) -> Iterator[dict[str, str]]:
        """One span with 17 attributes, two of them the messages as JSON; the text of the answer is to be filled in."""
        answer: dict[str, str] = {}
        with self._tracer.start_as_current_span(
            "chat gpt-4o-mini",
            kind=self._kind,
            attributes={
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "openai",
                "gen_ai.request.model": "gpt-4o-mini",
                "server.address": "127.0.0.1",
                "server.port": 443,
                "gen_ai.request.temperature": 0.5,
                "gen_ai.request.max_tokens": 100,
                "gen_ai.request.top_p": 1.0,
            },
        ) as span:
            yield answer
            span.set_attributes(
                {
                    "gen_ai.input.messages": json.dumps(MESSAGES),
                    "gen_ai.output.messages": json.dumps([{"role": "assistant", "content": answer.get("text")}]),
                    "gen_ai.tool.definitions": json.dumps(tools),
                    "gen_ai.response.id": "chatcmpl-1",
                    "gen_ai.response.model": "gpt-4o-mini-2025-01-01",
                    "gen_ai.response.finish_reasons": ("stop",),
                    "gen_ai.usage.input_tokens": 11,
                    "gen_ai.usage.output_tokens": 7,
                    "gen_ai.request.choice.count": 1,
                }
            )


class Program:
    """What is timed: calls of one framework, with or without the floor's span around each."""

    def __init__(self, driver: "Driver", address: Address, floor: PlainSpan) -> None:
        self._driver = driver
        self._address = address
        self._floor = floor
        self._client = driver.client(address, False)

    def _around(self, tools: tuple[Any, ...], with_floor: bool) -> contextlib.AbstractContextManager[dict[str, str]]:
        return self._floor.around(tools) if with_floor else contextlib.nullcontext({})

    def _once(self, row: str, with_floor: bool) -> None:
        driver, tools = self._driver, ROWS[row]
        with self._around(tools, with_floor) as answer:
            if row.startswith("stream"):
                pieces = [driver.piece(chunk) for chunk in driver.stream(self._client, MESSAGES, **SETTINGS)]
                answer["text"] = "".join(pieces)
            else:
                result = driver.ask(self._client, MESSAGES, tools, **SETTINGS)
                if with_floor:
                    answer["text"] = driver.said(result).text

    async def _async(self, row: str, calls: int, with_floor: bool) -> float:
        driver, tools = self._driver, ROWS[row]
        client = driver.client(self._address, True)
        await driver.ask(client, MESSAGES, tools, **SETTINGS)
        started = time.thread_time()
        for _ in range(calls):
            with self._around(tools, with_floor) as answer:
                result = await driver.ask(client, MESSAGES, tools, **SETTINGS)
                if with_floor:
                    answer["text"] = driver.said(result).text
        spent = (time.thread_time() - started) / calls
        closing = driver.close_client(client)
        if closing is not None:
            await closing
        return spent

    def seconds(self, row: str, calls: int, with_floor: bool) -> float:
        """Thread CPU time of one call, after one that does not count."""
        if row == "async":
            return asyncio.run(self._async(row, calls, with_floor))
        self._once(row, with_floor)
        started = time.thread_time()
        for _ in range(calls):
            self._once(row, with_floor)
        return (time.thread_time() - started) / calls


def measure(driver: "Driver", program: Program, row: str, rounds: int, calls: int, flush: Callable[[], Any]) -> Any:
    """Microseconds a call: bare, what the floor adds, what we add."""
    names = ["bare", "floor", "ours"]
    seen: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        # In a new order each time, so that what the machine does meanwhile hits all of them alike.
        random.shuffle(names)
        for name in names:
            with driver.instrumented() if name == "ours" else contextlib.nullcontext():
                gc.collect()
                seen[name].append(program.seconds(row, calls, with_floor=name == "floor") * 1e6)
            flush()
    added = (
        statistics.median(mine - base for mine, base in zip(seen[name], seen["bare"], strict=True))
        for name in ("floor", "ours")
    )
    return statistics.median(seen["bare"]), *added


def main() -> None:
    """Print one JSON line per row."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--calls", type=int, default=15, help="calls of one kind in a round")
    parser.add_argument("--only", metavar="FRAMEWORK", help="openai is measured in any case: others are judged by it")
    options = parser.parse_args()
    import literalai_otel

    of_openai: dict[str, float] = {}
    with providers() as addresses, process(sink) as server_url:
        literal = literalai_otel.init(api_key="k", api_url=server_url, instrument=False)
        for driver in drivers():
            if options.only not in (None, driver.scope) and driver.scope != "openai":
                continue
            program = Program(driver, addresses[driver.answer.__name__], PlainSpan())
            for row in ROWS:
                bare, floor, ours = measure(
                    driver, program, row, options.rounds, options.calls, lambda: literal.flush(10)
                )
                of_openai.setdefault(row, ours)
                chunks = 2.5 * CHUNKS if row.startswith("stream") else 0
                sdk = driver.scope in ("openai", "mistralai")
                budget = (1.7 if row == "tools" else 1.4) * floor + chunks if sdk else 2 * of_openai[row]
                figures = {
                    "bare_us": round(bare),
                    "floor_added_us": round(floor),
                    "ours_added_us": round(ours),
                    "ratio_to_floor": round(ours / floor, 2),
                    "ratio_to_openai": round(ours / of_openai[row], 2),
                    "budget_us": round(budget),
                    "within": ours <= budget,
                }
                head = {"benchmark": "overhead", "framework": driver.scope, "row": row}
                print(json.dumps({**head, **figures}), flush=True)
        literal.flush_and_stop()


if __name__ == "__main__":
    main()
