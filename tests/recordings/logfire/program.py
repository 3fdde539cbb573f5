"""Spans of Logfire: its own, and those of its instrumentation of OpenAI."""

import contextlib
from typing import Any

import logfire
import openai
from calls import HELLO, WEATHER
from pydantic import BaseModel
from recorded import case, main


class Place(BaseModel):
    """What the model is to say."""

    city: str
    country: str


def start() -> None:
    """Logfire exports to where the environment says, and to nobody else."""
    logfire.configure(send_to_logfire=False, console=False)


def client(**options: Any) -> openai.OpenAI:
    """An instrumented client of OpenAI."""
    made = openai.OpenAI(max_retries=0)
    logfire.instrument_openai(made, **options)
    return made


def read_stream(made: openai.OpenAI) -> None:
    """A streamed call: two spans, the request and later a log."""
    options = {"include_usage": True}
    for _ in made.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True, stream_options=options):
        pass


@case
def chat() -> None:
    client().chat.completions.create(model="gpt-4o", messages=HELLO, temperature=0.2, max_tokens=50)


@case
def chat_in_the_first_format() -> None:
    client(version=[1]).chat.completions.create(model="gpt-4o", messages=HELLO, temperature=0.2, max_tokens=50)


@case
def tools() -> None:
    client().chat.completions.create(model="agent", messages=HELLO, tools=[WEATHER])


@case
def stream() -> None:
    read_stream(client())


@case
def streams_in_a_span() -> None:
    made = client()
    with logfire.span("answer {question}", question="Hi", _tags=["blue", "green"]):
        read_stream(made)
        read_stream(made)
        logfire.info("read {count}", count=2)


@case
def stream_in_the_first_format() -> None:
    with logfire.span("answer"):
        read_stream(client(version=[1]))


@case
def responses() -> None:
    client().responses.create(model="gpt-4o", instructions="Be kind.", input="Hi")


@case
def structured() -> None:
    client().chat.completions.parse(model="structured", messages=HELLO, response_format=Place)


@case
def error() -> None:
    with contextlib.suppress(openai.BadRequestError):
        client().chat.completions.create(model="error-400", messages=HELLO)


@case
def embeddings() -> None:
    client().embeddings.create(model="text-embedding-3-small", input=["sunny day", "rainy night"])


main(before=start, after=logfire.shutdown)
