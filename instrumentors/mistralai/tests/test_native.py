"""The SDK's own tracing beside ours: one span a call, and what it did without us it does after us."""

import subprocess
import sys

import pytest

from literalai_otel.testing import FakeProvider

from .worlds import MISTRAL, PACKAGE

PROGRAM = """
import asyncio, os
os.environ["MISTRAL_SDK_TELEMETRY"] = "{telemetry}"
from opentelemetry import trace
from literalai_otel.testing import SpanCapture
from literalai_otel_mistralai import MistralAIInstrumentor

provider, capture = SpanCapture.provider()
trace.set_tracer_provider(provider)
from {package} import Mistral

HELLO = [{{"role": "user", "content": "Hi"}}]


def spans_of(action):
    capture.clear()
    action()
    return sorted((span.scope, span.name) for span in capture.spans)


def attempt(call):
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("no error")


async def asynchronous():
    async with Mistral(api_key="k", server_url="{url}") as client:
        await asyncio.gather(*(client.chat.complete_async(model="m", messages=HELLO) for _ in range(5)))


client = Mistral(api_key="k", server_url="{url}")
SEQUENTIAL = [
    (lambda: client.chat.complete(model="m", messages=HELLO), [("ours", "chat m")]),
    (lambda: list(client.chat.stream(model="m", messages=HELLO)), [("ours", "chat m")]),
    (lambda: attempt(lambda: client.chat.complete(model="error-429", messages=HELLO)), [("ours", "chat error-429")]),
    (lambda: client.embeddings.create(model="e", inputs=["a"]), [("ours", "embeddings e")]),
]
# Calls at the same time lose native spans in 1.x, whose hook remembers one request.
CONCURRENT = [(lambda: asyncio.run(asynchronous()), [("ours", "chat m")] * 5)]
OURS = "literalai_otel.instrumentors.mistralai"
bare = [spans_of(action) for action, _ in SEQUENTIAL]
listed = spans_of(client.models.list)
assert {native_on} == bool(bare[0]), bare
MistralAIInstrumentor().instrument()
for action, expected in SEQUENTIAL + CONCURRENT:
    assert spans_of(action) == [(OURS, name) for _, name in expected]
    assert capture.settled(), capture.still_open
assert spans_of(client.models.list) == listed, "what is no call of a model is left to the SDK"
MistralAIInstrumentor().uninstrument()
assert [spans_of(action) for action, _ in SEQUENTIAL] == bare
"""


@pytest.mark.parametrize("telemetry", ["global", "false"])
def test_one_span_a_call(telemetry: str, provider: FakeProvider) -> None:
    native_on = MISTRAL < (2, 5) or telemetry == "global"
    source = PROGRAM.format(telemetry=telemetry, package=PACKAGE, url=provider.origin, native_on=native_on)
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=55, check=False)
    assert done.returncode == 0, done.stderr
