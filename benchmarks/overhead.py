"""Overhead budget (DESIGN §5): CPU that we add on the caller's thread, in situ, as a ratio to a floor.

Three programs make the same calls to the same provider (another process on loopback), interleaved, in one run:

    bare     the SDK alone
    floor    the SDK and one plain OpenTelemetry span with 17 attributes and the messages as JSON
    ours     init() with delivery to a server that accepts everything (another process)

A row's figure is the median over rounds of the difference in thread CPU time a call; what is judged is (ours - bare)
against (floor - bare).

    python benchmarks/overhead.py [--rounds N] [--calls N]
"""

import argparse
import asyncio
import contextlib
import gc
import json
import os
import random
import statistics
import time
from collections.abc import Awaitable, Iterator
from typing import Any

from loopback import CHUNKS, process, provider, sink

TOOLS = [
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
]
MESSAGES = [
    {"role": "system", "content": "You are a concise assistant. " * 8},
    {"role": "user", "content": "Tell me about Lisbon in the spring, with three things to see. " * 4},
]


class PlainSpan:
    """The floor: what the least instrumentation does by hand."""

    def __init__(self) -> None:
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.trace import SpanKind

        self._tracer = TracerProvider(shutdown_on_exit=False).get_tracer("floor")
        self._kind = SpanKind.CLIENT

    @contextlib.contextmanager
    def around(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """One span with 17 attributes, two of them the messages as JSON."""
        answer: dict[str, Any] = {}
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
                    "gen_ai.input.messages": json.dumps(request["messages"]),
                    "gen_ai.output.messages": json.dumps([{"role": "assistant", "content": answer.get("text")}]),
                    "gen_ai.tool.definitions": json.dumps(request.get("tools") or []),
                    "gen_ai.response.id": answer.get("id") or "",
                    "gen_ai.response.model": answer.get("model") or "",
                    "gen_ai.response.finish_reasons": ("stop",),
                    "gen_ai.usage.input_tokens": answer.get("input", 0),
                    "gen_ai.usage.output_tokens": answer.get("output", 0),
                    "gen_ai.request.choice.count": 1,
                }
            )


def facts(answer: Any) -> dict[str, Any]:
    """What the floor records of an answer."""
    return {
        "text": answer.choices[0].message.content,
        "id": answer.id,
        "model": answer.model,
        "input": answer.usage.prompt_tokens,
        "output": answer.usage.completion_tokens,
    }


def cases(base_url: str) -> dict[str, tuple[dict[str, Any], str]]:
    """Row name -> request, kind of call."""
    request = {"model": "gpt-4o-mini", "messages": MESSAGES, "temperature": 0.5, "max_tokens": 100, "top_p": 1.0}
    return {
        "chat": (request, "sync"),
        "tools": ({**request, "tools": TOOLS}, "sync"),
        f"stream of {CHUNKS} chunks": ({**request, "stream": True}, "stream"),
        "async": (request, "async"),
    }


def main() -> None:
    """Print one JSON line per row."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--calls", type=int, default=15, help="calls of one kind in a round")
    options = parser.parse_args()
    with process(provider) as base_url, process(sink) as server_url:
        measure(base_url, server_url, options.rounds, options.calls)


def measure(base_url: str, server_url: str, rounds: int, calls: int) -> None:
    """Time the three programs, interleaved, and judge them."""
    import openai

    import literalai_otel
    from literalai_otel_openai import OpenAIInstrumentor

    os.environ["OPENAI_API_KEY"] = "sk-test"
    client = openai.OpenAI(base_url=base_url, max_retries=0)
    literal = literalai_otel.init(api_key="k", api_url=server_url)
    instrumentor = OpenAIInstrumentor()
    instrumentor.uninstrument()
    floor = PlainSpan()

    def once(request: dict[str, Any], kind: str, with_floor: bool) -> None:
        with floor.around(request) if with_floor else contextlib.nullcontext({}) as answer:
            if kind == "stream":
                pieces = [
                    chunk.choices[0].delta.content or ""
                    for chunk in client.chat.completions.create(**request)
                    if chunk.choices
                ]
                if with_floor:
                    answer["text"] = "".join(pieces)
            else:
                result = client.chat.completions.create(**request)
                if with_floor:
                    answer.update(facts(result))

    async def many_async(request: dict[str, Any], with_floor: bool) -> float:
        async with openai.AsyncOpenAI(base_url=base_url, max_retries=0) as asynchronous:
            await asynchronous.chat.completions.create(**request)
            started = time.thread_time()
            for _ in range(calls):
                with floor.around(request) if with_floor else contextlib.nullcontext({}) as answer:
                    result = await asynchronous.chat.completions.create(**request)
                    if with_floor:
                        answer.update(facts(result))
            return (time.thread_time() - started) / calls

    def timed(request: dict[str, Any], kind: str, with_floor: bool) -> float:
        if kind == "async":
            run: Awaitable[float] = many_async(request, with_floor)
            return asyncio.run(run)  # pyright: ignore[reportArgumentType] - a coroutine
        once(request, kind, with_floor)
        started = time.thread_time()
        for _ in range(calls):
            once(request, kind, with_floor)
        return (time.thread_time() - started) / calls

    programs = ["bare", "floor", "ours"]
    for name, (request, kind) in cases(base_url).items():
        seen: dict[str, list[float]] = {program: [] for program in programs}
        for _ in range(rounds):
            # In a new order each time, so that what the machine does meanwhile hits all of them alike.
            random.shuffle(programs)
            for program in programs:
                if program == "ours":
                    instrumentor.instrument()
                gc.collect()
                seen[program].append(timed(request, kind, with_floor=program == "floor") * 1e6)
                if program == "ours":
                    instrumentor.uninstrument()
                    literal.flush(10)
        bare = statistics.median(seen["bare"])
        added, added_floor = (
            statistics.median(mine - base for mine, base in zip(seen[program], seen["bare"], strict=True))
            for program in ("ours", "floor")
        )
        if kind == "stream":
            budget = 1.4 * added_floor + 2.5 * CHUNKS
        else:
            budget = (1.7 if name == "tools" else 1.4) * added_floor
        print(
            json.dumps(
                {
                    "benchmark": "overhead",
                    "row": name,
                    "bare_us": round(bare),
                    "floor_added_us": round(added_floor),
                    "ours_added_us": round(added),
                    "ratio_to_floor": round(added / added_floor, 2),
                    "budget_us": round(budget),
                    "within": added <= budget,
                }
            )
        )
    literal.flush_and_stop()


if __name__ == "__main__":
    main()
