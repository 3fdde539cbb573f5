"""Spans of OpenInference over the SDKs and frameworks that it instruments."""

import os
from contextlib import suppress
from typing import Any

from recorded import case, main, traced

PROVIDER = traced()
HELLO = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
WEATHER = {
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


def openai_client() -> Any:
    """The instrumented SDK of OpenAI."""
    import openai
    from openinference.instrumentation.openai import OpenAIInstrumentor

    OpenAIInstrumentor().instrument(tracer_provider=PROVIDER)
    return openai.OpenAI(max_retries=0)


@case
def openai_chat() -> None:
    from openinference.instrumentation import using_attributes

    client = openai_client()
    with using_attributes(
        session_id="thread-1",
        user_id="user-1",
        tags=["blue", "green"],
        metadata={"tenant": "acme"},
        prompt_template="Hi {name}",
        prompt_template_version="3",
        prompt_template_variables={"name": "Ada"},
    ):
        client.chat.completions.create(model="gpt-4o", messages=HELLO, temperature=0.2, max_tokens=50, seed=7)


@case
def openai_tools() -> None:
    client = openai_client()
    answered = client.chat.completions.create(model="tools", messages=HELLO, tools=[WEATHER])
    message = answered.choices[0].message
    results = [{"role": "tool", "tool_call_id": call.id, "content": "21"} for call in message.tool_calls]
    client.chat.completions.create(model="gpt-4o", messages=[*HELLO, message, *results], tools=[WEATHER])


@case
def openai_stream() -> None:
    client = openai_client()
    options = {"include_usage": True}
    for _ in client.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True, stream_options=options):
        pass


@case
def openai_error() -> None:
    import openai

    client = openai_client()
    with suppress(openai.RateLimitError):
        client.chat.completions.create(model="error-429", messages=HELLO)


@case
def openai_embeddings() -> None:
    openai_client().embeddings.create(model="text-embedding-3-small", input=["one", "two"])


@case
def openai_image() -> None:
    content = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    openai_client().chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": content}])


@case
def openai_responses() -> None:
    openai_client().responses.create(model="gpt-4o", instructions="Be kind.", input="Hi", max_output_tokens=50)


@case
def openai_completion() -> None:
    openai_client().completions.create(model="gpt-3.5-turbo-instruct", prompt="Once upon", max_tokens=20)


@case
def langchain_agent() -> None:
    """A chain of prompt, model with tools, tool, model, in one root."""
    from langchain_core.messages import HumanMessage, ToolMessage
    from langchain_core.runnables import RunnableLambda
    from langchain_core.tools import tool
    from langchain_openai import ChatOpenAI
    from openinference.instrumentation.langchain import LangChainInstrumentor

    LangChainInstrumentor().instrument(tracer_provider=PROVIDER)

    @tool
    def get_weather(city: str) -> str:
        """The weather of a city."""
        return f"21 degrees in {city}"

    model = ChatOpenAI(model="agent", max_retries=0).bind_tools([get_weather])

    def loop(question: str) -> str:
        messages: list[Any] = [HumanMessage(question)]
        while True:
            answer = model.invoke(messages)
            messages.append(answer)
            if not answer.tool_calls:
                return str(answer.content)
            messages += [
                ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"]) for call in answer.tool_calls
            ]

    agent = RunnableLambda(loop).with_config(run_name="weather")
    agent.invoke(
        "How warm is Paris?",
        config={"metadata": {"thread_id": "thread-2", "tenant": "acme"}, "tags": ["blue"]},
    )


@case
def langchain_retrieval() -> None:
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever
    from openinference.instrumentation.langchain import LangChainInstrumentor

    LangChainInstrumentor().instrument(tracer_provider=PROVIDER)

    class Shelf(BaseRetriever):
        def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
            return [
                Document("Paris is warm.", metadata={"source": "a.txt"}, id="d1"),
                Document("Rome is warmer.", metadata={"source": "b.txt"}),
            ]

    Shelf().invoke("Where is it warm?")


@case
def llama_index_query() -> None:
    """Embedding, retrieval, synthesis, chat: and `predict` around `chat`."""
    from llama_index.core import Settings, VectorStoreIndex
    from llama_index.core.embeddings import MockEmbedding
    from llama_index.core.schema import TextNode
    from llama_index.llms.openai import OpenAI
    from openinference.instrumentation.llama_index import LlamaIndexInstrumentor

    LlamaIndexInstrumentor().instrument(tracer_provider=PROVIDER)
    Settings.llm = OpenAI(model="gpt-4o", max_retries=0, api_base=os.environ["OPENAI_BASE_URL"])
    Settings.embed_model = MockEmbedding(embed_dim=4)
    index = VectorStoreIndex([TextNode(text="Paris is warm.", id_="d1"), TextNode(text="Rome is warmer.", id_="d2")])
    index.as_query_engine().query("Where is it warm?")


@case
def llama_index_stream() -> None:
    from llama_index.core.llms import ChatMessage
    from llama_index.llms.openai import OpenAI
    from openinference.instrumentation.llama_index import LlamaIndexInstrumentor

    LlamaIndexInstrumentor().instrument(tracer_provider=PROVIDER)
    model = OpenAI(model="gpt-4o", max_retries=0, api_base=os.environ["OPENAI_BASE_URL"])
    for _ in model.stream_chat([ChatMessage(role="user", content="Hi")]):
        pass


@case
def mistral_chat() -> None:
    from mistralai.client import Mistral
    from openinference.instrumentation.mistralai import MistralAIInstrumentor

    MistralAIInstrumentor().instrument(tracer_provider=PROVIDER)
    client = Mistral(api_key="test", server_url=os.environ["MISTRAL_URL"])
    client.chat.complete(model="mistral-small-latest", messages=HELLO, temperature=0.2)


@case
def by_hand() -> None:
    """What a program sets with the names of the convention: reranker, guardrail, tool, agent."""
    tracer = PROVIDER.get_tracer("openinference.instrumentation.manual")
    kind = "openinference.span.kind"
    with tracer.start_as_current_span("travel", attributes={kind: "AGENT", "agent.name": "guide"}):
        attributes: dict[str, Any] = {
            kind: "RERANKER",
            "reranker.query": "warm",
            "reranker.model_name": "rerank-3",
            "reranker.top_k": 1,
            "reranker.input_documents.0.document.id": "d1",
            "reranker.input_documents.0.document.content": "Paris is warm.",
            "reranker.input_documents.1.document.id": "d2",
            "reranker.input_documents.1.document.content": "Rome is warmer.",
            "reranker.output_documents.0.document.id": "d2",
            "reranker.output_documents.0.document.content": "Rome is warmer.",
            "reranker.output_documents.0.document.score": 0.9,
        }
        with tracer.start_as_current_span("rerank", attributes=attributes):
            pass
        attributes = {kind: "GUARDRAIL", "input.value": "Hi", "output.value": "__REDACTED__"}
        with tracer.start_as_current_span("check", attributes=attributes):
            pass
        attributes = {
            kind: "TOOL",
            "tool.name": "get_weather",
            "tool.description": "The weather of a city.",
            "tool.parameters": '{"city": "string"}',
            "input.value": '{"city": "Paris"}',
            "input.mime_type": "application/json",
            "output.value": "21",
        }
        with tracer.start_as_current_span("call", attributes=attributes):
            pass


main()
