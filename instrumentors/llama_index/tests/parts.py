"""What the tests are made of: documents, indexes, models of every kind that a lane has, and how to read spans."""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

from llama_index.core import MockEmbedding, VectorStoreIndex
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.llms import (
    ChatMessage,
    ChatResponse,
    CompletionResponse,
    CompletionResponseGen,
    CustomLLM,
    LLMMetadata,
    MockLLM,
)
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.llms.llm import ToolSelection
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from literalai_otel.testing import CapturedSpan, FakeProvider, SpanCapture
from literalai_otel.testing.spans import span_tree

try:
    from llama_index.llms.openai import OpenAI as ProviderLLM

    PROVIDER, MODEL = "openai", "gpt-4o"
except ImportError:  # the integration wants openai below 3, which the new lane has not
    from llama_index.llms.mistralai import MistralAI as ProviderLLM

    PROVIDER, MODEL = "mistral_ai", "mistral-small-latest"

HELLO = [ChatMessage(content="Hi")]
CALL_ID = "call12345"
FAKE_ANSWER = "Hello from the fake provider."


def real_llm(provider: FakeProvider, **settings: Any) -> Any:
    """The LLM class of this lane that talks to a provider through its SDK."""
    place = {"api_base": provider.base_url} if PROVIDER == "openai" else {"endpoint": provider.origin}
    return ProviderLLM(**{"model": MODEL, "api_key": "sk-very-secret", "max_retries": 0, **place, **settings})


def words_llm(max_tokens: int = 3) -> MockLLM:
    """Says `text` as often as it may."""
    return MockLLM(max_tokens=max_tokens)


class ScriptedLLM(FunctionCallingLLM):
    """Calls tools, or says something, as its script says; the last line is repeated. An exception is raised.

    Agents are tested with it: the classes of providers get tool calls in streams wrong, each in its own way.
    """

    script: list[Any]

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(model_name="scripted", is_chat_model=True, is_function_calling_model=True)

    def _next(self) -> ChatResponse:
        line = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(line, Exception):
            raise line
        if isinstance(line, str):
            return ChatResponse(message=ChatMessage(role="assistant", content=line), delta=line)
        name, arguments = line
        call = {"id": CALL_ID, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
        said = ChatMessage(role="assistant", content="", additional_kwargs={"tool_calls": [call]})
        return ChatResponse(message=said, delta="")

    def chat(self, messages: Any, **kwargs: Any) -> ChatResponse:
        return self._next()

    async def achat(self, messages: Any, **kwargs: Any) -> ChatResponse:
        return self._next()

    def stream_chat(self, messages: Any, **kwargs: Any) -> Any:
        def responses() -> Any:
            yield self._next()

        return responses()

    async def astream_chat(self, messages: Any, **kwargs: Any) -> Any:
        async def responses() -> Any:
            yield self._next()

        return responses()

    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        return CompletionResponse(text=str(self._next().message.content))

    async def acomplete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        return self.complete(prompt)

    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
        raise NotImplementedError

    async def astream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
        raise NotImplementedError

    def _prepare_chat_with_tools(self, tools: Any, user_msg: Any = None, chat_history: Any = None, **_: Any) -> Any:
        messages = [*(chat_history or ()), *([ChatMessage(content=str(user_msg))] if user_msg else ())]
        return {"messages": messages, "tools": [tool.metadata.to_openai_tool() for tool in tools]}

    def get_tool_calls_from_response(self, response: ChatResponse, **_: Any) -> list[ToolSelection]:
        return [
            ToolSelection(
                tool_id=call["id"],
                tool_name=call["function"]["name"],
                tool_kwargs=json.loads(call["function"]["arguments"]),
            )
            for call in response.message.additional_kwargs.get("tool_calls", ())
        ]


class EchoLLM(CustomLLM):
    """A user's own: `complete` and `stream_complete`, nothing more."""

    model: str = "echo-1"
    temperature: float = 0.5
    fails: bool = False

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(model_name=self.model, num_output=64)

    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        if self.fails:
            raise ValueError("the echo is gone")
        return CompletionResponse(text=f"echo: {prompt}")

    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
        for piece in ("echo", ": ", prompt):
            if self.fails and piece == prompt:
                raise ValueError("the echo is gone")
            yield CompletionResponse(text=piece, delta=piece)


class Found(BaseRetriever):
    """A user's retriever."""

    def __init__(self, *found: NodeWithScore, error: Exception | None = None) -> None:
        super().__init__()
        self.found, self.error = list(found), error

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        if self.error is not None:
            raise self.error
        return self.found


def index() -> VectorStoreIndex:
    """One document with a fixed id: equal vectors would come in any order."""
    node = TextNode(text="Paris is in France.", id_="n-d1", metadata={"page": 1})
    return VectorStoreIndex([node], embed_model=MockEmbedding(embed_dim=4))


def nodes(*scores: float | None) -> list[NodeWithScore]:
    """Nodes n0, n1 … with these scores."""
    return [
        NodeWithScore(node=TextNode(text=f"text {number}", id_=f"n{number}"), score=score)
        for number, score in enumerate(scores)
    ]


def bundle(text: str) -> QueryBundle:
    return QueryBundle(query_str=text)


def tree(capture: SpanCapture) -> str:
    """The tree of all spans so far, once those of abandoned streams have ended too."""
    assert capture.settled(), capture.still_open
    return span_tree(capture.spans)


def named(capture: SpanCapture, name: str) -> list[CapturedSpan]:
    """The spans of that name, in order of their end."""
    return [span for span in capture.spans if span.name == name]


def one(capture: SpanCapture, name: str) -> CapturedSpan:
    """The only span of that name."""
    (span,) = named(capture, name)
    return span


def texts(messages: Any) -> list[str]:
    """The text of each recorded message."""
    return ["".join(part["content"] for part in message["parts"] if part["type"] == "text") for message in messages]


def everything(spans: Sequence[CapturedSpan]) -> str:
    """All that was recorded, as one text."""
    return "".join(span.span.to_json() + json.dumps(span.fields, default=str) for span in spans)


def run_sync(function: Callable[[], Any]) -> Any:
    """Run a coroutine function to its end, in a loop of its own."""
    return asyncio.run(function())
