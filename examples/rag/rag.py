"""LlamaIndex answers questions about the documents beside this file.

It talks to any server of OpenAI's protocol; `python examples/demo --rag` starts real models and runs it, under
`opentelemetry-instrument`. Each question is a run: retrieval (with an embedding), synthesis, generation.
"""

import os
from pathlib import Path
from typing import Any

import httpx
from llama_index.core import Document, VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.llms import ChatMessage, ChatResponse, CompletionResponse, CustomLLM, LLMMetadata

import literalai_otel

DOCUMENTS = Path(__file__).with_name("documents")


def post(base_url: str, path: str, **body: Any) -> Any:
    """The JSON that the server answers."""
    return httpx.post(f"{base_url}/{path}", json=body, timeout=120).raise_for_status().json()


class LocalLLM(CustomLLM):
    """A chat model behind OpenAI's protocol. LlamaIndex's own class needs openai below 3."""

    base_url: str
    model: str
    temperature: float = 0.0
    max_tokens: int = 48

    @property
    def metadata(self) -> LLMMetadata:
        """What LlamaIndex wants to know: how much fits in."""
        return LLMMetadata(model_name=self.model, is_chat_model=True, context_window=1024, num_output=self.max_tokens)

    def chat(self, messages: Any, **kwargs: Any) -> ChatResponse:
        """One request; `raw` has the tokens."""
        asked = [{"role": message.role.value, "content": message.content} for message in messages]
        settings = {"model": self.model, "temperature": self.temperature, "max_tokens": self.max_tokens}
        raw = post(self.base_url, "chat/completions", messages=asked, **settings)
        answer = raw["choices"][0]["message"]["content"]
        return ChatResponse(message=ChatMessage(role="assistant", content=answer), raw=raw)

    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        """A prompt is a chat of one message."""
        answer = self.chat([ChatMessage(content=prompt)])
        return CompletionResponse(text=answer.message.content or "", raw=answer.raw)

    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
        """The whole answer at once."""
        yield self.complete(prompt)


class LocalEmbedding(BaseEmbedding):
    """An embedding model behind OpenAI's protocol."""

    base_url: str

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        found = post(self.base_url, "embeddings", model=self.model_name, input=texts)["data"]
        return [item["embedding"] for item in sorted(found, key=lambda item: item["index"])]

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)


def main() -> None:
    """Index the documents, then ask."""
    llm = LocalLLM(base_url=os.environ["OPENAI_BASE_URL"], model=os.environ["OPENAI_MODEL"])
    embedding = LocalEmbedding(base_url=os.environ["EMBEDDINGS_BASE_URL"], model_name=os.environ["EMBEDDINGS_MODEL"])
    documents = [Document(text=path.read_text(), id_=path.stem) for path in sorted(DOCUMENTS.glob("*.txt"))]
    with literalai_otel.thread(name="Questions about Sandholm"):
        engine = VectorStoreIndex.from_documents(documents, embed_model=embedding).as_query_engine(
            llm=llm, similarity_top_k=2
        )
        for question in ("Who built the lighthouse, and when?", "How long does the ferry take?"):
            print(f"{question}\n  {str(engine.query(question)).strip()}")


if __name__ == "__main__":
    main()
