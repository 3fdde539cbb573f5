"""What the programs of the environments share: a tracer provider that exports at once, and cases by name.

@case
def chat() -> None: ...

main()
"""

import sys
from collections.abc import Callable

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

CASES: dict[str, Callable[[], None]] = {}


def case(function: Callable[[], None]) -> Callable[[], None]:
    """Registers a case under the function's name."""
    CASES[function.__name__] = function
    return function


def traced() -> TracerProvider:
    """A provider whose spans go to the recorder as each ends."""
    provider = TracerProvider()
    provider.add_span_processor(exporting())
    return provider


def exporting() -> SimpleSpanProcessor:
    """The processor alone, for packages that make a provider of their own."""
    return SimpleSpanProcessor(OTLPSpanExporter())


def main(before: Callable[[], None] | None = None, after: Callable[[], None] | None = None) -> None:
    """Runs the case that the command line names between `before` and `after`; prints the names of all without one."""
    if len(sys.argv) < 2:
        sys.stdout.write("\n".join(CASES) + "\n")
        return
    if before is not None:
        before()
    CASES[sys.argv[1]]()
    if after is not None:
        after()
