"""What went over the wire in one call: the bytes of the request and of the response.

They are the cheapest snapshot there is: complete, immutable, and already made. Content is read from them when it
is needed (`genai.content`). HTTP objects are known by their shape only, since SDKs change their HTTP library
(`spec/frameworks.md` §0), and they are not kept: a response that is kept is never collected.
"""

import logging
from typing import Any

from literalai_otel.jsonable import loads, to_jsonable

logger = logging.getLogger(__name__)


class Exchange:
    """Bodies of one HTTP exchange; None while unknown."""

    __slots__ = (
        "_attempts",
        "_request_value",
        "_response_value",
        "request_body",
        "response",
        "response_body",
        "retries",
        "source",
    )

    def __init__(self, source: Any = None) -> None:
        self.source = source
        """The SDK's own object for this request until the call has returned: the same one is the same call."""
        self.request_body: bytes | None = None
        self.response_body: bytes | None = None
        self.response: Any = None
        """The HTTP response, from when it is seen until the call has returned."""
        self.retries = 0
        self._attempts = 0
        self._request_value: Any = None
        self._response_value: Any = None

    def sent(self, request: Any) -> None:
        """An attempt is about to be sent; each one after the first is a retry."""
        self._attempts += 1
        self.retries = self._attempts - 1
        self.request_body = _content(request)

    def answered(self, response: Any) -> None:
        """The response to what was `sent` has come, its body perhaps not."""
        self.response = response

    def seen(self, response: Any, retries: int = 0) -> None:
        """The response of the last attempt has come, its body perhaps not."""
        self.response = response
        self.retries = retries
        self.request_body = _content(getattr(response, "request", None))

    def release(self) -> Any:
        """The response; it and the source are not held from here on."""
        response, self.response = self.response, None
        self.source = None
        return response

    def read_response(self, response: Any) -> bytes | None:
        """The body of `response` if it has been read."""
        self.response_body = _content(response)
        return self.response_body

    def failed(self, error: BaseException) -> Any:
        """Take the request, and give the response if one came, from an exception that carries them."""
        if self.request_body is None:
            self.request_body = _content(_attribute(error, "request"))
        return _attribute(error, "response")

    def keep_request(self, value: Any) -> None:
        """Snapshot the request as it was handed over, when its bytes are unknown."""
        if self.request_body is None:
            self._request_value = to_jsonable(value)

    def request(self) -> Any:
        """The JSON of the request. Raises ValueError when the bytes are none."""
        if self._request_value is None and self.request_body is not None:
            self._request_value = loads(self.request_body)
        return self._request_value

    def response_json(self) -> Any:
        """The JSON of the response, None without one. Raises ValueError when the bytes are none."""
        if self._response_value is None and self.response_body is not None:
            self._response_value = loads(self.response_body)
        return self._response_value

    @property
    def size(self) -> int:
        """Bytes held."""
        return len(self.request_body or b"") + len(self.response_body or b"")


def _attribute(value: Any, name: str) -> Any:
    try:
        return getattr(value, name, None)
    except Exception:  # httpx raises RuntimeError for a request that was never set
        return None


def _content(message: Any) -> bytes | None:
    """The bytes of an HTTP request or response, None while they are not read."""
    try:
        content = message.content
    except Exception:  # the HTTP library raises an error of its own for a body that is not read
        return None
    return content if isinstance(content, bytes) else None
