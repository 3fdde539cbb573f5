"""A client on real parts, less the network: SDK provider, our processor, real delivery, steps kept by id."""

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry import context as otel_context
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler
from opentelemetry.trace import SpanContext

from literalai_otel import genai
from literalai_otel.attributes import STEP_SCOPE
from literalai_otel.config import Config
from literalai_otel.context import Surface, current, set_default_client
from literalai_otel.export import Delivery, LiteralSpanProcessor
from literalai_otel.testing import SpanCapture
from literalai_otel.testing.guards import Guard


class World(Surface):
    """A joined client. `steps` and `threads` hold what the server would have, in order of arrival."""

    private = False
    disabled = False

    def __init__(self, name: str = "world", sampler: Sampler = ALWAYS_ON, **facts: Any) -> None:
        self.name = name
        self.default_environment: str | None = facts.get("environment")
        self.release: str | None = facts.get("release")
        self.arrivals: list[tuple[str, dict[str, Any]]] = []
        self._lock = threading.Lock()
        # One request at a time: those of several threads would arrive in any order.
        self.sink = self.delivery = Delivery(lambda timeout: self, linger=0.01, in_flight=1)  # type: ignore[arg-type,return-value] - the API is us
        self.tracer_provider, self.capture = SpanCapture.provider(sampler=sampler)
        processor = LiteralSpanProcessor(self.delivery, client_name=name)
        self.lineage = processor.lineage
        # Before the capture, which takes the fields away.
        self.tracer_provider._active_span_processor._span_processors = (
            processor,
            *self.tracer_provider._active_span_processor._span_processors,
        )
        self.tracer = self.tracer_provider.get_tracer(STEP_SCOPE)

    def _client_now(self) -> Any:
        return self

    def covers(self, span: SpanContext) -> bool:
        return self.lineage.covers(span) is not False

    # --- the API of the server ---
    def send_steps(self, steps: list[dict[str, Any]], *, environment: str | None = None) -> list[Any]:
        with self._lock:
            self.arrivals += [("step", {**step, "environment": environment}) for step in steps]
        return [SimpleNamespace(ok=True, message=None)] * len(steps)

    def upsert_thread(self, id: str, **fields: Any) -> None:
        with self._lock:
            self.arrivals.append(("thread", {"id": id, **{k: v for k, v in fields.items() if v is not None}}))

    def close(self) -> None:
        pass

    # --- what tests ask ---
    def settle(self) -> None:
        result = self.delivery.flush(10)
        assert result, result

    @property
    def steps(self) -> list[dict[str, Any]]:
        self.settle()
        return [fields for kind, fields in self.arrivals if kind == "step"]

    @property
    def threads(self) -> list[dict[str, Any]]:
        self.settle()
        return [fields for kind, fields in self.arrivals if kind == "thread"]

    def step_named(self, name: str) -> dict[str, Any]:
        (found,) = [step for step in self.steps if step["name"] == name]
        return found

    def path(self, name: str) -> list[str]:
        """Names from the root down to the step."""
        by_id = {step["id"]: step for step in self.steps}
        step: dict[str, Any] | None = self.step_named(name)
        names: list[str] = []
        while step is not None:
            names.insert(0, step["name"])
            step = by_id[step["parentId"]] if "parentId" in step else None
        return names


@pytest.fixture(autouse=True)
def guard() -> Iterator[Guard]:
    """Nothing is logged, open, current or kept at the end of a test."""
    before = otel_context.get_current()
    try:
        with Guard() as watching:
            yield watching
        assert otel_context.get_current() is before
        assert current().step is None
    finally:
        otel_context.attach(before)  # one test's left-over is not the next one's


@pytest.fixture
def world(guard: Guard) -> Iterator[World]:
    """The default client of the module-level names."""
    made = World()
    guard.watch(made.capture)
    set_default_client(made)
    yield made
    set_default_client(None)
    made.delivery.shutdown(1)


@pytest.fixture
def make_world(guard: Guard) -> Iterator[type[World]]:
    """Further clients; the last one made is the default client."""
    made: list[World] = []

    def make(*args: Any, **kwargs: Any) -> World:
        another = World(*args, **kwargs)
        guard.watch(another.capture)
        set_default_client(another)
        made.append(another)
        return another

    yield make  # type: ignore[misc] - called like the class
    set_default_client(None)
    for another in made:
        another.delivery.shutdown(1)


@pytest.fixture
def capture_content() -> Iterator[Any]:
    """Sets the content policy for one test."""

    def configure(mode: str, mask: Any = None) -> None:
        genai.configure(Config(capture_content=mode), mask=mask)

    yield configure
    genai.configure(Config())
