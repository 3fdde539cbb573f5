"""One request of the SDK, from `SyncAPIClient.request` to the end of its recording.

`request` gives, besides the parsed result, streams and raw responses in several states (`spec/frameworks.md` §2.3).
What is done depends on whether the body has been read: if so the recording ends here, else it ends with the body.
"""

import logging
from collections.abc import Callable, Mapping
from functools import cache, partial
from inspect import isawaitable
from typing import Any, Final

from literalai_otel.attributes import OPERATION_NAME, REQUEST_ID, REQUEST_MODEL, REQUEST_RETRIES
from literalai_otel.genai import (
    BodyWatch,
    Exchange,
    Fold,
    Inference,
    KeptEvents,
    Recorder,
    Recording,
    Watch,
    current_call_options,
    record_stream,
    watch_body,
    watch_closing,
)
from literalai_otel.genai.call_options import NO_OPTIONS
from literalai_otel.genai.content import policy
from literalai_otel_openai.endpoint import Endpoint, Error
from literalai_otel_openai.endpoints import ENDPOINTS, endpoint_of
from literalai_otel_openai.events import has_events, keep_events
from literalai_otel_openai.host import Destinations
from literalai_otel_openai.stream_usage import Asked, hide_usage, is_to_be_asked
from literalai_otel_openai.uploads import described_uploads

logger = logging.getLogger(__name__)

_UNKNOWN: Final = object()
_NO_BODY: Final[Mapping[str, Any]] = {}


class RequestCall:
    """A request that is being recorded (a `genai.Call`)."""

    __slots__ = ("_asked", "_body", "_endpoint", "_is_async", "_streamed", "_uploads", "recording")

    def __init__(
        self, recording: Recording, endpoint: Endpoint, body: Mapping[str, Any], *, streamed: bool, is_async: bool
    ) -> None:
        self.recording = recording
        self._endpoint = endpoint
        self._body = body
        self._streamed = streamed
        self._is_async = is_async
        self._uploads = False
        self._asked: Asked | None = None

    def prepare(self, client: Any, options: Any) -> None:
        """Look at what is sent beside the JSON, and ask for usage if that is wanted and understood.

        `options` is the SDK's `FinalRequestOptions`.
        """
        if not self.recording.active:
            return
        if options.files:
            self._uploads = True
            self._body = {**self._body, **described_uploads(options.files)}
        if not self._streamed or not self._endpoint.gives_usage_in_streams or not policy().stream_usage:
            return
        attributes = self.recording.invocation.attributes
        if isinstance(options.json_data, dict) and is_to_be_asked(client, attributes, self._body):
            self._asked = Asked(options)

    def returned(self, result: Any) -> None:
        """End the recording, or leave that to who reads the body."""
        try:
            if self._asked is not None:
                self._asked.restore()
            self._returned(result)
        except Exception:
            logger.debug("a result was not readable", exc_info=True)
            self.recording.complete()

    def failed(self, error: BaseException) -> None:
        """End the recording; an answer that was billed before `error` was raised is kept."""
        try:
            if self._asked is not None:
                self._asked.restore()
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
        if self._uploads or exchange.request_body is None:
            self._keep_request()
        self._note_response(result, response)
        if self._streamed and hasattr(result, "_iterator"):
            self.recording.invocation.content_size = exchange.size
            self._watch_stream(result, response)
        elif response is None or exchange.read_response(response) is not None:
            error = self._read(result)
            if error is None:
                self.recording.complete()
            else:
                self.recording.fail_as(*error)
        else:
            self.recording.invocation.content_size = exchange.size
            self._watch_body(result, response)

    def _keep_request(self) -> None:
        exchange = self.recording.invocation.exchange
        if self._uploads:
            exchange.request_body = None  # a form with files in it
        exchange.keep_request(self._body)

    def _note_response(self, result: Any, response: Any) -> None:
        attributes = self.recording.invocation.attributes
        # A parsed result has it, or the response had none; looking into headers is slow.
        request_id = getattr(result, "_request_id", _UNKNOWN)
        if request_id is _UNKNOWN and response is not None:
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
        self._keep_request()
        response = refused if answered is None else answered
        if response is not None:
            exchange.retries = exchange.retries or _retries_of(response)
            self._note_response(None, response)
        if answered is not None and exchange.read_response(answered) is not None:
            self._read(None)
        self.recording.invocation.content_size = exchange.size

    def _read(self, result: Any) -> Error | None:
        """Take over a complete answer: from the parsed result, or from the bytes when it is something else."""
        endpoint, exchange = self._endpoint, self.recording.invocation.exchange
        is_parsed = endpoint.result_field is not None and hasattr(result, endpoint.result_field)
        if not is_parsed or exchange.response_body is None:
            return self._take(result if is_parsed else endpoint.answer_in(exchange))
        if not self.recording.defers or (endpoint.may_wait is not None and not endpoint.may_wait(result)):
            return self._take(result)
        self.recording.learn(endpoint.learn_response)
        return None

    def _take(self, answer: Any) -> Error | None:
        """Read `answer` now; the error that it reports."""
        invocation = self.recording.invocation
        error = self._endpoint.read_response(invocation, answer)
        if not self._endpoint.keeps_body:
            invocation.exchange.response_body = None
        self._keep_output(answer)
        return error

    def _keep_output(self, answer: Any) -> None:
        endpoint, invocation = self._endpoint, self.recording.invocation
        exchange = invocation.exchange
        invocation.content_size = exchange.size
        if not self.recording.wants_content:
            return
        if exchange.response_body is not None:
            invocation.content[endpoint.output] = lambda: endpoint.read_output(endpoint.answer_in(exchange))
            return
        # Without the bytes the content is made now: the caller may change the result.
        output = endpoint.read_output(answer)
        invocation.content[endpoint.output] = lambda: output

    def _watch_stream(self, stream: Any, response: Any) -> None:
        """Have the recording end with the stream."""
        recording, endpoint = self.recording, self._endpoint
        make_fold = partial(endpoint.fold, wants_content=recording.wants_content)
        waits = recording.defers and endpoint.stream_may_wait and has_events(stream)
        fold = KeptEvents(recording, make_fold) if waits else make_fold(recording.invocation)
        watch = Watch(recording, fold, stream if response is None else response)
        if self._asked is not None:
            hide_usage(watch, is_async=self._is_async)
        if isinstance(fold, KeptEvents):
            keep_events(stream, watch, fold)
        else:
            record_stream(stream, watch)
        watch_closing(watch, is_async=self._is_async)

    def _watch_body(self, raw: Any, response: Any) -> None:
        """Have the recording end with the body that the user is going to read."""
        fold, is_events = self._fold(), self._is_events(response)
        if self._endpoint.is_binary and not is_events:
            watch = Watch(self.recording, fold, response)
        else:
            watch = BodyWatch(self.recording, fold, response, self._whole_body(fold), is_events=is_events)
        if self._asked is not None:
            hide_usage(watch, is_async=self._is_async)
        watch_body(watch, is_async=self._is_async)
        if self._streamed and hasattr(raw, "parse"):
            _adopt_parsed_stream(raw, watch)
        elif self._streamed:
            _warn_of_unknown_stream(str(raw.__class__))
        watch_closing(watch, is_async=self._is_async)

    def _fold(self) -> Fold:
        return self._endpoint.fold(self.recording.invocation, wants_content=self.recording.wants_content)

    def _whole_body(self, fold: Any) -> Callable[[bytes], None]:
        def take(body: bytes) -> None:
            self.recording.invocation.exchange.response_body = body
            error = self._take(self._endpoint.answer_in(self.recording.invocation.exchange))
            if error is not None:
                fold.error = error

        return take

    def _is_events(self, response: Any) -> bool:
        kind = str(response.headers.get("content-type", ""))
        return kind.startswith("text/event-stream") if kind else self._streamed


class Requests:
    """`begin` of the recordings that `recorder` makes."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._destinations = Destinations()
        self.sync = partial(self._begin, False)
        """Begins to record `SyncAPIClient.request(cast_to, options, *, stream)`."""
        self.asynchronous = partial(self._begin, True)
        """Begins to record `AsyncAPIClient.request`."""

    def _begin(self, is_async: bool, client: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> RequestCall | None:
        options = args[1] if len(args) > 1 else kwargs["options"]
        endpoint = ENDPOINTS.get(options.url) if options.method == "post" else None
        if endpoint is None:
            endpoint = endpoint_of(options.method, options.url)
        if endpoint is None:
            return None
        json_data: Any = options.json_data
        body: Mapping[str, Any] = json_data if type(options.json_data) is dict else _NO_BODY
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
        """Begin to record a request of `body` to `endpoint`; None when it must not be recorded.

        `source` is the SDK's object for the request, if there is one.
        """
        attributes = {OPERATION_NAME: endpoint.operation, **self._destinations.of(client)}
        model = body.get("model")
        if isinstance(model, str):
            attributes[REQUEST_MODEL] = model
        invocation = Inference(attributes, {}, 0, Exchange(source))
        options = current_call_options()
        if options is not NO_OPTIONS:
            options.apply(invocation)
        recording = self._recorder.open(invocation)
        if recording is None:
            return None
        try:
            if recording.defers:
                recording.learn(
                    endpoint.learn_request
                    if options is NO_OPTIONS
                    else partial(endpoint.learn_request, options=options)
                )
            else:
                endpoint.read_request(body, attributes)
                endpoint.add_request_content(invocation, options)
            call = RequestCall(recording, endpoint, body, streamed=streamed, is_async=is_async)
            if source is not None and (streamed or source.files):
                call.prepare(client, source)
            return call
        except Exception:
            recording.complete()
            raise


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
