"""Spans of Langfuse 5: its decorator, its context managers, its OpenAI wrapper."""

import os
from typing import Any

from calls import HELLO, openai_cases
from recorded import case, exporting, main

os.environ["LANGFUSE_PUBLIC_KEY"] = "pk-lf-recorded"
os.environ["LANGFUSE_SECRET_KEY"] = "sk-lf-recorded"


def start() -> None:
    """The client over a provider of ours; its own exporter has nowhere to send to."""
    from langfuse import Langfuse
    from opentelemetry.sdk.trace import TracerProvider

    os.environ["LANGFUSE_HOST"] = os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] + "/langfuse"
    provider = TracerProvider()
    Langfuse(tracer_provider=provider, environment="staging", release="1.2.3")
    provider.add_span_processor(exporting())


def openai_client() -> Any:
    """The wrapped SDK of OpenAI."""
    from langfuse.openai import openai

    return openai.OpenAI(max_retries=0)


openai_cases(openai_client, "openai_chat", "openai_completion", "openai_responses")


@case
def openai_chat() -> None:
    from langfuse import propagate_attributes

    client = openai_client()
    with propagate_attributes(
        user_id="user-1", session_id="thread-1", tags=["blue", "green"], metadata={"tenant": "acme"}, version="7"
    ):
        client.chat.completions.create(
            model="gpt-4o",
            messages=HELLO,
            temperature=0.2,
            max_tokens=50,
            seed=7,
            name="greeting",
            metadata={"plan": "a"},
        )


@case
def decorators() -> None:
    """Every kind of observation, one in the other, by decorator and by hand."""
    from langfuse import get_client, observe

    langfuse = get_client()

    @observe(as_type="tool")
    def get_weather(city: str) -> str:
        return f"21 degrees in {city}"

    @observe(as_type="retriever")
    def look_up(query: str) -> list[dict[str, Any]]:
        return [{"id": "d1", "content": "Paris is warm.", "score": 0.9}]

    @observe(as_type="chain")
    def prepare(question: str) -> str:
        return f"{question} {look_up(question)} {get_weather('Paris')}"

    @observe(as_type="agent")
    def guide(question: str) -> str:
        text = prepare(question)
        with langfuse.start_as_current_observation(
            as_type="generation",
            name="answer",
            model="gpt-4o",
            model_parameters={"temperature": 0.2},
            input=[{"role": "user", "content": text}],
        ) as generation:
            generation.update(
                output={"role": "assistant", "content": "21"},
                usage_details={"input": 11, "output": 7, "cache_read_input_tokens": 3},
                cost_details={"input": 0.1, "output": 0.2},
            )
        with langfuse.start_as_current_observation(
            as_type="embedding", name="embed", model="e-1", input=["one"]
        ) as one:
            one.update(output=[[0.1, 0.2, 0.3]], usage_details={"input": 5})
        with langfuse.start_as_current_observation(as_type="guardrail", name="check", input="Hi") as check:
            check.update(output=True, level="WARNING", status_message="close")
        return "21"

    @observe()
    def handle(question: str) -> str:
        return guide(question)

    handle("How warm is Paris?")


main(start)
