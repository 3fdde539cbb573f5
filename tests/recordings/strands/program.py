"""Spans of Strands Agents, which has messages as events of spans."""

import contextlib
import os
from typing import Any

from opentelemetry import trace
from recorded import case, main, traced
from strands import Agent, tool
from strands.models.openai import OpenAIModel


def start() -> None:
    """Strands asks the global provider."""
    trace.set_tracer_provider(traced())


@tool
def get_weather(city: str) -> dict[str, Any]:
    """The weather of a city.

    Args:
        city: Its name.
    """
    return {"status": "success", "content": [{"json": {"city": city, "degrees": 21}}]}


def agent(model: str, **options: Any) -> Agent:
    """An agent over the fake provider."""
    arguments = {"api_key": "test", "base_url": os.environ["OPENAI_BASE_URL"], "max_retries": 0}
    chosen = OpenAIModel(client_args=arguments, model_id=model, params={"temperature": 0.2})
    whose = {"session.id": "thread-1", "user.id": "user-1", "tenant": "acme"}
    return Agent(
        model=chosen, name="guide", system_prompt="Be kind.", callback_handler=None, trace_attributes=whose, **options
    )


@case
def chat() -> None:
    agent("gpt-4o")("Hi")


@case
def tools() -> None:
    agent("agent", tools=[get_weather])("How warm is Paris?")


@case
def error() -> None:
    with contextlib.suppress(Exception):
        agent("error-400")("Hi")


main(before=start)
