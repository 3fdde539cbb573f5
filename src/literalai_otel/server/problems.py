"""What the server says when it refuses: one exception, one table of codes.

The JSON shape is the same for GraphQL and REST, `{"errors": [{"message": …, "extensions": {"code": …}}]}`, since
the published clients read `errors` from every answer (`spec/literal-wire.md` §1.3). OTLP answers carry the same
message as a `google.rpc.Status` (OTLP/HTTP specification, Failures).
"""

import logging
import uuid
from dataclasses import dataclass
from typing import Any, Final

from literalai_otel.server.store.database import StoreUnavailableError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Code:
    """A row of the table: HTTP status and gRPC code of one kind of refusal."""

    http_status: int
    grpc_code: int


CODES: Final = {
    "BAD_REQUEST": Code(400, 3),
    "BAD_USER_INPUT": Code(400, 3),
    "GRAPHQL_PARSE_FAILED": Code(400, 3),
    "GRAPHQL_VALIDATION_FAILED": Code(400, 3),
    "UNAUTHENTICATED": Code(401, 16),
    "FORBIDDEN": Code(403, 7),
    "NOT_FOUND": Code(404, 5),
    "METHOD_NOT_ALLOWED": Code(405, 12),
    "REQUEST_TIMEOUT": Code(408, 4),
    "CONFLICT": Code(409, 6),
    "BODY_TOO_LARGE": Code(413, 3),
    "UNSUPPORTED_MEDIA_TYPE": Code(415, 3),
    "RANGE_NOT_SATISFIABLE": Code(416, 11),
    "TOO_MANY_REQUESTS": Code(429, 8),
    "INTERNAL": Code(500, 13),
    "OVERLOADED": Code(503, 14),
    "STORAGE_UNAVAILABLE": Code(503, 14),
}


class Problem(Exception):  # noqa: N818 - it is an answer, not a failure of the server
    """A refusal that its receiver may read: `message` names what is wrong and, where there is one, the fix.

    `retry_after` is in seconds and becomes the header of that name.
    """

    def __init__(self, code: str, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after = retry_after

    @property
    def http_status(self) -> int:
        """The HTTP status when the whole request is refused."""
        return CODES[self.code].http_status

    @property
    def grpc_code(self) -> int:
        """The code inside a `google.rpc.Status`."""
        return CODES[self.code].grpc_code


def masked(error: BaseException) -> Problem:
    """An unexpected error as its receiver may see it: an id to look for in the log, nothing of the inside."""
    error_id = uuid.uuid4().hex[:12]
    if isinstance(error, StoreUnavailableError):
        _log.error("the database is not available, %s", error_id, exc_info=error, extra={"error_id": error_id})
        return Problem("OVERLOADED", f"The database is not available ({error_id}): try again.", retry_after=5)
    _log.error("unexpected error %s", error_id, exc_info=error, extra={"error_id": error_id})
    return Problem("INTERNAL", f"Internal error {error_id}. The server's log has the details under this id.")


def error_entry(code: str, message: str, **more: Any) -> dict[str, Any]:
    """One entry of `errors`; `more` is what GraphQL adds (`path`, `locations`)."""
    return {"message": message, **more, "extensions": {"code": code}}
