"""Spans of MLflow tracing, sent over OTLP: its OpenAI autologging and its decorator."""

import os
from typing import Any

from calls import openai_cases
from recorded import case, main

os.environ["MLFLOW_TRACKING_URI"] = "file:///tmp/recorded-mlflow"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
# The thin package asks a module for the default one that it does not bring.
os.environ["MLFLOW_EXPERIMENT_ID"] = "1"


def start() -> None:
    """MLflow exports to OTLP when the standard variable says where."""
    # The variable for all signals would switch metrics on too, for which the thin package lacks a module.
    os.environ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = os.environ.pop("OTEL_EXPORTER_OTLP_ENDPOINT") + "/v1/traces"
    os.environ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] = "http/protobuf"


def finish() -> None:
    """Wait for what is exported behind the program's back."""
    import mlflow
    from opentelemetry.trace import get_tracer_provider

    mlflow.flush_trace_async_logging()
    flush = getattr(get_tracer_provider(), "force_flush", None)
    if flush is not None:
        flush()


def openai_client() -> Any:
    """The instrumented SDK of OpenAI."""
    import mlflow.openai
    import openai

    mlflow.openai.autolog()
    return openai.OpenAI(max_retries=0)


openai_cases(openai_client, "openai_completion", "openai_responses")


@case
def decorators() -> None:
    """Every kind of span, one in the other."""
    import mlflow
    from mlflow.entities import Document, SpanType

    client = openai_client()

    @mlflow.trace(span_type=SpanType.TOOL)
    def get_weather(city: str) -> str:
        return f"21 degrees in {city}"

    @mlflow.trace(span_type=SpanType.RETRIEVER)
    def look_up(query: str) -> list[Document]:
        return [Document(page_content="Paris is warm.", metadata={"source": "a.txt"}, id="d1")]

    @mlflow.trace(span_type=SpanType.RERANKER)
    def rerank(query: str, documents: list[str]) -> list[str]:
        return documents[::-1]

    @mlflow.trace(span_type=SpanType.PARSER)
    def parse(text: str) -> str:
        return text.strip()

    @mlflow.trace(span_type=SpanType.AGENT, attributes={"team": "blue"})
    def guide(question: str) -> str:
        # Tags of the trace are left out: writing them, this release fails on an ended span of this SDK and loses it.
        mlflow.update_current_trace(metadata={"mlflow.trace.session": "thread-1", "mlflow.trace.user": "user-1"})
        look_up(question)
        rerank(question, ["one", "two"])
        messages: list[Any] = [{"role": "user", "content": f"{question} {get_weather('Paris')}"}]
        return parse(client.chat.completions.create(model="gpt-4o", messages=messages).choices[0].message.content or "")

    guide("How warm is Paris?")


main(start, finish)
