"""`LiteralClient` from outside: real HTTP to small Literal servers on loopback, one server a project."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

from literalai_otel import context
from literalai_otel.client import LiteralClient
from literalai_otel.context import set_default_client
from literalai_otel.errors import ConfigError


def run_program(folder: Path, text: str, *arguments: str, **variables: str) -> None:
    """Run a program of its own; it must end well and say nothing."""
    program = folder / "program.py"
    program.write_text(textwrap.dedent(text))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "LITERAL_"))}
    done = subprocess.run(
        [sys.executable, str(program), *arguments],
        env=environment | variables,
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


FIRST_DAY = """
    import sys, threading
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider

    trace.set_tracer_provider(TracerProvider())   # the sampler and the limits of the environment
    host = trace.get_tracer("host")

    from literalai_otel import LiteralClient

    LONG = "x" * 500
    clients = [LiteralClient(api_key=f"key-{n}", url=url) for n, url in enumerate(sys.argv[1:])]

    def talk(client, n):
        with client.thread(name=f"thread of {n}"), client.run(name=f"run of {n}", input=LONG):
            client.message(f"message of {n}", name=f"message of {n}", type="user_message")
            with host.start_as_current_span("GET /"), client.step(name=f"step of {n}", tags=[LONG]) as inner:
                inner.metadata = {f"key {i}": LONG for i in range(40)}
                inner.output = {"text": LONG}

    for n, client in enumerate(clients):
        for _ in range(20):
            talk(client, n)
        late = client.start_step(name=f"late of {n}")
        thread = threading.Thread(target=late.end)
        thread.start()
        thread.join()
        with client.step(name=f"after late of {n}"):
            pass
    with clients[0].run(name="mixed of 0"), clients[1].run(name="mixed of 1"), clients[0].step(name="back to 0"):
        pass
    for client in clients:
        result = client.flush(20)
        assert result, result
        assert client.counters().sampled_out == 0
"""


@pytest.mark.feature("L-LOG-06", "L-THR-04")
def test_the_first_day(project: Any, other_project: Any, tmp_path: Path) -> None:
    """Two projects, a host that samples a tenth and cuts texts: nothing missing, nothing cut, nothing astray."""
    run_program(
        tmp_path,
        FIRST_DAY,
        project.url,
        other_project.url,
        OTEL_TRACES_SAMPLER="traceidratio",
        OTEL_TRACES_SAMPLER_ARG="0.1",
        OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT="100",
        OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT="100",
        OTEL_ATTRIBUTE_COUNT_LIMIT="16",
        OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT="16",
    )

    long = "x" * 500
    for n, stored in enumerate((project, other_project)):
        assert {headers["x-api-key"] for headers in stored.headers} == {f"key-{n}"}
        names = [found["name"] for found in stored.steps.values()]
        assert all(name.endswith(f" {n}") for name in names)
        assert {name: names.count(name) for name in names} == {
            f"run of {n}": 20,
            f"step of {n}": 20,
            f"message of {n}": 20,
            f"late of {n}": 1,
            f"after late of {n}": 1,
            f"mixed of {n}": 1,
        } | ({"back to 0": 1} if n == 0 else {})
        assert [thread["name"] for thread in stored.threads.values()] == [f"thread of {n}"] * 20

        runs = {found["id"]: found for found in stored.steps.values() if found["name"] == f"run of {n}"}
        for found in stored.steps.values():
            if found["name"] == f"step of {n}":
                assert found["output"] == {"text": long}
                assert found["tags"] == [long]
                assert [found["metadata"][f"key {i}"] for i in range(40)] == [long] * 40
            elif found["name"] == f"message of {n}":
                assert found["output"] == {"content": f"message of {n}"}
                assert found["startTime"] == found["endTime"]
            else:
                continue
            run = runs[found["parentId"]]
            assert found["rootRunId"] == run["id"]
            assert found["threadId"] == run["threadId"]
        for run in runs.values():
            assert run["input"] == {"content": long}
            assert "parentId" not in run
            assert "rootRunId" not in run
            assert stored.arrivals.index(run["threadId"]) < stored.arrivals.index(run["id"])
        assert "parentId" not in stored.named(f"late of {n}")
        assert "parentId" not in stored.named(f"after late of {n}")
        assert "parentId" not in stored.named(f"mixed of {n}")


BESIDE_A_HOST = """
    import sys
    import openai
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased

    from opentelemetry.context import attach, detach

    from literalai_otel import LiteralClient
    from literalai_otel.genai import Invocation, Recorder
    from literalai_otel.testing import Chat, FakeProvider
    from literalai_otel_openai import OpenAIInstrumentor

    exported = InMemorySpanExporter()
    provider = TracerProvider(sampler=ParentBased(ALWAYS_OFF) if sys.argv[2] == "none" else None)
    provider.add_span_processor(SimpleSpanProcessor(exported))
    trace.set_tracer_provider(provider)
    host = trace.get_tracer("host")
    OpenAIInstrumentor().instrument()
    client = LiteralClient(api_key="key", url=sys.argv[1])

    with FakeProvider() as fake:
        # As an instrumentation of the HTTP client does.
        post = lambda request: host.start_span("POST").end()
        http = openai.DefaultHttpxClient(event_hooks={"request": [post]})
        model = openai.OpenAI(base_url=fake.base_url, api_key="test", http_client=http)

        def ask():
            fake.script(Chat("Hello"))
            model.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}])

        with host.start_as_current_span("GET /") as request, client.run(name="run"):
            assert trace.get_current_span() is request
            with client.step(name="step"):
                with host.start_as_current_span("query") as query:
                    assert query.is_recording() == (sys.argv[2] == "all")
                ask()
                # What a framework's instrumentor does: its spans are not the host's business either.
                component = Invocation({"literalai.step.name": "node", "literalai.step.type": "undefined"})
                node = Recorder("literalai_otel.instrumentors.test", "1").open(component)
                token = attach(node.context)
                assert trace.get_current_span() is request
                ask()
                with client.step(name="in the node"):
                    ask()
                detach(token)
                node.complete()
        model.close()
    assert client.flush(20)
    spans = {span.name: span for span in exported.get_finished_spans()}
    if sys.argv[2] == "all":
        assert set(spans) == {"POST", "query", "GET /"}, set(spans)
        for name in ("query", "POST"):
            assert spans[name].parent.span_id == spans["GET /"].context.span_id
    else:
        assert not spans
"""


@pytest.mark.parametrize("sampled", ["all", "none"])
def test_a_client_beside_a_host_that_traces(project: Any, tmp_path: Path, sampled: str) -> None:
    """Neither side's spans, parents or sampling reach the other; model calls in the client's scopes are its own."""
    run_program(tmp_path, BESIDE_A_HOST, project.url, sampled)
    steps = project.steps.values()
    named = {found["id"]: found["name"] for found in steps}
    assert sorted((found["name"], named.get(found.get("parentId"))) for found in steps) == [
        ("chat m", "in the node"),
        ("chat m", "node"),
        ("chat m", "step"),
        ("in the node", "node"),
        ("node", "step"),
        ("run", None),
        ("step", "run"),
    ]
    run = project.named("run")
    for chat in (found for found in steps if found["name"] == "chat m"):
        assert chat["rootRunId"] == run["id"]
        assert chat["generation"]["messageCompletion"]["content"] == "Hello"
    assert len({found["metadata"]["otel"]["trace_id"] for found in steps}) == 1


def test_steps_of_a_joined_provider(project: Any, connect: Callable[..., LiteralClient]) -> None:
    """The host's sampler stands: what it drops is counted. Its limits cut nothing, threads and messages all arrive."""
    provider = TracerProvider(
        sampler=TraceIdRatioBased(0.5),
        span_limits=SpanLimits(max_span_attributes=16, max_span_attribute_length=100),
        shutdown_on_exit=False,
    )
    client = connect(project, tracer_provider=provider)
    long = "x" * 500
    for n in range(100):
        with client.thread(thread_id=f"t{n}"), client.run(name="run", input=long, tags=[long], metadata={"k": long}):
            client.message("hello", id=f"m{n}")
    assert client.flush(10)
    runs = [found for found in project.steps.values() if found["type"] == "run"]
    assert 0 < len(runs) < 100
    assert client.counters().sampled_out == 100 - len(runs)
    assert len([found for found in project.steps if found.startswith("m")]) == len(project.threads) == 100
    for found in runs:
        assert (found["input"], found["tags"], found["metadata"]["k"]) == ({"content": long}, [long], long)
    provider.shutdown()


def test_a_second_client_of_the_default_project_shares_everything(
    project: Any, other_project: Any, connect: Callable[..., LiteralClient]
) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    standing = connect(project, tracer_provider=provider, environment="prod")
    set_default_client(standing)
    same = connect(project, environment="staging")
    other = connect(other_project)
    assert same.tracer_provider is provider
    assert other.tracer_provider is not provider
    with context.thread(thread_id="t"), context.run(name="run"), same.step(name="inner"):
        pass
    assert standing.flush(10)
    run, inner = project.named("run"), project.named("inner")
    assert (inner["parentId"], inner["threadId"]) == (run["id"], "t")
    assert {headers.get("x-env") for headers in project.headers} == {"prod", "staging"}
    provider.shutdown()


@pytest.mark.feature("L-CLI-10", "L-CLI-11")
@pytest.mark.parametrize("environment", ["dev", None])
def test_every_client_has_its_own_environment(
    project: Any, connect: Callable[..., LiteralClient], environment: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LITERAL_ENV", raising=False)
    client = connect(project, environment=environment, release="1.2")
    with client.thread(), client.step(name="step"):
        client.message("hi", name="message")
    assert client.flush(10)
    assert "LITERAL_ENV" not in os.environ
    assert {headers.get("x-env") for headers in project.headers} == {environment}
    assert {project.named(name)["metadata"]["release"] for name in ("step", "message")} == {"1.2"}


@pytest.mark.feature("L-CLI-07")
def test_steps_after_the_stop_are_delivered(project: Any, connect: Callable[..., LiteralClient]) -> None:
    client = connect(project)
    for name in ("before", "after"):
        with client.step(name=name):
            pass
        assert client.flush_and_stop(10)
        assert project.named(name)


@pytest.mark.feature("L-CLI-04")
def test_batches_hold_five_steps(project: Any, connect: Callable[..., LiteralClient]) -> None:
    client = connect(project)
    for n in range(23):
        with client.step(name=f"step {n}"):
            pass
    assert client.flush(10)
    assert len(project.steps) == 23
    assert max(project.batches) == 5


def test_a_client_without_a_key_is_refused(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LITERAL_API_KEY", raising=False)
    with pytest.raises(ConfigError, match="LITERAL_API_KEY"):
        LiteralClient(url=project.url)


@pytest.mark.feature("L-CLI-03")
def test_a_client_without_an_address_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("LITERAL_API_URL", raising=False)
    client = LiteralClient(api_key="key")
    with client.thread(), client.run() as run:
        assert run.id
    assert client.flush(1)
    (line,) = caplog.messages
    assert "literalai-otel serve" in line
    with pytest.raises(ConfigError, match="LITERAL_API_URL"):
        _ = client.api


@pytest.mark.feature("L-CLI-09")
@pytest.mark.parametrize("how", ["argument", "LITERAL_DISABLED", "OTEL_SDK_DISABLED"])
def test_a_disabled_client_sends_nothing(
    project: Any, connect: Callable[..., LiteralClient], how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how != "argument":
        monkeypatch.setenv(how, "true")
    client = connect(project, disabled=how == "argument")

    @client.run
    def work(n: int) -> int:
        current = client.get_current_step()
        assert current is not None
        assert client.get_current_root_run() is current
        return n

    with client.thread():
        assert work(1) == 1
        client.message("hi")
    assert client.flush()
    assert client.flush_and_stop()
    assert project.headers == []


def test_the_api_has_the_clients_key(project: Any, connect: Callable[..., LiteralClient]) -> None:
    client = connect(project, api_key="its own")
    client.api.upsert_thread("t")
    assert project.threads["t"]
    assert project.headers[0]["x-api-key"] == "its own"
    client.api.close()


@pytest.mark.feature("L-CLI-19")
def test_redirects_are_followed(project: Any, connect: Callable[..., LiteralClient]) -> None:
    client = connect(project)
    project.redirects = 1
    with client.step(name="moved"):
        pass
    assert client.flush(10)
    assert project.named("moved")
    assert client.counters().retried == 0


@pytest.mark.feature("L-CLI-30")
def test_the_batch_size_of_the_environment(
    project: Any, connect: Callable[..., LiteralClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITERAL_BATCH_SIZE", "1")
    client = connect(project)
    for n in range(4):
        with client.step(name=f"step {n}"):
            pass
    assert client.flush(10)
    assert project.batches == [1] * 4


@pytest.mark.feature("L-CLI-02")
def test_key_and_address_of_the_environment(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITERAL_API_KEY", "k")
    monkeypatch.setenv("LITERAL_API_URL", f"{project.url}/")
    client = LiteralClient()
    assert client.api.api_key == "k"
    with client.step(name="step"):
        pass
    assert client.flush_and_stop(10)
    assert project.named("step")
    assert {headers["x-api-key"] for headers in project.headers} == {"k"}
