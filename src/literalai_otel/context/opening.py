"""How a step begins: its place in the tree, its span, and the context that its body runs in."""

import logging
import time
from dataclasses import dataclass
from typing import Any

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, Span

from literalai_otel.attributes import STEP_ID, STEP_NAME, STEP_PARENT_ID, STEP_TYPE
from literalai_otel.context.active_step import ActiveStep, as_content, as_texts
from literalai_otel.context.active_thread import ActiveThread, usable_id
from literalai_otel.context.client import Client, host_traces
from literalai_otel.context.state import LITERAL_KEY, LiteralContext, leave_released, literal_context
from literalai_otel.genai.keys import APART_KEY, APART_SPAN_KEY, TRACER_PROVIDER_KEY
from literalai_otel.model import Attachment, Generation, Score, StepType

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOptions:
    """What the user may say about a step before it starts."""

    name: str | None = None
    type: StepType = "undefined"
    id: str | None = None
    parent_id: str | None = None
    thread_id: str | None = None
    root_run_id: str | None = None
    input: Any = None
    output: Any = None
    metadata: dict[str, Any] | None = None
    tags: list[str] | None = None
    generation: Generation | dict[str, Any] | None = None
    attachments: list[Attachment | dict[str, Any]] | None = None
    scores: list[Score | dict[str, Any]] | None = None


def open_step(
    client: Client, options: StepOptions, name: str = "", context: Context | None = None
) -> tuple[ActiveStep, Context]:
    """A started step and the context for its body. Never raises: a step that cannot be recorded still runs.

    `name` is used when the options have none, the current context when `context` is None.
    """
    leave_released()
    context = otel_context.get_current() if context is None else context
    try:
        return _open(client, options, options.name if options.name is not None else name, context)
    except Exception:
        logger.debug("step %s is not recorded", name, exc_info=True)
        step = ActiveStep(
            INVALID_SPAN,
            client=client,
            surroundings=LiteralContext(),
            name=name,
            type=options.type,
            start_ns=time.time_ns(),
            own_span=False,
        )
        return step, context


def _open(client: Client, options: StepOptions, name: str, context: Context) -> tuple[ActiveStep, Context]:
    parent_id = usable_id(options.parent_id)
    chosen_id = usable_id(options.id)
    surroundings = _surroundings(client, options, literal_context(context))
    lone = parent_id is None and options.type == "tool" and _is_lone(client, surroundings, context)
    attributes: dict[str, Any] = {STEP_TYPE: options.type, STEP_NAME: name}
    if chosen_id is not None:
        attributes[STEP_ID] = chosen_id
    if parent_id is not None:
        attributes[STEP_PARENT_ID] = parent_id

    started_in = context_for(client, surroundings, context)
    start_ns = time.time_ns()
    span: Span = INVALID_SPAN
    if not client.disabled:
        span = client.tracer.start_span(
            name or options.type, context=started_in, attributes=attributes, start_time=start_ns
        )
    own_span = _is_own(span, context)
    step = ActiveStep(
        span,
        client=client,
        surroundings=surroundings,
        name=name,
        type=options.type,
        start_ns=start_ns,
        own_span=own_span,
        id=chosen_id,
        parent_id=parent_id,
        lone=lone,
    )
    _fill(step, options)

    inside = surroundings.with_(step=step)
    if lone:
        step.root_run_id = step.implicit_run_id
        inside = inside.with_(root_run_id=step.root_run_id)
    elif options.type == "run" and surroundings.root_run_id is None:
        inside = inside.with_(root_run=step, root_run_id=step.id)
    runs_in = otel_context.set_value(LITERAL_KEY, inside, started_in)
    if own_span:
        apart = APART_KEY in runs_in
        runs_in = (
            otel_context.set_value(APART_SPAN_KEY, span, runs_in) if apart else trace.set_span_in_context(span, runs_in)
        )
    return step, runs_in


def _surroundings(client: Client, options: StepOptions, found: LiteralContext) -> LiteralContext:
    """What is around the step, by the order: given > parent step's > context's."""
    surroundings = found.settled().for_client(client)
    thread_id = usable_id(options.thread_id)
    if thread_id is None and surroundings.thread is None and surroundings.step is not None:
        thread_id = surroundings.step.thread_id
    if thread_id is not None and (surroundings.thread is None or surroundings.thread.id != thread_id):
        surroundings = surroundings.with_(thread=ActiveThread(client, thread_id))
    root_run_id = usable_id(options.root_run_id)
    if root_run_id is not None and root_run_id != surroundings.root_run_id:
        surroundings = surroundings.with_(root_run_id=root_run_id, root_run=None)
    return surroundings


def _is_lone(client: Client, surroundings: LiteralContext, context: Context) -> bool:
    """Whether nothing at all is around the step: then a run is put there (`spec/features.md` X-08)."""
    if client.sink is None or client.disabled or surroundings.step or surroundings.thread or surroundings.root_run_id:
        return False
    above = trace.get_current_span(context).get_span_context()
    return not above.is_valid or not (above.is_remote or client.covers(above))


def context_for(client: Client, literal: LiteralContext, context: Context) -> Context:
    """`context` with `literal` in it and instrumentors sent to the provider of `client`."""
    values: dict[str, Any] = {**context, LITERAL_KEY: literal}
    values.pop(TRACER_PROVIDER_KEY, None)
    values.pop(APART_KEY, None)
    before = literal_context(context)
    if before.client is not client or before.step is not literal.step:
        values.pop(APART_SPAN_KEY, None)  # another client's, or of a step that has ended
    if client.private:
        values[TRACER_PROVIDER_KEY] = client.tracer_provider
        if host_traces():
            values[APART_KEY] = True
    return Context(values)


def _is_own(span: Span, context: Context) -> bool:
    """Whether `span` is new: no-op tracers hand out an invalid span or the parent's."""
    identity = span.get_span_context()
    return identity.is_valid and identity.span_id != trace.get_current_span(context).get_span_context().span_id


def _fill(step: ActiveStep, options: StepOptions) -> None:
    step.input = options.input
    step.output = options.output
    step.generation = options.generation
    step.metadata = dict(as_content(options.metadata) or {})
    step.tags = as_texts(options.tags)
    step.attachments = list(options.attachments or ())
    step.scores = list(options.scores or ())
