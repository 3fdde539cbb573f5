"""Memory budget (DESIGN §5): flat over 10 000 abandoned streams and 10 000 runs.

Each row runs the work twice over, after a warm-up, and prints how much the resident set grew in the second half.
"""

import gc
import json
import os
from collections.abc import Callable
from pathlib import Path

import openai
from loopback import process, sink

import literalai_otel
from literalai_otel.testing import Chat, FakeProvider

COUNT = 10_000
PAGE = os.sysconf("SC_PAGE_SIZE")


def resident_kib() -> int:
    """The resident set of this process in KiB."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE // 1024


def grown(work: Callable[[], None], count: int) -> int:
    """KiB that the resident set grew over the second half of `count` repetitions."""
    for index in range(count):
        work()
        if index == count // 2:
            gc.collect()
            middle = resident_kib()
        if index % 500 == 0:
            literalai_otel.flush(10)
    gc.collect()
    literalai_otel.flush(10)
    return resident_kib() - middle  # pyright: ignore[reportPossiblyUnboundVariable] - set at the half


def main() -> None:
    """Print one JSON line per row."""
    with FakeProvider() as provider, process(sink) as server_url:
        literalai_otel.init(api_key="k", api_url=server_url)
        client = openai.OpenAI(base_url=provider.base_url, api_key="sk-test", max_retries=0)
        provider.script(Chat("a short answer"))

        def abandoned_stream() -> None:
            stream = client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": "hello"}], stream=True
            )
            next(iter(stream))
            del stream
            provider.clear()

        @literalai_otel.run
        def one_run() -> str:
            return "done"

        for name, work, count in (("abandoned streams", abandoned_stream, COUNT), ("runs", one_run, COUNT)):
            kib = grown(work, count)
            print(json.dumps({"benchmark": "memory", "row": name, "count": count, "grown_kib": kib}))

        literalai_otel.flush(10)


if __name__ == "__main__":
    main()
