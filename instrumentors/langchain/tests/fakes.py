"""Models, tools and readers of what was recorded, shared by the tests of this folder."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from opentelemetry import trace
from pydantic import Field

from literalai_otel.testing import CapturedSpan, SpanCapture


class ScriptedModel(BaseChatModel):
    """Answers with `answers` in turn (the last one again and again); raises those that are exceptions.

    Streams word by word. `seen` gets the span that is current in each call and at each chunk.
    """

    answers: list[Any]
    model: str = "scripted-1"
    seen: list[Any] = Field(default_factory=list)
    streams: bool = True

    @property
    def _llm_type(self) -> str:
        return "scripted"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.model}

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self.bind(tools=[{"type": "function", "function": {"name": tool.name}} for tool in tools])

    def _next(self) -> AIMessage:
        self.seen.append(trace.get_current_span())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return AIMessage(answer) if isinstance(answer, str) else answer

    def _generate(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Any:
        return ChatResult(generations=[ChatGeneration(message=self._next())])

    def _stream(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Iterator[Any]:
        answer = self._next()
        for word in str(answer.content).split(" "):
            self.seen.append(trace.get_current_span())
            yield ChatGenerationChunk(message=AIMessageChunk(content=word))
        if answer.tool_calls:
            calls = [
                {"name": call["name"], "args": json.dumps(call["args"]), "id": call["id"], "index": index}
                for index, call in enumerate(answer.tool_calls)
            ]
            yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=calls))

    def _should_stream(self, **kwargs: Any) -> bool:
        return self.streams and super()._should_stream(**kwargs)


class AsyncScriptedModel(ScriptedModel):
    """The same, with asynchronous ways of its own."""

    async def _agenerate(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Any:
        return self._generate(messages, stop, run_manager, **kwargs)

    async def _astream(
        self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> AsyncIterator[Any]:
        for chunk in self._stream(messages, stop, run_manager, **kwargs):
            yield chunk


def call(name: str, id: str = "c1", **arguments: Any) -> AIMessage:
    """The answer of a model that asks for a tool."""
    return AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": id}])


async def settled(capture: SpanCapture) -> None:
    """Let the loop run until every span has ended."""
    for _ in range(10_000):
        if not capture.still_open:
            return
        await asyncio.sleep(0)
    raise AssertionError(f"still open: {capture.still_open}")


def named(capture: SpanCapture, name: str) -> CapturedSpan:
    """The only span of that name."""
    (span,) = [span for span in capture.spans if span.name == name]
    return span


def metadata(span: CapturedSpan) -> Any:
    """The metadata of a step."""
    return json.loads(span.fields.get("literalai.metadata", "{}"))
