"""Memory budget (DESIGN §5): flat over 10 000 abandoned streams of each framework, and over 10 000 runs.

Each row prints how much the resident set grew in the second half of the work.

    python benchmarks/memory.py [--count N] [--only FRAMEWORK]
"""

import argparse
import gc
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from frameworks import drivers, providers
from loopback import Address, process, sink

import literalai_otel

if TYPE_CHECKING:
    from conformance.driving import Driver

PAGE = os.sysconf("SC_PAGE_SIZE")


def resident_kib() -> int:
    """The resident set of this process in KiB."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE // 1024


def grown(work: Callable[[], object], count: int) -> int:
    """KiB that the resident set grew over the second half of `count` repetitions."""
    middle = 0
    for index in range(count):
        work()
        if index == count // 2:
            gc.collect()
            middle = resident_kib()
        if index % 500 == 0:
            literalai_otel.flush(10)
    gc.collect()
    literalai_otel.flush(10)
    return resident_kib() - middle


def abandoning(driver: "Driver", address: Address) -> Callable[[], None]:
    """A program that reads one item of a stream and drops it."""
    client = driver.client(address, False)
    messages = ({"role": "user", "content": "hello"},)

    def abandon() -> None:
        next(iter(driver.stream(client, messages)))

    return abandon


@literalai_otel.run
def one_run() -> str:
    """A run with nothing in it."""
    return "done"


def main() -> None:
    """Print one JSON line per row."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--only", metavar="FRAMEWORK")
    options = parser.parse_args()

    def report(row: str, work: Callable[[], object]) -> None:
        kib = grown(work, options.count)
        print(json.dumps({"benchmark": "memory", "row": row, "count": options.count, "grown_kib": kib}), flush=True)

    with providers() as addresses, process(sink) as server_url:
        literal = literalai_otel.init(api_key="k", api_url=server_url, instrument=False)
        for driver in drivers():
            if options.only in (None, driver.scope):
                with driver.instrumented():
                    row = f"abandoned streams of {driver.scope}"
                    report(row, abandoning(driver, addresses[driver.answer.__name__]))
        report("runs", one_run)
        literal.flush_and_stop()


if __name__ == "__main__":
    main()
