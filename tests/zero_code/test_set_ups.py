"""`opentelemetry-instrument` in every set-up of `spec/genai-semconv.md` §4.3: the program, the sink, the log."""

import json
import sys

import pytest

CALL = """
    import openai

    client = openai.OpenAI()
    def ask(text):
        messages = [{"role": "user", "content": text}]
        return client.chat.completions.create(model="gpt-4o", messages=messages).choices[0].message.content
"""
APP = CALL + "    print(ask('hi'))\n"
SAID = "Hello from the fake provider.\n"


def less_otels_own_line(log: str) -> str:
    """`log` without what OpenTelemetry says at each start when more than one configurator is installed."""
    return "".join(
        line for line in log.splitlines(True) if not line.startswith("Configuration of literalai not loaded")
    )


def console_spans(text: str) -> list[dict]:
    """What the console exporter printed: JSON objects one after the other."""
    decoder, spans, text = json.JSONDecoder(), [], text.strip()
    while text:
        span, end = decoder.raw_decode(text)
        spans.append(span)
        text = text[end:].lstrip()
    return spans


def the_generation(sink) -> dict:
    (step,) = sink.steps
    return step


@pytest.mark.feature("O-02")
def test_e1_environment_variables_alone_record_the_call(run, ours, sink):
    bare = run(APP, ours, instrument=False)
    done = run(APP, ours)
    assert (done.status, done.out, done.err) == (bare.status, bare.out, bare.err) == (0, SAID, "")
    step = the_generation(sink)
    assert step["type"] == "llm"
    assert step["generation"]["model"].startswith("gpt-4o")
    assert step["generation"]["messages"] == [{"role": "user", "content": "hi"}]
    assert step["generation"]["messageCompletion"]["content"] == SAID.strip()
    assert step["generation"]["tokenCount"] > 0


def test_e1_every_setting_is_a_flag_of_the_command(run, ours, sink):
    key, url = ours.pop("LITERAL_API_KEY"), ours.pop("LITERAL_API_URL")
    flags = ["--literalai_api_key", key, "--literalai_api_url", url, "--literalai_environment", "staging"]
    done = run(APP, ours, *flags)
    assert (done.status, done.out, done.err) == (0, SAID, "")
    assert the_generation(sink)["x-env"] == "staging"


def test_e2_another_distro_beside_ours_is_no_news_when_ours_is_chosen(run, ours, sink, stock):
    done = run(APP, stock | {"OTEL_PYTHON_DISTRO": "literalai", "OTEL_PYTHON_CONFIGURATOR": "literalai"})
    assert (done.status, done.out, done.err) == (0, SAID, "")
    assert len(sink.steps) == 1


@pytest.mark.feature("O-03")
@pytest.mark.parametrize("exporters", ["console", "console,literalai", " literalai , console "])
def test_e3_other_exporters_keep_their_spans_and_none_goes_twice(run, ours, sink, exporters):
    done = run(APP, ours | {"OTEL_TRACES_EXPORTER": exporters})
    assert (done.status, done.err) == (0, "")
    spans = console_spans(done.out.removeprefix(SAID))
    (chat,) = [span for span in spans if span["attributes"].get("gen_ai.operation.name") == "chat"]
    # Content goes to Literal alone unless the standard switch says otherwise.
    assert not [name for name in chat["attributes"] if "messages" in name]
    assert the_generation(sink)["generation"]["messages"][0]["content"] == "hi"
    assert sink.requests == 1


def test_e3_literalai_alone_in_the_list_is_one_way_not_two(run, ours, sink):
    done = run(APP, ours | {"OTEL_TRACES_EXPORTER": "literalai"})
    assert (done.status, done.out, done.err) == (0, SAID, "")
    assert sink.requests == 1


def test_e3c_none_means_nobody_us_included(run, ours, sink):
    done = run(APP, ours | {"OTEL_TRACES_EXPORTER": "none"})
    assert (done.status, done.out, done.err) == (0, SAID, "")
    assert sink.requests == 0


@pytest.mark.parametrize(("exporters", "complaint"), [("broken,console", "no such bucket"), ("nonsense", "nonsense")])
def test_e4_e5_an_exporter_that_cannot_be_made_costs_one_line_and_not_ours(
    run, ours, sink, plugins, exporters, complaint
):
    plugins.add(
        "broken",
        """
        [opentelemetry_traces_exporter]
        broken = plugin_broken:Broken
        """,
        """
        from opentelemetry.sdk.trace.export import SpanExporter
        class Broken(SpanExporter):
            def __init__(self):
                raise RuntimeError("no such bucket")
        """,
    )
    done = run(APP, ours | plugins.environment | {"OTEL_TRACES_EXPORTER": exporters})
    assert (done.status, done.out) == (0, SAID)
    (line,) = done.err.splitlines()
    assert line.startswith("Literal AI: OpenTelemetry cannot be set up as asked, so Literal is set up alone")
    assert complaint in line
    assert len(sink.steps) == 1


@pytest.mark.feature("O-02")
@pytest.mark.parametrize("exporters", ["literalai", "literalai,console", "console,literalai"])
def test_e6_the_stock_configurator_with_our_exporter_by_name(run, stock, sink, exporters):
    done = run(APP, stock | {"OTEL_TRACES_EXPORTER": exporters})
    assert (done.status, less_otels_own_line(done.err)) == (0, "")
    assert done.out.startswith(SAID)
    assert ("gen_ai.operation.name" in done.out) == ("console" in exporters)
    step = the_generation(sink)
    assert step["generation"]["messages"] == [{"role": "user", "content": "hi"}]
    assert sink.requests == 1


def test_e6_steps_and_threads_work_under_the_stock_configurator(run, stock, sink):
    app = CALL + (
        "    import literalai_otel\n"
        "    with literalai_otel.thread(name='t', thread_id='thread-1'), literalai_otel.run(name='r'):\n"
        "        ask('hi')\n"
        "    print(bool(literalai_otel.flush()))\n"
    )
    done = run(app, stock | {"OTEL_TRACES_EXPORTER": "literalai"})
    assert (done.status, done.out, less_otels_own_line(done.err)) == (0, "True\n", "")
    by_type = {step["type"]: step for step in sink.steps}
    assert set(by_type) == {"llm", "run"}
    assert by_type["llm"]["parentId"] == by_type["run"]["id"] == by_type["llm"]["rootRunId"]
    assert {step["threadId"] for step in sink.steps} == {"thread-1"}
    assert {thread["id"] for thread in sink.threads} == {"thread-1"}


def test_e6_installed_but_not_asked_for_does_nothing(run, stock, sink):
    done = run(APP, stock | {"OTEL_TRACES_EXPORTER": "console"})
    assert (done.status, less_otels_own_line(done.err)) == (0, "")
    assert sink.requests == 0


@pytest.mark.parametrize("switch", ["OTEL_SDK_DISABLED", "LITERAL_DISABLED"])
def test_e8_disabled_records_and_sends_nothing(run, ours, sink, switch):
    app = APP + (
        "    import literalai_otel\n"
        "    @literalai_otel.step(type='tool')\n"
        "    def double(n): return 2 * n\n"
        "    print(double(21), bool(literalai_otel.flush()))\n"
    )
    done = run(app, ours | {switch: "true", "OTEL_TRACES_EXPORTER": "console"})
    assert (done.status, done.err) == (0, "")
    # Other packages' spans still reach the user's exporters, as they would without us.
    assert done.out.startswith(f"{SAID}42 True\n")
    assert '"name": "double"' not in done.out
    assert sink.requests == 0


@pytest.mark.parametrize("disabled", ["literalai_openai , openai", "*"])
def test_e9_e10_instrumentors_are_left_out_by_name(run, ours, sink, disabled):
    done = run(APP, ours | {"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": disabled})
    assert (done.status, done.out, done.err) == (0, SAID, "")
    assert sink.requests == 0


def test_e12_a_provider_that_the_program_sets_later_is_refused_and_ours_stays(run, ours, sink):
    app = (
        "    from opentelemetry import trace\n"
        "    from opentelemetry.sdk.trace import TracerProvider\n"
        "    trace.set_tracer_provider(TracerProvider())\n"
    )
    done = run(app + APP, ours)
    assert (done.status, done.out) == (0, SAID)
    assert "Overriding of current TracerProvider is not allowed" in done.err
    assert len(sink.steps) == 1


def test_e13_the_programmatic_way_is_the_same(run, ours, sink):
    app = (
        "    from opentelemetry.instrumentation.auto_instrumentation import initialize\n"
        "    initialize(swallow_exceptions=False)\n"
    )
    done = run(app + APP, ours, instrument=False)
    assert (done.status, done.out, done.err) == (0, SAID, "")
    assert len(sink.steps) == 1


GUEST = """
    import sys
    events = []
    sys.addaudithook(lambda event, _: events.append(event) if event.startswith("socket.") else None)
    from opentelemetry.instrumentation.auto_instrumentation import initialize
    initialize(swallow_exceptions=False)
    import literalai_otel
    clients = {literalai_otel.init(), literalai_otel.init()}
    from opentelemetry import propagate, trace
    processors = trace.get_tracer_provider()._active_span_processor._span_processors
    print(len(clients), [type(one).__name__ for one in processors], sorted(propagate.get_global_textmap().fields))
    # urllib3, of the OTLP exporter's, binds a port of its own to see whether there is IPv6.
    print(sorted(set(events) - {"socket.__new__", "socket.bind"}))
"""


def test_our_processor_is_there_once_and_nothing_is_sent_or_looked_up_before_the_first_step(run, ours, sink):
    done = run(GUEST, ours, instrument=False)
    fields = ["baggage", "traceparent", "tracestate"]
    assert (done.status, done.err) == (0, "")
    assert done.out == f"1 ['LiteralSpanProcessor'] {fields}\n[]\n"
    assert sink.requests == 0


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_e14_workers_of_a_preloaded_server_send_each_their_own(run, ours, sink):
    app = CALL + (
        "    import os, sys\n"
        "    ask('at import')\n"
        "    workers = []\n"
        "    for number in range(2):\n"
        "        pid = os.fork()\n"
        "        if pid == 0:\n"
        "            client = openai.OpenAI()  # the parent's connections are the parent's\n"
        "            ask(f'in worker {number}')\n"
        "            sys.exit(0)\n"
        "        workers.append(pid)\n"
        "    print([os.waitpid(pid, 0)[1] for pid in workers])\n"
    )
    done = run(app, ours)
    assert (done.status, done.out, done.err) == (0, "[0, 0]\n", "")
    asked = sorted(step["generation"]["messages"][0]["content"] for step in sink.steps)
    assert asked == ["at import", "in worker 0", "in worker 1"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_e15_a_span_that_was_open_at_the_fork_is_one_step(run, ours, sink):
    app = CALL + (
        "    import os, sys, literalai_otel\n"
        "    with literalai_otel.run(name='open'):\n"
        "        pid = os.fork()\n"
        "        ask('child' if pid == 0 else 'parent')\n"
        "    if pid: print(os.waitpid(pid, 0)[1])\n"
    )
    done = run(app, ours)
    assert (done.status, done.out, done.err) == (0, "0\n", "")
    runs = [step for step in sink.steps if step["type"] == "run"]
    assert len({step["id"] for step in runs}) == 1
    calls = [step for step in sink.steps if step["type"] == "llm"]
    assert sorted(step["generation"]["messages"][0]["content"] for step in calls) == ["child", "parent"]
    assert {step["parentId"] for step in calls} == {runs[0]["id"]}
