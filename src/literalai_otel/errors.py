"""The errors that client and server code of this project raises.

    LiteralError
    ├── ConfigError            a setting is missing, malformed or contradicts an earlier one
    ├── TransportError         no usable HTTP answer: refused, timed out, cut, not JSON
    ├── APIStatusError         an HTTP status of 400 or above
    ├── GraphQLError           a 200 answer that carries `errors` or `{ok: false}`
    ├── NotFoundError          what was to be changed or used does not exist
    ├── TemplateError          the template of a prompt is no Mustache
    ├── SpoolError             the spool cannot be used (`export/spool/file.py`)
    ├── InvalidValueError      server: a value that came in breaks a rule (`server/values.py`)
    │   ├── FilterError        a filter, order or cursor that the grammar does not know (`server/filters.py`)
    │   └── ConflictError      another user has the identifier (`server/store/participants.py`)
    ├── ProtectedScoreError    server: a score that stays with its experiment (`server/store/scores.py`)
    ├── SignatureError         server: an address that was altered or has expired (`server/signing.py`)
    ├── StorageError           server: the storage of files cannot be used (`server/blobs/storage.py`)
    ├── FileTooLargeError      server: an upload over the cap (`server/blobs/spool.py`)
    └── Overloaded             server: too many bytes wait for the database (`server/ingest.py`)

Instrumentors, processors and exporters never raise any of them into the user's program.
"""

from typing import Any


class LiteralError(Exception):
    """Root of the tree."""


class ConfigError(LiteralError):
    """A setting is missing, malformed, or contradicts an earlier one. The message names the fix."""


class TransportError(LiteralError):
    """The server gave no usable answer.

    `retryable` is false when a retry cannot help; `answered` is true when something did answer, but not as a
    Literal server does.
    """

    def __init__(self, message: str, *, retryable: bool = True, answered: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.answered = answered


class APIStatusError(LiteralError):
    """The server answered with `status` >= 400. `retry_after` is in seconds, from the header of that name."""

    def __init__(self, message: str, *, status: int, body: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = body
        self.retry_after = retry_after

    @property
    def retryable(self) -> bool:
        """408, 425, 429 and every 5xx but 501 may succeed later; any other status will not."""
        return self.status in (408, 425, 429) or (self.status >= 500 and self.status != 501)


class GraphQLError(LiteralError):
    """`operation` failed; `errors` is the list of the answer, `data` what was answered beside it."""

    def __init__(self, message: str, *, operation: str, errors: list[Any], data: Any = None) -> None:
        super().__init__(message)
        self.operation = operation
        self.errors = errors
        self.data = data


class NotFoundError(LiteralError):
    """What was to be changed or used does not exist in the project; the message names it. Plain reads give None."""


class TemplateError(LiteralError):
    """The template of a prompt is no Mustache: a section is not closed, or closed and never opened."""
