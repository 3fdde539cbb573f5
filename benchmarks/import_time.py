"""Import budget (DESIGN §5): `import literalai_otel` costs at most 60 ms over the OpenTelemetry SDK.

Each row is the median of fresh interpreters that import the SDK first; `init` is the start-up of an application
that calls `init()`, with everything that it loads.
"""

import json
import statistics
import subprocess
import sys

RUNS = 9
BASE = "import opentelemetry.sdk.trace, opentelemetry.sdk.trace.export, opentelemetry.sdk.resources\n"
STATEMENTS = {
    "import literalai_otel": ("import literalai_otel", 60),
    "public names": ("import literalai_otel as l; l.init, l.step, l.thread", None),
    "init()": (
        "import literalai_otel as l; l.init(api_key='k', api_url='http://127.0.0.1:9', instrument=False)",
        None,
    ),
}


def milliseconds(statement: str) -> float:
    """Wall time of `statement` in a fresh interpreter that has imported the SDK."""
    program = (
        f"{BASE}import time\nstarted = time.perf_counter()\n{statement}\n"
        # _exit: the exporter's own exit is not what is measured.
        "print((time.perf_counter() - started) * 1000, flush=True)\nimport os; os._exit(0)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return float(answer.stdout.strip().splitlines()[-1])


def main() -> None:
    """Print one JSON line per row."""
    for name, (statement, budget) in STATEMENTS.items():
        taken = statistics.median(milliseconds(statement) for _ in range(RUNS))
        row = {"benchmark": "import", "row": name, "ms": round(taken, 1), "budget_ms": budget}
        if budget is not None:
            row["within"] = taken <= budget
        print(json.dumps(row))


if __name__ == "__main__":
    main()
