"""Instrumenting and undoing it: once, completely, in any order with the user's own objects."""

import asyncio
import gc
import importlib
import inspect
import subprocess
import sys
import types
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from opentelemetry.instrumentation import dependencies
from wrapt import wrap_function_wrapper

from literalai_otel import genai
from literalai_otel.testing import FakeProvider, SpanCapture
from literalai_otel.testing.guards import Guard
from literalai_otel.testing.reading import inputs, texts
from literalai_otel_mistralai import MistralAIInstrumentor

from .worlds import GREETING, HELLO, MODEL, PACKAGE, SDK, http_clients

Instrument = Callable[..., SpanCapture]


@pytest.fixture
def client(provider: FakeProvider) -> Iterator[Any]:
    clients = http_clients()
    yield SDK.Mistral(server_url=provider.origin, api_key="k", **clients)
    clients["client"].close()


def ask(client: Any, method: str = "complete", **asked: Any) -> Any:
    return getattr(client.chat, method)(**{"model": MODEL, "messages": HELLO, **asked})


def sdk_functions() -> dict[str, object]:
    """Every attribute of every class of the SDK that is loaded, by its full name. Models are completed when used."""
    found: dict[str, object] = {}
    for name, module in list(sys.modules.items()):
        if not name.startswith("mistralai") or ".models" in name or not isinstance(module, types.ModuleType):
            continue
        for key, value in list(vars(module).items()):
            if inspect.isclass(value) and value.__module__ == name:
                found.update({f"{name}.{key}.{each}": item for each, item in vars(value).items()})
    return found


def test_uninstrument_restores_the_original_objects(instrument: Instrument, client: Any) -> None:
    ask(client)
    before = sdk_functions()
    assert len(before) > 300
    capture = instrument()
    during = sdk_functions()
    ask(client)
    MistralAIInstrumentor().uninstrument()
    after = sdk_functions()
    assert [name for name in before if during[name] is not before[name]], "something is patched"
    assert [name for name in before if after.get(name) is not before[name]] == []
    assert len(capture.spans) == 1


@pytest.mark.feature("O-04")
def test_instrument_twice_is_one(instrument: Instrument, client: Any) -> None:
    capture = instrument()
    MistralAIInstrumentor().instrument(tracer_provider=SpanCapture.provider()[0])
    ask(client)
    assert len(capture.spans) == 1


def test_uninstrument_and_instrument_again(instrument: Instrument, client: Any) -> None:
    first = instrument()
    bound = client.chat.complete
    MistralAIInstrumentor().uninstrument()
    MistralAIInstrumentor().uninstrument()
    bound(model=MODEL, messages=HELLO)
    second = instrument()
    ask(client)
    assert (len(first.spans), len(second.spans)) == (0, 1)


def test_a_stream_that_outlives_the_instrumentation(instrument: Instrument, client: Any) -> None:
    capture = instrument()
    stream = ask(client, "stream")
    next(stream)
    MistralAIInstrumentor().uninstrument()
    assert "".join(event.data.choices[0].delta.content for event in stream) == GREETING
    assert capture.settled()
    assert len(capture.spans) == 1


@pytest.mark.parametrize("order", ["theirs over ours", "ours over theirs"])
def test_another_vendor_patches_too(order: str, instrument: Instrument, client: Any) -> None:
    """Undoing ours never takes theirs away, whoever came last."""
    seen: list[str] = []

    def theirs(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        seen.append("call")
        return wrapped(*args, **kwargs)

    owner = type(client.chat)
    original = owner.__dict__["complete"]

    def patch() -> None:
        wrap_function_wrapper(f"{PACKAGE}.chat", "Chat.complete", theirs)

    if order == "theirs over ours":
        capture = instrument()
        patch()
    else:
        patch()
        capture = instrument()
    try:
        ask(client)
        assert (len(seen), len(capture.spans)) == (1, 1)
        MistralAIInstrumentor().uninstrument()
        ask(client)
        assert (len(seen), len(capture.spans)) == (2, 1)
    finally:
        owner.complete = original


@pytest.mark.parametrize("name", ["complete", "complete_async", "stream", "stream_async", "parse", "parse_async"])
def test_patched_methods_look_like_the_originals(name: str, instrument: Instrument, client: Any) -> None:
    def looks() -> dict[str, Any]:
        function = getattr(type(client.chat), name)
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
        from literalai_otel_mistralai import MistralAIInstrumentor
        assert not [name for name in sys.modules if name.startswith("mistralai")], "the SDK is not loaded"
        MistralAIInstrumentor().instrument(tracer_provider=provider)
        from {package} import Mistral
    """,
    "from-import before": """
        from {package} import Mistral
        from literalai_otel_mistralai import MistralAIInstrumentor
        MistralAIInstrumentor().instrument(tracer_provider=provider)
    """,
}


@pytest.mark.parametrize("order", ORDERS)
def test_import_order(order: str, provider: FakeProvider) -> None:
    script = f"""
        import sys
        from literalai_otel.testing.spans import SpanCapture
        provider, capture = SpanCapture.provider()
        {ORDERS[order].format(package=PACKAGE)}
        client = Mistral(server_url="{provider.origin}", api_key="k")
        client.chat.complete(model="m", messages=[{{"role": "user", "content": "Hi"}}])
        assert capture.one().name == "chat m"
    """
    lines = "\n".join(line.strip() for line in script.splitlines())
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, timeout=50, check=False)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")


def test_the_sdk_is_absent(monkeypatch: pytest.MonkeyPatch, guard: Guard) -> None:
    """M31: one line at debug, and nothing is instrumented."""

    def missing(name: str) -> str:
        raise dependencies.PackageNotFoundError(name)

    monkeypatch.setattr(dependencies, "version", missing)
    MistralAIInstrumentor().instrument()
    assert guard.messages == ["mistralai is not installed"]
    assert not MistralAIInstrumentor().is_instrumented_by_opentelemetry


def test_the_sdk_is_half_imported(
    monkeypatch: pytest.MonkeyPatch, instrument: Instrument, client: Any, guard: Guard
) -> None:
    """M31: what is there is recorded, what is not yet there costs nothing."""
    monkeypatch.setitem(sys.modules, f"{PACKAGE}.fim", types.ModuleType(f"{PACKAGE}.fim"))
    monkeypatch.setitem(sys.modules, f"{PACKAGE}.embeddings", None)  # type: ignore[arg-type]
    capture = instrument()
    ask(client)
    assert len(capture.spans) == 1


PRIVATE_NAMES = [
    "_hooks.sdkhooks:SDKHooks.before_request",
    "_hooks.sdkhooks:SDKHooks.after_success",
    "_hooks.sdkhooks:SDKHooks.after_error",
    "_hooks.tracing:TracingHook.before_request",
    "_hooks.tracing:TracingHook.after_success",
    "_hooks.tracing:TracingHook.after_error",
    "conversations:Conversations.run_async",
]


@pytest.mark.parametrize("name", PRIVATE_NAMES)
def test_names_that_nobody_promised(name: str) -> None:
    module, _, path = name.partition(":")
    owner: Any = importlib.import_module(f"{PACKAGE}.{module}")
    for part in path.split("."):
        owner = getattr(owner, part)
    assert callable(owner)


def test_attributes_that_nobody_promised(client: Any) -> None:
    stream = ask(client, "stream")
    assert hasattr(stream, "generator")
    assert hasattr(stream.response, "close")
    stream.response.close()
    assert client.chat.sdk_configuration is client.sdk_configuration
    assert client.sdk_configuration.get_server_details()[0] == client.sdk_configuration.server_url


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_without_the_hooks(
    kind: str, provider: FakeProvider, instrument: Instrument, monkeypatch: pytest.MonkeyPatch, guard: Guard
) -> None:
    """Another release may lack them: content is copied instead, and one warning says what is missing."""
    hooks = importlib.import_module(f"{PACKAGE}._hooks.sdkhooks")
    renamed = type("Renamed", (), {})
    guard.allow("SDKHooks")
    with monkeypatch.context() as patch:
        patch.setattr(hooks, "SDKHooks", renamed)
        capture = instrument()
    assert len([message for message in guard.messages if "is not in this mistralai release" in message]) == 3
    clients = http_clients()
    client = SDK.Mistral(server_url=provider.origin, api_key="k", **clients)
    if kind == "sync":
        ask(client, temperature=0)
    else:
        await client.chat.complete_async(model=MODEL, messages=HELLO, temperature=0)
    clients["client"].close()
    await clients["async_client"].aclose()
    span = capture.one()
    assert texts(inputs(span)) == ("Hi",)
    assert span.fields["gen_ai.usage.input_tokens"] == 11
    assert texts(span.fields["gen_ai.output.messages"]) == (GREETING,)
    assert span.fields["literalai.generation.settings"] == {"temperature": 0}


def test_many_threads(capture: SpanCapture, client: Any) -> None:
    """Every call has its own span with its own content, below the span of its own thread."""
    tracer_provider, callers = SpanCapture.provider()
    tracer = tracer_provider.get_tracer("user")

    def work(worker: int) -> None:
        for number in range(5):
            text = f"{worker}/{number}"
            with tracer.start_as_current_span(text):
                answer = ask(client, model="echo", messages=[{"role": "user", "content": text}])
                assert answer.choices[0].message.content == text

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    names = {span.span_id: span.name for span in callers.spans}
    assert len(capture.spans) == 40
    assert all(texts(inputs(span)) == (names[span.parent_id or 0],) for span in capture.spans)


async def test_many_tasks(capture: SpanCapture, provider: FakeProvider) -> None:
    """M17: the same for calls that run at the same time in one loop."""
    tracer_provider, callers = SpanCapture.provider()
    tracer = tracer_provider.get_tracer("user")
    clients = http_clients()
    client = SDK.Mistral(server_url=provider.origin, api_key="k", **clients)

    async def work(text: str) -> None:
        with tracer.start_as_current_span(text):
            answer = await client.chat.complete_async(model="echo", messages=[{"role": "user", "content": text}])
            assert answer.choices[0].message.content == text

    await asyncio.gather(*(work(str(number)) for number in range(20)))
    await clients["async_client"].aclose()
    names = {span.span_id: span.name for span in callers.spans}
    assert len(capture.spans) == 20
    assert all(texts(inputs(span)) == (names[span.parent_id or 0],) for span in capture.spans)


def ours_alive() -> int:
    """How many objects of our own classes the collector knows."""
    genai.finish_abandoned()
    gc.collect()
    kinds = ("literalai_otel.genai", "literalai_otel_mistralai")
    return sum(type(each).__module__.startswith(kinds) for each in gc.get_objects())


def test_abandoned_streams_leave_nothing(client: Any, capture: SpanCapture) -> None:
    def abandon(times: int) -> None:
        for number in range(times):
            stream = ask(client, "stream")
            if number % 2:
                next(stream)
            del stream
            gc.collect()

    abandon(4)
    capture.clear()
    first = ours_alive()
    abandon(30)
    ours_alive()
    assert capture.settled(), capture.still_open
    assert len(capture.spans) >= 30
    capture.clear()
    assert ours_alive() <= first


def test_a_dropped_stream_is_freed(client: Any, capture: SpanCapture) -> None:
    stream = ask(client, "stream")
    next(stream)
    dead, response_dead = weakref.ref(stream), weakref.ref(stream.response)
    del stream
    gc.collect()
    assert (dead(), response_dead()) == (None, None)
