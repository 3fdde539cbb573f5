"""Spans of OpenLLMetry today: instrumentations of OpenAI and LangChain, and the decorators of traceloop-sdk."""

import os
from contextlib import suppress
from typing import Any

from recorded import case, exporting, main

os.environ["TRACELOOP_TELEMETRY"] = "false"
os.environ["TRACELOOP_METRICS_ENABLED"] = "false"

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
    """traceloop-sdk with our exporter in place of its own."""
    from traceloop.sdk import Instruments, Traceloop

    instruments = {Instruments.OPENAI, Instruments.LANGCHAIN}
    Traceloop.init(app_name="recorded", processor=exporting(), instruments=instruments)


def openai_client() -> Any:
    """The instrumented SDK of OpenAI."""
    import openai

    return openai.OpenAI(max_retries=0)


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
def openai_embeddings() -> None:
    openai_client().embeddings.create(model="text-embedding-3-small", input=["one", "two"])


@case
def openai_image() -> None:
    content = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    openai_client().chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": content}])


@case
def openai_completion() -> None:
    openai_client().completions.create(model="gpt-3.5-turbo-instruct", prompt="Once upon", max_tokens=20)


@case
def openai_responses() -> None:
    openai_client().responses.create(model="gpt-4o", instructions="Be kind.", input="Hi", max_output_tokens=50)


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
    """A chain of model with tools, tool, model, in one root; and a retriever."""
    from langchain_core.documents import Document
    from langchain_core.messages import HumanMessage, ToolMessage
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.runnables import RunnableLambda
    from langchain_core.tools import tool
    from langchain_openai import ChatOpenAI

    class Shelf(BaseRetriever):
        def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
            return [Document("Paris is warm.", metadata={"source": "a.txt"}, id="d1")]

    @tool
    def get_weather(city: str) -> str:
        """The weather of a city."""
        return f"21 degrees in {city}"

    model = ChatOpenAI(model="agent", max_retries=0, temperature=0.2).bind_tools([get_weather])
    shelf = Shelf()

    def loop(question: str) -> str:
        shelf.invoke(question)
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


main(start)
