"""Ids of thread, run and step in W3C baggage, out of one service and into the next: opt-in (`LITERAL_BAGGAGE`)."""

from collections.abc import Iterator

import pytest
from opentelemetry import baggage, propagate
from opentelemetry import context as otel_context
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from literalai_otel.attributes import OPERATION_NAME, REQUEST_MODEL, ROOT_RUN_ID, STEP_PARENT_ID, THREAD_ID
from literalai_otel.context.baggage import IdsInBaggage, use_baggage

STOCK = CompositePropagator([TraceContextTextMapPropagator(), W3CBaggagePropagator()])


@pytest.fixture
def ids(world) -> IdsInBaggage:
    return IdsInBaggage(STOCK, world.lineage.step_around)


@pytest.fixture
def process_wide(world) -> Iterator[None]:
    before = propagate.get_global_textmap()
    use_baggage(world.lineage.step_around)
    use_baggage(world.lineage.step_around)
    yield
    assert propagate.get_global_textmap()._standing is before, "wrapped once"
    propagate.set_global_textmap(before)


def entries(headers: dict[str, str]) -> dict[str, str]:
    found = W3CBaggagePropagator().extract(headers)
    return {name: str(value) for name, value in baggage.get_all(found).items()}


def test_what_is_sent_is_ids_alone_and_the_programs_own_baggage_stays(world, ids):
    headers: dict[str, str] = {}
    token = otel_context.attach(baggage.set_baggage("tenant", "blue"))
    with (
        world.thread(thread_id="t 1", name="secret", participant_id="ada"),
        world.run(name="plan") as run,
        world.step(name="call", type="tool") as step,
    ):
        world.set_properties(tags=["secret"], metadata={"secret": "1"})
        ids.inject(headers)
        assert baggage.get_all() == {"tenant": "blue"}, "the context is as it was"
    otel_context.detach(token)
    assert entries(headers) == {"tenant": "blue", THREAD_ID: "t 1", ROOT_RUN_ID: run.id, STEP_PARENT_ID: step.id}
    assert "secret" not in headers["baggage"]


def test_without_surroundings_nothing_is_added(world, ids):
    headers: dict[str, str] = {}
    ids.inject(headers)
    assert headers == {}


def test_the_parent_is_the_nearest_step_also_one_of_an_instrumentor(world, ids):
    headers: dict[str, str] = {}
    said = {OPERATION_NAME: "execute_tool", REQUEST_MODEL: "m"}
    tracer = world.tracer_provider.get_tracer("somebody")
    tool_span = tracer.start_as_current_span("tool", attributes=said)
    with world.run(name="plan"), tool_span, tracer.start_as_current_span("GET"):
        ids.inject(headers)
    (step,) = [each for each in world.steps if each["name"] == "tool"]
    assert entries(headers)[STEP_PARENT_ID] == step["id"]


@pytest.mark.feature("O-09")
def test_both_directions(world, process_wide):
    headers: dict[str, str] = {}
    with world.thread(thread_id="t"), world.run(name="plan") as run:
        propagate.inject(headers)
    far = {name: value for name, value in headers.items() if name == "baggage"}
    arrived = propagate.extract(far)
    server = world.tracer_provider.get_tracer("http").start_span("GET /city", context=arrived)
    token = otel_context.attach(arrived)
    try:
        with world.step(name="look_up", type="tool"), world.run(name="inner"):
            pass
        with world.thread(thread_id="another"), world.step(name="elsewhere", type="tool"):
            pass
    finally:
        otel_context.detach(token)
        server.end()
    step, inner, elsewhere = (world.step_named(name) for name in ("look_up", "inner", "elsewhere"))
    assert (step["parentId"], step["rootRunId"], step["threadId"]) == (run.id, run.id, "t")
    assert (inner["parentId"], inner["rootRunId"], inner["threadId"]) == (step["id"], run.id, "t")
    assert elsewhere["threadId"] == "another"
    threads = sorted(thread["id"] for thread in world.threads)
    assert threads == ["another", "another", "t", "t"], "of the thread that is far away, nothing more"
    (span,) = [each for each in world.capture.spans if each.name == "look_up"]
    assert span.attributes[STEP_PARENT_ID] == run.id, "for exporters that stand alone"


def test_foreign_model_calls_of_the_service_that_is_called_are_below_the_far_step(world, ids):
    arrived = ids.extract({"baggage": f"{THREAD_ID}=t,{STEP_PARENT_ID}=far,{ROOT_RUN_ID}=root"})
    tracer = world.tracer_provider.get_tracer("somebody")
    tracer.start_span("chat m", context=arrived, attributes={OPERATION_NAME: "chat", REQUEST_MODEL: "m"}).end()
    (step,) = world.steps
    assert (step["parentId"], step["rootRunId"], step["threadId"]) == ("far", "root", "t")


@pytest.mark.parametrize("value", ["", "x" * 256, "a%0Ab"])
def test_what_cannot_be_an_id_is_left(world, ids, value):
    context = ids.extract({"baggage": f"{THREAD_ID}={value}"})
    world.tracer_provider.get_tracer("a").start_span("chat", context, attributes={OPERATION_NAME: "chat"}).end()
    (step,) = world.steps
    assert "threadId" not in step


def test_a_propagator_without_baggage_gets_one(world):
    headers: dict[str, str] = {}
    alone = IdsInBaggage(TraceContextTextMapPropagator(), world.lineage.step_around)
    with world.run(name="plan") as run:
        alone.inject(headers)
    assert {"traceparent", "baggage"} <= headers.keys() <= alone.fields | {"tracestate"}
    assert entries(headers)[STEP_PARENT_ID] == run.id


def test_surroundings_that_are_there_stay(world, ids):
    with world.thread(thread_id="mine"), world.step(name="inside", type="tool"):
        context = ids.extract({"baggage": f"{THREAD_ID}=theirs"}, otel_context.get_current())
        token = otel_context.attach(context)
        assert world.get_current_thread().id == "mine"
        otel_context.detach(token)
