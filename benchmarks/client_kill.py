"""SIGKILL of a program at random moments, with a spool: what had ended 200 ms before is delivered later.

Each round a program makes calls until it is killed; the server is reachable in every other round. What a killed
program leaves is taken over by that of the next round, and by one replay at the end. One JSON line a round and one for
the sum; the exit code is 1 when anything is lost or the spool is broken. The 200 ms are of the program's own time: one
that a busy machine does not let run cannot write.

    python benchmarks/client_kill.py --rounds 50
"""

import argparse
import json
import random
import signal
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from calls import ALIVE, replay, server, start, stored
from loopback import process, provider
from relay import relay

from literalai_otel.export.spool import survey

WINDOW_S = 0.2
LONGEST_S = 1.5
"""Of a program's run after its first call."""
LONGEST_PAUSE_S = 0.02
"""Between two signs of life, which come every 5 ms; what is longer was not the program's."""


def lived(since: float, signs: list[float]) -> float:
    """Seconds that the process ran from `since` on. A machine that is busy may let it run much later, or never."""
    later = [since, *(sign for sign in signs if sign > since)]
    return sum(min(end - start, LONGEST_PAUSE_S) for start, end in pairwise(later))


def one_round(number: int, url: str, provider_url: str, folder: Path) -> tuple[dict[str, object], dict[str, int]]:
    """Run, kill; the row, and the calls that must be delivered, with the milliseconds that it ran after each."""
    path = folder.with_name(f"round-{number}")
    path.touch()
    program = start(f"r{number}", url, provider_url, folder, log=path)
    while ":" not in path.read_text(encoding="ascii"):
        time.sleep(0.005)
    seconds = random.uniform(0.05, LONGEST_S)
    time.sleep(seconds)
    program.send_signal(signal.SIGKILL)
    program.wait()
    whole, _, _ = path.read_text(encoding="ascii").rpartition("\n")  # the kill may have cut the last line
    lines = [line.split() for line in whole.splitlines()]
    ended = [(label, float(moment)) for label, moment in lines if label != ALIVE]
    signs = [float(moment) for label, moment in lines if label == ALIVE]
    after = {label: lived(moment, signs) for label, moment in ended}
    must = {label: round(seconds * 1000) for label, seconds in after.items() if seconds > WINDOW_S}
    row = {"row": "kill", "round": number, "after_s": round(seconds, 2), "calls": len(ended), "must": len(must)}
    return row, must


def main() -> None:
    """Run the rounds on one spool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50)
    options = parser.parse_args()
    must: dict[str, int] = {}
    calls = 0
    with (
        tempfile.TemporaryDirectory() as temporary,
        relay() as way,
        process(provider) as provider_url,
        server(Path(temporary) / "data") as address,
    ):
        folder = Path(temporary) / "spool"
        for number in range(options.rounds):
            if number % 2:
                way.up(address)
            else:
                way.down()
            row, of_round = one_round(number, way.url, provider_url, folder)
            must |= of_round
            calls += int(str(row["calls"]))
            print(json.dumps({"benchmark": "client_kill", **row}), flush=True)
        way.up(address)
        result = replay(way.url, folder)
        there = survey(folder)
        kept = [label for label, _ in stored(address).values()]
    total = {
        "benchmark": "client_kill",
        "row": "kill, all rounds",
        "rounds": options.rounds,
        "calls": calls,
        "must": len(must),
        "delivered": len(set(kept)),
        "lost": len(must.keys() - set(kept)),
        "lost_ms_lived": sorted(age for label, age in must.items() if label not in set(kept)),
        "twice": len(kept) - len(set(kept)),
        "replayed": result["sent"],
        "broken": there.problem or there.set_aside,
        "left": [row.waiting + row.held for row in there.targets],
    }
    print(json.dumps(total))
    sys.exit(any(total[name] for name in ("lost", "twice", "broken", "left")))


if __name__ == "__main__":
    main()
