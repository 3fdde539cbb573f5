"""Spans of pydantic-ai's own instrumentation, in the format of today and in the second one."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

from pydantic import BaseModel
from pydantic_ai import Agent, Embedder
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models.instrumented import InstrumentationSettings
from pydantic_ai.models.openai import OpenAIChatModel
from recorded import case, main, traced

PROVIDER = traced()
TODAY = 5


class Place(BaseModel):
    """What the model is to say."""

    city: str
    country: str


def settings(version: int = TODAY) -> InstrumentationSettings:
    """The instrumentation in a format."""
    return InstrumentationSettings(version=version, tracer_provider=PROVIDER)


def agent(model: str, version: int = TODAY, **options: Any) -> Agent[Any, Any]:
    """An instrumented agent."""
    chosen = {"temperature": 0.2, "max_tokens": 50}
    made = Agent(OpenAIChatModel(model), instructions="Be kind.", name="guide", model_settings=chosen, **options)
    made.instrument = settings(version)
    return made


def weather_agent(version: int) -> Coroutine[Any, Any, Any]:
    """A run with a tool."""
    made = agent("agent", version)

    @made.tool_plain
    def get_weather(city: str) -> dict[str, Any]:
        """The weather of a city."""
        return {"city": city, "degrees": 21}

    return made.run("How warm is Paris?")


@case
def chat() -> None:
    asyncio.run(agent("gpt-4o").run("Hi"))


@case
def conversation() -> None:
    asyncio.run(agent("gpt-4o").run("Hi", conversation_id="thread-1"))


@case
def tools() -> None:
    asyncio.run(weather_agent(TODAY))


@case
def tools_in_the_second_format() -> None:
    asyncio.run(weather_agent(2))


@case
def stream() -> None:
    async def read() -> None:
        async with agent("gpt-4o").run_stream("Hi") as answer:
            async for _ in answer.stream_text():
                pass

    asyncio.run(read())


@case
def structured() -> None:
    asyncio.run(agent("structured-by-tool", output_type=Place).run("The capital of France"))


@case
def error() -> None:
    with contextlib.suppress(ModelHTTPError):
        asyncio.run(agent("error-400").run("Hi"))


@case
def embeddings() -> None:
    embedder = Embedder("openai:text-embedding-3-small", instrument=settings())
    asyncio.run(embedder.embed_documents(["sunny day", "rainy night"]))


main()
