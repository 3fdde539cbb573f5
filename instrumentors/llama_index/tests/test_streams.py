"""Streams of models, and engines whose answers are streams: read to the end, closed, dropped, failed, never read."""

import asyncio
import contextvars
import gc
import inspect
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from llama_index.core.llms import CompletionResponse, MockLLM
from opentelemetry import trace

from literalai_otel.attributes import (
    ERROR_TYPE,
    INPUT_MESSAGES,
    OUTPUT_MESSAGES,
    REQUEST_STREAM,
    RESPONSE_FINISH_REASONS,
    RESPONSE_TIME_TO_FIRST_CHUNK,
    STEP_OUTPUT,
    STREAM_OUTCOME,
)
from literalai_otel.genai import watch
from literalai_otel.testing import Chat, Failure, FakeProvider, SpanCapture
from literalai_otel_llama_index.node import Node

from .parts import FAKE_ANSWER, HELLO, EchoLLM, index, named, one, real_llm, texts, tree, words_llm

FORMS = ["stream_chat", "astream_chat", "stream_complete", "astream_complete"]
RAG = """\
invoke_workflow RetrieverQueryEngine
  retrieval
    embeddings
  CompactAndRefine
    text_completion"""
RAG_UNREAD = RAG.rpartition("\n")[0]


async def opened(llm: Any, form: str) -> Any:
    """The generator that a streaming method gives."""
    asked: Any = HELLO if "chat" in form else "Hi"
    result = getattr(llm, form)(asked)
    return await result if form[0] == "a" else result


async def drained(stream: Any) -> list[Any]:
    return [item async for item in stream] if inspect.isasyncgen(stream) else list(stream)


async def first(stream: Any) -> Any:
    return await stream.__anext__() if inspect.isasyncgen(stream) else next(stream)


# --- models ---------------------------------------------------------------------------------------


@pytest.mark.feature("I-LI-05")
@pytest.mark.parametrize("form", FORMS)
async def test_read_to_the_end(form: str, provider: FakeProvider, capture: SpanCapture) -> None:
    stream = await opened(real_llm(provider), form)
    assert inspect.isasyncgen(stream) if form[0] == "a" else inspect.isgenerator(stream)
    assert capture.spans == []
    items = await drained(stream)
    span = capture.one()
    assert span.attributes[REQUEST_STREAM] is True
    assert span.attributes[RESPONSE_TIME_TO_FIRST_CHUNK] >= 0
    assert span.attributes[RESPONSE_FINISH_REASONS] == ("stop",)
    assert STREAM_OUTCOME not in span.attributes
    assert texts(span.fields[OUTPUT_MESSAGES]) == ["".join(item.delta or "" for item in items)] == [FAKE_ANSWER]
    assert texts(span.fields[INPUT_MESSAGES]) == ["Hi"]


@pytest.mark.parametrize("form", FORMS)
async def test_a_users_stream_is_one_generation(form: str, capture: SpanCapture) -> None:
    """The pieces are all that it says: `text` of its responses does not grow."""
    await drained(await opened(EchoLLM(), form))
    assert texts(capture.one().fields[OUTPUT_MESSAGES])[0].startswith("echo: ")


@pytest.mark.parametrize("form", FORMS)
async def test_closed_early(form: str, provider: FakeProvider, capture: SpanCapture) -> None:
    stream = await opened(real_llm(provider), form)
    await first(stream)
    closing = stream.aclose() if form[0] == "a" else stream.close()
    if closing is not None:
        await closing
    span = capture.one()
    assert (span.attributes[STREAM_OUTCOME], span.status.name) == ("closed", "UNSET")
    assert ERROR_TYPE not in span.attributes


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("read", [True, False], ids=["half read", "never read"])
async def test_dropped(form: str, read: bool, provider: FakeProvider, capture: SpanCapture) -> None:
    stream = await opened(real_llm(provider), form)
    if read:
        await first(stream)
    del stream
    gc.collect()
    await asyncio.sleep(0.01)
    assert capture.settled()
    assert capture.one().attributes[STREAM_OUTCOME] == "abandoned"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("answer", [Chat(cut_after=3), Failure(401)], ids=["cut", "401"])
async def test_an_error_on_the_way(form: str, answer: Any, provider: FakeProvider, instrument: Any) -> None:
    provider.script(answer)
    bare = await failure(form, provider)
    capture = instrument()
    seen = await failure(form, provider)
    assert (type(seen), str(seen)) == (type(bare), str(bare))
    assert capture.one().attributes[ERROR_TYPE].endswith(type(seen).__name__)


async def failure(form: str, provider: FakeProvider) -> BaseException:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - each SDK has errors of its own
        await drained(await opened(real_llm(provider), form))
    return caught.value


def test_what_is_thrown_in_comes_out(capture: SpanCapture) -> None:
    stream = words_llm().stream_complete("Hi")
    next(stream)
    error = KeyError("mine")
    with pytest.raises(KeyError) as caught:
        stream.throw(error)
    assert caught.value is error
    assert capture.one().attributes[ERROR_TYPE] == "KeyError"


def test_the_span_is_current_while_a_chunk_is_made_and_not_in_the_loop(capture: SpanCapture) -> None:
    inside: list[Any] = []

    class Looking(MockLLM):
        def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
            def pieces() -> Any:
                for _ in range(3):
                    inside.append(trace.get_current_span().get_span_context().span_id)
                    yield CompletionResponse(text="x", delta="x")

            return pieces()

    for _ in Looking().stream_complete("Hi"):
        assert not trace.get_current_span().get_span_context().is_valid
    assert inside == [capture.one().span_id] * 3


def test_two_streams_read_in_turns(capture: SpanCapture) -> None:
    for _ in zip(words_llm(4).stream_chat(HELLO), EchoLLM().stream_chat(HELLO), strict=False):
        assert not trace.get_current_span().get_span_context().is_valid
    gc.collect()
    assert sorted(tree(capture).splitlines()) == ["chat", "chat echo-1"]


def test_read_in_another_thread_and_context(capture: SpanCapture) -> None:
    stream = words_llm().stream_chat(HELLO)
    next(stream)
    thread = threading.Thread(target=lambda: contextvars.Context().run(list, stream))
    thread.start()
    thread.join()
    assert STREAM_OUTCOME not in capture.one().attributes


def test_a_class_defined_later_is_followed_too(capture: SpanCapture) -> None:
    class Later(EchoLLM):
        def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
            def pieces() -> Any:
                yield CompletionResponse(text="late", delta="late")

            return pieces()

    list(Later().stream_complete("Hi"))
    assert texts(capture.one().fields[OUTPUT_MESSAGES]) == ["late"]


# --- engines --------------------------------------------------------------------------------------


@pytest.fixture
def ask(capture: SpanCapture) -> Callable[[], Any]:
    engine = index().as_query_engine(llm=words_llm(), streaming=True)
    capture.clear()
    return lambda: engine.query("Where?")


@pytest.mark.parametrize("read", [lambda a: list(a.response_gen), str, lambda a: a.get_response()])
def test_a_streaming_query_ends_when_it_is_read(read: Any, ask: Any, capture: SpanCapture) -> None:
    answer = ask()
    assert capture.still_open[:2] == ["invoke_workflow RetrieverQueryEngine", "CompactAndRefine"]
    read(answer)
    assert tree(capture) == RAG
    assert one(capture, "invoke_workflow RetrieverQueryEngine").fields[STEP_OUTPUT].strip() == "text text text"
    assert one(capture, "CompactAndRefine").fields[STEP_OUTPUT].strip() == "text text text"
    assert RESPONSE_TIME_TO_FIRST_CHUNK not in one(capture, "CompactAndRefine").attributes


def test_a_streaming_query_that_is_closed(ask: Any, capture: SpanCapture) -> None:
    answer = ask()
    assert next(answer.response_gen) == "text "
    answer.response_gen.close()
    # LlamaIndex does not close the model's stream, it drops it.
    assert capture.still_open in ([], ["text_completion"])
    assert tree(capture) == RAG
    outcomes = {span.name: span.attributes.get(STREAM_OUTCOME) for span in capture.spans}
    assert outcomes["invoke_workflow RetrieverQueryEngine"] == outcomes["CompactAndRefine"] == "closed"


@pytest.mark.parametrize("read", [True, False], ids=["half read", "never read"])
def test_a_streaming_query_that_is_dropped(read: bool, ask: Any, capture: SpanCapture) -> None:
    answer = ask()
    if read:
        next(answer.response_gen)
    del answer
    gc.collect()
    # Releases up to 0.12 open the model's stream at once.
    assert tree(capture) in ((RAG,) if read else (RAG, RAG_UNREAD))
    run = one(capture, "invoke_workflow RetrieverQueryEngine")
    assert (run.attributes[STREAM_OUTCOME], run.status.name) == ("abandoned", "UNSET")


def test_a_streaming_query_whose_model_fails(capture: SpanCapture) -> None:
    engine = index().as_query_engine(llm=EchoLLM(fails=True), streaming=True)
    capture.clear()
    answer = engine.query("Where?")
    with pytest.raises(ValueError, match="the echo is gone"):
        list(answer.response_gen)
    assert tree(capture) == RAG.replace("text_completion", "text_completion echo-1 ERROR").replace(
        "RetrieverQueryEngine", "RetrieverQueryEngine ERROR"
    ).replace("CompactAndRefine", "CompactAndRefine ERROR")


@pytest.mark.parametrize("end", ["drained", "closed", "dropped"])
async def test_an_async_streaming_query(end: str, capture: SpanCapture) -> None:
    engine = index().as_query_engine(llm=words_llm(), streaming=True)
    capture.clear()
    answer = await engine.aquery("Where?")
    if end == "drained":
        assert "".join([piece async for piece in answer.response_gen]).strip() == "text text text"
    else:
        await answer.response_gen.__anext__()
        if end == "closed":
            await answer.response_gen.aclose()
        del answer
        gc.collect()
        await asyncio.sleep(0.02)
    assert tree(capture) == RAG


async def test_a_users_own_exception_while_reading(capture: SpanCapture) -> None:
    engine = index().as_query_engine(llm=words_llm(), streaming=True)
    capture.clear()

    def use() -> None:
        for _ in engine.query("Where?").response_gen:
            raise LookupError("mine")

    with pytest.raises(LookupError):
        use()
    gc.collect()
    assert tree(capture) == RAG


CHATS = {
    "simple": "invoke_workflow SimpleChatEngine\n  chat",
    "context": (
        "invoke_workflow ContextChatEngine\n  retrieval\n    embeddings\n  CompactAndRefine\n    text_completion"
    ),
    "condense_plus_context": (
        "invoke_workflow CondensePlusContextChatEngine\n"
        "  retrieval\n    embeddings\n  CompactAndRefine\n    text_completion"
    ),
}


@pytest.mark.parametrize("mode", CHATS)
def test_a_chat_that_streams(mode: Any, capture: SpanCapture) -> None:
    engine = index().as_chat_engine(chat_mode=mode, llm=words_llm())
    capture.clear()
    answer = engine.stream_chat("Hello")
    said = "".join(answer.response_gen)
    assert tree(capture) == CHATS[mode]
    run = next(span for span in capture.spans if span.name.startswith("invoke_workflow"))
    assert texts(run.fields[INPUT_MESSAGES]) == ["Hello"]
    assert [text.strip() for text in texts(run.fields[OUTPUT_MESSAGES])] == [said.strip()]


@pytest.mark.parametrize("mode", CHATS)
async def test_an_async_chat_that_streams(mode: Any, capture: SpanCapture) -> None:
    """I36: the model's call is inside of the engine's run."""
    engine = index().as_chat_engine(chat_mode=mode, llm=words_llm())
    capture.clear()
    answer = await engine.astream_chat("Hello")
    _ = [piece async for piece in answer.async_response_gen()]
    assert tree(capture) == CHATS[mode]


def test_a_chat_that_streams_and_is_dropped(capture: SpanCapture) -> None:
    """LlamaIndex reads the model's stream in a thread of its own, whoever listens."""
    engine = index().as_chat_engine(chat_mode="simple", llm=words_llm(20))
    engine.stream_chat("Hello")
    gc.collect()
    assert capture.settled()
    assert named(capture, "invoke_workflow SimpleChatEngine")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_chat_that_streams_and_fails(capture: SpanCapture) -> None:
    engine = index().as_chat_engine(chat_mode="simple", llm=EchoLLM(fails=True))
    capture.clear()
    answer = engine.stream_chat("Hello")
    with pytest.raises(ValueError, match="the echo is gone"):
        list(answer.response_gen)
    assert tree(capture) == "invoke_workflow SimpleChatEngine ERROR\n  chat echo-1 ERROR"


# --- memory ---------------------------------------------------------------------------------------


def test_nothing_is_kept_of_a_thousand_dropped_streams(capture: SpanCapture) -> None:
    engine = index().as_query_engine(llm=words_llm(), streaming=True)
    for _ in range(100):
        next(engine.query("Where?").response_gen)
    for _ in range(900):
        next(words_llm().stream_chat(HELLO))
    gc.collect()
    assert capture.settled(10)
    assert len(watch._OPEN) == 0
    capture.clear()
    assert nodes_go()


def nodes_go() -> bool:
    """Whether no node is left; the thread that ends recordings lets go of the last one when it ends itself."""
    for _ in range(100):
        gc.collect()
        if not any(isinstance(item, Node) for item in gc.get_objects()):
            return True
        time.sleep(0.01)
    return False
