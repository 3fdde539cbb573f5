"""The exporter's budgets (issue 5): throughput, what an event loop feels of a slow server, memory while it is down.

    python benchmarks/exporter.py [--only ROW]

Each row runs in a process of its own. Throughput is steps per second of this process's CPU time, at batch 100, over
2.4 KB spans that had ended before, to a sink in another process. The loop's lag is how late a timer of 1 ms comes,
beside the same program with an exporter that drops everything. Exits with 1 when a row is over its budget.
"""

import argparse
import asyncio
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from loopback import process, sink
from memory import resident_kib
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from translate import AT_START, INPUT, LEARNED, OUTPUT

from literalai_otel import attributes as names
from literalai_otel.export import LiteralSpanExporter
from literalai_otel.jsonable import dumps_text

SPANS = 20_000
BATCH = 100
STEPS_S = 8_000
LAG_MS = 1.0
SLOW_S = 2.0
"""Of a request to the slow sink."""
DOWN_SPANS = 100_000
DOWN_KIB = 300 * 1024
"""The queue's 64 MiB of JSON as Python objects, the spans that wait to be translated, and the libraries."""


class NoExporter(SpanExporter):
    """Drops everything."""

    def export(self, spans: Any) -> SpanExportResult:
        """Say that it went well."""
        return SpanExportResult.SUCCESS

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing waits."""
        return True


def ended(count: int) -> list[ReadableSpan]:
    """Model calls that have ended."""
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("benchmark")
    content = {names.INPUT_MESSAGES: dumps_text(INPUT), names.OUTPUT_MESSAGES: dumps_text(OUTPUT)}
    spans: list[ReadableSpan] = []
    for _ in range(count):
        span = tracer.start_span("chat gpt-4o-mini", attributes={**AT_START, **LEARNED, **content})
        span.end()
        assert isinstance(span, ReadableSpan)
        spans.append(span)
    return spans


def exporter(url: str, folder: str | None) -> LiteralSpanExporter:
    """As the settings make it, with or without a spool."""
    return LiteralSpanExporter(api_key="key", api_url=url, batch_size=BATCH, spool_dir=folder)


def throughput(folder: str | None) -> dict[str, Any]:
    """Steps per second of CPU time."""
    spans = ended(SPANS)
    with process(sink) as url:
        ours = exporter(url, folder)
        ours.export(spans[:BATCH])
        assert ours.force_flush(), "the sink takes everything"
        gc.collect()
        gc.freeze()  # the spans that are kept here are no work of the exporter's
        cpu, clock = time.process_time(), time.perf_counter()
        for start in range(BATCH, SPANS, BATCH):
            ours.export(spans[start : start + BATCH])
        assert ours.force_flush(120_000), ours.delivery.counters()
        cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
        ours.shutdown()
    rate = (SPANS - BATCH) / cpu
    return {"steps_s": round(rate), "wall_s": round(clock, 2), "budget_steps_s": STEPS_S, "within": rate >= STEPS_S}


async def lags(export: Callable[[Any], object], spans: list[ReadableSpan]) -> list[float]:
    """Milliseconds by which a timer of 1 ms was late, while 500 spans a second end on the loop."""
    loop = asyncio.get_running_loop()
    found: list[float] = []
    for span in spans:
        begun = loop.time()
        export([span])
        await asyncio.sleep(0.001)
        found.append((loop.time() - begun - 0.001) * 1000)
        await asyncio.sleep(0.001)
    return sorted(found)


def lag(folder: str | None) -> dict[str, Any]:
    """Lag beside a server that takes 2 s a request, and beside none at all, in turns."""
    spans = ended(1500)
    bare: list[list[float]] = []
    ours: list[list[float]] = []
    with process(slow_sink) as url:
        literal = exporter(url, folder)
        for _ in range(4):
            bare.append(asyncio.run(lags(NoExporter().export, spans)))
            ours.append(asyncio.run(lags(literal.export, spans)))
        literal.shutdown(0)

    def at(share: float, rounds: list[list[float]]) -> float:
        return statistics.median(values[int(share * len(values))] for values in rounds)

    added = at(0.99, ours) - at(0.99, bare)
    return {
        "p99_ms": round(at(0.99, ours), 3),
        "bare_p99_ms": round(at(0.99, bare), 3),
        "added_p99_ms": round(added, 3),
        "added_p95_ms": round(at(0.95, ours) - at(0.95, bare), 3),
        "added_median_ms": round(at(0.5, ours) - at(0.5, bare), 3),
        "budget_ms": LAG_MS,
        "within": added < LAG_MS,
    }


def slow_sink(ready: Any) -> None:
    """A server that takes its time."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Wait(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            time.sleep(SLOW_S)
            count = sum(name.startswith("id_") for name in body["variables"])
            answer = json.dumps({"data": {f"step{index}": {"ok": True} for index in range(count)}}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Wait)
    ready.put(f"http://127.0.0.1:{server.server_port}")
    server.serve_forever()


def down(folder: str | None) -> dict[str, Any]:
    """The resident set after 100 000 spans that nobody takes."""
    ours = exporter("http://127.0.0.1:9", folder)
    ours.export(ended(BATCH))
    gc.collect()
    before = resident_kib()
    peak = before
    for _ in range(BATCH, DOWN_SPANS, BATCH):
        ours.export(ended(BATCH))
        peak = max(peak, resident_kib())
        if folder is not None:  # a program that makes them faster than they are written would fill memory first
            while ours.delivery.counters().queued > 20_000:
                time.sleep(0.01)
    counters = ours.delivery.counters()
    ours.shutdown(5_000)
    left = ours.delivery.counters()
    return {
        "grown_kib": peak - before,
        "queued": counters.queued,
        "spooled": counters.spooled,
        "dropped": dict(counters.dropped),
        "on_disk_at_the_end": left.spooled,
        "accounted": left.accepted == left.sent + sum(left.dropped.values()) + left.queued + left.spooled,
        "budget_kib": DOWN_KIB,
        "within": peak - before <= DOWN_KIB,
    }


ROWS: dict[str, tuple[Callable[[str | None], dict[str, Any]], bool]] = {
    "throughput": (throughput, False),
    "throughput, spool": (throughput, True),
    "loop lag, 2 s a request": (lag, False),
    "loop lag, 2 s a request, spool": (lag, True),
    "100 000 spans, server down": (down, False),
    "100 000 spans, server down, spool": (down, True),
}


def main() -> None:
    """Print one JSON line per row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="ROW", choices=ROWS)
    options = parser.parse_args()
    if options.only is None:
        done = [subprocess.run([sys.executable, __file__, "--only", name], check=False) for name in ROWS]
        sys.exit(any(each.returncode for each in done))
    measure, spooled = ROWS[options.only]
    with tempfile.TemporaryDirectory() as folder:
        row = measure(str(Path(folder) / "spool") if spooled else None)
    print(json.dumps({"benchmark": "exporter", "row": options.only, **row}), flush=True)
    # Not `sys.exit`: what a row leaves in its queue is not waited for.
    os._exit(not row["within"])


if __name__ == "__main__":
    main()
