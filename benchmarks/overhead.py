"""Overhead budget (DESIGN §5): CPU that we add on the caller's thread, in situ, as a ratio to a floor.

Three programs make the same calls to the same provider (another process on loopback), in turns, in one run:

    bare     the framework alone
    floor    the framework and one plain OpenTelemetry span with 17 attributes and the messages as JSON
    ours     init() with delivery to a server that accepts everything (another process)

For an SDK, (ours - bare) is judged against (floor - bare); for LangChain and LlamaIndex against twice what we add to
the same call of OpenAI.

After patches are put on or taken off, CPython specializes the SDK's code anew: its next twenty calls take up to 1.6
times as long. So an SDK stays patched, and its programs take turns call by call, in a new order each time: `bare` and
`floor` with our wrappers switched off, which costs them 88 bytecodes (ours 2 700). A row's figure is the median of the
differences in thread CPU time to the bare call of the same turn: whatever else the machine does falls on neighbours
alike. A framework cannot be switched off in place. Its programs take turns of some calls, after some that do not count,
and a figure is the median of the differences between means.

    python benchmarks/overhead.py [--turns N] [--rounds N] [--calls N] [--only FRAMEWORK]
"""

import argparse
import asyncio
import contextlib
import gc
import json
import random
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
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
PROGRAMS = ("bare", "floor", "ours")
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
    """What is timed: calls of one framework, with or without the floor's span around each."""

    def __init__(self, driver: "Driver", address: Address, floor: PlainSpan) -> None:
        self._driver = driver
        self._address = address
        self._floor = floor
        self._client = driver.client(address, False)

    def _around(self, tools: tuple[Any, ...], with_floor: bool) -> contextlib.AbstractContextManager[dict[str, str]]:
        return self._floor.around(tools) if with_floor else contextlib.nullcontext({})

    def _call(self, row: str, with_floor: bool) -> None:
        driver, tools = self._driver, ROWS[row]
        with self._around(tools, with_floor) as answer:
            if row.startswith("stream"):
                pieces = [driver.piece(chunk) for chunk in driver.stream(self._client, MESSAGES, **SETTINGS)]
                answer["text"] = "".join(pieces)
            else:
                result = driver.ask(self._client, MESSAGES, tools, **SETTINGS)
                if with_floor:
                    answer["text"] = driver.said(result).text

    async def _calls(self, row: str, kinds: Iterable[str]) -> list[float]:
        driver, tools = self._driver, ROWS[row]
        client = driver.client(self._address, True)
        spent: list[float] = []
        for kind in kinds:
            started = time.thread_time()
            with self._around(tools, kind == "floor") as answer:
                result = await driver.ask(client, MESSAGES, tools, **SETTINGS)
                if kind == "floor":
                    answer["text"] = driver.said(result).text
            spent.append(time.thread_time() - started)
        closing = driver.close_client(client)
        if closing is not None:
            await closing
        return spent

    def seconds(self, row: str, kinds: Iterable[str]) -> list[float]:
        """Thread CPU time of each call: one for each of `kinds`, which is asked before it."""
        if row == "async":
            return asyncio.run(self._calls(row, kinds))
        spent: list[float] = []
        for kind in kinds:
            started = time.thread_time()
            self._call(row, kind == "floor")
            spent.append(time.thread_time() - started)
        return spent


Seen = dict[str, list[float]]
"""Program -> seconds of its calls, turn by turn."""
Flush = Callable[[], Any]


def by_turns(driver: "Driver", program: Program, row: str, turns: int, flush: Flush) -> Seen:
    """The programs call one after the other; the first tenth of the turns does not count."""
    order = [kind for _ in range(turns) for kind in random.sample(PROGRAMS, len(PROGRAMS))]
    with driver.instrumented() as instrumentors:
        switches: list[Any] = [one._patches for one in instrumentors]  # pyright: ignore[reportPrivateUsage] - see above

        def kinds() -> Iterator[str]:
            for number, kind in enumerate(order):
                if number % FLUSH_EVERY == 0:
                    flush()
                for switch in switches:
                    switch.enabled = kind == "ours"
                yield kind

        spent = program.seconds(row, kinds())
    flush()
    start = turns // 10 * len(PROGRAMS)
    seen: Seen = {name: [] for name in PROGRAMS}
    for kind, seconds in zip(order[start:], spent[start:], strict=True):
        seen[kind].append(seconds)
    return seen


def by_rounds(driver: "Driver", program: Program, row: str, rounds: int, calls: int, flush: Flush) -> Seen:
    """The programs make some calls each, after as many that do not count."""
    seen: Seen = {name: [] for name in PROGRAMS}
    for _ in range(rounds):
        for name in random.sample(PROGRAMS, len(PROGRAMS)):
            with driver.instrumented() if name == "ours" else contextlib.nullcontext():
                gc.collect()
                seen[name].append(statistics.fmean(program.seconds(row, [name] * 2 * calls)[calls:]))
            flush()
    return seen


def added(seen: Seen, part: slice = slice(None)) -> tuple[float, float]:
    """Microseconds a call that the floor adds, and that we add."""
    floor, ours = (
        statistics.median(mine - base for mine, base in zip(seen[name][part], seen["bare"][part], strict=True)) * 1e6
        for name in ("floor", "ours")
    )
    return floor, ours


def main() -> None:
    """Print one JSON line per row."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--turns", type=int, default=800, help="calls of each program of an SDK")
    parser.add_argument("--rounds", type=int, default=40, help="of each program of a framework")
    parser.add_argument("--calls", type=int, default=20, help="that count in such a round")
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
                sdk = driver.scope in ("openai", "mistralai")
                seen = (
                    by_turns(driver, program, row, options.turns, lambda: literal.flush(10))
                    if sdk
                    else by_rounds(driver, program, row, options.rounds, options.calls, lambda: literal.flush(10))
                )
                floor, ours = added(seen)
                of_openai.setdefault(row, ours)
                quarter = max(1, len(seen["ours"]) // 4)
                chunks = 2.5 * CHUNKS if row.startswith("stream") else 0
                budget = (1.7 if row == "tools" else 1.4) * floor + chunks if sdk else 2 * of_openai[row]
                figures = {
                    "bare_us": round(statistics.median(seen["bare"]) * 1e6),
                    "floor_added_us": round(floor),
                    "ours_added_us": round(ours),
                    "ours_by_quarter_us": [
                        round(added(seen, slice(start, start + quarter))[1]) for start in range(0, 4 * quarter, quarter)
                    ],
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
