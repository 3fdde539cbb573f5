"""Spans of LangSmith, sent as OpenTelemetry: its OpenAI wrapper, its decorator and LangChain's tracer."""

import os
from typing import Any

from calls import HELLO, openai_cases, weather_agent
from recorded import case, exporting, main

os.environ["LANGSMITH_TRACING"] = "true"
os.environ["LANGSMITH_OTEL_ENABLED"] = "true"
os.environ["LANGSMITH_OTEL_ONLY"] = "true"
os.environ["LANGSMITH_API_KEY"] = "lsv2_recorded"
os.environ["LANGCHAIN_REVISION_ID"] = "r1"


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


openai_cases(openai_client, "openai_chat", "openai_embeddings", "openai_completion", "openai_responses")


@case
def openai_chat() -> None:
    extra = {"metadata": {"session_id": "thread-1", "user_id": "user-1", "tenant": "acme"}, "tags": ["blue", "green"]}
    openai_client().chat.completions.create(
        model="gpt-4o", messages=HELLO, temperature=0.2, max_tokens=50, seed=7, langsmith_extra=extra
    )


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
    weather_agent(temperature=0.2)


main(start, finish)
