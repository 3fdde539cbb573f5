"""Instrumenting and undoing it: once, completely, before LlamaIndex is imported or after."""

import inspect
import subprocess
import sys
import textwrap
import types
from collections.abc import Callable
from typing import Any

import pytest
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.llms import MockLLM
from opentelemetry import trace

from literalai_otel.testing import SpanCapture
from literalai_otel_llama_index import LlamaIndexInstrumentor

from .parts import HELLO, EchoLLM, ScriptedLLM, index, tree, words_llm

Instrument = Callable[..., SpanCapture]


def framework_functions() -> dict[str, object]:
    """Every attribute of every class and module of LlamaIndex that is loaded, by its full name.

    What pydantic completes when a class is first used is left out, and so are registers of subclasses.
    """
    found: dict[str, object] = {}
    for name, module in list(sys.modules.items()):
        if name.startswith(("llama_index", "workflows")) and isinstance(module, types.ModuleType):
            for key, value in list(vars(module).items()):
                found[f"{name}.{key}"] = value
                if inspect.isclass(value) and value.__module__ == name:
                    members = {f"{name}.{key}.{each}": item for each, item in vars(value).items()}
                    found |= {each: item for each, item in members.items() if "pydantic" not in each}
    return found


def handlers() -> tuple[list[Any], list[Any]]:
    root = get_dispatcher()
    return list(root.span_handlers), list(root.event_handlers)


def test_uninstrument_restores_everything(instrument: Instrument) -> None:
    """I17."""
    list(words_llm().stream_chat(HELLO))
    before, joined = framework_functions(), handlers()
    assert len(before) > 1000
    capture = instrument()
    during = framework_functions()
    list(words_llm().stream_chat(HELLO))
    assert [len(each) for each in handlers()] == [len(each) + 1 for each in joined]
    LlamaIndexInstrumentor().uninstrument()
    after = framework_functions()

    assert [name for name in before if during[name] is not before[name]], "something is patched"
    assert [name for name in before if after.get(name) is not before[name]] == []
    assert handlers() == joined
    list(words_llm().stream_chat(HELLO))
    assert len(capture.spans) == 1


def test_classes_defined_meanwhile_are_restored_too(instrument: Instrument) -> None:
    capture = instrument()

    class Later(EchoLLM):
        def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
            yield from ()

    wrapped = Later.__dict__["stream_complete"]
    list(Later().stream_complete("Hi"))
    LlamaIndexInstrumentor().uninstrument()
    assert Later.__dict__["stream_complete"] is not wrapped
    list(Later().stream_complete("Hi"))
    wrapped(Later(), "Hi")  # a reference that somebody took
    assert len(capture.spans) == 1


@pytest.mark.feature("O-04", "I-LI-02")
def test_instrument_twice_is_one(instrument: Instrument) -> None:
    capture = instrument()
    LlamaIndexInstrumentor().instrument(tracer_provider=SpanCapture.provider()[0])
    LlamaIndexInstrumentor().instrument()
    list(words_llm().stream_chat(HELLO))
    assert len(capture.spans) == 1
    LlamaIndexInstrumentor().uninstrument()
    LlamaIndexInstrumentor().uninstrument()
    words_llm().chat(HELLO)
    assert len(capture.spans) == 1
    second = instrument()
    words_llm().chat(HELLO)
    assert (len(capture.spans), len(second.spans)) == (1, 1)


def test_spans_that_are_open_are_left_as_they_were_entered(instrument: Instrument) -> None:
    """Uninstrumenting in the middle of a call: what is open ends, what comes is not recorded, no context stays."""
    joined = handlers()
    capture = instrument()

    class Undoing(EchoLLM):
        def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
            LlamaIndexInstrumentor().uninstrument()
            words_llm().complete("not recorded")
            return super().complete(prompt)

    assert index().as_query_engine(llm=Undoing()).query("Where?") is not None
    assert not trace.get_current_span().get_span_context().is_valid
    assert tree(capture).endswith("    text_completion echo-1")
    assert handlers() == joined


def test_a_stream_that_outlives_the_instrumentation(instrument: Instrument) -> None:
    capture = instrument()
    stream = words_llm(4).stream_chat(HELLO)
    next(stream)
    LlamaIndexInstrumentor().uninstrument()
    assert list(stream)
    assert len(capture.spans) == 1


def test_methods_stay_what_they_are(capture: SpanCapture) -> None:
    for cls in (MockLLM, EchoLLM, ScriptedLLM):
        for name in ("stream_chat", "astream_chat", "stream_complete", "astream_complete"):
            method = getattr(cls, name)
            assert inspect.iscoroutinefunction(method) == name.startswith("a")
            assert method.__name__ == name
            assert "kwargs" in inspect.signature(method).parameters


def test_a_handler_that_raises_beside_ours(capture: SpanCapture) -> None:
    class Failing:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError("broken")

    root = get_dispatcher()
    root.span_handlers.insert(0, Failing())  # type: ignore[arg-type]
    try:
        words_llm().chat(HELLO)
    finally:
        root.span_handlers = [each for each in root.span_handlers if not isinstance(each, Failing)]
    assert len(capture.spans) == 1


def test_a_dispatcher_that_shuts_down_ends_what_is_open(capture: SpanCapture) -> None:
    root = get_dispatcher()
    if not hasattr(root, "shutdown"):
        pytest.skip("the dispatcher of this release cannot be shut down")

    class Ending(EchoLLM):
        def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
            root.shutdown()
            return super().complete(prompt)

    Ending().complete("Hi")
    assert capture.still_open == []
    assert capture.spans[0].status.name == "ERROR"


# --- when it is imported (I37) --------------------------------------------------------------------

REPORT = """
from literalai_otel.testing import SpanCapture
provider, capture = SpanCapture.provider()
"""
USE = """
from llama_index.core.llms import ChatMessage, MockLLM
list(MockLLM(max_tokens=2).stream_chat([ChatMessage(content="Hi")]))
print([span.name for span in capture.spans])
"""
INSTRUMENT = """
from literalai_otel_llama_index import LlamaIndexInstrumentor
LlamaIndexInstrumentor().instrument(tracer_provider=provider, skip_dep_check=True)
"""


def run(*parts: str) -> subprocess.CompletedProcess[str]:
    source = "\n".join(map(textwrap.dedent, parts))
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", source], capture_output=True, text=True, timeout=50, check=False
    )


@pytest.mark.parametrize("first", ["framework", "instrumentor"])
def test_the_order_of_imports_does_not_matter(first: str) -> None:
    before = "import llama_index.core" if first == "framework" else ""
    done = run(before, REPORT, INSTRUMENT, USE)
    assert (done.stdout, done.stderr) == ("['chat']\n", "")


def test_instrumenting_imports_nothing_of_llama_index() -> None:
    done = run(
        REPORT, INSTRUMENT, "import sys; print([name for name in sys.modules if name.startswith('llama_index')])"
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_undone_before_the_framework_is_imported() -> None:
    done = run(REPORT, INSTRUMENT, "LlamaIndexInstrumentor().uninstrument()", USE)
    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.mark.parametrize(
    "package",
    [
        "",
        "class Dispatcher: pass",
        "class DispatcherSpanMixin: pass",
    ],
    ids=["empty", "no root", "no hook"],
)
def test_a_framework_that_is_not_as_we_know_it(package: str) -> None:
    """Half imported, or of a release to come: a line at most, and whoever imports it does not notice."""
    fake = f"""
    import sys, types
    module = types.ModuleType("llama_index_instrumentation")
    exec({package!r}, module.__dict__)
    sys.modules["llama_index_instrumentation"] = module
    """
    done = run(fake, REPORT, INSTRUMENT, "import llama_index_instrumentation; print('fine')")
    assert done.stdout == "fine\n"
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2
