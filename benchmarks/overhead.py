"""Overhead budget (DESIGN §5): CPU that we add on the caller's thread, in situ, as a ratio to a floor.

Three programs make the same calls to the same provider (another process on loopback), in turns, in one run:

    bare     the framework alone
    floor    the framework and one plain OpenTelemetry span with 17 attributes and the messages as JSON
    ours     init() with delivery to a server that accepts everything (another process)

For an SDK, (ours - bare) is judged against (floor - bare); for LangChain and LlamaIndex against twice what we add to
the same call of OpenAI, which takes its turns with them.

The framework stays patched, and the programs take turns call by call, in a new order each time; `bare` and `floor` call
with our part switched off (`frameworks.switch_of`). A row's figure is the median of the differences in thread CPU time
to the bare call of the same turn: whatever else the machine does falls on neighbours alike. Its standard error is said
beside it: a call of Mistral's SDK varies by a millisecond, and 800 turns leave 40 us of doubt. What is left of ours
when it is off costs OpenAI's SDK 88 bytecodes of the 2 700 that ours has more, Mistral's 110 of 2 600, LangChain 130 of
4 700, but its stream 2 100 of 10 600, and LlamaIndex none.

    python benchmarks/overhead.py [--turns N] [--only FRAMEWORK] [--row ROW]
"""

import argparse
import asyncio
import contextlib
import json
import random
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from frameworks import drivers, providers, switch_of
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
SDKS = ("openai", "mistralai")
"""Judged against a floor of their own."""
FLUSH_EVERY = 150
"""Calls between two deliveries."""


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
    """Calls of one framework, with or without the floor's span around each."""

    def __init__(self, driver: "Driver", address: Address, floor: PlainSpan) -> None:
        self._driver = driver
        self._address = address
        self._floor = floor
        self._client = driver.client(address, False)

    def _around(self, row: str, with_floor: bool) -> contextlib.AbstractContextManager[dict[str, str]]:
        return self._floor.around(ROWS[row]) if with_floor else contextlib.nullcontext({})

    def seconds(self, row: str, *, with_floor: bool = False) -> float:
        """Thread CPU time of one call."""
        started = time.thread_time()
        driver, tools = self._driver, ROWS[row]
        with self._around(row, with_floor) as answer:
            if row.startswith("stream"):
                pieces = [driver.piece(chunk) for chunk in driver.stream(self._client, MESSAGES, **SETTINGS)]
                answer["text"] = "".join(pieces)
            else:
                result = driver.ask(self._client, MESSAGES, tools, **SETTINGS)
                if with_floor:
                    answer["text"] = driver.said(result).text
        return time.thread_time() - started

    @contextlib.asynccontextmanager
    async def asynchronous(self) -> AsyncIterator["AsyncSeconds"]:
        """The same for calls in an event loop."""
        driver = self._driver
        client = driver.client(self._address, True)

        async def seconds(row: str, with_floor: bool) -> float:
            started = time.thread_time()
            with self._around(row, with_floor) as answer:
                result = await driver.ask(client, MESSAGES, ROWS[row], **SETTINGS)
                if with_floor:
                    answer["text"] = driver.said(result).text
            return time.thread_time() - started

        yield seconds
        closing = driver.close_client(client)
        if closing is not None:
            await closing


AsyncSeconds = Callable[[str, bool], Awaitable[float]]
Seen = dict[str, list[float]]
"""What calls -> seconds of its calls, turn by turn."""


@dataclass(frozen=True)
class Subject:
    """A framework that is measured: `switch` turns our part of it on and off."""

    program: Program
    switch: Callable[[bool], None]


def measure(row: str, subject: Subject, judge: Subject | None, turns: int, flush: Callable[[], Any]) -> Seen:
    """Calls of all programs, one after the other; the first tenth of the turns does not count.

    `judge`, OpenAI's, calls in the same turns: what is judged by it meets the same machine.
    """
    parts: dict[str, tuple[Subject, str]] = {name: (subject, name) for name in ("bare", "floor", "ours")}
    if judge is not None:
        parts |= {"openai bare": (judge, "bare"), "openai": (judge, "ours")}
    subjects = [subject] if judge is None else [subject, judge]
    order = [name for _ in range(turns) for name in random.sample(list(parts), len(parts))]

    def plan() -> Iterator[tuple[Program, bool]]:
        for number, name in enumerate(order):
            if number % FLUSH_EVERY == 0:
                flush()
            who, kind = parts[name]
            for each in subjects:
                each.switch(False)
            who.switch(kind == "ours")
            yield who.program, kind == "floor"

    async def in_a_loop() -> list[float]:
        async with contextlib.AsyncExitStack() as open_clients:
            asked = {
                program: await open_clients.enter_async_context(program.asynchronous())
                for program in (each.program for each in subjects)
            }
            return [await asked[program](row, with_floor) for program, with_floor in plan()]

    if row == "async":
        spent = asyncio.run(in_a_loop())
    else:
        spent = [program.seconds(row, with_floor=with_floor) for program, with_floor in plan()]
    flush()
    start = turns // 10 * len(parts)
    seen: Seen = {name: [] for name in parts}
    for name, seconds in zip(order[start:], spent[start:], strict=True):
        seen[name].append(seconds)
    return seen


def added(seen: Seen, name: str, bare: str = "bare", part: slice = slice(None)) -> float:
    """Microseconds that a call of `name` takes longer than the one of `bare` in the same turn."""
    return statistics.median(differences(seen, name, bare, part))


def differences(seen: Seen, name: str, bare: str, part: slice = slice(None)) -> list[float]:
    """Turn by turn, in microseconds."""
    return [(mine - base) * 1e6 for mine, base in zip(seen[name][part], seen[bare][part], strict=True)]


def doubt(seen: Seen, name: str, bare: str = "bare") -> float:
    """Standard error of `added`: half of what lies between the values `sqrt(n)/2` places around the median."""
    ordered = sorted(differences(seen, name, bare))
    middle, reach = len(ordered) // 2, max(1, round(len(ordered) ** 0.5 / 2))
    return (ordered[min(middle + reach, len(ordered) - 1)] - ordered[max(middle - reach, 0)]) / 2


def figures(row: str, seen: Seen) -> dict[str, Any]:
    """What a row says."""
    floor, ours = added(seen, "floor"), added(seen, "ours")
    judged: dict[str, Any] = {"ratio_to_floor": round(ours / floor, 2)}
    budget = (1.7 if row == "tools" else 1.4) * floor + (2.5 * CHUNKS if row.startswith("stream") else 0)
    if "openai" in seen:
        of_openai = added(seen, "openai", "openai bare")
        judged["openai_added_us"] = round(of_openai)
        judged["openai_error_us"] = round(doubt(seen, "openai", "openai bare"))
        judged["ratio_to_openai"] = round(ours / of_openai, 2)
        budget = 2 * of_openai
    quarter = max(1, len(seen["ours"]) // 4)
    return {
        "bare_us": round(statistics.median(seen["bare"]) * 1e6),
        "floor_added_us": round(floor),
        "floor_error_us": round(doubt(seen, "floor")),
        "ours_added_us": round(ours),
        "ours_error_us": round(doubt(seen, "ours")),
        "ours_by_quarter_us": [
            round(added(seen, "ours", part=slice(start, start + quarter))) for start in range(0, 4 * quarter, quarter)
        ],
        **judged,
        "budget_us": round(budget),
        "within": ours <= budget,
    }


@contextlib.contextmanager
def recorded(driver: "Driver", address: Address, floor: PlainSpan) -> Iterator[Subject]:
    """What is measured of `driver`, recorded as long as this lasts."""
    with driver.instrumented() as (instrumentor,):
        program = Program(driver, address, floor)
        program.seconds("chat")  # what is imported with the first call is patched then
        switch = switch_of(instrumentor)
        yield Subject(program, switch)
        switch(True)


def main() -> None:
    """Print one JSON line per row."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--turns", type=int, default=800, help="calls of each program")
    parser.add_argument("--only", metavar="FRAMEWORK", help="one of openai, mistralai, langchain, llama_index")
    parser.add_argument("--row", action="append", choices=ROWS, help="may be given again; all by default")
    options = parser.parse_args()
    import literalai_otel

    with providers() as addresses, process(sink) as server_url:
        literal = literalai_otel.init(api_key="k", api_url=server_url, instrument=False)
        first, *others = drivers()
        floor = PlainSpan()
        with recorded(first, addresses[first.answer.__name__], floor) as openai:
            for driver in (first, *others):
                if options.only not in (None, driver.scope):
                    continue
                with contextlib.ExitStack() as stack:
                    measured = openai
                    if driver is not first:
                        measured = stack.enter_context(recorded(driver, addresses[driver.answer.__name__], floor))
                    judge = None if driver.scope in SDKS else openai
                    for row in options.row or ROWS:
                        seen = measure(row, measured, judge, options.turns, lambda: literal.flush(10))
                        head = {"benchmark": "overhead", "framework": driver.scope, "row": row}
                        print(json.dumps({**head, **figures(row, seen)}), flush=True)
        literal.flush_and_stop()


if __name__ == "__main__":
    main()
