"""J2: I already run OpenTelemetry (spec/journeys.md)."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import rotel

from literalai_otel.model import ChatGeneration, Step
from literalai_otel.testing import FakeProvider
from programs import BIN, KEY, ZERO_CODE, Run, Server, clean_environment, free_port, wait_for, wait_until_listening

PLAIN_APP = """
    import openai
    client = openai.OpenAI()
    answer = client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "Where is Lisbon?"}], temperature=0
    )
    print(answer.choices[0].message.content)
    for chunk in client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "And Porto?"}], stream=True
    ):
        pass
"""


def generations(server: Server, expected: int, seconds: float = 10) -> list[Step]:
    """The `llm` steps once there are `expected` of them, oldest first."""
    deadline = time.monotonic() + seconds
    while True:
        steps = [step for step in server.api().get_steps(first=100).data if step.type == "llm"]
        if len(steps) >= expected or time.monotonic() > deadline:
            return sorted(steps, key=lambda step: step.start_time or "")
        time.sleep(0.05)


@pytest.mark.feature("O-02", "I-OAI-02", "L-GEN-01", "L-LOG-06")
@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(ZERO_CODE, id="our distro"),
        pytest.param(
            {"OTEL_PYTHON_CONFIGURATOR": "configurator", "OTEL_TRACES_EXPORTER": "literalai"}, id="stock configurator"
        ),
    ],
)
def test_a_program_that_knows_nothing_of_us_is_read_back_as_generations(
    server: Server, provider: FakeProvider, run_program: Run, settings: dict[str, str]
):
    # An HTTP instrumentation of the user's own may send the header; ours must not.
    result = run_program(
        PLAIN_APP, **server.environment, **settings, OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="httpx,httpx2"
    )
    assert result.returncode == 0, result.stderr
    assert "literalai" not in result.stderr.lower()
    steps = generations(server, 2)
    assert [step.name for step in steps] == ["chat gpt-4o-mini"] * 2
    generation = steps[0].generation
    assert isinstance(generation, ChatGeneration)
    assert generation.messages == [{"role": "user", "content": "Where is Lisbon?"}]
    assert generation.message_completion and generation.message_completion["content"] == result.stdout.strip()
    assert generation.provider == "openai"
    assert generation.input_token_count and generation.output_token_count
    assert generation.settings and generation.settings["temperature"] == 0
    assert steps[1].generation and steps[1].generation.tt_first_token is not None
    assert [request.path for request in provider.requests] == ["/v1/chat/completions"] * 2
    assert not any("traceparent" in {name.lower() for name, _ in request.headers} for request in provider.requests)


FOREIGN_APP = """
    import literalai_otel
    from literalai_otel import LiteralClient
    from opentelemetry import trace

    prompt = LiteralClient().api.get_or_create_prompt("Planner", [{"role": "user", "content": "Plan {{city}}"}])
    literalai_otel.init()
    tracer = trace.get_tracer("somebody.else")
    said = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"}
    with literalai_otel.thread(name="Trip"), literalai_otel.run(name="plan"), literalai_otel.step(name="ask"):
        literalai_otel.set_properties(tags=["beta"], metadata={"tier": 2}, prompt=prompt)
        with tracer.start_as_current_span("chat gpt-4o", kind=trace.SpanKind.CLIENT, attributes=said):
            pass
    assert literalai_otel.flush().complete
    print(prompt.id)
"""


@pytest.mark.feature("O-09")
def test_spans_of_others_land_where_they_were_made(server: Server, run_program: Run):
    result = run_program(FOREIGN_APP, instrumented=False, **server.environment)
    assert result.returncode == 0, result.stderr
    (thread,) = server.api().get_threads().data
    steps = {step.name: step for step in thread.steps or []}
    call = steps["chat gpt-4o"]
    assert (thread.name, call.type, call.tags, call.parent_id) == ("Trip", "llm", ["beta"], steps["ask"].id)
    assert (call.root_run_id, steps["ask"].parent_id) == (steps["plan"].id, steps["plan"].id)
    assert call.metadata and call.metadata["tier"] == 2
    assert call.generation and (call.generation.prompt_id, call.generation.model) == (result.stdout.strip(), "gpt-4o")


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[tuple[str, Server]]:
    """A real collector that forwards what it receives to a second server's OTLP ingest."""
    port, behind_port = free_port(), free_port()
    server_process = subprocess.Popen(
        [
            BIN / "literalai-otel",
            *("serve", "--port", str(behind_port), "--data-dir", tmp_path / "behind"),
        ],
        env=clean_environment(LITERAL_API_KEY=KEY),
        stdout=subprocess.DEVNULL,
    )
    behind = Server(f"http://127.0.0.1:{behind_port}", KEY)
    collector_process = None
    try:
        wait_for(f"{behind.url}/healthz")
        collector_process = subprocess.Popen(
            [
                Path(rotel.__file__).parent / "rotel-agent",
                "start",
                *("--otlp-http-endpoint", f"127.0.0.1:{port}", "--otlp-grpc-endpoint", f"127.0.0.1:{free_port()}"),
                *("--exporter", "otlp", "--otlp-exporter-protocol", "http"),
                *("--otlp-exporter-endpoint", behind.url),
                *("--otlp-exporter-custom-headers", f"x-api-key={KEY}"),
                *("--traces-batch-timeout", "200ms"),
            ],
            env=clean_environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until_listening(port)
        yield f"http://127.0.0.1:{port}", behind
    finally:
        for process in (collector_process, server_process):
            if process is not None:
                process.terminate()
                process.wait(timeout=20)


@pytest.mark.feature("O-03")
def test_the_collector_and_literal_hold_the_same_spans(server: Server, collector: tuple[str, Server], run_program: Run):
    endpoint, behind = collector
    result = run_program(
        PLAIN_APP,
        **server.environment,
        **ZERO_CODE,
        OTEL_TRACES_EXPORTER="otlp",
        OTEL_EXPORTER_OTLP_ENDPOINT=endpoint,
        OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT="true",
    )
    assert result.returncode == 0, result.stderr
    direct, collected = generations(server, 2), generations(behind, 2)
    assert len(direct) == 2
    assert [stored_facts(step) for step in collected] == [stored_facts(step) for step in direct]


def test_content_goes_to_literal_alone_unless_asked(server: Server, collector: tuple[str, Server], run_program: Run):
    endpoint, behind = collector
    result = run_program(
        PLAIN_APP,
        **server.environment,
        **ZERO_CODE,
        OTEL_TRACES_EXPORTER="otlp",
        OTEL_EXPORTER_OTLP_ENDPOINT=endpoint,
    )
    assert result.returncode == 0, result.stderr
    direct, collected = generations(server, 2), generations(behind, 2)
    assert "Lisbon" in str(direct[0])
    assert [step.id for step in collected] == [step.id for step in direct]
    assert "Lisbon" not in str(collected)
    assert direct[0].generation and collected[0].generation
    assert collected[0].generation.token_count == direct[0].generation.token_count


def stored_facts(step: Step) -> dict[str, object]:
    """What both ways must agree on: everything but the server's own time."""
    generation = step.generation
    assert isinstance(generation, ChatGeneration)
    return {
        **{
            name: getattr(step, name) for name in ("id", "name", "type", "parent_id", "start_time", "end_time", "error")
        },
        **{
            name: getattr(generation, name)
            for name in ("model", "provider", "messages", "message_completion", "settings", "token_count", "duration")
        },
    }
