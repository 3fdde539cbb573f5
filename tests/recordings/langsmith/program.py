"""Spans of LangSmith, sent as OpenTelemetry: its OpenAI wrapper, its decorator and LangChain's tracer."""

import os
from contextlib import suppress
from typing import Any

from recorded import case, exporting, main

os.environ["LANGSMITH_TRACING"] = "true"
os.environ["LANGSMITH_OTEL_ENABLED"] = "true"
os.environ["LANGSMITH_OTEL_ONLY"] = "true"
os.environ["LANGSMITH_API_KEY"] = "lsv2_recorded"
os.environ["LANGCHAIN_REVISION_ID"] = "r1"

HELLO: list[Any] = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
PIXEL = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def start() -> None:
    """LangSmith takes the tracer provider that is there."""
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider

    os.environ["LANGSMITH_ENDPOINT"] = os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] + "/langsmith"
    provider = TracerProvider()
    provider.add_span_processor(exporting())
    trace.set_tracer_provider(provider)


def finish() -> None:
    """Wait for its background thread."""
    from langsmith.run_trees import get_cached_client

    get_cached_client().flush()


def openai_client() -> Any:
    """The wrapped SDK of OpenAI."""
    import openai
    from langsmith.wrappers import wrap_openai

    return wrap_openai(openai.OpenAI(max_retries=0))


@case
def openai_chat() -> None:
    extra = {"metadata": {"session_id": "thread-1", "user_id": "user-1", "tenant": "acme"}, "tags": ["blue", "green"]}
    openai_client().chat.completions.create(
        model="gpt-4o", messages=HELLO, temperature=0.2, max_tokens=50, seed=7, langsmith_extra=extra
    )


@case
def openai_tools() -> None:
    client = openai_client()
    answered = client.chat.completions.create(model="tools", messages=HELLO, tools=[WEATHER])
    message = answered.choices[0].message
    results = [{"role": "tool", "tool_call_id": call.id, "content": "21"} for call in message.tool_calls]
    client.chat.completions.create(model="gpt-4o", messages=[*HELLO, message, *results], tools=[WEATHER])


@case
def openai_stream() -> None:
    options = {"include_usage": True}
    client = openai_client()
    for _ in client.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True, stream_options=options):
        pass


@case
def openai_error() -> None:
    import openai

    with suppress(openai.RateLimitError):
        openai_client().chat.completions.create(model="error-429", messages=HELLO)


@case
def openai_image() -> None:
    content = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    openai_client().chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": content}])


@case
def decorators() -> None:
    """Every kind of run, one in the other."""
    from langsmith import traceable

    client = openai_client()

    @traceable(run_type="tool")
    def get_weather(city: str) -> str:
        return f"21 degrees in {city}"

    @traceable(run_type="retriever")
    def look_up(query: str) -> list[dict[str, Any]]:
        return [{"page_content": "Paris is warm.", "type": "Document", "metadata": {"source": "a.txt"}}]

    @traceable(run_type="embedding")
    def embed(texts: list[str]) -> list[list[float]]:
        return [[0.1, 0.2, 0.3] for _ in texts]

    @traceable(run_type="prompt")
    def prompt(question: str) -> str:
        return f"{question} {get_weather('Paris')}"

    @traceable(run_type="chain", name="guide", metadata={"thread_id": "thread-2"}, tags=["blue"])
    def guide(question: str) -> str:
        look_up(question)
        embed(["one"])
        messages: list[Any] = [{"role": "user", "content": prompt(question)}]
        return client.chat.completions.create(model="gpt-4o", messages=messages).choices[0].message.content or ""

    guide("How warm is Paris?")


@case
def langchain_agent() -> None:
    """A chain of model with tools, tool, model, in one root."""
    from langchain_core.messages import HumanMessage, ToolMessage
    from langchain_core.runnables import RunnableLambda
    from langchain_core.tools import tool
    from langchain_openai import ChatOpenAI

    @tool
    def get_weather(city: str) -> str:
        """The weather of a city."""
        return f"21 degrees in {city}"

    model = ChatOpenAI(model="agent", max_retries=0, temperature=0.2).bind_tools([get_weather])

    def loop(question: str) -> str:
        messages: list[Any] = [HumanMessage(question)]
        while True:
            answer = model.invoke(messages)
            messages.append(answer)
            if not answer.tool_calls:
                return str(answer.content)
            messages += [
                ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"]) for call in answer.tool_calls
            ]

    RunnableLambda(loop).with_config(run_name="weather").invoke(
        "How warm is Paris?",
        config={"metadata": {"thread_id": "thread-2", "tenant": "acme"}, "tags": ["blue"]},
    )


main(start, finish)
