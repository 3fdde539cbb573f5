"""What the fake provider answers, at the level of HTTP.

An *answer* is what a test scripts; `render(request)` turns it into a `Reply`: status, headers and frames. Frames
are sent one by one, so that a stream arrives piece by piece; between bytes a frame may also be a `Gate`, which
holds the server until the test opens it, or a `Cut`, which drops the connection without ending the body.
"""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

JSON_TYPE = "application/json"
SSE_TYPE = "text/event-stream; charset=utf-8"


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request as it came over the socket."""

    method: str
    path: str
    """Path with query string."""
    headers: tuple[tuple[str, str], ...]
    """In the order and spelling of the wire."""
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of that name, whatever its case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def json(self) -> Any:
        """The body as JSON; None when it is empty. Raises `ValueError` when it is not JSON."""
        return json.loads(self.body) if self.body else None

    @property
    def model(self) -> str | None:
        """The model that the JSON body names, if it is JSON and names one."""
        try:
            body = self.json()
        except ValueError:
            return None
        model: Any = body.get("model") if isinstance(body, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - any JSON
        return model if isinstance(model, str) else None


class Gate:
    """A point at which the server waits for the test.

    Args:
        opens_after: Seconds after which the gate opens by itself; without it only `open()` does (or the end of
            the provider).
    """

    def __init__(self, opens_after: float | None = None) -> None:
        self._opens_after = opens_after
        self._reached = threading.Event()
        self._opened = threading.Event()

    def open(self) -> None:
        """Let the server go on."""
        self._opened.set()

    def pass_through(self) -> None:
        """Called by the server: say that the gate was reached and wait until it is open."""
        self._reached.set()
        self._opened.wait(self._opens_after)

    def wait_until_reached(self, timeout: float = 10.0) -> None:
        """Return once the server stands at the gate; raises `TimeoutError` after `timeout` seconds."""
        if not self._reached.wait(timeout):
            raise TimeoutError(f"no request reached the gate within {timeout} s")


@dataclass(frozen=True, slots=True)
class Cut:
    """Drop the connection here. With `reset` the peer sees a TCP reset instead of an early end."""

    reset: bool = False


Frame = bytes | Gate | Cut


@dataclass(frozen=True, slots=True)
class Reply:
    """A rendered answer. With `chunked` the frames are HTTP chunks; else they are joined under a content length."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    frames: Iterable[Frame] = ()
    chunked: bool = False
    before: Gate | Cut | None = None
    """What happens before the status line is sent."""


class Answer(Protocol):
    """Anything a test may script."""

    def render(self, request: RecordedRequest) -> Reply:
        """The reply to `request`."""
        ...


def encode(value: Any) -> bytes:
    """`value` as compact UTF-8 JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def event(value: Any) -> bytes:
    """`value` as one server-sent event."""
    return b"data: " + encode(value) + b"\n\n"


DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Body:
    """A fixed answer: any status, type and bytes (HTML instead of JSON, nothing at all, broken JSON …)."""

    content: bytes = b""
    content_type: str = JSON_TYPE
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    before: Gate | Cut | None = None

    def render(self, request: RecordedRequest) -> Reply:
        """The same for every request."""
        headers = {"content-type": self.content_type, **self.headers}
        return Reply(self.status, headers, (self.content,), before=self.before)


def json_answer(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Body:
    """A fixed JSON answer."""
    return Body(encode(value), status=status, headers=headers or {})


HTML = Body(b"<!doctype html><title>Bad gateway</title><h1>502</h1>", "text/html; charset=utf-8")
"""A proxy's page in place of JSON, with status 200."""

EMPTY = Body()
"""Status 200 and no body."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An error answer in OpenAI's shape. `retry_after` is in seconds, for the header of that name."""

    status: int
    code: str | None = None
    message: str | None = None
    kind: str = "invalid_request_error"
    param: str | None = None
    retry_after: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    before: Gate | None = None

    def render(self, request: RecordedRequest) -> Reply:
        """`{"error": {message, type, param, code}}` under the status."""
        error = {
            "message": self.message if self.message is not None else f"scripted failure {self.status}",
            "type": self.kind,
            "param": self.param,
            "code": self.code,
        }
        headers = {"content-type": JSON_TYPE, **self.headers}
        if self.retry_after is not None:
            headers["retry-after"] = f"{self.retry_after:g}"
        return Reply(self.status, headers, (encode({"error": error}),), before=self.before)


@dataclass(frozen=True, slots=True)
class Disconnect:
    """No answer: the connection ends before the status line."""

    reset: bool = False

    def render(self, request: RecordedRequest) -> Reply:
        """A cut in place of everything."""
        return Reply(before=Cut(self.reset))


@dataclass(frozen=True, slots=True)
class Computed:
    """An answer that depends on the request."""

    choose: Callable[[RecordedRequest], Answer]

    def render(self, request: RecordedRequest) -> Reply:
        """Whatever `choose` gives, rendered."""
        return self.choose(request).render(request)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path of the provider: which requests it takes and what it answers unless a test scripts otherwise."""

    method: str
    pattern: str
    """Regular expression for the whole path, without the query string."""
    default: Answer
    models: Mapping[str, Answer] = field(default_factory=dict[str, Answer])
    """Answers by the model name of the request."""
