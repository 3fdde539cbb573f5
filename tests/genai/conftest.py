"""A policy for each test, spans in memory, and a small SDK made of the shapes that instrumented SDKs have."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider

from literalai_otel.attributes import OPERATION_NAME, PROVIDER_NAME, REQUEST_MODEL
from literalai_otel.config import Config
from literalai_otel.genai import Inference, Recorder, configure
from literalai_otel.testing import SpanCapture


@pytest.fixture(autouse=True)
def policy() -> Iterator[Callable[..., None]]:
    """Sets the content policy; whatever the environment says, a test starts with the defaults."""

    def use(*, mask: Any = None, **settings: Any) -> None:
        configure(Config.load({}, **settings), mask=mask)

    use()
    yield use
    use()


@pytest.fixture
def traced() -> tuple[TracerProvider, SpanCapture]:
    return SpanCapture.provider()


@pytest.fixture
def capture(traced: tuple[TracerProvider, SpanCapture]) -> SpanCapture:
    return traced[1]


@pytest.fixture
def recorder(traced: tuple[TracerProvider, SpanCapture]) -> Recorder:
    return Recorder("literalai_otel.instrumentors.test", "1", traced[0])


@pytest.fixture
def inference() -> Inference:
    return an_inference()


def an_inference(**content: Any) -> Inference:
    invocation = Inference({OPERATION_NAME: "chat", PROVIDER_NAME: "openai", REQUEST_MODEL: "m"})
    for name, value in content.items():
        invocation.content[name] = lambda value=value: value
    return invocation


class Response:
    """An HTTP response as streams hold it: closable, readable in pieces, weakly referable."""

    def __init__(self, *pieces: bytes, content_type: str = "text/event-stream") -> None:
        self.pieces = pieces
        self.headers = {"content-type": content_type}
        self.closed = 0

    def iter_bytes(self) -> Iterator[bytes]:
        yield from self.pieces

    def close(self) -> None:
        self.closed += 1


class Stream:
    """A stream as the SDKs make them: an own iterator that closes the response when it is done with it."""

    def __init__(self, chunks: Any, response: Response) -> None:
        self.response = response
        self._iterator = self._read(chunks)

    def _read(self, chunks: Any) -> Iterator[Any]:
        try:
            yield from chunks
        finally:
            self.response.close()

    def __next__(self) -> Any:
        return next(self._iterator)

    def __iter__(self) -> Iterator[Any]:
        yield from self._iterator

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    def close(self) -> None:
        self.response.close()


class Collected:
    """A fold that keeps its chunks."""

    def __init__(self) -> None:
        self.chunks: list[Any] = []
        self.finished = 0

    def add(self, chunk: Any) -> None:
        if isinstance(chunk, Exception):
            raise chunk
        self.chunks.append(chunk)

    def finish(self) -> None:
        self.finished += 1


@pytest.fixture
def sdk() -> SimpleNamespace:
    return SimpleNamespace(Response=Response, Stream=Stream, Collected=Collected, inference=an_inference)
