"""What is known of one kind of call: pure readers of its request, its answer and the events of its stream.

Readers tolerate whatever hosts send: missing, null, unknown. They may raise; then less is recorded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from literalai_otel.attributes import GENERATION_SETTINGS, OUTPUT_MESSAGES
from literalai_otel.genai import CallOptions, Fold, Invocation, without_credentials
from literalai_otel.genai.call_options import NO_OPTIONS

Json = dict[str, Any]
Asked = Mapping[str, Any]
"""The parameters of a call: its keyword arguments, since the SDK takes no others, or the JSON that they became."""

_NOT_IN_BODY: Final = frozenset(
    {"retries", "server_url", "timeout_ms", "http_headers", "accept_header_override", "additional_properties"}
)
"""Arguments that say how to send the request."""
_UNSET: Final = "Unset"
"""Name of the class of arguments and fields that were left out, the same in every release."""


def nothing_asked(asked: Asked, attributes: dict[str, Any]) -> None:
    """Reads a request of which the model is all that becomes an attribute."""


def body_of(asked: Asked) -> Json:
    """The arguments as the body that they will make, as far as that is known without the SDK."""
    return {key: value for key, value in asked.items() if key not in _NOT_IN_BODY and is_given(value)}


def is_given(value: Any) -> bool:
    """Whether an argument or a field was given. Left-out ones are falsy, and so are values: the type tells."""
    return value is not None and type(value).__name__ != _UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The readers of one kind of call."""

    operation: str
    read_request: Callable[[Asked, dict[str, Any]], None] = nothing_asked
    """Writes what the parameters say into attributes."""
    request_content: Mapping[str, Callable[[Json, CallOptions], Any]]
    """By attribute: makes its value of the request's JSON."""
    no_settings: frozenset[str]
    """The parameters that those readers tell about."""
    read_response: Callable[[Invocation, Any], None]
    """Writes what an answer, JSON or the SDK's model, tells into the attributes."""
    read_output: Callable[[Any], Any]
    """The content of an answer, None when it has none."""
    output: str = OUTPUT_MESSAGES
    """The attribute that takes it."""
    fold: Callable[..., Fold] | None = None
    stream_may_wait: bool = False
    """Whether the events of its streams may be read later: none of them is an error that the SDK does not raise."""
    keeps_body: bool = True
    """Whether content is made from the bytes of the answer when it is needed; else from the answer, at once."""
    is_in_bytes: bool = field(init=False)
    """Whether the bytes of the request and of the answer tell everything."""
    describe: Callable[[Asked], Json] = field(default=body_of)
    """The arguments as a body, for when its bytes are unknown."""
    is_form: bool = False
    """Whether the request is no JSON but a form with a file in it, whose bytes are never known."""

    def __post_init__(self) -> None:
        """Settle what follows from the rest."""
        object.__setattr__(self, "is_in_bytes", self.keeps_body and not self.is_form)

    def add_request_content(self, invocation: Invocation, options: CallOptions) -> None:
        """Add the producers; they read the request when they are called."""
        request = invocation.exchange.request
        for attribute, read in self.request_content.items():
            invocation.content[attribute] = partial(_produced, read, request, options)
        invocation.content[GENERATION_SETTINGS] = lambda: settings(request(), self.no_settings)

    def learn_request(self, invocation: Invocation, options: CallOptions = NO_OPTIONS) -> None:
        """Read the request in the invocation's exchange (a reader for `Recording.learn`)."""
        self.add_request_content(invocation, options)
        self.read_request(invocation.exchange.request(), invocation.attributes)

    def learn_response(self, invocation: Invocation) -> None:
        """Read the answer in the invocation's exchange (a reader for `Recording.learn`)."""
        answer = invocation.exchange.response_json
        invocation.content[self.output] = lambda: self.read_output(answer())
        self.read_response(invocation, answer())


def _produced(
    read: Callable[[Json, CallOptions], Any], request: Callable[[], Mapping[str, Any]], options: CallOptions
) -> Any:
    return read(dict(request()), options)


def settings(request: Json, left_out: frozenset[str]) -> Json:
    """The parameters of a request but the model and those `left_out`, no predicted content and no credentials."""
    kept = {key: value for key, value in request.items() if key != "model" and key not in left_out}
    if isinstance(kept.get("prediction"), dict):
        kept["prediction"] = {key: value for key, value in kept["prediction"].items() if key != "content"}
    return without_credentials(kept)
