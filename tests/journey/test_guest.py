"""J2: a guest in somebody else's telemetry. The host has its own provider, two exporters and HTTP instrumentations; two
services call each other. What its exporters got before they still get, and Literal gets the steps alone."""

import gzip
import http.server
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import rotel
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from literalai_otel.model import Step
from literalai_otel.testing import FakeProvider
from programs import Server, clean_environment, free_port, wait_for, wait_until_listening

pytestmark = pytest.mark.timeout(180)

HOST = """
import os, sys
import fastapi, httpx, openai, requests, uvicorn
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.httpx import HTTPX2ClientInstrumentor, HTTPXClientInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

name, port, other, *exporters = sys.argv[1:]
provider = TracerProvider(resource=Resource.create({"service.name": name}))
for address in exporters:
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{address}/v1/traces")))
trace.set_tracer_provider(provider)
for instrumentor in (HTTPXClientInstrumentor, HTTPX2ClientInstrumentor, RequestsInstrumentor):
    instrumentor().instrument()
app = fastapi.FastAPI()
FastAPIInstrumentor.instrument_app(app, excluded_urls="ready,flush")

as_is = lambda *_, **__: lambda function: function
thread = run = step = as_is
if os.environ.get("LITERAL_API_URL"):
    import literalai_otel
    literalai_otel.init()
    literalai_otel.init()
    assert trace.get_tracer_provider() is provider
    thread, run, step = literalai_otel.thread, literalai_otel.run, literalai_otel.step

def ask(question):
    messages = [{"role": "user", "content": question}]
    return openai.OpenAI().chat.completions.create(model="gpt-4o-mini", messages=messages).choices[0].message.content

@app.get("/trip/{city}")
@thread(thread_id="guest")
@run(name="plan")
def trip(city: str):
    return httpx.get(f"{other}/city/{city}").json()

@app.get("/city/{city}")
@step(type="tool", name="look_up")
def city(city: str, request: fastapi.Request):
    said = [ask(city), requests.get(f"{other}/clock").json()]
    return {"said": said, "baggage": request.headers.get("baggage")}

@app.get("/clock")
@step(type="tool", name="clock")
def clock():
    return ask("time?")

@app.get("/ready")
def ready():
    return {}

@app.get("/flush")
def flush():
    return provider.force_flush()

uvicorn.run(app, port=int(port), log_level="warning")
"""

OURS = "literalai_otel"
VOLATILE = ("url", "port", "address", "peer", "server", "host", "length", "size")
"""Parts of names of attributes whose values are other ones in each run."""
MARKS = "literalai."
"""Names of what a span says of the thread and the run that it is in: ids that any backend may group spans by."""


@dataclass(frozen=True)
class Seen:
    """A span as an exporter got it."""

    id: bytes
    parent: bytes
    service: str
    scope: str
    name: str
    kind: int
    attributes: frozenset[tuple[str, str]]


@dataclass
class Sink:
    """An OTLP receiver that keeps what it gets."""

    url: str = ""
    spans: dict[bytes, Seen] = field(default_factory=dict[bytes, Seen])

    def take(self, body: bytes) -> None:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            (service,) = [
                each.value.string_value for each in resource.resource.attributes if each.key == "service.name"
            ]
            for scope in resource.scope_spans:
                for span in scope.spans:
                    kept = [
                        (each.key, str(each.value))
                        for each in span.attributes
                        if not each.key.startswith(MARKS) and not any(part in each.key for part in VOLATILE)
                    ]
                    self.spans[span.span_id] = Seen(
                        span.span_id,
                        span.parent_span_id,
                        service,
                        scope.scope.name,
                        span.name,
                        span.kind,
                        frozenset(kept),
                    )

    def without_ours(self) -> Counter[tuple[Any, ...]]:
        """The spans of others as they would be without ours in between."""
        return Counter(
            (span.service, span.scope, span.name, span.kind, self.above(span), span.attributes)
            for span in self.spans.values()
            if not span.scope.startswith(OURS)
        )

    def above(self, span: Seen) -> tuple[str, ...]:
        names: list[str] = []
        while (parent := self.spans.get(span.parent)) is not None:
            span = parent
            names += [] if span.scope.startswith(OURS) else [span.name]
        return tuple(names)


@contextmanager
def receiving() -> Iterator[Sink]:
    sink = Sink()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            sink.take(gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body)
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sink.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def collecting(behind: Sink) -> Iterator[str]:
    """A real collector that forwards to `behind`."""
    port = free_port()
    process = subprocess.Popen(
        [
            Path(rotel.__file__).parent / "rotel-agent",
            "start",
            *("--otlp-http-endpoint", f"127.0.0.1:{port}", "--otlp-grpc-endpoint", f"127.0.0.1:{free_port()}"),
            *("--exporter", "otlp", "--otlp-exporter-protocol", "http", "--otlp-exporter-endpoint", behind.url),
            *("--traces-batch-timeout", "200ms"),
        ],
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_listening(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


@dataclass
class Host:
    """What a run of the two services left with its exporters, in their logs and in the answer."""

    direct: Sink
    collected: Sink
    answer: str
    log: str


@pytest.fixture
def host(tmp_path: Path, provider: FakeProvider) -> Callable[..., Host]:
    def run_host(**settings: str) -> Host:
        program, log = tmp_path / "host.py", tmp_path / "host.log"
        program.write_text(HOST, encoding="utf-8")
        environment = clean_environment(OPENAI_API_KEY="sk-test", OPENAI_BASE_URL=provider.base_url, **settings)
        ports = {"front": free_port(), "back": free_port()}
        urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        with ExitStack() as stack:
            direct, collected = stack.enter_context(receiving()), stack.enter_context(receiving())
            exporters = [direct.url, stack.enter_context(collecting(collected))]
            written = stack.enter_context(log.open("w", encoding="utf-8"))
            for name, other in (("front", "back"), ("back", "front")):
                words = [sys.executable, program, name, str(ports[name]), urls[other], *exporters]
                process = subprocess.Popen(words, env=environment, stdout=written, stderr=subprocess.STDOUT)
                stack.callback(process.wait, 20)
                stack.callback(process.terminate)
            for url in urls.values():
                wait_for(f"{url}/ready", 60)
            answer = read(f"{urls['front']}/trip/Lisbon")
            for url in urls.values():
                assert read(f"{url}/flush") == "true"
            deadline = time.monotonic() + 10
            while collected.spans.keys() != direct.spans.keys() and time.monotonic() < deadline:
                time.sleep(0.05)
        return Host(direct, collected, answer, log.read_text(encoding="utf-8"))

    return run_host


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=40) as answer:
        return answer.read().decode()


@pytest.mark.feature("O-03", "O-09", "L-LOG-12", "P-ING-05")
def test_a_host_with_exporters_and_http_instrumentations_keeps_what_it_had(server: Server, host: Callable[..., Host]):
    before, with_us = host(), host(**server.environment)

    assert (with_us.answer, with_us.log) == (before.answer, before.log)
    assert '"baggage":null' in with_us.answer
    assert before.log == "", "no banner, no warning"
    assert not any(span.scope.startswith(OURS) for span in before.direct.spans.values())

    assert with_us.direct.without_ours() == before.direct.without_ours()
    assert with_us.collected.spans == with_us.direct.spans, "the real collector has the same"
    ours = Counter(span.name for span in with_us.direct.spans.values() if span.scope.startswith(OURS))
    assert ours == {"plan": 1, "look_up": 1, "clock": 1, "chat gpt-4o-mini": 2}

    steps = steps_of(server, 5)
    assert Counter(step.name for step in steps) == ours, "no HTTP span is a step"
    root, tool, clock = (one(steps, name) for name in ("plan", "look_up", "clock"))
    assert (root.parent_id, tool.parent_id, clock.parent_id) == (None, root.id, tool.id)
    chats = [step for step in steps if step.type == "llm"]
    assert {step.parent_id for step in chats} == {tool.id, clock.id}
    assert {step.root_run_id for step in steps if step is not root} == {root.id}
    assert {step.thread_id for step in steps} == {"guest"}


def one(steps: list[Step], name: str) -> Step:
    (found,) = [step for step in steps if step.name == name]
    return found


def steps_of(server: Server, expected: int) -> list[Step]:
    deadline = time.monotonic() + 10
    while True:
        with server.api() as api:
            steps = api.get_steps(first=50).data
        if len(steps) >= expected or time.monotonic() > deadline:
            return steps
        time.sleep(0.1)
