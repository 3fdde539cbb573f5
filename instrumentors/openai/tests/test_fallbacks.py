"""What happens when a release of the SDK has lost a private name that we use: one warning, and calls are recorded."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import _base_client

from literalai_otel.attributes import (
    INPUT_MESSAGES,
    OUTPUT_MESSAGES,
    REQUEST_MODEL,
    REQUEST_TEMPERATURE,
    RESPONSE_FINISH_REASONS,
    STEP_INPUT,
    USAGE_OUTPUT_TOKENS,
)
from literalai_otel.testing import FakeProvider, SpanCapture
from literalai_otel.testing.guards import Guard
from literalai_otel_openai import OpenAIInstrumentor

HELLO: list[Any] = [{"role": "user", "content": "hi"}]
ASKED: dict[str, Any] = {"model": "gpt-4o", "messages": HELLO, "temperature": 0.5, "extra_body": {"n": 1}}


@pytest.fixture
def without_choke_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK with its `request` under another name."""
    for cls in (_base_client.SyncAPIClient, _base_client.AsyncAPIClient):
        request = cls.__dict__["request"]
        monkeypatch.delattr(cls, "request")
        monkeypatch.setattr(cls, "send_request", request, raising=False)
        monkeypatch.setattr(cls, "__getattr__", _renamed, raising=False)


def _renamed(self: Any, name: str) -> Any:
    if name != "request":
        raise AttributeError(name)
    return self.send_request


@pytest.fixture
def capture(guard: Guard) -> Iterator[SpanCapture]:
    guard.allow("is not in this openai release")
    guard.allow("has no iterator that is known")
    provider, capture = SpanCapture.provider()
    guard.watch(capture)
    OpenAIInstrumentor().instrument(tracer_provider=provider)
    yield capture
    OpenAIInstrumentor().uninstrument()


def check(span: Any) -> None:
    assert span.attributes[REQUEST_MODEL] == "gpt-4o"
    assert span.attributes[REQUEST_TEMPERATURE] == 0.5
    assert span.attributes[RESPONSE_FINISH_REASONS] == ("stop",)
    (message,) = span.fields[OUTPUT_MESSAGES]
    assert message["parts"] == [{"type": "text", "content": "Hello from the fake provider."}]


async def test_without_the_choke_point_methods_are_recorded(
    without_choke_point: None, capture: SpanCapture, provider: FakeProvider, caplog: pytest.LogCaptureFixture
) -> None:
    client = openai.OpenAI(base_url=provider.base_url, api_key="k")
    async_client = openai.AsyncOpenAI(base_url=provider.base_url, api_key="k")
    client.chat.completions.create(**ASKED)
    list(client.chat.completions.create(**ASKED, stream=True))
    client.chat.completions.parse(**ASKED)
    client.chat.completions.with_raw_response.create(**ASKED)
    await async_client.chat.completions.create(**ASKED)
    async for _ in await async_client.chat.completions.create(**ASKED, stream=True):
        pass
    await async_client.chat.completions.parse(**ASKED)
    assert len(capture.spans) == 7
    for span in capture.spans:
        check(span)
    assert capture.spans[0].attributes[USAGE_OUTPUT_TOKENS] == 7
    client.close()
    await async_client.close()


OTHERS: dict[str, Any] = {
    # the name of the span -> a call
    "chat m": lambda client: client.responses.create(model="m", input="hi"),
    "text_completion m": lambda client: client.completions.create(model="m", prompt="hi"),
    "embeddings m": lambda client: client.embeddings.create(model="m", input=["hi"]),
    "moderation m": lambda client: client.moderations.create(model="m", input="hi"),
    "generate_content image": lambda client: client.images.generate(model="image", prompt="hi"),
    "generate_content edit": lambda client: client.images.edit(model="edit", prompt="hi", image=b"abc"),
    "generate_content speech": lambda client: client.audio.speech.create(model="speech", voice="v", input="hi"),
    "generate_content text": lambda client: client.audio.transcriptions.create(model="text", file=b"sound"),
}


@pytest.mark.parametrize("name", OTHERS)
async def test_without_the_choke_point_other_methods_are_recorded(
    name: str, without_choke_point: None, capture: SpanCapture, provider: FakeProvider
) -> None:
    with openai.OpenAI(base_url=provider.base_url, api_key="k") as client:
        OTHERS[name](client)
    async with openai.AsyncOpenAI(base_url=provider.base_url, api_key="k") as async_client:
        await OTHERS[name](async_client)
    assert [span.name for span in capture.spans] == [name] * 2
    for span in capture.spans:
        recorded = span.fields.get(INPUT_MESSAGES) or span.fields[STEP_INPUT]
        assert ("hi" in str(recorded)) is (name != "generate_content text")


def test_the_missing_choke_point_is_told_once(
    without_choke_point: None, caplog: pytest.LogCaptureFixture, capture: SpanCapture
) -> None:
    messages = [record.getMessage() for record in caplog.get_records("setup")]
    told = [message for message in messages if "is not in this openai release" in message]
    assert told == ["SyncAPIClient.request is not in this openai release: methods are recorded instead"]


def test_a_stream_without_the_known_iterator_is_recorded_from_its_bytes(
    capture: SpanCapture, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Renamed(openai.Stream[Any]):
        """A stream whose private iterator has another name."""

        @property
        def _iterator(self) -> Any:
            raise AttributeError("_iterator")

        @_iterator.setter
        def _iterator(self, iterator: Any) -> None:
            self.reader = iterator

        def __iter__(self) -> Iterator[Any]:
            yield from self.reader

    client = openai.OpenAI(base_url=provider.base_url, api_key="k")
    for _ in range(2):
        stream = client.post(
            "/chat/completions",
            cast_to=object,
            body={"model": "gpt-4o", "messages": HELLO, "temperature": 0.5, "stream": True},
            stream=True,
            stream_cls=Renamed,
        )
        assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in stream if chunk["choices"])
        check(capture.one())
        capture.clear()
    client.close()
    told = [record for record in caplog.records if "has no iterator that is known" in record.getMessage()]
    assert len(told) == 1
