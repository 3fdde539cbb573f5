"""The names of the SDK that the instrumentor leans on without their being promised (see also `test_fallbacks.py`)."""

import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterator
from types import GeneratorType
from typing import Any

import openai
import openai._base_client
import openai._legacy_response
import openai._response
import openai._streaming
import pytest

from literalai_otel.testing import FakeProvider
from literalai_otel_openai.patches import METHODS

from .worlds import HELLO, OPENAI


@pytest.fixture
def client(provider: FakeProvider) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=provider.base_url, api_key="k", max_retries=0) as client:
        yield client


PRIVATE_NAMES = [
    "openai._base_client:SyncAPIClient.request",
    "openai._base_client:AsyncAPIClient.request",
    "openai._base_client:SyncAPIClient._process_response",
    "openai._base_client:AsyncAPIClient._process_response",
    "openai._legacy_response:LegacyAPIResponse.parse",
    "openai._response:APIResponse.parse",
    "openai._response:AsyncAPIResponse.parse",
    "openai._streaming:Stream.__stream__",
    "openai._streaming:AsyncStream.__stream__",
]


@pytest.mark.parametrize("name", PRIVATE_NAMES)
def test_private_names_exist(name: str) -> None:
    module, _, path = name.partition(":")
    owner: Any = sys.modules[module]
    for part in path.split("."):
        owner = getattr(owner, part)
    assert callable(owner)


OFFERED = [
    (method.module, prefix + method.target)
    for method in METHODS
    for prefix in ("", "Async")
    if not method.target.endswith(".compact") or OPENAI >= (2, 54)  # where it is known to be
]


@pytest.mark.parametrize(("module", "target"), OFFERED, ids=lambda value: value)
def test_methods_that_call_a_model_are_where_they_are_looked_for(module: str, target: str) -> None:
    owner, _, name = target.partition(".")
    assert name in vars(getattr(importlib.import_module(module), owner))


def test_private_attributes_of_streams_and_raw_responses(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True)
    assert type(stream._iterator) is GeneratorType
    assert hasattr(stream, "response")
    event = next(stream._decoder.iter_bytes(iter([b"data: {}\n\n"])))
    assert event._data == event.data == "{}"
    stream.close()
    raw = client.chat.completions.with_raw_response.create(model="gpt-4o", messages=HELLO)
    assert type(raw) is openai._legacy_response.LegacyAPIResponse
    assert {"_parsed_by_type", "_stream", "http_response"} <= set(vars(raw))
    with client.chat.completions.with_streaming_response.create(model="gpt-4o", messages=HELLO) as response:
        assert type(response) is openai._response.APIResponse
        assert {"_parsed_by_type", "_is_sse_stream", "http_response"} <= set(vars(response))
    parameters = inspect.signature(openai._base_client.SyncAPIClient.request).parameters
    assert [name for name in parameters if name != "self"][:4] == ["cast_to", "options", "stream", "stream_cls"]


PROGRAM = """
import openai
import openai._base_client as base
from literalai_otel.testing import SpanCapture
from literalai_otel_openai import OpenAIInstrumentor

for owner in (base.SyncAPIClient, base.AsyncAPIClient):
    # The method is inherited then, so the SDK works on; where it is looked for it is missing.
    kept = owner.__dict__["_process_response"]
    del owner._process_response
    owner.__bases__ = (type("Elsewhere", owner.__bases__, {{"_process_response": kept}}),)

provider, capture = SpanCapture.provider()
client = openai.OpenAI(base_url={base_url!r}, api_key="k", max_retries=0)
messages = [{{"role": "user", "content": "Hi"}}]
completions = client.chat.completions


def every_way():
    completions.create(model="gpt-4o", messages=messages)
    completions.parse(model="gpt-4o", messages=messages)
    assert len(list(completions.create(model="gpt-4o", messages=messages, stream=True))) == 7
    with completions.stream(model="gpt-4o", messages=messages) as stream:
        stream.get_final_completion()


OpenAIInstrumentor().instrument(tracer_provider=provider)
every_way()
assert [span.name for span in capture.spans] == ["chat gpt-4o"] * 4, capture.spans
assert [len(span.fields["gen_ai.output.messages"]) for span in capture.spans] == [1] * 4
assert [len(span.fields["gen_ai.input.messages"]) for span in capture.spans] == [1] * 4
OpenAIInstrumentor().uninstrument()
every_way()
assert len(capture.spans) == 4
"""


def test_without_the_look_at_responses(provider: FakeProvider) -> None:
    """Every way of calling is recorded all the same, and nothing is said: nothing that matters is lost."""
    source = PROGRAM.format(base_url=provider.base_url)
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=50, check=False)
    assert (done.returncode, done.stderr) == (0, "")
