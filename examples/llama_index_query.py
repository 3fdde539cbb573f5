"""A question to LlamaIndex: a run with retrieval, embedding and generation, without a line about recording.

    opentelemetry-instrument python examples/llama_index_query.py

Without a provider's integration it uses LlamaIndex's own stand-ins, which need no key and no network.
"""

import os

from llama_index.core import Document, MockEmbedding, VectorStoreIndex
from llama_index.core.llms import LLM, MockLLM


def model() -> LLM:
    """OpenAI or Mistral where their integration and a key are there."""
    if "OPENAI_API_KEY" in os.environ:
        try:
            from llama_index.llms.openai import OpenAI

            return OpenAI(model="gpt-4o-mini", api_base=os.environ.get("OPENAI_BASE_URL"))
        except ImportError:  # it needs openai below 3
            pass
    if "MISTRAL_API_KEY" in os.environ:
        try:
            from llama_index.llms.mistralai import MistralAI

            return MistralAI(model="mistral-small-latest", endpoint=os.environ.get("MISTRAL_ENDPOINT"))
        except ImportError:
            pass
    return MockLLM(max_tokens=4)


documents = [
    Document(text="The castle stands on the highest of the seven hills.", id_="castle"),
    Document(text="Tram 28 climbs from the river to the castle.", id_="tram"),
]
index = VectorStoreIndex.from_documents(documents, embed_model=MockEmbedding(embed_dim=8))
answer = index.as_query_engine(llm=model(), streaming=True).query("How do I get to the castle?")
for piece in answer.response_gen:
    print(piece, end="")
print()
