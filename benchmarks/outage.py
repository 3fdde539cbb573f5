"""The server is down for the whole run of 20 processes that make 5 000 calls; then it is up, then one replay.

Each call must be a generation on the server, once, and those of a thread must have arrived in order. One JSON line; the
exit code is 1 when anything is missing, twice or out of order.

    python benchmarks/outage.py --processes 20 --calls 250
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

from calls import replay, server, start, stored
from loopback import process, provider
from relay import relay


def main() -> None:
    """Run it and print the row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=20)
    parser.add_argument("--calls", type=int, default=250, help="of each process")
    options = parser.parse_args()
    expected = {f"p{number}:{call}" for number in range(options.processes) for call in range(options.calls)}
    with tempfile.TemporaryDirectory() as temporary, relay() as way, process(provider) as provider_url:
        folder = Path(temporary) / "spool"
        begun = time.monotonic()
        programs = start("p", way.url, provider_url, folder, calls=options.calls, processes=options.processes)
        failed = programs.wait()
        made_in = time.monotonic() - begun
        with server(Path(temporary) / "data") as address:
            way.up(address)
            begun = time.monotonic()
            result = replay(way.url, folder)
            took = time.monotonic() - begun
            kept = stored(address)
        arrivals = [kept[step_id] for step_id in way.arrivals() if step_id in kept]
    times = Counter(label for label, _ in arrivals)
    threads: dict[str, list[int]] = {}
    for label, thread in arrivals:
        threads.setdefault(thread, []).append(int(label.partition(":")[2]))
    row = {
        "benchmark": "outage",
        "row": f"{options.processes} processes",
        "calls": len(expected),
        "generations": len(kept),
        "lost": len(expected - {label for label, _ in kept.values()}),
        "twice": sum(count > 1 for count in times.values()) + len(kept) - len({label for label, _ in kept.values()}),
        "threads": len(threads),
        "out_of_order": sum(any(a > b for a, b in pairwise(numbers)) for numbers in threads.values()),
        "failed_processes": failed,
        "replayed": result["sent"],
        "calls_s": round(made_in, 1),
        "replay_s": round(took, 1),
    }
    print(json.dumps(row))
    sys.exit(any(row[name] for name in ("lost", "twice", "out_of_order", "failed_processes")))


if __name__ == "__main__":
    main()
