"""Spans of OpenLLMetry today: instrumentations of OpenAI and LangChain, and the decorators of traceloop-sdk."""

import os
from typing import Any

from calls import HELLO, openai_cases, weather_agent
from recorded import case, exporting, main

os.environ["TRACELOOP_TELEMETRY"] = "false"
os.environ["TRACELOOP_METRICS_ENABLED"] = "false"


def start() -> None:
    """traceloop-sdk with our exporter in place of its own."""
    from traceloop.sdk import Instruments, Traceloop

    instruments = {Instruments.OPENAI, Instruments.LANGCHAIN}
    Traceloop.init(app_name="recorded", processor=exporting(), instruments=instruments)


def openai_client() -> Any:
    """The instrumented SDK of OpenAI."""
    import openai

    return openai.OpenAI(max_retries=0)


openai_cases(openai_client, "openai_chat")


@case
def openai_chat() -> None:
    """As the published Python client 0.1.300 sets its properties."""
    from traceloop.sdk import Traceloop

    Traceloop.set_association_properties(
        {
            "literal.thread_id": "11111111-1111-4111-8111-111111111111",
            "literal.parent_id": "22222222-2222-4222-8222-222222222222",
            "literal.root_run_id": "None",
            "literal.name": "greeting",
            "literal.tags": '["hello", "world"]',
            "literal.metadata": '{"foo": 1}',
            "literal.prompt": '{"id": "33333333-3333-4333-8333-333333333333", "name": "p", "version": 2, '
            '"variables": [{"name": "who", "language": "plaintext"}]}',
        }
    )
    openai_client().chat.completions.create(model="gpt-4o", messages=HELLO, temperature=0.2, max_tokens=50, seed=7)


@case
def decorators() -> None:
    """Workflow, task, agent and tool around a call, with properties and a managed prompt's facts."""
    from traceloop.sdk import Traceloop
    from traceloop.sdk.decorators import agent, task, tool, workflow

    client = openai_client()

    @tool(name="get_weather")
    def get_weather(city: str) -> str:
        return f"21 degrees in {city}"

    @task(name="look up")
    def look_up(city: str) -> str:
        return get_weather(city)

    @agent(name="guide")
    def guide(question: str) -> str:
        found = look_up("Paris")
        messages: list[Any] = [{"role": "user", "content": f"{question} {found}"}]
        return client.chat.completions.create(model="gpt-4o", messages=messages).choices[0].message.content or ""

    @workflow(name="travel", version=2)
    def travel(question: str) -> str:
        Traceloop.set_association_properties({"session_id": "thread-1", "user_id": "user-1", "tenant": "acme"})
        return guide(question)

    travel("How warm is Paris?")


@case
def langchain_agent() -> None:
    weather_agent(retrieves=True, temperature=0.2)


main(start)
