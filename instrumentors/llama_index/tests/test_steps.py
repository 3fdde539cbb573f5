"""Engines, retrievers, rerankers, embeddings, pipelines: which steps they become, and what is in them."""

import asyncio
from typing import Any

import pytest
from llama_index.core import Document, MockEmbedding, PromptTemplate
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.base.embeddings.base_sparse import BaseSparseEmbedding
from llama_index.core.indices.query.query_transform import HyDEQueryTransform
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.postprocessor import LLMRerank, SimilarityPostprocessor
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.query_engine import CustomQueryEngine, TransformQueryEngine
from llama_index.core.schema import NodeWithScore, QueryBundle
from opentelemetry import trace
from opentelemetry.trace import SpanKind

from literalai_otel.attributes import (
    EMBEDDINGS_DIMENSION_COUNT,
    GENERATION_METADATA,
    INPUT_MESSAGES,
    OPERATION_NAME,
    OUTPUT_MESSAGES,
    PROMPT_NAME,
    PROMPT_VARIABLES,
    REQUEST_MODEL,
    RETRIEVAL_DOCUMENTS,
    RETRIEVAL_QUERY_TEXT,
    RETRIEVAL_TOP_K,
    STEP_INPUT,
    STEP_NAME,
    STEP_OUTPUT,
    STEP_TYPE,
    WORKFLOW_NAME,
)
from literalai_otel.testing import SpanCapture

from .parts import EchoLLM, Found, bundle, index, named, nodes, one, texts, tree, words_llm

QUERY_TREE = """\
invoke_workflow RetrieverQueryEngine
  retrieval
    embeddings
  CompactAndRefine
    text_completion"""


@pytest.mark.feature("I-LI-01", "I-LI-03")
def test_a_query_is_a_run_with_its_steps(capture: SpanCapture) -> None:
    engine = index().as_query_engine(llm=words_llm(), similarity_top_k=1)
    capture.clear()
    assert str(engine.query("Where is Paris?")) == "text text text"

    assert tree(capture) == QUERY_TREE
    embedding, retrieval, completion, synthesis, run = capture.spans
    document = {"id": "n-d1", "score": 1.0}
    assert (run.kind, run.fields) == (
        SpanKind.INTERNAL,
        {
            OPERATION_NAME: "invoke_workflow",
            WORKFLOW_NAME: "RetrieverQueryEngine",
            STEP_INPUT: "Where is Paris?",
            STEP_OUTPUT: "text text text",
        },
    )
    assert (retrieval.kind, retrieval.fields) == (
        SpanKind.CLIENT,
        {
            OPERATION_NAME: "retrieval",
            STEP_NAME: "VectorIndexRetriever",
            RETRIEVAL_TOP_K: 1,
            RETRIEVAL_QUERY_TEXT: "Where is Paris?",
            RETRIEVAL_DOCUMENTS: [document],
            STEP_OUTPUT: [{**document, "text": "Paris is in France.", "metadata": {"page": 1}}],
        },
    )
    assert (embedding.kind, embedding.fields) == (
        SpanKind.CLIENT,
        {
            OPERATION_NAME: "embeddings",
            EMBEDDINGS_DIMENSION_COUNT: 4,
            STEP_INPUT: ["Where is Paris?"],
            STEP_OUTPUT: {"count": 1, "dimensions": 4},
        },
    )
    assert synthesis.fields == {
        STEP_NAME: "CompactAndRefine",
        STEP_TYPE: "undefined",
        STEP_INPUT: "Where is Paris?",
        STEP_OUTPUT: "text text text",
    }
    assert completion.fields[PROMPT_NAME] == "text_qa"
    assert completion.fields[PROMPT_VARIABLES]["query_str"] == "Where is Paris?"
    assert "{context_str}" in completion.fields[GENERATION_METADATA]["prompt_template"]
    assert texts(completion.fields[OUTPUT_MESSAGES]) == ["text text text"]
    assert {span.scope for span in capture.spans} == {"literalai_otel.instrumentors.llama_index"}


def test_an_async_query_is_the_same(capture: SpanCapture) -> None:
    engine = index().as_query_engine(llm=words_llm())
    capture.clear()
    asyncio.run(engine.aquery("Where is Paris?"))
    assert tree(capture) == QUERY_TREE


def test_splitters_and_the_like_are_no_steps(capture: SpanCapture) -> None:
    pipeline = IngestionPipeline(transformations=[SentenceSplitter(), MockEmbedding(embed_dim=4)])
    pipeline.run(documents=[Document(text="One. Two."), Document(text="Three.")])
    assert tree(capture) == "invoke_workflow IngestionPipeline\n  embeddings"
    run = capture.spans[-1]
    assert (run.fields[STEP_INPUT], run.fields[STEP_OUTPUT]) == ({"documents": 2}, {"nodes": 2})


CHATS = {
    "simple": "invoke_workflow SimpleChatEngine\n  chat",
    "context": (
        "invoke_workflow ContextChatEngine\n  retrieval\n    embeddings\n  CompactAndRefine\n    text_completion"
    ),
    "condense_question": (
        "invoke_workflow CondenseQuestionChatEngine\n"
        "  invoke_workflow RetrieverQueryEngine\n    retrieval\n      embeddings\n"
        "    CompactAndRefine\n      text_completion"
    ),
}


@pytest.mark.parametrize("mode", CHATS)
@pytest.mark.parametrize("form", ["chat", "achat"])
def test_a_chat_engine_is_a_run_that_is_talked_to(mode: Any, form: str, capture: SpanCapture) -> None:
    engine = index().as_chat_engine(chat_mode=mode, llm=words_llm())
    capture.clear()
    asked = getattr(engine, form)("Hello")
    answer = asyncio.run(asked) if form == "achat" else asked
    assert tree(capture) == CHATS[mode]
    run = capture.spans[-1]
    assert texts(run.fields[INPUT_MESSAGES]) == ["Hello"]
    assert texts(run.fields[OUTPUT_MESSAGES]) == [str(answer)]


# --- retrieval (I14, I16) -------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["What?", bundle("What?")], ids=["text", "bundle"])
@pytest.mark.parametrize("form", ["retrieve", "aretrieve"])
def test_documents_with_scores_of_any_kind(form: str, query: Any, capture: SpanCapture) -> None:
    retriever = Found(*nodes(0.5, 0.0, None, float("nan"), float("inf")))
    asked = getattr(retriever, form)(query)
    found = asyncio.run(asked) if form == "aretrieve" else asked
    assert len(found) == 5
    span = capture.one()
    documents = [{"id": "n0", "score": 0.5}, {"id": "n1", "score": 0.0}, {"id": "n2"}, {"id": "n3"}, {"id": "n4"}]
    assert span.fields[RETRIEVAL_QUERY_TEXT] == "What?"
    assert span.fields[RETRIEVAL_DOCUMENTS] == documents
    assert span.fields[STEP_OUTPUT] == [{**each, "text": f"text {i}"} for i, each in enumerate(documents)]


def test_scores_are_those_of_the_retriever(capture: SpanCapture) -> None:
    """Postprocessors change them in place."""
    found = Found(*nodes(0.9)).retrieve("What?")
    found[0].score = 0.1
    assert capture.one().fields[RETRIEVAL_DOCUMENTS] == [{"id": "n0", "score": 0.9}]


def test_a_retrieval_that_fails(capture: SpanCapture) -> None:
    error = KeyError("no such index")
    with pytest.raises(KeyError) as caught:
        Found(error=error).retrieve("What?")
    assert caught.value is error
    assert tree(capture) == "retrieval ERROR"


# --- rerankers and other postprocessors (I34) -----------------------------------------------------


class FakeRerank(BaseNodePostprocessor):
    """A reranker with a model of its own, as the integrations have them."""

    model: str = "rerank-1"
    top_n: int = 1

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        best = nodes[-1]
        best.score = 0.99
        return [best]


def test_a_reranker(capture: SpanCapture) -> None:
    FakeRerank().postprocess_nodes(nodes(0.5, 0.4), query_str="What?")
    span = capture.one()
    assert (span.name, span.kind) == ("rerank rerank-1", SpanKind.CLIENT)
    assert span.fields == {
        OPERATION_NAME: "rerank",
        STEP_NAME: "FakeRerank",
        REQUEST_MODEL: "rerank-1",
        RETRIEVAL_TOP_K: 1,
        RETRIEVAL_QUERY_TEXT: "What?",
        STEP_INPUT: {"query": "What?", "documents": [{"id": "n0", "score": 0.5}, {"id": "n1", "score": 0.4}]},
        RETRIEVAL_DOCUMENTS: [{"id": "n1", "score": 0.99}],
        STEP_OUTPUT: [{"id": "n1", "score": 0.99, "text": "text 1"}],
    }


def test_a_reranker_that_asks_an_llm_has_that_call_inside(capture: SpanCapture) -> None:
    def parse(answer: str, size: int) -> tuple[list[int], list[float]]:
        return [1], [7.0]

    reranker = LLMRerank(llm=EchoLLM(), top_n=1, parse_choice_select_answer_fn=parse)
    reranker.postprocess_nodes(nodes(0.5, 0.4), query_str="What?")
    assert tree(capture) == "rerank\n  text_completion echo-1"


def test_another_postprocessor_is_a_component(capture: SpanCapture) -> None:
    SimilarityPostprocessor(similarity_cutoff=0.45).postprocess_nodes(nodes(0.5, 0.4))
    span = capture.one()
    assert (span.name, span.fields[STEP_TYPE]) == ("SimilarityPostprocessor", "undefined")
    assert span.fields[RETRIEVAL_DOCUMENTS] == [{"id": "n0", "score": 0.5}]


# --- embeddings (I20) -----------------------------------------------------------------------------


class Batches(BaseEmbedding):
    """Two texts a batch."""

    def _get_query_embedding(self, query: str) -> list[float]:
        return [0.0] * 3

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return [0.0] * 3

    def _get_text_embedding(self, text: str) -> list[float]:
        return [0.0] * 3


def test_embeddings_in_batches_are_one_step(capture: SpanCapture) -> None:
    embedding = Batches(model_name="e-1", embed_batch_size=2)
    assert len(embedding.get_text_embedding_batch(["a", "b", "c", "d", "e"])) == 5
    span = capture.one()
    assert span.name == "embeddings e-1"
    assert span.fields[STEP_INPUT] == ["a", "b", "c", "d", "e"]
    assert span.fields[STEP_OUTPUT] == {"count": 5, "dimensions": 3}
    assert "0.0" not in str(span.fields), "vectors are not kept"


class Sparse(BaseSparseEmbedding):
    """Gives the positions that are not zero."""

    def _get_query_embedding(self, query: str) -> dict[int, float]:
        return {3: 0.5}

    async def _aget_query_embedding(self, query: str) -> dict[int, float]:
        return {3: 0.5}

    def _get_text_embedding(self, text: str) -> dict[int, float]:
        return {3: 0.5}

    async def _aget_text_embedding(self, text: str) -> dict[int, float]:
        return {3: 0.5}


def test_sparse_embeddings_are_counted(capture: SpanCapture) -> None:
    Sparse(model_name="s-1").get_text_embedding_batch(["a", "b", "c"])
    Sparse(model_name="s-1").get_query_embedding("a")
    batch, single = capture.spans
    assert (batch.fields[STEP_OUTPUT], single.fields[STEP_OUTPUT]) == ({"count": 3}, {"count": 1})


# --- components of users (I25) --------------------------------------------------------------------


class Answering(CustomQueryEngine):
    """A user's query engine, which wants to know where it is."""

    def custom_query(self, query_str: str) -> str:
        trace.get_current_span().set_attribute("seen", True)
        return query_str.upper()


def test_the_current_span_inside_a_component_is_its_own(capture: SpanCapture) -> None:
    assert str(Answering().query("abc")) == "ABC"
    span = capture.one()
    assert (span.name, span.attributes["seen"]) == ("invoke_workflow Answering", True)


def test_what_a_user_makes_a_span_is_a_component(capture: SpanCapture) -> None:
    @get_dispatcher(__name__).span
    def prepare(text: str) -> str:
        EchoLLM().complete(text)
        return text * 2

    assert prepare("ab") == "abab"
    assert [line.strip() for line in tree(capture).splitlines()] == [
        "test_what_a_user_makes_a_span_is_a_component.<locals>.prepare",
        "text_completion echo-1",
    ]
    assert capture.spans[-1].fields[STEP_INPUT] == {"text": "ab"}
    assert capture.spans[-1].fields[STEP_OUTPUT] == "abab"


def test_a_users_span_stands_between(capture: Any) -> None:
    with capture.tracer.start_as_current_span("mine"):
        Answering().query("abc")
    assert tree(capture) == "mine\n  invoke_workflow Answering"


def test_a_query_that_is_transformed_first(capture: SpanCapture) -> None:
    engine = TransformQueryEngine(
        index().as_query_engine(llm=words_llm()),
        query_transform=HyDEQueryTransform(llm=EchoLLM(), hyde_prompt=PromptTemplate("Answer {context_str}")),
    )
    capture.clear()
    engine.query("What?")
    assert tree(capture).startswith("invoke_workflow TransformQueryEngine\n  text_completion echo-1\n")
    (hypothesis,) = named(capture, "text_completion echo-1")
    assert hypothesis.fields[PROMPT_VARIABLES] == {"context_str": "What?"}
    assert one(capture, "retrieval").parent_id is not None
