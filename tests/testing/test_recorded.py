"""`recorded()` and what `Steps` says, in this process; the fixtures are in test_plugin.py."""

import base64
import concurrent.futures
import contextlib
import gc
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from inline_snapshot import snapshot
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import literalai_otel
from literalai_otel.context import default_client
from literalai_otel.discovery import our_instrumentors
from literalai_otel.errors import ConfigError
from literalai_otel.export import Delivery, LiteralSpanProcessor
from literalai_otel.genai.content import policy
from literalai_otel.genai.side_table import SIDE_TABLE
from literalai_otel.testing import Chat, Failure, FakeProvider, Steps, recorded
from literalai_otel.testing.memory import MemoryApi


@pytest.fixture
def fake() -> Iterator[FakeProvider]:
    with FakeProvider() as provider:
        yield provider


@pytest.fixture
def ask(fake: FakeProvider) -> Iterator[Any]:
    with openai.OpenAI(base_url=fake.base_url, api_key="test", max_retries=0) as client:

        def create(content: Any = "Where is Lisbon?") -> Any:
            return client.chat.completions.create(model="m", messages=[{"role": "user", "content": content}])

        yield create


def agent(ask: Any) -> None:
    with literalai_otel.thread(name="Trip", tags=["t"]), literalai_otel.run(name="agent"):
        with literalai_otel.step(name="search", type="tool") as search:
            search.output = "found"
        ask()
        literalai_otel.message("So be it.", type="assistant_message", name="agent")


def test_a_program_is_recorded_as_steps(ask: Any) -> None:
    with recorded() as steps:
        agent(ask)
        assert steps.tree() == snapshot("""\
run agent
  tool search
  llm chat m
  assistant_message agent\
""")
        assert len(steps) == 4
        assert [step.name for step in steps.children(steps.one(type="run"))] == ["search", "chat m", "agent"]
        assert [thread.name for thread in steps.threads] == ["Trip"]
        assert {step.thread_id for step in steps} == {steps.threads[0].id}
        assert (steps.total_tokens, len(steps.generations)) == (18, 1)
        assert steps.counters.sent == 6, "the thread is stored as it is entered and as it is left"
        steps.clear()
        assert steps.all == steps.threads == []


def test_the_same_program_gives_the_same_snapshot(ask: Any) -> None:
    shown = []
    for _ in range(2):
        with recorded() as steps:
            agent(ask)
            steps.fixed = True
            shown.append((steps.snapshot(), [(step.id, step.start_time, step.metadata) for step in steps]))
    assert shown[0] == shown[1]
    llm = shown[0][0][2]
    assert {key: llm[key] for key in ("id", "parentId", "startTime", "endTime")} == snapshot(
        {
            "id": "00000000-0000-0000-0000-000000000004",
            "parentId": "00000000-0000-0000-0000-000000000001",
            "startTime": "2026-01-01T00:00:03Z",
            "endTime": "2026-01-01T00:00:04Z",
        }
    )
    assert (llm["generation"]["duration"], llm["generation"]["tokenThroughputInSeconds"]) == (1.0, 7.0)
    assert "server_port" not in llm["generation"]["metadata"]


def test_what_is_not_as_expected_is_shown(ask: Any, fake: FakeProvider) -> None:
    with recorded() as steps:
        with pytest.raises(AssertionError, match=r"one step with any field expected, 0 found in\n\(nothing\)"):
            steps.one()
        agent(ask)
        fake.script(Failure(500, message="broken"))
        with pytest.raises(openai.InternalServerError):
            ask()
        with pytest.raises(AssertionError) as shown:
            steps.assert_tree("""
                run agent
                  tool look up
                  llm chat m
                  assistant_message agent
            """)
        assert str(shown.value).split("\n", 3)[3] == snapshot("""\
@@ -1,4 +1,5 @@
 run agent
-  tool look up
+  tool search
   llm chat m
   assistant_message agent
+llm chat m ! Error code: 500 - broken\
""")
        with pytest.raises(AssertionError, match="one step with type='llm' expected, 2 found in\nrun agent\n"):
            steps.one(type="llm")
        with pytest.raises(AttributeError, match="nonsense"):
            steps.where(nonsense=1)


def test_whatever_the_program_sets_up_is_recorded(ask: Any) -> None:
    with recorded() as steps:
        client = literalai_otel.init(api_key="real", url="https://literal.example", environment="prod")
        assert client is literalai_otel.init() is default_client()
        second = literalai_otel.LiteralClient(api_key="other", url="https://other.example")
        with client.run(name="first"):
            ask()
        with second.run(name="second"):
            ask()
        assert literalai_otel.flush()
        assert sorted(steps.tree().splitlines()) == ["  llm chat m", "  llm chat m", "run first", "run second"]


def test_settings_are_those_of_the_program(ask: Any) -> None:
    image = base64.b64encode(bytes(range(256)) * 200).decode()
    part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{image}"}}
    with recorded(content_policy="role:assistant=drop", environment="staging") as steps:
        ask([part])
        step = steps.one()
        assert step.output == {"role": "assistant", "content": "[dropped]", "annotations": []}
        assert step.environment == "staging"
        assert step.attachments and step.attachments[0].object_key
        assert steps.files == {step.attachments[0].object_key: bytes(range(256)) * 200}
    with pytest.raises(ConfigError, match="unknown setting: nonsense"), recorded(nonsense=1):
        pass


def test_disabled_in_the_environment_does_not_hold_for_tests(monkeypatch: pytest.MonkeyPatch, ask: Any) -> None:
    monkeypatch.setenv("LITERAL_DISABLED", "true")
    with recorded() as steps:
        ask()
        assert len(steps) == 1


@pytest.fixture
def own_provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[TracerProvider, InMemorySpanExporter]]:
    """The application has set OpenTelemetry up."""
    provider, exporter = TracerProvider(shutdown_on_exit=False), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    yield provider, exporter
    provider.shutdown()


def test_the_provider_of_the_application_is_joined_and_left(own_provider: Any, ask: Any) -> None:
    provider, exporter = own_provider
    before = provider._active_span_processor._span_processors
    for _ in range(2):
        with recorded() as steps, provider.get_tracer("app").start_as_current_span("request"):
            agent(ask)
            assert steps.tree().startswith("run agent\n  tool search\n")
    assert provider._active_span_processor._span_processors == before
    names = [span.name for span in exporter.get_finished_spans()]
    assert sorted(names) == sorted(["search", "chat m", "agent", "request"] * 2)
    provider.get_tracer("app").start_span("later").end()
    assert exporter.get_finished_spans()[-1].name == "later"


def test_nothing_is_left_behind(ask: Any) -> None:
    def state() -> tuple[Any, ...]:
        return (
            trace.get_tracer_provider(),
            default_client(),
            policy(),
            len(SIDE_TABLE),
            [entry.load()().is_instrumented_by_opentelemetry for entry in our_instrumentors()],
            openai.OpenAI.request,
        )

    before = state()
    with recorded(capture_content="false"):
        agent(ask)
    assert state() == before
    with contextlib.suppress(ZeroDivisionError), recorded():
        raise ZeroDivisionError
    assert state() == before


def test_recordings_do_not_pile_up(ask: Any) -> None:
    def alive() -> int:
        gc.collect()
        return sum(type(thing) in (Delivery, LiteralSpanProcessor, MemoryApi, Steps) for thing in gc.get_objects())

    numbers: list[int] = []
    for _ in range(4):
        with recorded():
            agent(ask)
        numbers.append(alive())
    assert numbers[-1] <= numbers[0]


def test_instrumentors_that_were_on_are_on_again(ask: Any) -> None:
    (entry,) = [entry for entry in our_instrumentors() if entry.name == "literalai_openai"]
    instrumentor = entry.load()()
    instrumentor.instrument()
    try:
        with recorded() as steps:
            ask()
            assert len(steps) == 1
        assert instrumentor.is_instrumented_by_opentelemetry
        with recorded() as steps:
            ask()
            assert len(steps) == 1
    finally:
        instrumentor.uninstrument()


def test_recordings_of_threads(ask: Any, fake: FakeProvider) -> None:
    fake.script(Chat("x"))
    with recorded() as steps, concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: ask(), range(12)))
        assert len(steps.generations) == 12
