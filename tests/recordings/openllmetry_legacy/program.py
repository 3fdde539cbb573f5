"""Spans of OpenLLMetry before it spoke GenAI: instrumentations of OpenAI and LangChain of version 0.40."""

from contextlib import suppress
from typing import Any

from recorded import case, main, traced

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
    """Both instrumentations over one provider."""
    from opentelemetry.instrumentation.langchain import LangchainInstrumentor
    from opentelemetry.instrumentation.openai import OpenAIInstrumentor

    provider = traced()
    OpenAIInstrumentor().instrument(tracer_provider=provider)
    LangchainInstrumentor().instrument(tracer_provider=provider)


def openai_client() -> Any:
    """The instrumented SDK of OpenAI."""
    import openai

    return openai.OpenAI(max_retries=0)


@case
def openai_chat() -> None:
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
