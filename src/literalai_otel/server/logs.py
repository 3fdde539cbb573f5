"""Log lines of the server: one JSON object a line on standard error."""

import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final

from literalai_otel import jsonable

_STANDARD: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "color_message"}

REQUEST_ID: Final[ContextVar[str | None]] = ContextVar("literalai_otel_request_id", default=None)
"""The id of the request that is being answered, also on the worker threads that it uses."""


class JsonLines(logging.Formatter):
    """`{"time", "level", "event", "logger", "request_id"?, …extras, "exception"?}`.

    Request bodies, queries and keys are never logged.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line; whatever was passed as `extra` becomes a member."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
        }
        request_id = REQUEST_ID.get()
        if request_id is not None:
            line["request_id"] = request_id
        line.update((name, value) for name, value in record.__dict__.items() if name not in _STANDARD)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return jsonable.dumps(line).decode()


def configure_logs() -> None:
    """Our lines from level info, everybody else's from warning."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("literalai_otel").setLevel(logging.INFO)
