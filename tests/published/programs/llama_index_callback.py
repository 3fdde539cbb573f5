"""LlamaIndex's callback package for the published client: one line of set-up, and a query is a thread with its run."""

from checks import run
from literalai import LiteralClient
from llama_index.core import Document, Settings, VectorStoreIndex, set_global_handler
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.llms import LLMMetadata, MockLLM


class ChatModel(MockLLM):
    """A model without a network that takes messages: only those calls are seen by the client."""

    @property
    def metadata(self):
        return LLMMetadata(is_chat_model=True, model_name="mock")


set_global_handler("literalai")
Settings.llm = ChatModel(max_tokens=8)
Settings.embed_model = MockEmbedding(embed_dim=8)
TEXT = "Paris is the capital of France."


def check_a_query():
    """I-LI-01 I-LI-03 I-LI-04"""
    index = VectorStoreIndex.from_documents([Document(text=TEXT, metadata={"source": "atlas"})])
    question = "What is the capital of France?"
    index.as_query_engine().query(question)
    api = LiteralClient().api
    (thread,) = api.get_threads(filters=[{"field": "name", "operator": "eq", "value": question}]).data
    steps = {step.type: step for step in thread.steps}
    assert set(steps) == {"user_message", "run", "retrieval", "embedding", "llm", "assistant_message"}
    assert steps["embedding"].parent_id == steps["retrieval"].id
    rag = steps["run"]
    assert rag.name == "RAG"
    assert {steps["retrieval"].parent_id, steps["llm"].parent_id} == {rag.id}
    (document,) = steps["retrieval"].output["retrieved_documents"]
    assert document["text"] == TEXT
    assert steps["user_message"].output == {"content": question}
    assert steps["llm"].generation.messages[-1]["role"] == "user"


run(globals())
