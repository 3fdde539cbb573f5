"""Instrumenting and undoing it; what is left behind, and what happens without LangChain or with half of it."""

import os
import subprocess
import sys
import textwrap
from typing import Any

import langchain_core.language_models.chat_models as chat_models
import langchain_core.runnables.config as runnable_config
import langchain_core.tracers.context as tracers_context
import pytest
from opentelemetry import context as otel_context
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from literalai_otel.testing import SpanCapture, span_tree
from literalai_otel_langchain import LangChainInstrumentor
from literalai_otel_langchain.runs import GRACE, MAX_OPEN, RUNS
from literalai_otel_langchain.seeding import PATCHES

from .fakes import ScriptedModel
from .test_trees import INPUT, chain


def originals() -> dict[str, Any]:
    """What the patches replace, as it is now."""
    found: dict[str, Any] = {}
    for patch in PATCHES:
        owner: Any = sys.modules.get(patch.module)
        *path, name = patch.target.split(".")
        for part in path:
            owner = getattr(owner, part, None)
        found[f"{patch.module}.{patch.target}"] = getattr(owner, "__dict__", {}).get(name)
    return found


@pytest.mark.feature("O-04")
def test_nothing_is_left(instrument: Any) -> None:
    """L8: instrumented twice is instrumented once; undone, everything is as it was, and it can be done again."""
    before, hooks = originals(), list(tracers_context._configure_hooks)
    instrumentor = LangChainInstrumentor()
    capture: SpanCapture = instrument()
    instrumentor.instrument()
    assert len(tracers_context._configure_hooks) == len(hooks) + 1
    assert originals() != before
    chain().invoke(INPUT)
    assert len(capture.spans) == 4
    instrumentor.uninstrument()
    assert originals() == before
    assert tracers_context._configure_hooks == hooks
    chain().invoke(INPUT)
    assert len(capture.spans) == 4
    again = instrument()
    chain().invoke(INPUT)
    assert len(again.spans) == 4


def test_a_manager_from_before_falls_silent(capture: SpanCapture) -> None:
    manager = runnable_config.get_callback_manager_for_config(runnable_config.ensure_config())
    assert manager.handlers
    LangChainInstrumentor().uninstrument()
    chain().invoke(INPUT, {"callbacks": manager})
    assert capture.spans == []


def test_undone_in_the_middle_of_a_stream(capture: SpanCapture) -> None:
    """The stream goes on, and its span ends with it."""
    stream = ScriptedModel(answers=["a b c"]).stream("Hi")
    read = [next(stream).content]
    LangChainInstrumentor().uninstrument()
    read += [chunk.content for chunk in stream]
    assert "".join(read) == "abc"
    assert capture.one().fields["gen_ai.output.messages"][0]["parts"] == [{"type": "text", "content": "abc"}]


def test_signatures_stay(capture: SpanCapture) -> None:
    import inspect

    model = chat_models.BaseChatModel
    assert inspect.isgeneratorfunction(model.stream)
    assert inspect.isasyncgenfunction(model.astream)
    assert inspect.iscoroutinefunction(model._agenerate_with_cache)
    assert list(inspect.signature(model.stream).parameters)[:3] == ["self", "input", "config"]


def test_suppressed(capture: SpanCapture) -> None:
    with suppress_instrumentation():
        chain().invoke(INPUT)
    assert capture.spans == []
    chain().invoke(INPUT)
    assert len(capture.spans) == 4


def test_the_key_of_openllmetry_is_for_clients_below_it(capture: SpanCapture) -> None:
    """Its instrumentors of frameworks set it around calls that they record; both families may record a framework."""
    token = otel_context.attach(otel_context.set_value("suppress_language_model_instrumentation", True))
    try:
        chain().invoke(INPUT)
    finally:
        otel_context.detach(token)
    assert len(capture.spans) == 4


def test_sampled_out(instrument: Any) -> None:
    """O45: nothing is read of what nobody will see, and the tree below is not torn."""
    capture: SpanCapture = instrument(sampler=ALWAYS_OFF)
    assert chain().invoke(INPUT) == "Hello dear Ann"
    assert "".join(chain().stream(INPUT)) == "HellodearAnn"
    assert capture.spans == []


def test_runs_that_nobody_ends(capture: SpanCapture) -> None:
    """Run starts whose end never comes: the map is bounded and, once their root is over, swept."""
    manager = runnable_config.get_callback_manager_for_config(runnable_config.ensure_config())
    root = manager.on_chain_start(None, {}, name="root")
    root.get_child().on_chain_start(None, {}, name="lost")
    root.on_chain_end({})
    assert capture.still_open == ["lost"]
    RUNS.sweep(0.0)
    assert capture.still_open == ["lost"], "a late callback may still come"
    import time

    RUNS.sweep(time.monotonic() + GRACE + 1)
    assert span_tree(capture.spans, attributes=["literalai.stream.outcome"]) == (
        "invoke_workflow root\n  lost literalai.stream.outcome='abandoned'"
    )
    for _ in range(MAX_OPEN + 20):
        manager.on_chain_start(None, {}, name="leaked")
    assert len(RUNS) == MAX_OPEN
    RUNS.end_all()
    assert capture.still_open == []


def run(program: str, **environment: str) -> tuple[str, str]:
    """What a program of its own prints, and what it logs; it must end well."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "LITERAL", "LANG"))}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        env=kept | environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_importing_and_instrumenting_imports_no_framework() -> None:
    out, _ = run(
        """
        import sys
        from literalai_otel_langchain import LangChainInstrumentor
        LangChainInstrumentor().instrument()
        print([name for name in sys.modules if name.startswith(("langchain_core", "langgraph", "langsmith"))])
        """
    )
    assert out.strip() == "[]"


def test_instrumented_before_the_import() -> None:
    out, _ = run(
        """
        from literalai_otel.testing import SpanCapture, span_tree
        from literalai_otel_langchain import LangChainInstrumentor
        provider, capture = SpanCapture.provider()
        LangChainInstrumentor().instrument(tracer_provider=provider)
        from langchain_core.runnables import RunnableLambda
        from langgraph.graph import START, StateGraph
        def mine(given):
            with provider.get_tracer("user").start_as_current_span("mine"):
                return given
        builder = StateGraph(dict)
        builder.add_node("node", mine)
        builder.add_edge(START, "node")
        builder.compile().invoke({"x": 1})
        print(span_tree(capture.spans))
        """
    )
    assert out == "invoke_workflow LangGraph\n  node\n    mine\n"


def test_without_langgraph() -> None:
    out, _ = run(
        """
        import sys
        sys.modules["langgraph"] = None
        from literalai_otel.testing import SpanCapture, span_tree
        from literalai_otel_langchain import LangChainInstrumentor
        provider, capture = SpanCapture.provider()
        LangChainInstrumentor().instrument(tracer_provider=provider)
        from langchain_core.runnables import RunnableLambda
        RunnableLambda(str, name="alone").invoke(1)
        print(span_tree(capture.spans))
        """
    )
    assert out == "invoke_workflow alone\n"


@pytest.mark.parametrize("missing", ["_set_config_context", "register_configure_hook"])
def test_a_private_name_is_gone(missing: str) -> None:
    """One line is said; steps are recorded by callbacks, or the program runs as without us."""
    out, said = run(
        f"""
        import logging
        logging.basicConfig(format="%(message)s")
        import langchain_core.language_models, langchain_core.runnables
        import langchain_core.runnables.config as config, langchain_core.tracers.context as hooks
        owner = config if hasattr(config, {missing!r}) else hooks
        kept = getattr(owner, {missing!r})
        delattr(owner, {missing!r})
        from literalai_otel.testing import SpanCapture, span_tree
        from literalai_otel_langchain import LangChainInstrumentor
        provider, capture = SpanCapture.provider()
        LangChainInstrumentor().instrument(tracer_provider=provider)
        setattr(owner, {missing!r}, kept)
        from langchain_core.runnables import RunnableLambda
        inner = RunnableLambda(str, name="inner")
        print(RunnableLambda(lambda given: inner.invoke(given), name="outer").invoke(1))
        print(span_tree(capture.spans))
        """
    )
    assert out == ("1\ninvoke_workflow outer\n  inner\n" if missing == "_set_config_context" else "1\n\n")
    assert said.count("\n") == 1
    assert missing in said
