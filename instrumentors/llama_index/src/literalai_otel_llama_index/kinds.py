"""Which spans of LlamaIndex become steps, and which readers they have.

Classes are known by the name of a base in LlamaIndex's own packages, so that nothing of it is imported. A method
that LlamaIndex has made a span and no table names is noise: what is inside belongs to what is around.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from literalai_otel_llama_index import agents, llms, retrieval, runs, streams
from literalai_otel_llama_index.node import Kind, class_of

NOISE: Final = Kind("noise")
COMPONENT: Final = Kind("component", runs.begin_component, runs.read_component)
"""A function or method that its owner made a span."""
WORKFLOW: Final = Kind("workflow", agents.begin_workflow, agents.read_run, elsewhere=True)
AGENT: Final = Kind("workflow", agents.begin_agent, agents.read_run, elsewhere=True)
STEP: Final = Kind("step", agents.begin_step, agents.read_step)
AGENT_STEP: Final = Kind("agent_step")
TOOL: Final = Kind("tool", agents.begin_tool, agents.read_tool)

_MODEL_CALL: Final = Kind("llm", llms.begin, llms.read)
_MODEL_STREAM: Final = Kind("llm", llms.begin, llms.read, stream=streams.leave_to_wrapper)
_PREDICTION: Final = Kind("prediction", notes=runs.keep_prompt)
_EMBEDDINGS: Final = Kind("embeddings", retrieval.begin_embeddings, retrieval.read_embeddings)
_RETRIEVAL: Final = Kind("retrieval", retrieval.begin_retrieval, retrieval.read_retrieval)
_POSTPROCESSING: Final = Kind("rerank", retrieval.begin_postprocessing, retrieval.read_retrieval)
_SYNTHESIS: Final = Kind("synthesis", runs.begin_synthesis, runs.read_answer, stream=streams.follow_answer)
_QUERY: Final = Kind("query", runs.begin_query, runs.read_answer, stream=streams.follow_answer)
_CHAT: Final = Kind("chat", runs.begin_chat, runs.read_answer, stream=streams.follow_chat)
_AGENT_CHAT: Final = Kind("chat", runs.begin_agent_chat, runs.read_answer, stream=streams.follow_chat)
_CHAT_WRITER: Final = Kind("noise", ended=streams.chat_written)
_PIPELINE: Final = Kind("pipeline", runs.begin_pipeline, runs.read_pipeline)

OF_ANY_OBJECT: Final = frozenset({"llm", "embeddings"})
"""Families in which an object that calls another one only passes the call on."""

Methods = Mapping[str, Kind]


def _all(kind: Kind, *methods: str) -> Methods:
    return dict.fromkeys(methods, kind)


_LLM: Final[Methods] = {
    **_all(_MODEL_CALL, "chat", "achat", "complete", "acomplete"),
    **_all(_MODEL_STREAM, *streams.METHODS),
}
_CHATS: Final = ("chat", "achat", "stream_chat", "astream_chat")

_METHODS: Final[Mapping[str, Methods]] = {
    "StructuredLLM": _all(NOISE, *_LLM),  # the model inside is asked, with the settings of its own
    "BaseLLM": _LLM,
    "MultiModalLLM": _LLM,
    "LLM": _all(
        _PREDICTION,
        *("predict", "apredict", "stream", "astream", "structured_predict", "astructured_predict"),
        *("stream_structured_predict", "astream_structured_predict"),
    ),
    "BaseEmbedding": _all(
        _EMBEDDINGS,
        *("get_query_embedding", "aget_query_embedding", "get_text_embedding", "aget_text_embedding"),
        *("get_text_embedding_batch", "aget_text_embedding_batch"),
    ),
    "BaseRetriever": _all(_RETRIEVAL, "retrieve", "aretrieve"),
    "BaseImageRetriever": _all(
        _RETRIEVAL,
        *("text_to_image_retrieve", "atext_to_image_retrieve"),
        *("image_to_image_retrieve", "aimage_to_image_retrieve"),
    ),
    "BaseNodePostprocessor": _all(_POSTPROCESSING, "_postprocess_nodes", "_apostprocess_nodes"),
    "BaseSynthesizer": _all(_SYNTHESIS, "synthesize", "asynthesize"),
    "BaseAgent": _all(_AGENT_CHAT, *_CHATS),
    "BaseChatEngine": _all(_CHAT, *_CHATS),
    "StreamingAgentChatResponse": _all(_CHAT_WRITER, "write_response_to_history", "awrite_response_to_history"),
    "BaseQueryEngine": _all(_QUERY, "query", "aquery"),
    "BaseTool": _all(TOOL, "__call__", "call", "acall"),
    "IngestionPipeline": _all(_PIPELINE, "run", "arun"),
    "BaseWorkflowAgent": _all(AGENT, "run"),
    "Workflow": _all(WORKFLOW, "run", "run_from"),
}
"""By the name of the base that declares them, the methods that are more than noise."""
_ALIASES: Final = {"BaseSparseEmbedding": "BaseEmbedding"}
_PACKAGES: Final = ("llama_index.", "workflows.")
_AGENTS: Final = ("BaseWorkflowAgent", "AgentWorkflow")
_HIDDEN_STEPS: Final = frozenset({"_done"})
_FUNCTIONS: Final = frozenset({"run_jobs", "run_jobs.<locals>.worker"})
"""Functions of LlamaIndex that are spans."""


@cache
def kind_of_method(cls: type[Any], method: str) -> Kind:
    """What a span of `method` on an object of `cls` is."""
    own = True
    is_workflow = False
    for base in cls.__mro__:
        if not base.__module__.startswith(_PACKAGES):
            continue
        own = own and method not in base.__dict__
        methods = _METHODS.get(_ALIASES.get(base.__name__, base.__name__))
        if methods is not None and method in methods:
            return methods[method]
        is_workflow = is_workflow or base.__name__ == "Workflow"
    if is_workflow:
        return AGENT_STEP if is_agent(cls) or method in _HIDDEN_STEPS else STEP
    return COMPONENT if own else NOISE


def kind_of_function(name: str, around: type | None) -> Kind:
    """What a span of a function is; `around` is the class of the workflow that it is a step of."""
    if around is not None:
        return AGENT_STEP if is_agent(around) else STEP
    return NOISE if name in _FUNCTIONS else COMPONENT


@cache
def is_agent(cls: type) -> bool:
    """Whether the steps of this workflow are LlamaIndex's own."""
    return any(base.__name__ in _AGENTS and base.__module__.startswith(_PACKAGES) for base in cls.__mro__)


def has_turns(workflow: Any) -> bool:
    """Whether several agents act in it."""
    cls = class_of(workflow)
    return kind_of_method(cls, "run") is WORKFLOW and is_agent(cls)
