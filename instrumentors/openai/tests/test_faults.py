"""Each function of ours on the way of a call is made to raise in turn: the user sees nothing of it.

The functions are found by introspection, and which of them a call goes through by profiling, so a new one is covered
on the day it is written. A function is broken by exchanging its code object, which reaches every reference to it.
"""

import importlib
import inspect
import logging
import pkgutil
import re
import sys
import threading
import types
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import literalai_otel.genai
import literalai_otel_openai
from literalai_otel.genai.side_table import resolve
from literalai_otel.testing import Chat, FakeProvider, SpanCapture
from literalai_otel.testing.guards import Guard
from literalai_otel.testing.twin import Observation, observe
from literalai_otel_openai import OpenAIInstrumentor

from .cases_streams import PIECES
from .worlds import HELLO, OpenAIWorld

GUARD = "it is the guard: what it calls is broken in its place"
HANDS_ON = "hands on to a guard, and does nothing else"
WAY = "the user's call itself goes through it"
LAST = "runs in a finalizer; a span that it loses is ended when the process exits"
# Not broken, for the reason given; by qualified name, so that they may move.
ENTRIES = {
    "_Line.add": LAST,
    "end_later": LAST,
    "_leave": GUARD,
    "take_call_options": GUARD,
    "_with_options": WAY,
    "Recording._end": GUARD,
    "Recording.complete": GUARD,
    "Recording.fail": HANDS_ON,
    "Recording.fail_as": HANDS_ON,
    "Recording.stop": HANDS_ON,
    "SideTable.take": "called by span processors, here by the test kit's capture",
    "AsyncReader.__aiter__": WAY,
    "AsyncReader.__anext__": WAY,
    "AsyncReader.__getattr__": WAY,
    "AsyncReader.__init__": WAY,
    "SyncReader.__getattr__": WAY,
    "SyncReader.__init__": WAY,
    "SyncReader.__iter__": WAY,
    "SyncReader.__next__": WAY,
    "_followed": WAY,
    "KeptEvents.read": WAY,
    "_Decoder.__getattr__": WAY,
    "_Decoder.iter_bytes": WAY,
    "Watch._anchor_gone": LAST,
    "Watch._finish": GUARD,
    "Watch.chunk": GUARD,
    "Watch.heard": GUARD,
    "Watch.closed": HANDS_ON,
    "Watch._stop": HANDS_ON,
    "Watch.complete": HANDS_ON,
    "Watch.reported": HANDS_ON,
    "Watch.failed": HANDS_ON,
    "RequestCall.failed": GUARD,
    "RequestCall.returned": GUARD,
}


async def battery(world: OpenAIWorld) -> None:
    """One call of each form, with all that content can hold."""
    client = world.client()
    completions = client.chat.completions
    messages = [{"role": "system", "content": "Be brief"}, *HELLO]
    tool = {"type": "function", "function": {"name": "look", "parameters": {}}}
    world.show("plain", await world.chat(client, messages=messages, tools=[tool], temperature=0))
    world.show("tools", await world.chat(client, model="tools", literalai_tags=["a"], literalai_metadata={"a": 1}))
    options = {"include_usage": True}
    stream = await world.chat(client, model="text-and-tools", stream=True, stream_options=options)
    world.show("stream", [chunk async for chunk in world.each(stream)])
    world.provider.script(Chat(pieces=PIECES), model="long")
    async with world.entering(await world.chat(client, model="long", stream=True)) as stream:
        async for chunk in world.each(stream):
            world.show("chunk", chunk)
            break
    raw = await world.call(completions.with_raw_response.create(model="gpt-4o", messages=messages))
    world.show("raw", [raw.headers["x-request-id"], raw.parse()])
    raw = await world.call(completions.with_raw_response.create(model="gpt-4o", messages=messages, stream=True))
    world.show("raw stream", [chunk async for chunk in world.each(raw.parse())])
    view = completions.with_streaming_response
    async with world.entering(view.create(model="gpt-4o", messages=messages)) as response:
        world.show("streaming", await world.call(response.parse()))
    async with world.entering(view.create(model="gpt-4o", messages=messages, stream=True)) as response:
        world.show("lines", [line async for line in world.each(response.iter_lines())])
    async with world.entering(view.create(model="gpt-4o", messages=messages, stream=True)) as response:
        events = await world.call(response.parse())
        world.show("events", [event async for event in world.each(events)])
    async with world.entering(completions.stream(model="gpt-4o", messages=messages)) as stream:
        world.show("helper", await world.call(stream.get_final_completion()))
    await world.attempt("error", lambda: world.chat(client, model="error-429"))
    world.provider.script(Chat(pieces=PIECES, error_after=2), model="broken")
    stream = await world.chat(client, model="broken", stream=True)

    async def reading() -> None:
        async for chunk in world.each(stream):
            world.show("before the error", chunk)

    await world.attempt("stream error", reading)

    async def dropping() -> None:
        await world.chat(client, stream=True)

    await dropping()
    await world.settle()


async def other_battery(world: OpenAIWorld) -> None:
    """One call of each other endpoint, and the forms in which they differ."""
    client = world.client()
    responses = client.responses
    items = [{"role": "user", "content": "Hi"}, {"type": "function_call_output", "call_id": "c", "output": "x"}]
    world.show("response", await world.call(responses.create(model="server-tools", input=items, instructions="Be")))
    world.show("failed", await world.call(responses.create(model="failed", input="Hi", prompt={"id": "p"})))
    stream = await world.call(responses.create(model="tools", input="Hi", stream=True))
    world.show("events", [event async for event in world.each(stream)])
    async with world.entering(responses.stream(model="reasoning", input="Hi")) as stream:
        async for event in world.each(stream):
            world.show("event", event.type)
            if event.type == "response.reasoning_summary_text.delta":
                break
    view = responses.with_streaming_response
    async with world.entering(view.create(model="failed", input="Hi")) as response:
        world.show("streaming", await world.call(response.parse()))
    world.show("completion", await world.call(client.completions.create(model="m", prompt=["a", "b"], suffix="c")))
    stream = await world.call(client.completions.create(model="m", prompt="a", stream=True))
    world.show("chunks", [chunk async for chunk in world.each(stream)])
    world.show("vectors", await world.call(client.embeddings.create(model="m", input=["a", "b"])))
    raw = await world.call(client.embeddings.with_raw_response.create(model="m", input=[1, 2]))
    world.show("raw vectors", raw.parse())
    world.show("verdict", await world.call(client.moderations.create(model="m", input="kill")))
    world.show("image", await world.call(client.images.edit(model="m", prompt="fox", image=("a.png", b"abc"))))
    stream = await world.call(client.images.generate(model="m", prompt="fox", stream=True))
    world.show("images", [event async for event in world.each(stream)])
    speech = client.audio.speech
    asked = {"model": "m", "voice": "v", "input": "Hi", "instructions": "Be merry"}
    world.show("sound", (await world.call(speech.create(**asked))).content)
    async with world.entering(speech.with_streaming_response.create(**asked)) as response:
        world.show("pieces", b"".join([piece async for piece in world.each(response.iter_bytes())]))
    async with world.entering(speech.with_streaming_response.create(**asked, stream_format="sse")) as response:
        world.show("lines", [line async for line in world.each(response.iter_lines())])
    world.show("sound events", (await world.call(speech.create(**asked, stream_format="sse"))).content)
    transcriptions = client.audio.transcriptions
    world.show("text", await world.call(transcriptions.create(model="m", file=b"sound", response_format="text")))
    stream = await world.call(transcriptions.create(model="m", file=Path(__file__), stream=True))
    world.show("texts", [event async for event in world.each(stream)])


async def stream_battery(world: OpenAIWorld) -> None:
    """Streams that end in each way."""
    client = world.client()
    stream = await world.chat(client, model="text-and-tools", stream=True)
    world.show("stream", [chunk async for chunk in world.each(stream)])
    world.provider.script(Chat(pieces=("word " * 500,) * 200), model="long")
    stream = await world.chat(client, model="long", stream=True)
    world.show("length", len([chunk async for chunk in world.each(stream)]))
    async with world.entering(await world.chat(client, stream=True)) as stream:
        async for chunk in world.each(stream):
            world.show("chunk", chunk)
            break
    world.provider.script(Chat(pieces=PIECES, error_after=2), model="broken")
    stream = await world.chat(client, model="broken", stream=True)

    async def reading() -> None:
        async for chunk in world.each(stream):
            world.show("before the error", chunk)

    await world.attempt("stream error", reading)


@dataclass(frozen=True)
class Battery:
    """A program, how many spans it leaves, and a part of the names of the functions to break (all of them: None).

    With `alone` nobody but Literal sees the spans, and what can wait is read later.
    """

    run: Callable[[OpenAIWorld], Coroutine[Any, Any, None]]
    spans: int
    broken: re.Pattern[str]
    alone: bool = False


_OTHERS = r"responses|completions|embeddings|moderations|images|speech|transcriptions|uploads|endpoint|usage|items"
BATTERIES = {
    "chat": Battery(battery, 13, re.compile("")),
    # What they have in common with chat has been broken there.
    "others": Battery(other_battery, 18, re.compile(rf"\.\w*({_OTHERS})\w*\.|RequestCall|_is_output|watch_body")),
    "read later": Battery(
        stream_battery, 4, re.compile(r"kept_events|openai\.events|later|follow|heard|reader_runs|learn"), alone=True
    ),
}


def modules() -> Iterator[types.ModuleType]:
    for package in (literalai_otel.genai, literalai_otel_openai):
        yield package
        for found in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            yield importlib.import_module(found.name)


def functions() -> dict[str, types.FunctionType]:
    """Every function and method that our modules define, by its full name; closures cannot be exchanged."""
    found: dict[str, types.FunctionType] = {}

    def add(value: Any, module: str) -> None:
        for function in (value, getattr(value, "__func__", None), getattr(value, "fget", None)):
            if inspect.isfunction(function) and function.__module__ == module and not function.__code__.co_freevars:
                found[f"{module}.{function.__qualname__}"] = function

    for module in modules():
        for value in list(vars(module).values()):
            add(value, module.__name__)
            if inspect.isclass(value) and value.__module__ == module.__name__:
                for member in list(vars(value).values()):
                    add(member, module.__name__)
    return dict(sorted(found.items()))


FUNCTIONS = functions()
HITS: list[str] = []
sys.modules["literalai_otel_test_hits"] = types.SimpleNamespace(hits=HITS)  # type: ignore[assignment] - see `broken`


def broken(*args: Any, **kwargs: Any) -> Any:
    """Runs with the globals of the function that it stands for, hence the way to the list."""
    __import__("sys").modules["literalai_otel_test_hits"].hits.append("hit")
    raise ZeroDivisionError("injected")


def observed(provider: FakeProvider, kind: str, program: Battery) -> Observation:
    tracer_provider, _ = SpanCapture.provider()
    tracer = tracer_provider.get_tracer("user")
    return observe(program.run, provider, OpenAIWorld, asynchronous=kind == "async", tracer=tracer)


@pytest.fixture(scope="module", params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module", params=BATTERIES)
def program(request: pytest.FixtureRequest) -> Battery:
    return BATTERIES[request.param]


@pytest.fixture(scope="module")
def bare(kind: str, program: Battery, running_provider: FakeProvider) -> Observation:
    """The battery without us; our arguments, which the SDK would refuse, are left out."""
    original = OpenAIWorld.chat

    async def chat(self: OpenAIWorld, client: Any = None, **asked: Any) -> Any:
        return await original(self, client, **{k: v for k, v in asked.items() if not k.startswith("literalai_")})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OpenAIWorld, "chat", chat)
        return observed(running_provider, kind, program)


def differences(found: Observation, bare: Observation) -> list[str]:
    """Which parts of an observation differ, with the first that differs of what was shown."""
    parts = [part for part in ("wire", "warned", "printed", "raised") if getattr(found, part) != getattr(bare, part)]
    shown = next((f"{a} != {b}" for a, b in zip(found.shown, bare.shown, strict=False) if a != b), None)
    if found.shown != bare.shown:
        parts.append(f"shown: {shown or 'one ends early'}"[:300])
    if found.raised:
        parts.append(f"raised: {found.raised}"[:300])
    return parts


@pytest.fixture
def everything_on(program: Battery, policy: Callable[..., None]) -> None:
    """A policy under which as much of ours as possible runs inside the call, unless it shall run later."""
    if not program.alone:
        policy(capture_content="true", mask=lambda value, key, span: value, metrics=True)


@pytest.fixture
def on_the_way(
    kind: str,
    program: Battery,
    bare: Observation,
    provider: FakeProvider,
    instrument: Callable[..., SpanCapture],
    everything_on: None,
) -> set[str]:
    """The functions that the battery goes through when nothing is broken; it looks like the bare run."""
    capture = instrument(alone=program.alone)
    codes: set[types.CodeType] = set()

    def profile(frame: types.FrameType, event: str, argument: Any) -> None:
        if event == "call":
            codes.add(frame.f_code)

    threading.setprofile(profile)
    sys.setprofile(profile)
    try:
        found = observed(provider, kind, program)
        assert all(span.fields for span in capture.spans)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    assert differences(found, bare) == []
    assert capture.settled()
    assert len(capture.spans) == program.spans
    return {name for name, function in FUNCTIONS.items() if function.__code__ in codes and program.broken.search(name)}


@pytest.mark.timeout(300)  # some hundred batteries
def test_a_fault_of_ours_stays_ours(
    kind: str,
    program: Battery,
    on_the_way: set[str],
    bare: Observation,
    provider: FakeProvider,
    instrument: Callable[..., SpanCapture],
    guard: Guard,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    guard.allow("")
    for package in ("literalai_otel", "literalai_otel_openai"):  # thousands of tracebacks need not be formatted
        monkeypatch.setattr(logging.getLogger(package), "propagate", False)
    assert len(on_the_way) > (5 if program.alone else 60)
    assert len(on_the_way) < len(FUNCTIONS), "some are only for other calls"
    failures: dict[str, list[str]] = {}
    for name in sorted(on_the_way):
        function = FUNCTIONS[name]
        if function.__qualname__ in ENTRIES or function is resolve:  # delivery's, which drops and counts what it raises
            continue
        OpenAIInstrumentor().uninstrument()
        capture = instrument(alone=program.alone)  # what is made with the first call is made anew
        original = function.__code__
        HITS.clear()
        function.__code__ = broken.__code__
        try:
            found = observed(provider, kind, program)
            for span in capture.spans:
                assert isinstance(span.fields, dict), "delivery reads them, and goes on too"
        finally:
            function.__code__ = original
        problems = differences(found, bare)
        if not capture.settled(5):
            problems.append(f"open spans: {capture.still_open}")
            capture.clear()
        if not HITS:
            problems.append("the broken function was not called")
        if problems:
            failures[name] = problems
    assert not failures, "\n".join(f"{name}: {problems}" for name, problems in failures.items())


@pytest.mark.parametrize("name", ENTRIES)
def test_the_exceptions_are_what_they_are_said_to_be(name: str) -> None:
    (function,) = [each for each in FUNCTIONS.values() if each.__qualname__ == name]
    source = inspect.getsource(function)
    assert ("except Exception" in source) or ENTRIES[name] != GUARD
    assert len(source.splitlines()) < 12 or ENTRIES[name] != HANDS_ON
