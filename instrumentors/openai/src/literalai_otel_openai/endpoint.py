"""What is known of one endpoint of the API: pure readers of its request, its answer and the pieces of its stream.

Readers tolerate whatever compatible hosts send: missing, null, unknown. They may raise; then less is recorded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from literalai_otel.attributes import OUTPUT_MESSAGES
from literalai_otel.genai import CallOptions, Exchange, Fold, Invocation, without_credentials
from literalai_otel.genai.call_options import NO_OPTIONS

Json = dict[str, Any]
Error = tuple[str, str]
"""Type and message of an error that an answer reports."""


class NothingStreamed:
    """The fold of endpoints that never stream."""

    def __init__(self, invocation: Invocation, *, wants_content: bool) -> None:
        """Keeps nothing of either."""

    def add(self, chunk: Any) -> None:
        """Nothing is known of such a chunk."""

    def finish(self) -> None:
        """There is nothing to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The readers of one endpoint."""

    operation: str
    read_request: Callable[[Mapping[str, Any], dict[str, Any]], None]
    """Writes what a request body says into attributes, before the span starts."""
    add_request_content: Callable[[Invocation, CallOptions], None]
    """Adds producers of content; they read the request when they are called."""
    read_response: Callable[[Invocation, Any], Error | None]
    """Writes what an answer (JSON or the SDK's model) tells; gives the error that the answer itself reports."""
    read_output: Callable[[Any], Any]
    """The content of an answer, None when it has none."""
    output: str = OUTPUT_MESSAGES
    """The attribute that takes it."""
    fold: Callable[..., Fold] = NothingStreamed
    result_field: str | None = None
    """A field by which the SDK's model of an answer is told from raw responses; None: the bytes are read."""
    decode: Callable[[bytes], Any] | None = None
    """Reads the bytes of an answer that is no JSON. Raises ValueError when they are none."""
    may_wait: Callable[[Any], bool] | None = None
    """Whether the SDK's `result` leaves nothing to learn that decides how the recording ends, so that the rest may
    be read from the bytes later; None: it always does."""
    stream_may_wait: bool = False
    """Whether the same holds of the events of its streams: none of them is an error that the SDK does not raise."""
    keeps_body: bool = True
    """Whether content is made from the bytes of the answer when it is needed; else from the answer, at once."""
    is_binary: bool = False
    """Whether the answer is no text: it is looked at as it passes and never gathered."""
    gives_usage_in_streams: bool = False
    """Whether `stream_options.include_usage` makes a stream tell its token counts."""

    def answer_in(self, exchange: Exchange) -> Any:
        """The answer that the bytes of `exchange` spell, None without them. Raises ValueError when they are none."""
        body = exchange.response_body
        return exchange.response_json() if self.decode is None or body is None else self.decode(body)

    def learn_request(self, invocation: Invocation, options: CallOptions = NO_OPTIONS) -> None:
        """Read the request in the invocation's exchange (a reader for `Recording.learn`)."""
        self.add_request_content(invocation, options)
        self.read_request(invocation.exchange.request(), invocation.attributes)

    def learn_response(self, invocation: Invocation) -> None:
        """Read the answer in the invocation's exchange (a reader for `Recording.learn`)."""
        exchange = invocation.exchange
        invocation.content[self.output] = lambda: self.read_output(self.answer_in(exchange))
        self.read_response(invocation, self.answer_in(exchange))


def settings(request: Json, left_out: frozenset[str]) -> Json:
    """The parameters of a request but those `left_out`, and no credentials."""
    return without_credentials({key: value for key, value in request.items() if key not in left_out})
