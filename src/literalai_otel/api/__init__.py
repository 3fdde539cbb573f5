"""The API of a Literal server, sync and async.

    with SyncApi("http://127.0.0.1:3000", api_key) as api:
        api.get_thread("…")

Errors are those of `literalai_otel.errors`: `APIStatusError` for a status of 400 or above, `GraphQLError` for an
answer that says no, `TransportError` when there is no usable answer.
"""

from literalai_otel.api.flow import AsyncDriver, SyncDriver
from literalai_otel.api.operations import Operations, StepOutcome

__all__ = ["AsyncApi", "StepOutcome", "SyncApi"]


class SyncApi(Operations, SyncDriver):
    """Operations that block. One object is enough for a program: it is thread-safe and keeps its connections."""


class AsyncApi(Operations, AsyncDriver):
    """Operations to await."""
