"""Instrumenting and undoing it: once, completely, beside others, in any order with the user's own objects."""

import gc
import inspect
import subprocess
import sys
import threading
import types
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import openai._base_client
import openai.resources.chat.completions
import pytest
from wrapt import wrap_function_wrapper

from literalai_otel import genai
from literalai_otel.testing import Chat, FakeProvider, Gate, SpanCapture
from literalai_otel.testing.reading import inputs, texts
from literalai_otel_openai import OpenAIInstrumentor

from .worlds import HELLO, OpenAIWorld

Instrument = Callable[..., SpanCapture]


@pytest.fixture
def client(provider: FakeProvider) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=provider.base_url, api_key="k", max_retries=0) as client:
        yield client


def ask(client: Any, **asked: Any) -> Any:
    return client.chat.completions.create(**{"model": "gpt-4o", "messages": HELLO, **asked})


def sdk_functions() -> dict[str, object]:
    """Every attribute of every class and module of the SDK that is loaded, by its full name.

    Models are left out: pydantic completes them when they are first used.
    """
    found: dict[str, object] = {}
    for name, module in list(sys.modules.items()):
        if not name.startswith("openai") or name.startswith("openai.types"):
            continue
        if isinstance(module, types.ModuleType):
            for key, value in list(vars(module).items()):
                found[f"{name}.{key}"] = value
                if inspect.isclass(value) and value.__module__ == name:
                    found.update({f"{name}.{key}.{each}": item for each, item in vars(value).items()})
    return found


def test_uninstrument_restores_the_original_objects(instrument: Instrument, client: openai.OpenAI) -> None:
    ask(client)  # loads what the SDK loads lazily
    before = sdk_functions()
    assert len(before) > 1000
    capture = instrument()
    during = sdk_functions()
    ask(client)
    OpenAIInstrumentor().uninstrument()
    after = sdk_functions()

    assert [name for name in before if during[name] is not before[name]], "something is patched"
    assert [name for name in before if after.get(name) is not before[name]] == []
    assert len(capture.spans) == 1


@pytest.mark.feature("O-04")
def test_instrument_twice_is_one(instrument: Instrument, client: openai.OpenAI) -> None:
    capture = instrument()
    OpenAIInstrumentor().instrument(tracer_provider=SpanCapture.provider()[0])
    ask(client)
    assert len(capture.spans) == 1
    OpenAIInstrumentor().uninstrument()
    ask(client)
    assert len(capture.spans) == 1


def test_uninstrument_twice_and_instrument_again(instrument: Instrument, client: openai.OpenAI) -> None:
    first = instrument()
    OpenAIInstrumentor().uninstrument()
    OpenAIInstrumentor().uninstrument()
    second = instrument()
    ask(client)
    assert (len(first.spans), len(second.spans)) == (0, 1)


@pytest.mark.feature("I-OAI-15")
def test_a_client_made_before(provider: FakeProvider, client: openai.OpenAI, instrument: Instrument) -> None:
    ask(client)
    create = client.chat.completions.create
    capture = instrument()
    ask(client)
    create(model="gpt-4o", messages=HELLO)
    assert len(capture.spans) == 2


@pytest.mark.parametrize("made", ["before", "during"])
def test_views_that_the_sdk_caches(made: str, instrument: Instrument, client: openai.OpenAI) -> None:
    """`with_raw_response` binds its methods when it is first used, and keeps them."""
    if made == "before":
        client.chat.completions.with_raw_response.create(model="gpt-4o", messages=HELLO)
    capture = instrument()
    client.chat.completions.with_raw_response.create(model="gpt-4o", messages=HELLO)
    bound = client.chat.completions.with_raw_response.create
    with client.chat.completions.with_streaming_response.create(model="gpt-4o", messages=HELLO) as response:
        response.parse()
    assert len(capture.spans) == 2
    OpenAIInstrumentor().uninstrument()
    client.chat.completions.with_raw_response.create(model="gpt-4o", messages=HELLO)
    bound(model="gpt-4o", messages=HELLO)
    assert len(capture.spans) == 2


def test_a_stream_that_outlives_the_instrumentation(instrument: Instrument, client: openai.OpenAI) -> None:
    capture = instrument()
    stream = ask(client, stream=True)
    next(stream)
    OpenAIInstrumentor().uninstrument()
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "Hello from the fake provider."
    assert capture.settled()
    assert len(capture.spans) == 1
    ask(client)
    assert len(capture.spans) == 1


@pytest.mark.parametrize("order", ["theirs over ours", "ours over theirs"])
def test_another_vendor_patches_too(order: str, instrument: Instrument, client: openai.OpenAI) -> None:
    """Undoing ours never takes theirs away, whoever came last; and their undoing leaves the SDK working."""
    seen: list[str] = []

    def theirs(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        seen.append("call")
        return wrapped(*args, **kwargs)

    owner = openai._base_client.SyncAPIClient
    original = owner.__dict__["request"]

    def patch() -> None:
        wrap_function_wrapper("openai._base_client", "SyncAPIClient.request", theirs)

    if order == "theirs over ours":
        capture = instrument()
        patch()
    else:
        patch()
        capture = instrument()
    try:
        ask(client)
        assert (len(seen), len(capture.spans)) == (1, 1)
        OpenAIInstrumentor().uninstrument()
        ask(client)
        assert (len(seen), len(capture.spans)) == (2, 1)
    finally:
        owner.request = original  # type: ignore[method-assign]
    ask(client)
    assert (len(seen), len(capture.spans)) == (2, 1)


PATCHED = [
    (openai._base_client.SyncAPIClient, "request"),
    (openai._base_client.AsyncAPIClient, "request"),
    (openai.resources.chat.completions.Completions, "create"),
    (openai.resources.chat.completions.Completions, "parse"),
    (openai.resources.chat.completions.Completions, "stream"),
    (openai.resources.chat.completions.AsyncCompletions, "create"),
    (openai.resources.chat.completions.AsyncCompletions, "parse"),
    (openai.Stream, "close"),
    (openai.Stream, "__exit__"),
    (openai.AsyncStream, "close"),
]


@pytest.mark.parametrize(("owner", "name"), PATCHED, ids=lambda each: getattr(each, "__name__", each))
def test_patched_methods_look_like_the_originals(owner: type, name: str, instrument: Instrument) -> None:
    def looks() -> dict[str, Any]:
        function = getattr(owner, name)
        return {
            "signature": str(inspect.signature(function)),
            "names": [function.__name__, function.__qualname__, function.__module__, function.__doc__],
            "annotations": function.__annotations__,
            "is function": inspect.isfunction(function),
            "is coroutine function": inspect.iscoroutinefunction(function),
        }

    before = looks()
    instrument()
    assert looks() == before


ORDERS = {
    "instrument before import": """
        from literalai_otel_openai import OpenAIInstrumentor
        assert "openai" not in sys.modules, "the instrumentor does not load the SDK"
        OpenAIInstrumentor().instrument(tracer_provider=provider)
        import openai
    """,
    "from-import before": """
        from openai import OpenAI as Alias
        import openai
        from literalai_otel_openai import OpenAIInstrumentor
        OpenAIInstrumentor().instrument(tracer_provider=provider)
        openai.OpenAI = Alias
    """,
}


@pytest.mark.parametrize("order", ORDERS)
def test_import_order(order: str, provider: FakeProvider) -> None:
    script = f"""
        import sys
        from literalai_otel.testing.spans import SpanCapture
        provider, capture = SpanCapture.provider()
        {ORDERS[order]}
        client = openai.OpenAI(base_url="{provider.base_url}", api_key="k")
        client.chat.completions.create(model="gpt-4o", messages=[{{"role": "user", "content": "Hi"}}])
        assert capture.one().name == "chat gpt-4o"
    """
    lines = "\n".join(line.strip() for line in script.splitlines())
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, timeout=50, check=False)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")


@pytest.mark.feature("I-OAI-08")
@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_arguments_of_ours_never_reach_the_provider(
    kind: str, provider: FakeProvider, capture: SpanCapture
) -> None:
    world = OpenAIWorld(provider, asynchronous=kind == "async")
    ours = {
        "literalai_tags": ["a"],
        "literalai_metadata": {"k": 1},
        "literalai_step_id": "11111111-0000-4000-8000-000000000000",
    }
    await world.chat(**ours)
    await world.chat()
    await world.aclose()
    assert [set(request.json()) for request in provider.requests] == [{"model", "messages"}] * 2
    first, second = capture.spans
    assert list(first.fields["literalai.generation.tags"]) == ["a"]
    assert "literalai.generation.metadata" in first.fields
    assert first.fields["literalai.step.id"] == ours["literalai_step_id"]
    assert not [name for name in second.fields if name in ("literalai.generation.tags", "literalai.step.id")]


def test_many_threads(provider: FakeProvider, capture: SpanCapture, client: openai.OpenAI) -> None:
    """Every call has its own span with its own content, below the span of its own thread."""
    tracer_provider, callers = SpanCapture.provider()
    tracer = tracer_provider.get_tracer("user")

    def work(worker: int) -> None:
        for number in range(10):
            text = f"{worker}/{number}"
            with tracer.start_as_current_span(text):
                answer = ask(client, model="echo", messages=[{"role": "user", "content": text}], stream=number % 2 == 1)
                if number % 2:
                    answer = "".join(chunk.choices[0].delta.content or "" for chunk in answer)
                else:
                    answer = answer.choices[0].message.content
                assert answer == text

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    names = {span.span_id: span.name for span in callers.spans}
    assert len(capture.spans) == 80
    assert all(texts(inputs(span)) == (names[span.parent_id or 0],) for span in capture.spans)


def ours_alive() -> int:
    """How many objects of our own classes, and of the SDK's streams, the collector knows."""
    genai.finish_abandoned()
    gc.collect()
    kinds = ("literalai_otel.genai", "literalai_otel_openai")
    return sum(type(each).__module__.startswith(kinds) or isinstance(each, openai.Stream) for each in gc.get_objects())


def test_abandoned_streams_leave_nothing(client: openai.OpenAI, capture: SpanCapture) -> None:
    def abandon(times: int) -> None:
        # The collector must not run inside a call: httpcore 1 then waits for its own lock, with and without us.
        gc.disable()
        try:
            for number in range(times):
                stream = ask(client, stream=True)
                if number % 2:
                    next(stream)
                del stream
                gc.collect()
        finally:
            gc.enable()

    abandon(4)
    capture.clear()
    first = ours_alive()
    abandon(40)
    ours_alive()
    assert capture.settled(), capture.still_open
    assert len(capture.spans) >= 40
    capture.clear()
    assert ours_alive() <= first


def test_a_dropped_stream_is_freed(client: openai.OpenAI, capture: SpanCapture) -> None:
    stream = ask(client, stream=True)
    next(stream)
    dead = weakref.ref(stream)
    response_dead = weakref.ref(stream.response)
    del stream
    gc.collect()
    assert dead() is None
    assert response_dead() is None


def test_no_lock_is_held_while_waiting(provider: FakeProvider, capture: SpanCapture, client: openai.OpenAI) -> None:
    """A call that waits for the provider keeps no other call waiting."""
    gate = Gate()
    provider.script(Chat(before=gate), model="slow")
    thread = threading.Thread(target=lambda: ask(client, model="slow"))
    thread.start()
    gate.wait_until_reached()
    ask(client)
    assert len(capture.spans) == 1
    gate.open()
    thread.join()
    assert len(capture.spans) == 2
