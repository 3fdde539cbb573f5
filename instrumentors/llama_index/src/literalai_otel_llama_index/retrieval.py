"""Readers of retrievers, node postprocessors and embeddings.

Documents carry scores that postprocessors change in place, so pairs of node and score are what is kept of them.
Vectors are counted, never kept.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from math import isfinite
from typing import Any, Final, cast

from literalai_otel.attributes import (
    EMBEDDINGS_DIMENSION_COUNT,
    OPERATION_NAME,
    PROVIDER_NAME,
    REQUEST_MODEL,
    RETRIEVAL_DOCUMENTS,
    RETRIEVAL_QUERY_TEXT,
    RETRIEVAL_TOP_K,
    STEP_INPUT,
    STEP_NAME,
    STEP_OUTPUT,
    STEP_TYPE,
)
from literalai_otel.genai import Inference, Invocation, Recording, fields_of
from literalai_otel.genai.messages import Json
from literalai_otel.jsonable import to_jsonable
from literalai_otel_llama_index.llms import model_of
from literalai_otel_llama_index.node import SpanCall
from literalai_otel_llama_index.providers import provider_of

_TOP_K_NAMES: Final = ("_similarity_top_k", "similarity_top_k", "top_n", "top_k")
_RERANKER_WORD: Final = "rank"
"""In the name of every reranker; the other postprocessors filter, replace or sort by time."""
_MODEL_INSIDE: Final = "llm"
"""Field of a reranker that asks an LLM: those calls are steps of their own."""

Found = tuple[Any, Any]
"""A node and its score."""


def begin_retrieval(call: SpanCall) -> Invocation:
    """The invocation of `retrieve` and its kin."""
    attributes: dict[str, Any] = {OPERATION_NAME: "retrieval", STEP_NAME: call.cls.__name__}
    count = _top_k(call.instance)
    if count is not None:
        attributes[RETRIEVAL_TOP_K] = count
    invocation = Invocation(attributes)
    invocation.content[RETRIEVAL_QUERY_TEXT] = partial(query_text, next(iter(call.arguments.values()), None))
    return invocation


def read_retrieval(recording: Recording, result: Any) -> None:
    """Write the documents that were found."""
    if recording.wants_content and isinstance(result, list | tuple):
        found = _found(cast(list[Any], result))
        recording.invocation.content[RETRIEVAL_DOCUMENTS] = partial(_references, found)
        recording.invocation.content[STEP_OUTPUT] = partial(_documents, found)


def begin_postprocessing(call: SpanCall) -> Invocation:
    """The invocation of a reranker, or of another postprocessor, which is a component."""
    name = call.cls.__name__
    query = call.arguments.get("query_bundle")
    if _RERANKER_WORD not in name.lower():
        component = Invocation({STEP_NAME: name, STEP_TYPE: "undefined"})
        component.content[STEP_INPUT] = partial(_question, query, _given(call))
        return component
    attributes: dict[str, Any] = {OPERATION_NAME: "rerank", STEP_NAME: name}
    provider, model, count = (
        provider_of(call.cls),
        model_of(call.instance),
        _top_k(call.instance),
    )
    attributes |= {PROVIDER_NAME: provider} if provider is not None else {}
    attributes |= {REQUEST_MODEL: model} if model is not None else {}
    attributes |= {RETRIEVAL_TOP_K: count} if count is not None else {}
    is_call = fields_of(call.instance).get(_MODEL_INSIDE) is None
    invocation = Inference(attributes) if is_call else Invocation(attributes)
    invocation.content[RETRIEVAL_QUERY_TEXT] = partial(query_text, query)
    invocation.content[STEP_INPUT] = partial(_question, query, _given(call))
    return invocation


def begin_embeddings(call: SpanCall) -> Invocation:
    """The invocation of the embedding of a query, a text or a batch."""
    attributes: dict[str, Any] = {OPERATION_NAME: "embeddings"}
    provider, model = provider_of(call.cls), _embedding_model(call.instance)
    attributes |= {PROVIDER_NAME: provider} if provider is not None else {}
    attributes |= {REQUEST_MODEL: model} if model is not None else {}
    invocation = Inference(attributes)
    given: Any = next(iter(call.arguments.values()), None)
    texts = list(cast(list[Any], given)) if isinstance(given, list | tuple) else [given]
    invocation.content[STEP_INPUT] = partial(to_jsonable, texts)
    return invocation


def read_embeddings(recording: Recording, result: Any) -> None:
    """Write how many vectors there are, and how long they are."""
    given: list[Any] = cast(list[Any], result) if isinstance(result, list) else [result]
    vectors: list[Any] = [given] if given and isinstance(given[0], int | float) else given
    told: Json = {"count": len(vectors)}
    # A sparse vector is a dict of those positions that are not zero.
    if vectors and isinstance(vectors[0], list | tuple):
        told["dimensions"] = len(cast(list[Any], vectors[0]))
        recording.invocation.attributes[EMBEDDINGS_DIMENSION_COUNT] = told["dimensions"]
    recording.invocation.content[STEP_OUTPUT] = lambda: told


def query_text(query: Any) -> str | None:
    """The text of a query, which is a text itself or a bundle."""
    if query is None or isinstance(query, str):
        return query
    text = getattr(query, "query_str", None)
    return text if isinstance(text, str) else str(query)


def image_of(query: Any) -> str | None:
    """Where the image of a bundle is; the image itself is not kept."""
    return getattr(query, "image_path", None)


def _embedding_model(embedding: Any) -> str | None:
    model = model_of(embedding)
    return None if model == "unknown" else model


def _top_k(component: Any) -> int | None:
    fields = {**getattr(component, "__dict__", {})}
    return next((fields[name] for name in _TOP_K_NAMES if type(fields.get(name)) is int), None)


def _found(nodes: Iterable[Any]) -> list[Found]:
    return [(getattr(found, "node", found), getattr(found, "score", None)) for found in nodes]


def _given(call: SpanCall) -> list[Found]:
    nodes = call.arguments.get("nodes")
    return _found(cast(list[Any], nodes)) if isinstance(nodes, list | tuple) else []


def _question(query: Any, found: list[Found]) -> Json:
    return {"query": query_text(query), "documents": _references(found)}


def _references(found: list[Found]) -> list[Json]:
    return [_reference(node, score) for node, score in found]


def _reference(node: Any, score: Any) -> Json:
    told: Json = {"id": getattr(node, "node_id", None)}
    number = _number(score)
    return told if number is None else {**told, "score": number}


def _number(score: Any) -> float | None:
    """A score that JSON can hold: NaN and the infinities are none, nor is None."""
    try:
        number = float(score)
    except (TypeError, ValueError):
        return None
    return number if isfinite(number) else None


def _documents(found: list[Found]) -> list[Json]:
    return [_document(node, score) for node, score in found]


def _document(node: Any, score: Any) -> Json:
    told = _reference(node, score)
    try:
        told["text"] = node.get_content()
    except Exception:  # nodes of users, and images without a text
        told["text"] = getattr(node, "text", None)
    metadata: Any = getattr(node, "metadata", None)
    if isinstance(metadata, Mapping) and metadata:
        told["metadata"] = to_jsonable(metadata)
    url = getattr(node, "image_url", None)
    return {**told, "image_url": url} if isinstance(url, str) else told
