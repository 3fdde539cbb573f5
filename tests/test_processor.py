"""Lineage and stamps on real spans of the SDK."""

import gc
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags

from literalai_otel import attributes as names
from literalai_otel.context import LITERAL_KEY, LiteralContext, set_default_client, thread
from literalai_otel.context.active_thread import ActiveThread
from literalai_otel.context.client import choose_client
from literalai_otel.genai import THREAD_KEY
from literalai_otel.genai.keys import OWN_THREAD_KEY
from literalai_otel.processor import MAX_BRIDGES, MAX_ENDED, Lineage, LineageIndex
from literalai_otel.translate import step_id

MODEL_CALL = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}


class Indexing(SpanProcessor):
    """Asks the index as the exporter's processor does."""

    def __init__(self, client: str | None = None) -> None:
        self.index = LineageIndex(client)
        self.lineages: dict[str, Lineage] = {}
        self.spans: dict[str, ReadableSpan] = {}

    def on_start(self, span: Any, parent_context: Context | None = None) -> None:
        self.index.start(span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        assert span.context is not None
        lineage = self.index.end(span.context[:2])
        assert lineage is not None
        self.lineages[span.name] = lineage
        self.spans[span.name] = span

    def id_of(self, name: str) -> str:
        identity = self.spans[name].context
        assert identity is not None
        return step_id(identity.trace_id, identity.span_id)

    def hex_of(self, name: str) -> str:
        identity = self.spans[name].context
        assert identity is not None
        return f"{identity.span_id:016x}"


@pytest.fixture
def indexing() -> Indexing:
    return Indexing()


@pytest.fixture
def tracer(indexing: Indexing) -> trace.Tracer:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(indexing)
    return provider.get_tracer("host")


@pytest.fixture(autouse=True)
def clean_context() -> Iterator[None]:
    set_default_client(None)
    before = otel_context.get_current()
    yield
    otel_context.attach(before)


def nested(tracer: trace.Tracer, *spans: tuple[str, dict[str, Any] | None, SpanKind]) -> None:
    """Each span inside the one before."""
    if spans:
        name, attributes, kind = spans[0]
        with tracer.start_as_current_span(name, attributes=attributes, kind=kind):
            nested(tracer, *spans[1:])


def test_the_parent_is_the_nearest_step(tracer: trace.Tracer, indexing: Indexing) -> None:
    nested(
        tracer,
        ("GET /", None, SpanKind.SERVER),
        ("run", {names.STEP_TYPE: "run"}, SpanKind.INTERNAL),
        ("middleware", None, SpanKind.INTERNAL),
        ("chat m", MODEL_CALL, SpanKind.CLIENT),
        ("POST", None, SpanKind.CLIENT),
    )
    found = indexing.lineages
    assert (found["GET /"].parent_step_id, found["GET /"].parent_span_id) == (None, None)
    assert (found["run"].parent_step_id, found["run"].parent_span_id) == (None, None)
    for name in ("middleware", "chat m"):
        assert found[name].parent_step_id == indexing.id_of("run")
        assert found[name].parent_span_id == indexing.hex_of("run")
    assert found["POST"].parent_step_id == indexing.id_of("chat m")


def test_skipped_levels_are_stamped_for_those_who_see_spans_only(tracer: trace.Tracer, indexing: Indexing) -> None:
    nested(
        tracer,
        ("run", {names.STEP_TYPE: "run"}, SpanKind.INTERNAL),
        ("between", None, SpanKind.INTERNAL),
        ("tool", {names.STEP_TYPE: "tool"}, SpanKind.INTERNAL),
    )
    assert names.STEP_PARENT_ID not in (indexing.spans["between"].attributes or {})
    assert (indexing.spans["tool"].attributes or {})[names.STEP_PARENT_ID] == indexing.id_of("run")


def test_bridges_are_the_outgoing_spans_below_a_step(tracer: trace.Tracer, indexing: Indexing) -> None:
    with tracer.start_as_current_span("run", attributes={names.STEP_TYPE: "run"}):
        nested(tracer, ("internal", None, SpanKind.INTERNAL), ("POST", None, SpanKind.CLIENT))
        nested(tracer, ("send", None, SpanKind.PRODUCER))
        nested(tracer, ("consume", None, SpanKind.CONSUMER))
        nested(tracer, ("chat m", MODEL_CALL, SpanKind.CLIENT), ("inner POST", None, SpanKind.CLIENT))
    nested(tracer, ("lone POST", None, SpanKind.CLIENT))
    assert indexing.lineages["run"].bridges == [indexing.hex_of("POST"), indexing.hex_of("send")]
    assert indexing.lineages["chat m"].bridges == [indexing.hex_of("inner POST")]


def test_bridges_are_bounded(tracer: trace.Tracer, indexing: Indexing) -> None:
    with tracer.start_as_current_span("run", attributes={names.STEP_TYPE: "run"}):
        for _ in range(MAX_BRIDGES + 10):
            nested(tracer, ("POST", None, SpanKind.CLIENT))
    assert len(indexing.lineages["run"].bridges) == MAX_BRIDGES


def test_another_service_above(tracer: trace.Tracer, indexing: Indexing) -> None:
    remote = SpanContext(1, 0xABC, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    with trace.use_span(NonRecordingSpan(remote)):
        nested(tracer, ("GET /", None, SpanKind.SERVER), ("run", {names.STEP_TYPE: "run"}, SpanKind.INTERNAL))
    for name in ("GET /", "run"):
        lineage = indexing.lineages[name]
        assert (lineage.parent_step_id, lineage.parent_span_id) == (None, f"{0xABC:016x}")


def test_a_local_parent_that_nobody_saw_is_none(tracer: trace.Tracer, indexing: Indexing) -> None:
    unseen = SpanContext(1, 0xABC, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    with trace.use_span(NonRecordingSpan(unseen)):
        nested(tracer, ("run", {names.STEP_TYPE: "run"}, SpanKind.INTERNAL))
    assert indexing.lineages["run"].parent_span_id is None
    assert indexing.index.covers(unseen) is None


def test_chosen_ids_and_parents(tracer: trace.Tracer, indexing: Indexing) -> None:
    nested(
        tracer,
        ("run", {names.STEP_TYPE: "run", names.STEP_ID: "mine"}, SpanKind.INTERNAL),
        ("child", {names.STEP_TYPE: "tool"}, SpanKind.INTERNAL),
    )
    nested(tracer, ("told", {names.STEP_TYPE: "tool", names.STEP_PARENT_ID: "elsewhere"}, SpanKind.INTERNAL))
    assert indexing.lineages["child"].parent_step_id == "mine"
    assert indexing.lineages["told"].parent_step_id == "elsewhere"


def test_children_may_start_after_their_parent_ended(tracer: trace.Tracer, indexing: Indexing) -> None:
    parent = tracer.start_span("run", attributes={names.STEP_TYPE: "run"})
    later = trace.set_span_in_context(parent)
    parent.end()
    tracer.start_span("late", later, attributes={names.STEP_TYPE: "tool"}).end()
    assert indexing.lineages["late"].parent_step_id == indexing.id_of("run")
    for _ in range(MAX_ENDED + 1):
        tracer.start_span("filler").end()
    tracer.start_span("too late", later, attributes={names.STEP_TYPE: "tool"}).end()
    assert indexing.lineages["too late"].parent_step_id is None


def test_spans_that_never_end_are_forgotten(tracer: trace.Tracer, indexing: Indexing) -> None:
    for _ in range(100):
        tracer.start_span("abandoned")
    kept = tracer.start_span("kept")
    gc.collect()
    assert len(indexing.index) == 1
    kept.end()
    assert len(indexing.index) == 0


def test_many_threads(tracer: trace.Tracer, indexing: Indexing) -> None:
    failures: list[Any] = []

    def work(number: int) -> None:
        for n in range(200):
            name = f"{number}/{n}"
            with tracer.start_as_current_span(name, attributes={names.STEP_TYPE: "run"}):
                nested(tracer, (f"{name}/child", {names.STEP_TYPE: "tool"}, SpanKind.INTERNAL))
            if indexing.lineages[f"{name}/child"].parent_step_id != indexing.id_of(name):
                failures.append(name)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failures == []


class SomeClient:
    """Names itself."""

    def __init__(self, name: str) -> None:
        self.name = name


def surrounded(client: str | None = None, **facts: Any) -> Context:
    return otel_context.set_value(
        LITERAL_KEY,
        LiteralContext(client=SomeClient(client) if client else None, **facts),  # type: ignore[arg-type]
    )


def test_every_span_is_stamped_with_its_surroundings(tracer: trace.Tracer, indexing: Indexing) -> None:
    around = surrounded(
        thread=ActiveThread(choose_client(None), "t1", name="Talk", participant_id="ada"),
        root_run_id="r1",
        tags=("a", "b"),
        metadata={"k": {"deep": 1}},
        prompt="p1",
        environment="dev",
        release="1.2",
    )
    tracer.start_span("foreign", around, attributes={"own": 1}).end()
    native = {
        names.THREAD_ID: "t1",
        names.THREAD_NAME: "Talk",
        names.USER_ID: "ada",
        names.ROOT_RUN_ID: "r1",
        names.TAGS: ["a", "b"],
        names.METADATA: {"k": {"deep": 1}},
        names.PROMPT_ID: "p1",
        names.ENVIRONMENT: "dev",
        names.RELEASE: "1.2",
    }
    assert indexing.lineages["foreign"].fields == native
    stamped = dict(indexing.spans["foreign"].attributes or {})
    assert json.loads(str(stamped.pop(names.METADATA))) == {"k": {"deep": 1}}
    del native[names.METADATA]
    assert stamped == {**native, names.TAGS: ("a", "b"), "own": 1}


def test_what_the_span_says_itself_wins(tracer: trace.Tracer, indexing: Indexing) -> None:
    around = surrounded(root_run_id="r1", environment="dev")
    tracer.start_span("own", around, attributes={names.ROOT_RUN_ID: "mine"}).end()
    assert (indexing.spans["own"].attributes or {})[names.ROOT_RUN_ID] == "mine"
    assert indexing.lineages["own"].fields == {names.ENVIRONMENT: "dev"}


def test_without_surroundings_a_span_is_left_alone(tracer: trace.Tracer, indexing: Indexing) -> None:
    tracer.start_span("plain", Context()).end()
    assert dict(indexing.spans["plain"].attributes or {}) == {}
    assert indexing.lineages["plain"] == Lineage(None, None, {}, None, ours=False)


def test_large_metadata_goes_to_literal_only(tracer: trace.Tracer, indexing: Indexing) -> None:
    large = {"k": "x" * 10_000}
    tracer.start_span("span", surrounded(metadata=large)).end()
    assert names.METADATA not in (indexing.spans["span"].attributes or {})
    assert indexing.lineages["span"].fields == {names.METADATA: large}


def test_another_clients_surroundings_are_not_stamped() -> None:
    indexing = Indexing("mine")
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(indexing)
    tracer = provider.get_tracer("host")
    tracer.start_span("theirs", surrounded("theirs", root_run_id="r")).end()
    tracer.start_span("ours", surrounded("mine", root_run_id="r")).end()
    assert indexing.lineages["theirs"].client == "theirs"
    assert indexing.lineages["theirs"].fields == {}
    assert dict(indexing.spans["theirs"].attributes or {}) == {}
    assert indexing.lineages["ours"].fields == {names.ROOT_RUN_ID: "r"}


def test_surroundings_that_cannot_be_encoded_break_nothing(tracer: trace.Tracer, indexing: Indexing) -> None:
    class Unprintable:
        def __repr__(self) -> str:
            raise RuntimeError

        __str__ = __repr__

    tracer.start_span("span", surrounded(metadata={"k": Unprintable()}, tags=("a",))).end()
    assert (indexing.spans["span"].attributes or {})[names.TAGS] == ("a",)


def test_the_thread_is_the_official_conversation_of_our_model_calls_alone(indexing: Indexing) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(indexing)
    with thread(thread_id="t"):
        provider.get_tracer("literalai_otel.instrumentors.openai").start_span("chat m", attributes=MODEL_CALL).end()
        provider.get_tracer("another").start_span("foreign").end()
    provider.get_tracer("literalai_otel.instrumentors.openai").start_span("outside", attributes=MODEL_CALL).end()
    conversations = {name: (span.attributes or {}).get(names.CONVERSATION_ID) for name, span in indexing.spans.items()}
    assert conversations == {"chat m": "t", "foreign": None, "outside": None}


@pytest.mark.parametrize("users_own", [False, True])
def test_a_thread_that_a_framework_names_holds_for_all_inside_unless_the_user_named_one(
    indexing: Indexing, tracer: trace.Tracer, users_own: bool
) -> None:
    around = otel_context.set_value(THREAD_KEY, "framework-thread")
    if users_own:
        surroundings = LiteralContext(thread=ActiveThread(choose_client(None), "users-thread"))
        around = otel_context.set_value(LITERAL_KEY, surroundings, around)
    otel_context.attach(around)
    nested(tracer, ("run", {names.STEP_TYPE: "run"}, SpanKind.INTERNAL), ("chat m", MODEL_CALL, SpanKind.CLIENT))
    expected = "users-thread" if users_own else "framework-thread"
    for name in ("run", "chat m"):
        assert indexing.lineages[name].fields[names.THREAD_ID] == expected
        assert (indexing.spans[name].attributes or {})[names.THREAD_ID] == expected


def test_a_thread_that_an_instrumentor_made_is_no_conversation(indexing: Indexing) -> None:
    """Inventing a conversation id is forbidden (`spec/genai-semconv.md` §1.2); a run needs a thread all the same."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(indexing)
    ours = provider.get_tracer("literalai_otel.instrumentors.llama_index")
    around = otel_context.set_value(OWN_THREAD_KEY, "made")
    run = ours.start_span("run", around)
    inside = ours.start_span("inside", trace.set_span_in_context(run, around))
    inside.end()
    run.end()
    late = ours.start_span("late", trace.set_span_in_context(run, around))
    late.end()
    lone = ours.start_span("lone")
    lone.end()
    for name in ("run", "inside", "late"):
        assert indexing.lineages[name].fields[names.THREAD_ID] == "made"
        assert (indexing.spans[name].attributes or {})[names.THREAD_ID] == "made"
        assert names.CONVERSATION_ID not in (indexing.spans[name].attributes or {})
    assert names.THREAD_ID not in (indexing.spans["lone"].attributes or {})


def test_a_step_of_the_users_without_a_thread_keeps_having_none(tracer: trace.Tracer, indexing: Indexing) -> None:
    with tracer.start_as_current_span("theirs", attributes={names.STEP_TYPE: "run"}):
        tracer.start_span("below", otel_context.set_value(OWN_THREAD_KEY, "made")).end()
    assert names.THREAD_ID not in indexing.lineages["below"].fields
    named = otel_context.set_value(THREAD_KEY, "named", otel_context.set_value(OWN_THREAD_KEY, "made"))
    tracer.start_span("named", named).end()
    assert indexing.lineages["named"].fields[names.THREAD_ID] == "named"
