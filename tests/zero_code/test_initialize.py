"""`init()`: what it joins and makes, what a second call does, and what it must never do to the program."""

import pytest

INIT = """
    import logging, os, sys
    import literalai_otel
    from literalai_otel import init
    from opentelemetry import trace

    def ask(client, text):
        messages = [{"role": "user", "content": text}]
        return client.chat.completions.create(model="gpt-4o", messages=messages).choices[0].message.content
"""


@pytest.fixture
def environment(ours: dict[str, str]) -> dict[str, str]:
    """The settings of Literal and OpenAI; no distro, since the program calls `init()` itself."""
    return {name: value for name, value in ours.items() if not name.startswith("OTEL_")}


@pytest.fixture
def program(run, environment):
    """Run a program that begins with INIT; it must end well and say nothing on standard error."""

    def start(code: str, log: str = "", **settings: str):
        done = run(INIT + code, environment | settings, instrument=False)
        assert (done.status, done.err) == (0, log), done.err
        return done.out

    return start


@pytest.mark.feature("O-01", "L-CLI-15")
def test_a_provider_is_made_and_the_call_becomes_a_generation(program, sink):
    out = program(
        """
    client = init()
    import openai
    print(ask(openai.OpenAI(), "hi"))
    print(bool(client.flush()), bool(literalai_otel.flush()), bool(literalai_otel.shutdown()))
    """
    )
    assert out == "Hello from the fake provider.\nTrue True True\n"
    (step,) = sink.steps
    assert step["generation"]["messages"] == [{"role": "user", "content": "hi"}]


@pytest.mark.parametrize("order", ["before", "after"])
def test_the_framework_may_be_imported_and_the_client_made_first(program, sink, order):
    make = "    import openai; client = openai.OpenAI()\n"
    init = "    init()\n"
    program((make + init if order == "before" else init + make) + "    ask(client, 'hi')\n")
    assert len(sink.steps) == 1


def test_the_provider_says_where_its_spans_come_from(program):
    out = program(
        """
    init(environment="production", release="1.4.0")
    provider = trace.get_tracer_provider()
    found = provider.resource.attributes
    print(found["deployment.environment.name"], found["service.version"], found["telemetry.distro.name"])
    logging.disable(logging.WARNING)  # the SDK says for each attribute that it drops one
    span = provider.get_tracer("t").start_span("s")
    span.set_attributes({str(n): n for n in range(3000)})
    print(len(span.attributes))
    """
    )
    assert out == "prod 1.4.0 literalai-otel\n1024\n"


def test_what_the_environment_says_of_the_resource_and_the_limits_wins(program):
    out = program(
        """
    init(environment="dev", release="1.4.0")
    provider = trace.get_tracer_provider()
    found = provider.resource.attributes
    print(found["deployment.environment.name"], found["service.version"], found["service.name"])
    logging.disable(logging.WARNING)  # the SDK says for each attribute that it drops one
    span = provider.get_tracer("t").start_span("s")
    span.set_attributes({str(n): n for n in range(300)})
    print(len(span.attributes))
    """,
        OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=lab,service.version=9,service.name=shop",
        OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT="200",
    )
    assert out == "lab 9 shop\n200\n"


@pytest.mark.feature("O-03")
def test_a_provider_that_is_there_is_joined_once_and_keeps_what_it_has(program, sink):
    out = program(
        """
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from opentelemetry.sdk.trace.sampling import ALWAYS_ON
    memory = InMemorySpanExporter()
    provider = TracerProvider(sampler=ALWAYS_ON)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    trace.set_tracer_provider(provider)
    clients = {init() for _ in range(3)}
    import openai
    with provider.get_tracer("app").start_as_current_span("request"):
        ask(openai.OpenAI(), "hi")
    literalai_otel.flush()
    print(len(clients), trace.get_tracer_provider() is provider, provider.sampler is ALWAYS_ON)
    print(sorted(span.name for span in memory.get_finished_spans() if span.name != "POST"))
    """
    )
    assert out == "1 True True\n['chat gpt-4o', 'request']\n"
    assert [step["name"] for step in sink.steps] == ["chat gpt-4o"]
    assert sink.requests == 1


def test_a_provider_that_takes_no_processors_is_left_alone(run, environment, sink):
    done = run(
        INIT
        + """
    class Foreign(trace.NoOpTracerProvider): pass
    foreign = Foreign()
    trace.set_tracer_provider(foreign)
    init()
    import openai
    with literalai_otel.run(name="r"):
        ask(openai.OpenAI(), "hi")
    print(trace.get_tracer_provider() is foreign)
    """,
        environment,
        instrument=False,
    )
    assert (done.status, done.out) == (0, "True\n")
    (line,) = done.err.splitlines()
    assert "(Foreign) takes no span processors" in line
    assert {step["type"] for step in sink.steps} == {"run", "llm"}


@pytest.mark.parametrize("change", ['api_key="another"', 'url="http://127.0.0.1:9"', 'api_url="http://127.0.0.1:9"'])
def test_another_project_is_a_clear_error_and_the_first_one_stands(program, sink, change):
    out = program(
        f"""
    first = init()
    try:
        init({change})
    except literalai_otel.ConfigError as error:
        print(error)
    print(init() is first)
    """
    )
    assert "one project per process" in out
    assert "LiteralClient" in out
    assert out.endswith("True\n")


def test_settings_given_once_need_not_be_repeated(program, sink):
    assert (
        program(
            f"""
    first = init(api_key={sink.key!r}, url={sink.url + "/"!r})
    print(init() is first, init(api_key={sink.key!r}) is first)
    """,
            LITERAL_API_KEY="",
            LITERAL_API_URL="",
        )
        == "True True\n"
    )


def test_a_key_that_comes_later_is_used(run, environment, sink):
    key = environment.pop("LITERAL_API_KEY")
    done = run(
        INIT
        + f"""
    import openai
    client = openai.OpenAI()
    init(); init()
    ask(client, "lost")
    init(api_key={key!r})
    ask(client, "kept")
    """,
        environment,
        instrument=False,
    )
    assert (done.status, len(done.err.splitlines())) == (0, 1)
    assert [step["generation"]["messages"][0]["content"] for step in sink.steps] == ["kept"]


def test_malformed_settings_are_a_clear_error(program):
    out = program(
        """
    for settings in ({"environment": "moon"}, {"batch_size": 0}, {"colour": "red"}):
        try:
            init(**settings)
        except literalai_otel.ConfigError as error:
            print(error)
    """
    )
    assert [line.partition(":")[0] for line in out.splitlines()] == [
        "argument environment",
        "argument batch_size",
        "unknown setting",
    ]


@pytest.mark.feature("L-CLI-09")
@pytest.mark.parametrize("how", ["argument", "LITERAL_DISABLED", "OTEL_SDK_DISABLED"])
def test_disabled_code_runs_and_nothing_is_recorded(program, sink, how):
    out = program(
        f"""
    client = init({"disabled=True" if how == "argument" else ""})
    import openai
    untouched = openai.OpenAI.__init__, openai._base_client.SyncAPIClient.request
    @literalai_otel.run
    def answer():
        return ask(openai.OpenAI(), "hi")
    print(answer(), client.disabled, bool(literalai_otel.flush()))
    print("literalai_otel_openai" in sys.modules)
    """,
        **({how: "true"} if how != "argument" else {}),
    )
    assert out == "Hello from the fake provider. True True\nFalse\n"
    assert sink.requests == 0


def test_instrumentors_stay_off_on_demand_and_by_name(program, sink):
    probe = "    import openai; ask(openai.OpenAI(), 'hi')\n"
    program("    init(instrument=False)\n" + probe)
    program("    init()\n" + probe, OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="literalai_openai")
    program("    init()\n" + probe, OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="*")
    assert sink.requests == 0
    program("    init(instrument=False); init()\n" + probe)
    assert len(sink.steps) == 1


@pytest.mark.feature("L-CLI-26")
def test_no_framework_is_imported_no_thread_started_no_connection_made(program, sink):
    out = program(
        """
    import socket, threading
    connections = []
    connect = socket.socket.connect
    socket.socket.connect = lambda *arguments: connections.append(arguments) or connect(*arguments)
    init()
    print(sorted({"openai", "httpx2", "langchain_core", "mistralai"} & set(sys.modules)))
    print(threading.active_count(), connections)
    """
    )
    assert out == "[]\n1 []\n"
    assert sink.requests == 0


@pytest.mark.feature("O-08")
def test_an_instrumentor_that_is_absent_old_or_broken_never_breaks_init(run, environment, sink, plugins):
    plugins.add("openai", version="0.28.1")
    plugins.add(
        "absent",
        "[opentelemetry_instrumentor]\nliteralai_absent = plugin_absent:Nothing\n",
        "raise AssertionError('must not be imported')",
        "Provides-Extra: instruments",
        "Requires-Dist: a-package-that-is-not-there >= 1; extra == 'instruments'",
    )
    plugins.add(
        "broken", "[opentelemetry_instrumentor]\nliteralai_broken = plugin_broken:Nothing\n", "raise OSError('disk')"
    )
    done = run(INIT + "    init(); print('runs on')\n", environment | plugins.environment, instrument=False)
    assert (done.status, done.out) == (0, "runs on\n")
    lines = done.err.splitlines()
    assert len(lines) == 2
    assert "literalai_broken is off: it could not be loaded (OSError: disk)" in lines[0]
    assert "literalai_openai is off" in lines[1]
    assert "openai 0.28.1" in lines[1]


def test_after_a_fork_parent_and_child_send_each_their_own(program, sink):
    out = program(
        """
    import openai
    client = openai.OpenAI()
    first = init()
    ask(client, "before")
    pid = os.fork()
    # Parent and child would read each other's answers from a connection that both have.
    ask(client if pid else openai.OpenAI(), "parent" if pid else "child")
    if pid:
        print(os.waitpid(pid, 0)[1], init() is first)
    """
    )
    assert out == "0 True\n"
    asked = [step["generation"]["messages"][0]["content"] for step in sink.steps]
    assert sorted(asked) == ["before", "child", "parent"]


@pytest.mark.feature("L-CLI-10", "L-CLI-11", "L-CLI-30")
def test_settings_reach_what_is_sent(program, sink):
    program(
        """
    init(environment="staging", release="81bec25")
    for number in range(5):
        with literalai_otel.step(name=f"{number}", type="tool"): pass
    """,
        LITERAL_BATCH_SIZE="2",
    )
    steps = [step for step in sink.steps if step["type"] == "tool"]
    assert len(steps) == 5
    assert {(step["x-env"], step["metadata"]["release"]) for step in steps} == {("staging", "81bec25")}
    assert sink.largest_request == 2


@pytest.mark.parametrize("first", ["{}", "{'api_key': None}"], ids=["the first sends", "the second has the key"])
def test_a_mask_sees_content_and_a_second_init_does_not_lose_it(run, environment, sink, first):
    key = environment.pop("LITERAL_API_KEY")
    done = run(
        INIT
        + f"""
    import openai
    init(mask=lambda value, *_: "masked", **({{"api_key": {key!r}}} | {first}))
    init(api_key={key!r})
    ask(openai.OpenAI(), "secret")
    """,
        environment,
        instrument=False,
    )
    assert done.status == 0
    (step,) = sink.steps
    assert "secret" not in str(step)
    assert "masked" in str(step["generation"])
