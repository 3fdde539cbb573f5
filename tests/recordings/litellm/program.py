"""Spans of LiteLLM's callbacks: `v1_…` by the one that is on unless asked, `v2_…` by the second engine.

The second one hears of asynchronous calls only.
"""

import asyncio
import contextlib
import os
import sys
from typing import Any

FORM, _, CASE = (sys.argv[1] if len(sys.argv) > 1 else "").partition("_")
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # it would fetch prices otherwise
if FORM == "v2":
    os.environ["LITELLM_OTEL_V2"] = "true"
    os.environ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "SPAN_ONLY"

import litellm  # noqa: E402 - it reads the environment as it is imported
from calls import HELLO, WEATHER  # noqa: E402
from recorded import CASES, case, main, traced  # noqa: E402

CALLED = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}
ANSWERED = [
    {"role": "assistant", "content": None, "tool_calls": [CALLED]},
    {"role": "tool", "tool_call_id": "call_1", "content": "21 degrees"},
]


def start() -> None:
    """The callback of the chosen form, on a provider of ours."""
    global PROVIDER
    PROVIDER = traced()
    if FORM == "v2":
        from litellm.integrations.otel.logger import OpenTelemetryV2
        from litellm.integrations.otel.model.config import OpenTelemetryV2Config

        litellm.callbacks = [OpenTelemetryV2(config=OpenTelemetryV2Config(), tracer_provider=PROVIDER)]
    else:
        from litellm.integrations.opentelemetry import OpenTelemetry

        litellm.callbacks = [OpenTelemetry(tracer_provider=PROVIDER)]


def stop() -> None:
    """Success is told by a thread of LiteLLM."""
    from litellm.litellm_core_utils.thread_pool_executor import executor

    executor.shutdown(wait=True)
    PROVIDER.shutdown()


def call(name: str, **options: Any) -> Any:
    """A function of LiteLLM, or its asynchronous twin, over the fake provider; streams are read."""
    if FORM == "v2":
        return asyncio.run(call_asynchronously(name, **options))
    answer = getattr(litellm, name)(**options)
    return list(answer) if options.get("stream") else answer


async def call_asynchronously(name: str, **options: Any) -> None:
    """The same, until LiteLLM's worker has told the callback."""
    from litellm.litellm_core_utils.logging_worker import GLOBAL_LOGGING_WORKER

    try:
        answer = await getattr(litellm, f"a{name}")(**options)
        if options.get("stream"):
            async for _ in answer:
                pass
    finally:
        await asyncio.sleep(0.5)
        await GLOBAL_LOGGING_WORKER.flush()


def complete(model: str, **options: Any) -> Any:
    """A chat completion."""
    return call("completion", model=f"openai/{model}", **{"messages": HELLO, "max_retries": 0, **options})


@case
def chat() -> None:
    complete(
        "gpt-4o", temperature=0.2, max_tokens=50, user="user-1", metadata={"session_id": "thread-1", "tenant": "acme"}
    )


@case
def tools() -> None:
    complete("agent", tools=[WEATHER])


@case
def tool_result() -> None:
    complete("agent", tools=[WEATHER], messages=[*HELLO, *ANSWERED])


@case
def stream() -> None:
    complete("gpt-4o", stream=True, stream_options={"include_usage": True})


@case
def structured() -> None:
    complete("structured", response_format={"type": "json_object"})


@case
def error() -> None:
    with contextlib.suppress(litellm.BadRequestError):
        complete("error-400")


@case
def embeddings() -> None:
    call("embedding", model="openai/text-embedding-3-small", input=["sunny day", "rainy night"])


@case
def completion() -> None:
    call("text_completion", model="text-completion-openai/gpt-3.5-turbo-instruct", prompt="Once upon", max_tokens=20)


for name, function in list(CASES.items()):
    del CASES[name]
    CASES.update({f"{form}_{name}": function for form in ("v1", "v2")})
main(before=start, after=stop)
