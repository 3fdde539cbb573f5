"""The run around a tool that nothing surrounds: a tool step cannot stand alone (`spec/features.md` X-08).

`context.active_step` does the same for tools that are decorated functions.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_OID, uuid5

from literalai_otel.attributes import CONVERSATION_ID, OPERATION_NAME, STEP_ID, THREAD_ID, TOOL_NAME
from literalai_otel.model import Step
from literalai_otel.translate import iso_time, step_id

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from literalai_otel.processor import Lineage

TOOL: Final = "execute_tool"
"""The operation of a tool's span."""


def run_around(span: "ReadableSpan", fields: Mapping[str, Any] | None, lineage: "Lineage") -> Step | None:
    """The run to send beside `span`, whose parent it becomes; None for all but tools without parent and thread.

    `fields` are those beside the span.
    """
    if lineage.parent_step_id is not None or lineage.parent_span_id is not None or span.context is None:
        return None
    attributes: dict[str, Any] = {**(span.attributes or {}), **(fields or {})}
    if attributes.get(OPERATION_NAME) != TOOL or THREAD_ID in lineage.fields:
        return None
    if THREAD_ID in attributes or CONVERSATION_ID in attributes:
        return None
    tool_id = attributes.get(STEP_ID) or step_id(span.context.trace_id, span.context.span_id)
    run = Step(
        id=str(uuid5(NAMESPACE_OID, f"{tool_id}:run")),
        name=str(attributes.get(TOOL_NAME) or span.name),
        type="run",
        start_time=iso_time(span.start_time or 0),
        end_time=iso_time(span.end_time or span.start_time or 0),
        error=None if span.status.is_ok or span.status.is_unset else span.status.description or "error",
    )
    lineage.parent_step_id = run.id
    return run
