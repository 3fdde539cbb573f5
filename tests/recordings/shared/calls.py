"""What the programs of several environments call: the SDK of OpenAI, and an agent of LangChain."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from recorded import CASES

HELLO: list[Any] = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
_PIXEL = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def _chat(client: Any) -> None:
    client.chat.completions.create(model="gpt-4o", messages=HELLO, temperature=0.2, max_tokens=50, seed=7)


def _tools(client: Any) -> None:
    answered = client.chat.completions.create(model="tools", messages=HELLO, tools=[WEATHER])
    message = answered.choices[0].message
    results = [{"role": "tool", "tool_call_id": call.id, "content": "21"} for call in message.tool_calls]
    client.chat.completions.create(model="gpt-4o", messages=[*HELLO, message, *results], tools=[WEATHER])


def _stream(client: Any) -> None:
    options = {"include_usage": True}
    for _ in client.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True, stream_options=options):
        pass


def _error(client: Any) -> None:
    import openai

    with suppress(openai.RateLimitError):
        client.chat.completions.create(model="error-429", messages=HELLO)


def _embeddings(client: Any) -> None:
    client.embeddings.create(model="text-embedding-3-small", input=["one", "two"])


def _image(client: Any) -> None:
    content = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": _PIXEL}}]
    client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": content}])


def _completion(client: Any) -> None:
    client.completions.create(model="gpt-3.5-turbo-instruct", prompt="Once upon", max_tokens=20)


def _responses(client: Any) -> None:
    client.responses.create(model="gpt-4o", instructions="Be kind.", input="Hi", max_output_tokens=50)


_CALLS: dict[str, Callable[[Any], None]] = {
    "openai_chat": _chat,
    "openai_tools": _tools,
    "openai_stream": _stream,
    "openai_error": _error,
    "openai_embeddings": _embeddings,
    "openai_image": _image,
    "openai_completion": _completion,
    "openai_responses": _responses,
}


def openai_cases(client: Callable[[], Any], *left_out: str) -> None:
    """Makes every call of OpenAI's SDK but those left out a case, over what `client` makes."""

    def over_a_client(call: Callable[[Any], None]) -> Callable[[], None]:
        return lambda: call(client())

    CASES.update({name: over_a_client(call) for name, call in _CALLS.items() if name not in left_out})


def weather_agent(*, retrieves: bool = False, **options: Any) -> None:
    """A chain of model with tools, tool, model, in one root; and a retriever where it `retrieves`."""
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

    model = ChatOpenAI(model="agent", max_retries=0, **options).bind_tools([get_weather])
    shelf = Shelf()

    def loop(question: str) -> str:
        if retrieves:
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
