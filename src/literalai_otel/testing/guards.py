"""What a test of an instrumentor must not leave behind.

    @pytest.fixture(autouse=True)
    def guard():
        with Guard() as guard:
            yield guard

Leaving the block raises `AssertionError` with everything that is wrong.
"""

import gc
import logging
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from opentelemetry import trace

from literalai_otel.genai.side_table import SIDE_TABLE
from literalai_otel.testing.spans import SpanCapture

WATCHED_LOGGERS = ("asyncio", "opentelemetry")


class Guard(logging.Handler):
    """Watches the logs from entering to leaving, and looks for left-overs at the end.

    Problems are: a failed context detach; a record of ours with an exception (a swallowed failure) or of level
    WARNING and above; an error of asyncio or OpenTelemetry; a span that is still open or still current; an entry
    in the side table.

    Args:
        packages: Names of the packages whose own records count as ours.
    """

    def __init__(self, packages: Sequence[str] = ("literalai_otel",)) -> None:
        super().__init__(logging.DEBUG)
        self._packages = tuple(packages)
        self._complaints: list[str] = []
        self._messages: list[str] = []
        self._allowed: list[str] = []
        self._captures: list[SpanCapture] = []
        self._levels: dict[str, int] = {}

    def allow(self, text: str) -> None:
        """From now on records whose message contains `text` are expected (`""`: all of them)."""
        self._allowed.append(text)

    def watch(self, capture: SpanCapture) -> None:
        """Spans of `capture` must all have ended."""
        self._captures.append(capture)

    @property
    def messages(self) -> list[str]:
        """Every record of ours so far, as text."""
        return list(self._messages)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what the record says, not the record: its traceback holds frames, and they hold what must be freed."""
        if record.name.startswith(self._packages):
            self._messages.append(record.getMessage())
        if self._is_problem(record):
            text = logging.Formatter("%(name)s %(levelname)s %(message)s").format(record)
            self._complaints.append(f"log: {text}")

    def __enter__(self) -> Self:
        for name in (*self._packages, *WATCHED_LOGGERS):
            logger = logging.getLogger(name)
            self._levels[name] = logger.level
            logger.addHandler(self)
        for name in self._packages:
            logging.getLogger(name).setLevel(logging.DEBUG)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace_back: TracebackType | None
    ) -> None:
        gc.collect()
        for capture in self._captures:
            capture.settled()
        problems = self.problems()
        for name, level in self._levels.items():
            logger = logging.getLogger(name)
            logger.removeHandler(self)
            logger.setLevel(level)
        if error is None and problems:
            raise AssertionError("left behind:\n" + "\n".join(problems))

    def problems(self) -> list[str]:
        """Everything that is wrong now."""
        found = list(self._complaints)
        found += [f"open span: {name}" for capture in self._captures for name in capture.still_open]
        if trace.get_current_span().get_span_context().is_valid:
            found.append(f"current span: {trace.get_current_span()}")
        if len(SIDE_TABLE):
            found.append(f"side table: {len(SIDE_TABLE)} entries")
        return found

    def _is_problem(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if "Failed to detach context" in message:
            return True
        if any(text in message for text in self._allowed):
            return False
        if record.name.startswith(self._packages):
            return record.exc_info is not None or record.levelno >= logging.WARNING
        return record.levelno >= logging.ERROR
