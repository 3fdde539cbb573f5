"""A test call on the whole way: span, translation, delivery, ingestion, reading back, deletion."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from literalai_otel.api import SyncApi
from literalai_otel.attributes import OPERATION_NAME, REQUEST_MODEL, USAGE_INPUT_TOKENS, USAGE_OUTPUT_TOKENS
from literalai_otel.diagnosis.contact import PATIENCE_S
from literalai_otel.diagnosis.finding import Finding, fine, wrong
from literalai_otel.diagnosis.pipeline import FEW_ATTRIBUTES
from literalai_otel.diagnosis.scene import Scene
from literalai_otel.errors import LiteralError
from literalai_otel.export import Delivery, FlushResult, LiteralSpanProcessor
from literalai_otel.export.losses import ADVICE
from literalai_otel.model import Step
from literalai_otel.translate import step_id

MODEL: Final = "literalai-otel-doctor"
"""What the test call names as its model, should it ever be left behind."""
TOKENS: Final = (3, 5)
_POLL_S: Final = 0.05


def round_trip(scene: Scene) -> Iterator[Finding]:
    """A test call arrives as a generation with its numbers, and can be deleted."""
    contact = scene.contact
    if contact is None or not contact.usable or scene.config.disabled or scene.config.sdk_disabled:
        return
    about = "test call"
    result, sent_as = _send(scene)
    if not result:
        reasons = list(result.dropped)
        why = ADVICE[reasons[0]].format(url=contact.url) if reasons else "it was not taken in time"
        yield wrong(about, f"a test call did not arrive: {why}", "see the server's log")
        return
    with SyncApi(contact.url, scene.config.api_key or "", timeout=PATIENCE_S) as api:
        began = time.monotonic()
        try:
            step = _read(api, sent_as)
            waited = time.monotonic() - began
            deleted = step is not None and api.delete_step(sent_as)
        except LiteralError as problem:
            yield wrong(about, f"a test call was sent and cannot be read back: {problem}", "see the server's log")
            return
    if step is None:
        says = f"a test call was acknowledged and is not there {PATIENCE_S:.0f} s later"
        yield wrong(about, says, "see the server's log; does LITERAL_API_URL name one server, or several?")
    elif _tokens(step) != TOKENS:
        says = f"a test call came back changed: tokens {_tokens(step)} in place of {TOKENS}"
        yield wrong(about, says, "upgrade the server; is it one of ours?")
    elif not deleted:
        fix = f"delete the step {sent_as} by hand"
        yield wrong(about, "a test call was sent and read back, and cannot be deleted", fix)
    else:
        yield fine(about, f"sent, read back as a generation {waited * 1000:.0f} ms after, deleted")


def _send(scene: Scene) -> tuple[FlushResult, str]:
    """A span of a call through our own processor, on a provider of its own; what became of it, and its step's id."""
    # Without the spool: what others left in it is not for a test to send.
    delivery = Delivery.from_config(replace(scene.config, flush_timeout=PATIENCE_S, spool_dir=None), batch_size=1)
    limits = SpanLimits(max_span_attributes=FEW_ATTRIBUTES, max_attribute_length=1024)
    provider = TracerProvider(sampler=ALWAYS_ON, span_limits=limits, shutdown_on_exit=False)
    provider.add_span_processor(LiteralSpanProcessor(delivery, client_name=MODEL))
    span = provider.get_tracer("literalai_otel.diagnosis").start_span(
        f"chat {MODEL}",
        attributes={
            OPERATION_NAME: "chat",
            REQUEST_MODEL: MODEL,
            USAGE_INPUT_TOKENS: TOKENS[0],
            USAGE_OUTPUT_TOKENS: TOKENS[1],
        },
    )
    span.end()
    identity = span.get_span_context()
    return delivery.shutdown(PATIENCE_S), step_id(identity.trace_id, identity.span_id)


def _read(api: SyncApi, sent_as: str) -> Step | None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        step = api.get_step(sent_as)
        if step is not None or time.monotonic() > deadline:
            return step
        time.sleep(_POLL_S)


def _tokens(step: Step) -> tuple[int | None, int | None]:
    generation = step.generation
    return (None, None) if generation is None else (generation.input_token_count, generation.output_token_count)
