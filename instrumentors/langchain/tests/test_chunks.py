"""Chunks of a stream: ours needs the first alone, the handlers of the program get them all."""

from typing import Any
from uuid import uuid4

import pytest
from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler, CallbackManagerForLLMRun
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk

from literalai_otel.testing import SpanCapture

from .fakes import ScriptedModel, named

WORDS = ["one", "two", "three", "four"]


class Ears(BaseCallbackHandler):
    """A handler of the program."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def on_llm_new_token(self, token: Any, **kwargs: Any) -> None:
        self.heard.append((token, kwargs["chunk"].message.content))


class AsyncEars(AsyncCallbackHandler):
    """The same, awaited."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    async def on_llm_new_token(self, token: Any, **kwargs: Any) -> None:
        self.heard.append((token, kwargs["chunk"].message.content))


async def read(stream: Any, asynchronous: bool) -> list[Any]:
    return [chunk.content async for chunk in stream] if asynchronous else [chunk.content for chunk in stream]


@pytest.mark.feature("I-LC-08")
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("kinds", [(), (Ears,), (AsyncEars,), (Ears, Ears)], ids=["nobody", "one", "async", "two"])
async def test_every_handler_hears_of_every_chunk(
    capture: SpanCapture, kinds: tuple[type[Any], ...], asynchronous: bool
) -> None:
    if AsyncEars in kinds and not asynchronous:
        pytest.skip("LangChain has such a handler run in a loop of its own")
    ears = [kind() for kind in kinds]
    model = ScriptedModel(answers=[" ".join(WORDS)])
    config: Any = {"callbacks": ears}
    for _ in range(2):
        chunks = await read(model.astream("Hi", config) if asynchronous else model.stream("Hi", config), asynchronous)
        assert [chunk for chunk in chunks if chunk] == WORDS
    for each in ears:
        assert [token for token, _ in each.heard if token] == WORDS * 2
        assert [token for token, content in each.heard] == [content for token, content in each.heard]
    for span in capture.spans:
        assert span.fields["gen_ai.response.time_to_first_chunk"] > 0
    assert [span.name for span in capture.spans] == ["chat scripted-1"] * 2


def test_streams_that_are_read_by_turns(capture: SpanCapture) -> None:
    models = [ScriptedModel(answers=[" ".join(WORDS)], model=f"scripted-{number}") for number in range(3)]
    streams = [model.stream("Hi") for model in models]
    for chunks in zip(*streams, strict=True):
        assert len({chunk.content for chunk in chunks}) == 1
    for model in models:
        fields = named(capture, f"chat {model.model}").fields
        assert fields["gen_ai.response.time_to_first_chunk"] > 0
        assert fields["gen_ai.output.messages"][0]["parts"][0]["content"] == "".join(WORDS)


def test_a_handler_that_answers_to_our_names_is_not_ours(capture: SpanCapture) -> None:
    run_id = uuid4()

    class Pretending(Ears):
        needs_no_more = run_id

    class Failing(Ears):
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name) if name == "needs_no_more" else AttributeError(name)

    for handler in (Pretending(), Failing()):
        manager = CallbackManagerForLLMRun(run_id=run_id, handlers=[handler], inheritable_handlers=[])
        manager.on_llm_new_token("one", chunk=ChatGenerationChunk(message=AIMessageChunk(content="one")))
        assert handler.heard == [("one", "one")]
        model = ScriptedModel(answers=["one two"])
        assert model._should_stream(async_api=False, run_manager=manager) is False
