"""Other packages in the same environment: instrumentors of the same framework, broken ones, declarative files."""

import pytest

LOADED = """
    import sys, openai
    names = ("literalai_otel_openai", "opentelemetry.instrumentation.openai", "openinference.instrumentation.openai")
    print([name in sys.modules for name in names])
    messages = [{"role": "user", "content": "hi"}]
    openai.OpenAI().chat.completions.create(model="gpt-4o", messages=messages)
"""


@pytest.mark.parametrize(
    ("settings", "loaded"),
    [
        ({}, [True, False, False]),
        ({"LITERAL_PREFER": "official"}, [False, False, False]),
        ({"LITERAL_KEEP_FOREIGN": "true"}, [True, True, True]),
        ({"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "literalai_openai"}, [False, True, True]),
    ],
    ids=["by default ours stands", "the official one stands", "all on demand", "theirs when ours is left out"],
)
def test_one_instrumentor_stands_for_a_framework(run, ours, settings, loaded):
    done = run(LOADED, ours | settings)
    assert (done.status, done.out) == (0, f"{loaded}\n")


FAMILIES = """
    import sys
    print(sorted(name for name in sys.modules if name.startswith("literalai_otel_") and "." not in name))
    theirs = ("opentelemetry.instrumentation", "openinference.instrumentation")
    frameworks = ("openai", "mistralai", "langchain", "llama_index", "llamaindex")
    print(sorted({f"{family}.{name}" for family in theirs for name in frameworks} & set(sys.modules)))
"""
OURS = ["literalai_otel_langchain", "literalai_otel_llama_index", "literalai_otel_mistralai", "literalai_otel_openai"]


def test_ours_stands_for_every_framework_however_others_spell_its_name(run, ours):
    done = run(FAMILIES, ours)
    assert (done.status, done.out) == (0, f"{OURS}\n[]\n")


def test_the_official_instrumentor_stands_when_it_is_preferred(run, ours, sink, plugins):
    plugins.add(
        "opentelemetry-instrumentation-genai-openai",
        """
        [opentelemetry_instrumentor]
        openai = plugin_opentelemetry_instrumentation_genai_openai:Official
        """,
        """
        from opentelemetry.instrumentation.instrumentor import BaseInstrumentor
        class Official(BaseInstrumentor):
            def instrumentation_dependencies(self): return []
            def _instrument(self, **kwargs): print("official")
            def _uninstrument(self, **kwargs): pass
        """,
    )
    settings = ours | plugins.environment
    assert run(LOADED, settings | {"LITERAL_PREFER": "official"}).out == "official\n[False, False, False]\n"
    assert sink.steps == []
    assert run(LOADED, settings).out == "[True, False, False]\n"
    assert len(sink.steps) == 1


def test_an_instrumentor_that_fails_keeps_no_other_from_loading(run, ours, sink, plugins):
    plugins.add(
        "broken",
        """
        [opentelemetry_instrumentor]
        a_broken_one = plugin_broken:Broken
        """,
        """
        from opentelemetry.instrumentation.instrumentor import BaseInstrumentor
        class Broken(BaseInstrumentor):
            def instrumentation_dependencies(self): return []
            def _instrument(self, **kwargs): raise RuntimeError("private name is gone")
            def _uninstrument(self, **kwargs): pass
        """,
    )
    done = run(LOADED, ours | plugins.environment)
    assert (done.status, done.out) == (0, "[True, False, False]\n")
    assert done.err.startswith("Instrumenting of a_broken_one failed, skipping it")
    assert "private name is gone" in done.err
    assert len(sink.steps) == 1


@pytest.mark.feature("O-08")
def test_a_framework_that_is_too_old_is_skipped_with_one_line(run, ours, sink, plugins):
    plugins.add("openai", version="0.28.1")
    done = run("print('runs on')", ours | plugins.environment)
    assert (done.status, done.out) == (0, "runs on\n")
    (line,) = [line for line in done.err.splitlines() if "literalai_openai" in line]
    assert "openai 0.28.1" in line


DECLARED = """
file_format: "1.0"
resource:
  attributes:
    - name: service.name
      value: declared
tracer_provider:
  processors:
    - simple:
        exporter:
          console: {}
"""


def test_e11_a_declarative_configuration_is_joined(run, ours, sink, tmp_path):
    file = tmp_path / "otel.yaml"
    file.write_text(DECLARED, encoding="utf-8")
    done = run(LOADED, ours | {"OTEL_CONFIG_FILE": str(file)})
    assert (done.status, done.err) == (0, "")
    assert '"service.name": "declared"' in done.out
    assert '"gen_ai.operation.name": "chat"' in done.out
    assert len(sink.steps) == 1


def test_e11_a_declarative_configuration_that_is_wrong_costs_one_line_and_not_ours(run, ours, sink, tmp_path):
    done = run(LOADED, ours | {"OTEL_CONFIG_FILE": str(tmp_path / "absent.yaml")})
    assert (done.status, done.out) == (0, "[True, False, False]\n")
    (line,) = [line for line in done.err.splitlines() if line.startswith("Literal AI")]
    assert "Literal is set up alone" in line
    assert "absent.yaml" in line
    assert len(sink.steps) == 1
