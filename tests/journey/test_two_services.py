"""One tree across two services: real HTTP instrumentation, two processes, no baggage, both orders of arrival."""

import http.server
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from literalai_otel.model import Step
from literalai_otel.testing import FakeProvider
from programs import Run, Server, clean_environment, free_port, wait_for

BACK = """
import literalai_otel
literalai_otel.init()

import fastapi, openai, uvicorn, sys
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

app = fastapi.FastAPI()
FastAPIInstrumentor.instrument_app(app)

@literalai_otel.step(type="tool", name="look_up")
def look_up(city):
    answer = openai.OpenAI().chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": city}]
    )
    return answer.choices[0].message.content

@app.get("/ready")
def ready():
    return {}

@app.get("/city/{city}")
def city(city: str):
    answer = look_up(city)
    literalai_otel.flush(0.5)
    return {"answer": answer}

uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")
"""

FRONT = """
    import httpx, literalai_otel
    from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor

    literalai_otel.init()
    HTTPXClientInstrumentor().instrument()

    @literalai_otel.run
    def front():
        return httpx.get("{address}/city/Lisbon").json()

    with literalai_otel.thread(thread_id="two-services"):
        print(front())
    assert literalai_otel.flush(5)
"""


class Gate:
    """A proxy before the server that holds what the second service delivers until it is opened."""

    def __init__(self, target: str) -> None:
        self.open = threading.Event()
        gate = self

        class Forward(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                gate.open.wait(30)
                headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
                with urllib.request.urlopen(urllib.request.Request(target + self.path, body, headers)) as answer:
                    content = answer.read()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                """Stay silent."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forward)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def gate(server: Server) -> Iterator[Gate]:
    gate = Gate(server.url)
    yield gate
    gate.open.set()
    gate.server.shutdown()


@pytest.fixture
def more() -> dict[str, str]:
    """Further settings of the second service."""
    return {}


@pytest.fixture
def back(tmp_path: Path, provider: FakeProvider, gate: Gate, server: Server, more: dict[str, str]) -> Iterator[str]:
    """The second service; it delivers through the gate."""
    program = tmp_path / "back.py"
    program.write_text(BACK, encoding="utf-8")
    port = free_port()
    settings = {**server.environment, "LITERAL_API_URL": gate.url, **more}
    process = subprocess.Popen(
        [sys.executable, program, str(port)],
        env=clean_environment(OPENAI_API_KEY="sk-test", OPENAI_BASE_URL=provider.base_url, **settings),
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/ready")
        yield f"http://127.0.0.1:{port}"
    finally:
        gate.open.set()
        process.terminate()
        process.wait(timeout=20)


@pytest.mark.feature("L-LOG-12", "P-ING-05")
@pytest.mark.parametrize("first", ["the inner service's steps first", "the outer service's steps first"])
def test_parents_stay_right_across_two_services(server: Server, back: str, gate: Gate, run_program: Run, first: str):
    inner_first = first.startswith("the inner")
    if inner_first:
        gate.open.set()
    result = run_program(FRONT.replace("{address}", back), instrumented=False, **server.environment)
    assert result.returncode == 0, result.stderr
    gate.open.set()
    steps = steps_of_thread(server, expected=3)
    by_name = {step.name: step for step in steps}
    assert sorted(by_name) == ["chat gpt-4o-mini", "front", "look_up"]
    front, tool, llm = by_name["front"], by_name["look_up"], by_name["chat gpt-4o-mini"]
    assert (front.parent_id, tool.parent_id, llm.parent_id) == (None, front.id, tool.id)
    assert (front.root_run_id, tool.root_run_id, llm.root_run_id) == (None, front.id, front.id)
    assert {step.thread_id for step in steps} == {"two-services"}


@pytest.mark.parametrize("more", [{"LITERAL_BAGGAGE": "true"}], ids=["with baggage"])
def test_with_baggage_a_service_knows_thread_and_parent_alone(
    server: Server, back: str, gate: Gate, run_program: Run, more: dict[str, str]
):
    gate.open.set()
    program = FRONT.replace("{address}", back).replace("assert literalai_otel.flush(5)", "")
    program = program.replace("return httpx", "print(literalai_otel.get_current_root_run().id); return httpx")
    nowhere = {**server.environment, **more, "LITERAL_API_KEY": "of-no-project", "LITERAL_FLUSH_TIMEOUT": "1"}
    result = run_program(program, instrumented=False, **nowhere)
    assert result.returncode == 0, result.stderr
    run_id = result.stdout.splitlines()[0]
    tool, llm = sorted(steps_of_thread(server, expected=2), key=lambda step: step.type == "llm")
    assert (tool.name, tool.parent_id, tool.root_run_id) == ("look_up", run_id, run_id)
    assert (llm.parent_id, llm.root_run_id) == (tool.id, run_id)


def steps_of_thread(server: Server, expected: int) -> list[Step]:
    deadline = time.monotonic() + 10
    while True:
        thread = server.api().get_thread("two-services")
        steps = (thread.steps if thread else None) or []
        if len(steps) >= expected or time.monotonic() > deadline:
            return steps
        time.sleep(0.1)
