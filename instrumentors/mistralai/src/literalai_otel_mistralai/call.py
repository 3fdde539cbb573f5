"""One call of a method of the SDK, from its arguments to the end of its recording.

Facts are read from the keyword arguments and from the result, content from the bytes that went over the wire, which
`wire` has seen, when it is needed. Where only Literal sees the span, facts are read from the bytes too.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from literalai_otel.attributes import (
    AGENT_ID,
    CONVERSATION_ID,
    OPERATION_NAME,
    REQUEST_ID,
    REQUEST_MODEL,
    REQUEST_RETRIES,
    REQUEST_STREAM,
)
from literalai_otel.genai import (
    Exchange,
    Inference,
    Invocation,
    KeptEvents,
    Recorder,
    Recording,
    Watch,
    record_stream,
    take_call_options,
    watch_closing,
)
from literalai_otel.genai.call_options import NO_OPTIONS
from literalai_otel.jsonable import to_jsonable
from literalai_otel_mistralai.endpoint import Asked, Endpoint, is_given
from literalai_otel_mistralai.events import STREAM_ITERATOR, chunks_of, keep_events
from literalai_otel_mistralai.host import destination
from literalai_otel_mistralai.wire import source_of

logger = logging.getLogger(__name__)

_REQUEST_ID_HEADERS: Final = ("mistral-correlation-id", "x-request-id")
_IDENTITIES: Final = (("model", REQUEST_MODEL), ("agent_id", AGENT_ID), ("conversation_id", CONVERSATION_ID))
"""Arguments that say what is called, known when the span starts; some are in the path, not in the body."""


class MethodCall:
    """A call that is being recorded (a `genai.Call`)."""

    __slots__ = ("_asked", "_endpoint", "_is_async", "recording")

    def __init__(self, recording: Recording, endpoint: Endpoint, asked: Asked, *, is_async: bool) -> None:
        self.recording = recording
        self._endpoint = endpoint
        self._asked = asked
        self._is_async = is_async

    def returned(self, result: Any) -> None:
        """End the recording, or leave that to who reads the stream."""
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
        recording, endpoint = self.recording, self._endpoint
        exchange = recording.invocation.exchange
        response = exchange.release()
        if not recording.active:
            recording.complete()
            return
        # Asking a model for an attribute that it has not is slow.
        is_stream = STREAM_ITERATOR in getattr(result, "__dict__", ())
        if response is None and is_stream:
            response = getattr(result, "response", None)
        if (
            recording.defers
            and endpoint.is_in_bytes
            and not is_stream
            and exchange.request_body is not None
            and exchange.read_response(response) is not None
        ):  # nearly always: the bytes tell everything, later
            recording.learn(partial(_learn_answer, endpoint, response.headers))
            recording.complete()
            return
        self._note_exchange(response)
        if is_stream and endpoint.fold is not None:
            self._watch(result, response)
        else:
            self._read(result, response)
            recording.complete()

    def _note_exchange(self, response: Any) -> None:
        recording, endpoint = self.recording, self._endpoint
        exchange = recording.invocation.exchange
        if endpoint.is_form:
            exchange.request_body = None
        if exchange.request_body is None:
            exchange.keep_request(endpoint.describe(self._asked))
        # A look into headers takes longer than all else here, and no program writes into those of an answer.
        recording.learn(partial(_learn_exchange, getattr(response, "headers", None)))

    def _note_failure(self, error: BaseException) -> None:
        exchange = self.recording.invocation.exchange
        response = exchange.release()
        exchange.failed(error)
        self._note_exchange(response)
        status = getattr(response, "status_code", None)
        if isinstance(status, int) and status < 400:
            # The SDK could not make a result of an answer that is good for the provider.
            self._read(None, response)
        self.recording.invocation.content_size = exchange.size

    def _read(self, result: Any, response: Any) -> None:
        """Take over a complete answer; without `result` there are only the bytes."""
        recording, endpoint = self.recording, self._endpoint
        invocation = recording.invocation
        exchange = invocation.exchange
        if response is not None and (result is None or (endpoint.keeps_body and recording.wants_content)):
            exchange.read_response(response)
        if not recording.defers:
            invocation.content_size = exchange.size
        if exchange.response_body is not None and (
            # Only the bytes tell; the SDK also takes a usage for left out when it knows another shape of it.
            recording.defers or result is None or not is_given(getattr(result, "usage", "given"))
        ):
            recording.learn(endpoint.learn_response)
            return
        endpoint.read_response(invocation, result)
        if not recording.wants_content:
            return
        if exchange.response_body is not None:
            invocation.content[endpoint.output] = lambda: endpoint.read_output(exchange.response_json())
        else:
            # Without the bytes the content is made now: the caller may change the result.
            value = endpoint.read_output(to_jsonable(result) if endpoint.keeps_body else result)
            invocation.content[endpoint.output] = lambda: value

    def _watch(self, stream: Any, response: Any) -> None:
        """Have the recording end with the stream."""
        recording, endpoint = self.recording, self._endpoint
        if not recording.defers:
            recording.invocation.content_size = recording.invocation.exchange.size
        assert endpoint.fold is not None, "a stream has a fold"
        make_fold = partial(endpoint.fold, wants_content=recording.wants_content)
        anchor = stream if response is None else response
        chunks = chunks_of(stream) if recording.defers and endpoint.stream_may_wait else None
        if chunks is None:
            watch = Watch(recording, make_fold(recording.invocation), anchor)
            record_stream(stream, watch, STREAM_ITERATOR)
        else:
            kept = KeptEvents(recording, make_fold)
            watch = Watch(recording, kept, anchor)
            keep_events(stream, chunks, watch, kept)
        watch_closing(watch, is_async=self._is_async)


def _learn_answer(endpoint: Endpoint, headers: Any, invocation: Invocation) -> None:
    _learn_exchange(headers, invocation)
    endpoint.learn_response(invocation)


def _learn_exchange(headers: Any, invocation: Invocation) -> None:
    retries = invocation.exchange.retries
    if retries:
        invocation.attributes[REQUEST_RETRIES] = retries
    if headers is None:
        return
    for name in _REQUEST_ID_HEADERS:
        request_id = headers.get(name)
        if isinstance(request_id, str):
            invocation.attributes[REQUEST_ID] = request_id
            return


class Calls:
    """Makes the `begin` of each method; `recorder` makes the recordings."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def begin(
        self, endpoint: Endpoint, provider: str, *, streamed: bool, is_async: bool
    ) -> Callable[[Any, tuple[Any, ...], dict[str, Any]], MethodCall | None]:
        """`begin` of a method that calls `endpoint` of `provider`; with `streamed` it always gives a stream."""

        def begin_call(resource: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> MethodCall | None:
            options = take_call_options(kwargs)
            attributes = {OPERATION_NAME: endpoint.operation, **destination(resource, kwargs, provider)}
            for key, name in _IDENTITIES:
                if key in kwargs and isinstance(kwargs[key], str):
                    attributes[name] = kwargs[key]
            invocation = Inference(attributes, {}, 0, Exchange(source_of(resource)))
            if options is not NO_OPTIONS:
                options.apply(invocation)
            recording = self._recorder.open(invocation)
            if recording is None:
                return None
            try:
                if streamed or kwargs.get("stream") is True:
                    attributes[REQUEST_STREAM] = True
                if recording.defers:
                    recording.learn(
                        endpoint.learn_request
                        if options is NO_OPTIONS
                        else partial(endpoint.learn_request, options=options)
                    )
                else:
                    endpoint.read_request(kwargs, attributes)
                    endpoint.add_request_content(invocation, options)
                return MethodCall(recording, endpoint, kwargs, is_async=is_async)
            except Exception:
                recording.complete()
                raise

        return begin_call
