"""One request of the SDK, from `SyncAPIClient.request` to the end of its recording.

`request` gives, besides the parsed result, streams and raw responses in several states (`spec/frameworks.md` §2.3).
What is done depends on whether the body has been read: if so the recording ends here, else it ends with the body.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from inspect import isawaitable
from typing import Any, Final, cast

from literalai_otel.attributes import OPERATION_NAME, OUTPUT_MESSAGES, REQUEST_ID, REQUEST_MODEL, REQUEST_RETRIES
from literalai_otel.genai import (
    BodyWatch,
    CallOptions,
    Exchange,
    Fold,
    Inference,
    Invocation,
    Recorder,
    Recording,
    Watch,
    current_call_options,
    record_stream,
    watch_body,
    watch_closing,
)
from literalai_otel_openai import chat
from literalai_otel_openai.chat_stream import ChatFold
from literalai_otel_openai.host import Destinations

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The readers of one endpoint."""

    operation: str
    read_request: Callable[[Mapping[str, Any], dict[str, Any]], None]
    add_request_content: Callable[[Invocation, CallOptions], None]
    read_response: Callable[[Invocation, Any], None]
    output_messages: Callable[[Any], Any]
    fold: Callable[..., Fold]


ENDPOINTS: Final[Mapping[str, Endpoint]] = {
    "/chat/completions": Endpoint(
        operation="chat",
        read_request=chat.read_request,
        add_request_content=chat.add_request_content,
        read_response=chat.read_response,
        output_messages=chat.output_messages,
        fold=ChatFold,
    )
}
"""By the path of a POST."""


def endpoint_of(method: str, url: str) -> Endpoint | None:
    """The endpoint that a request goes to, None when it makes no generation."""
    if method.lower() != "post":
        return None
    known = ENDPOINTS.get(url)
    if known is not None or ("?" not in url and "://" not in url):
        return known
    path = url.partition("?")[0]
    return next((endpoint for suffix, endpoint in ENDPOINTS.items() if path.endswith(suffix)), None)


class RequestCall:
    """A request that is being recorded (a `genai.Call`)."""

    __slots__ = ("_body", "_endpoint", "_is_async", "_streamed", "recording")

    def __init__(
        self, recording: Recording, endpoint: Endpoint, body: Mapping[str, Any], *, streamed: bool, is_async: bool
    ) -> None:
        self.recording = recording
        self._endpoint = endpoint
        self._body = body
        self._streamed = streamed
        self._is_async = is_async

    def returned(self, result: Any) -> None:
        """End the recording, or leave that to who reads the body."""
        try:
            self._returned(result)
        except Exception:
            logger.debug("a result was not readable", exc_info=True)
            self.recording.complete()

    def failed(self, error: BaseException) -> None:
        """End the recording; an answer that was billed before `error` was raised is kept."""
        try:
            if self.recording.active:
                self._note_failure(error)
        except Exception:
            logger.debug("a failure was not readable", exc_info=True)
        self.recording.fail(error)

    def _returned(self, result: Any) -> None:
        exchange = self.recording.invocation.exchange
        response = exchange.release()
        if not self.recording.active:
            self.recording.complete()
            return
        if response is None:
            response = getattr(result, "http_response", None) or getattr(result, "response", None)
            if response is not None:
                exchange.seen(response)
                exchange.release()
        exchange.keep_request(self._body)
        self._note_response(result, response)
        self.recording.invocation.content_size = exchange.size
        if self._streamed and hasattr(result, "_iterator"):
            self._watch_stream(result, response)
        elif response is None or exchange.read_response(response) is not None:
            self.recording.invocation.content_size = exchange.size
            self._read(result)
            self.recording.complete()
        else:
            self._watch_body(result, response)

    def _note_response(self, result: Any, response: Any) -> None:
        attributes = self.recording.invocation.attributes
        request_id = getattr(result, "_request_id", None)
        if request_id is None and response is not None:
            request_id = response.headers.get("x-request-id")
        if isinstance(request_id, str):
            attributes[REQUEST_ID] = request_id
        retries = self.recording.invocation.exchange.retries
        if retries:
            attributes[REQUEST_RETRIES] = retries

    def _note_failure(self, error: BaseException) -> None:
        exchange = self.recording.invocation.exchange
        answered = exchange.release()
        refused = exchange.failed(error)
        exchange.keep_request(self._body)
        response = refused if answered is None else answered
        if response is not None:
            exchange.retries = exchange.retries or _retries_of(response)
            self._note_response(None, response)
        if answered is not None and exchange.read_response(answered) is not None:
            self._read(None)
        self.recording.invocation.content_size = exchange.size

    def _read(self, result: Any) -> None:
        """Take over a complete response: from the parsed result, or from the bytes when it is something else."""
        invocation, exchange = self.recording.invocation, self.recording.invocation.exchange
        parsed = result if hasattr(result, "choices") else exchange.response_json()
        self._endpoint.read_response(invocation, parsed)
        if self.recording.wants_content:
            invocation.content[OUTPUT_MESSAGES] = _producer(self._endpoint, invocation, result)

    def _watch_stream(self, stream: Any, response: Any) -> None:
        """Have the recording end with the stream."""
        watch = Watch(self.recording, self._fold(), stream if response is None else response)
        record_stream(stream, watch)
        watch_closing(watch, is_async=self._is_async)

    def _watch_body(self, raw: Any, response: Any) -> None:
        """Have the recording end with the body that the user is going to read."""
        whole = _whole_body(self._endpoint, self.recording)
        watch = BodyWatch(self.recording, self._fold(), response, whole, is_events=self._is_events(response))
        watch_body(watch, is_async=self._is_async)
        if self._streamed and hasattr(raw, "parse"):
            _adopt_parsed_stream(raw, watch)
        elif self._streamed:
            _warn_of_unknown_stream(str(raw.__class__))
        watch_closing(watch, is_async=self._is_async)

    def _fold(self) -> Fold:
        return self._endpoint.fold(self.recording.invocation, wants_content=self.recording.wants_content)

    def _is_events(self, response: Any) -> bool:
        kind = str(response.headers.get("content-type", ""))
        return kind.startswith("text/event-stream") if kind else self._streamed


class Requests:
    """`begin` of the recordings that `recorder` makes."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._destinations = Destinations()

    def sync(self, client: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> RequestCall | None:
        """Begin to record `SyncAPIClient.request(cast_to, options, *, stream)`."""
        return self._begin(client, args, kwargs, is_async=False)

    def asynchronous(self, client: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> RequestCall | None:
        """Begin to record `AsyncAPIClient.request`."""
        return self._begin(client, args, kwargs, is_async=True)

    def _begin(
        self, client: Any, args: tuple[Any, ...], kwargs: dict[str, Any], *, is_async: bool
    ) -> RequestCall | None:
        options = args[1] if len(args) > 1 else kwargs["options"]
        endpoint = endpoint_of(options.method, options.url)
        if endpoint is None:
            return None
        json_data: Any = options.json_data
        body: Mapping[str, Any] = cast(dict[str, Any], json_data) if isinstance(json_data, dict) else {}
        if options.extra_json:
            body = {**body, **options.extra_json}
        streamed = bool(kwargs.get("stream"))
        return self.begin(client, endpoint, body, streamed=streamed, is_async=is_async, source=options)

    def begin(
        self,
        client: Any,
        endpoint: Endpoint,
        body: Mapping[str, Any],
        *,
        streamed: bool,
        is_async: bool,
        source: Any = None,
    ) -> RequestCall | None:
        """Begin to record a request of `body` to `endpoint`; None when it must not be recorded."""
        attributes = {OPERATION_NAME: endpoint.operation, **self._destinations.of(client)}
        model = body.get("model")
        if isinstance(model, str):
            attributes[REQUEST_MODEL] = model
        endpoint.read_request(body, attributes)
        invocation = Inference(attributes, exchange=Exchange(source))
        options = current_call_options()
        options.apply(invocation)
        recording = self._recorder.open(invocation)
        if recording is None:
            return None
        try:
            endpoint.add_request_content(invocation, options)
            return RequestCall(recording, endpoint, body, streamed=streamed, is_async=is_async)
        except Exception:
            recording.complete()
            raise


def _producer(endpoint: Endpoint, invocation: Invocation, result: Any) -> Callable[[], Any]:
    exchange = invocation.exchange
    if exchange.response_body is not None:
        return lambda: endpoint.output_messages(exchange.response_json())
    # Without the bytes the messages are made now: the caller may change the result.
    messages = endpoint.output_messages(result)
    return lambda: messages


def _whole_body(endpoint: Endpoint, recording: Recording) -> Callable[[bytes], None]:
    def take(body: bytes) -> None:
        exchange = recording.invocation.exchange
        exchange.response_body = body
        endpoint.read_response(recording.invocation, exchange.response_json())
        if recording.wants_content:
            recording.invocation.content[OUTPUT_MESSAGES] = _producer(endpoint, recording.invocation, None)
        recording.invocation.content_size = exchange.size

    return take


@cache
def _warn_of_unknown_stream(kind: str) -> None:
    logger.warning("%s has no iterator that is known: it is recorded from its bytes", kind)


def _adopt_parsed_stream(raw: Any, watch: Watch) -> None:
    """Read chunk by chunk once `raw.parse()` has made a stream of the body."""
    original: Callable[..., Any] = raw.parse

    def adopt(parsed: Any) -> Any:
        try:
            if record_stream(parsed, watch):
                raw.__dict__.pop("parse", None)
        except Exception:
            logger.debug("a parsed stream is read as bytes", exc_info=True)
        return parsed

    def parse(*args: Any, **kwargs: Any) -> Any:
        parsed = original(*args, **kwargs)
        return adopt_later(parsed) if isawaitable(parsed) else adopt(parsed)

    async def adopt_later(parsing: Any) -> Any:
        return adopt(await parsing)

    raw.parse = parse


def _retries_of(response: Any) -> int:
    """The number that the SDK itself puts on each further attempt."""
    try:
        return int(response.request.headers.get("x-stainless-retry-count", 0))
    except (RuntimeError, ValueError):
        return 0
