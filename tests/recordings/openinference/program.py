"""Spans of OpenInference over the SDKs and frameworks that it instruments."""

import os
from typing import Any

from calls import HELLO, openai_cases, weather_agent
from recorded import case, main, traced

PROVIDER = traced()


def openai_client() -> Any:
    """The instrumented SDK of OpenAI."""
    import openai
    from openinference.instrumentation.openai import OpenAIInstrumentor

    OpenAIInstrumentor().instrument(tracer_provider=PROVIDER)
    return openai.OpenAI(max_retries=0)


openai_cases(openai_client, "openai_chat")


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
def langchain_agent() -> None:
    from openinference.instrumentation.langchain import LangChainInstrumentor

    LangChainInstrumentor().instrument(tracer_provider=PROVIDER)
    weather_agent()


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
