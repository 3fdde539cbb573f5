"""`run_async`: the loop of model calls and local tools is a run, its calls are generations below it."""

import importlib
import subprocess
import sys
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import StatusCode

from literalai_otel.attributes import CONVERSATION_ID, STEP_INPUT, STEP_OUTPUT
from literalai_otel.testing import FakeProvider, SpanCapture, span_tree
from literalai_otel.testing.mistral_conversations import CONVERSATION, Conversation, calls

from .worlds import MISTRAL, SDK, http_clients

pytest.importorskip("mcp", reason="run_async wants the SDK's extra `agents`")
pytest.importorskip("griffe", reason="run_async wants the SDK's extra `agents`")


def get_weather(city: str) -> str:
    """Tell the weather.

    Args:
        city: Where.
    """
    return f"sunny in {city}"


def broken_tool(city: str) -> str:
    """Tell nothing.

    Args:
        city: Where.
    """
    raise LookupError(city)


async def run(provider: FakeProvider, tool: Any, name: str) -> Any:
    provider.script(Conversation((calls(name),)), Conversation())
    clients = http_clients()
    client = SDK.Mistral(server_url=provider.origin, api_key="k", **clients)
    kind = importlib.import_module("mistralai.extra.run.context").RunContext
    try:
        async with kind(model="mistral-medium") as context:
            context.register_func(tool)
            return await client.beta.conversations.run_async(run_ctx=context, inputs="Weather in Paris?")
    finally:
        clients["client"].close()
        await clients["async_client"].aclose()


async def test_a_run(provider: FakeProvider, capture: SpanCapture) -> None:
    result = await run(provider, get_weather, "get_weather")
    assert result.output_as_text == "Bonjour from the agent."
    assert span_tree(capture.spans).splitlines() == ["invoke_agent", "  chat mistral-medium", "  chat"]
    fields = capture.spans[-1].fields
    assert (fields[CONVERSATION_ID], fields[STEP_INPUT]) == (CONVERSATION, "Weather in Paris?")
    assert [entry["type"] for entry in fields[STEP_OUTPUT]["entries"]] == [
        "function.call",
        "function.result",
        "message.output",
    ]
    assert not trace.get_current_span().get_span_context().is_valid


async def test_a_run_that_fails(provider: FakeProvider, capture: SpanCapture) -> None:
    with pytest.raises(Exception, match="Failed to execute tool"):
        await run(provider, broken_tool, "broken_tool")
    assert span_tree(capture.spans).splitlines() == ["invoke_agent ERROR", "  chat mistral-medium"]
    assert capture.spans[-1].status is StatusCode.ERROR


PROGRAM = """
import asyncio
from opentelemetry import trace
from literalai_otel.testing import FakeProvider, SpanCapture, span_tree
from literalai_otel.testing.mistral_conversations import Conversation, calls
from literalai_otel.testing.mistral_endpoints import MISTRAL_ENDPOINTS
from literalai_otel_mistralai import MistralAIInstrumentor
from mistralai.client import Mistral
from mistralai.extra.run.context import RunContext

def get_weather(city: str) -> str:
    '''Tell the weather.

    Args:
        city: Where.
    '''
    return "sunny in " + city

provider, capture = SpanCapture.provider()
trace.set_tracer_provider(provider)
MistralAIInstrumentor().instrument()

async def main():
    with FakeProvider(MISTRAL_ENDPOINTS) as fake:
        fake.script(Conversation((calls(),)), Conversation())
        async with Mistral(api_key="k", server_url=fake.origin) as client, RunContext(model="m") as context:
            context.register_func(get_weather)
            await client.beta.conversations.run_async(run_ctx=context, inputs="Hi")

asyncio.run(main())
models = [span for span in capture.spans if span.scope.startswith("literalai")]
tools = [span for span in capture.spans if span.name.startswith("execute_tool")]
assert [span.name for span in models] == ["chat m", "chat", "invoke_agent"], span_tree(capture.spans)
assert [span.name for span in tools] == ["execute_tool get_weather"], span_tree(capture.spans)
assert len({span.trace_id for span in capture.spans}) == 1
"""


@pytest.mark.skipif(MISTRAL < (2, 0), reason="another module layout")
def test_the_sdk_s_own_tool_spans_hang_below_the_run() -> None:
    """With a global provider the SDK opens a span for each local tool: that is the tool step."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=55, check=False)
    assert done.returncode == 0, done.stderr
