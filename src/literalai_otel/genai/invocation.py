"""An invocation: what is known about one GenAI operation while it is being recorded.

Facts are kept under their attribute names (`literalai_otel.attributes`), so that no second naming exists between
a reader and the span. Content is kept apart, as producers, since it goes other ways (`genai.content`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from opentelemetry.trace import SpanKind

from literalai_otel.attributes import (
    AGENT_NAME,
    DATA_SOURCE_ID,
    OPERATION_NAME,
    REQUEST_MODEL,
    STEP_NAME,
    TOOL_NAME,
    WORKFLOW_NAME,
)
from literalai_otel.genai.content import Producer
from literalai_otel.genai.exchange import Exchange

_TARGETS: Final[Mapping[str, str]] = {
    "execute_tool": TOOL_NAME,
    "invoke_agent": AGENT_NAME,
    "create_agent": AGENT_NAME,
    "plan": AGENT_NAME,
    "invoke_workflow": WORKFLOW_NAME,
    "retrieval": DATA_SOURCE_ID,
}
"""What an operation is done to, where that is not a model (`spec/genai-semconv.md` §1.1)."""
_REMOTE: Final = frozenset({"retrieval", "create_agent"})
"""Operations without a model that another process carries out."""


@dataclass(slots=True)
class Invocation:
    """One operation: a tool call, a retrieval, an agent's run, a component of a framework.

    `attributes` holds what is known at the start, operation and target included; readers add what the result tells.
    Without `OPERATION_NAME` it is a component named by `STEP_NAME`, and `STEP_TYPE` says what Literal makes of it.
    `content` maps an attribute name to the producer of its value, `content_size` is what the producers keep alive,
    in bytes. `exchange` is what went over the wire.
    """

    calls_model: ClassVar[bool] = False
    """Whether a call of a provider's SDK inside may be the same invocation, seen from below."""

    attributes: dict[str, Any]
    content: dict[str, Producer] = field(default_factory=dict[str, Producer])
    content_size: int = 0
    exchange: Exchange = field(default_factory=Exchange)

    @property
    def span_name(self) -> str:
        """`{operation} {target}`, the name of the component when there is no operation."""
        operation: str | None = self.attributes.get(OPERATION_NAME)
        if operation is None:
            return self.attributes[STEP_NAME]
        target = self.attributes.get(_TARGETS.get(operation, REQUEST_MODEL))
        return f"{operation} {target}" if target else operation

    @property
    def span_kind(self) -> SpanKind:
        """CLIENT for what another process does."""
        return SpanKind.CLIENT if self.attributes.get(OPERATION_NAME) in _REMOTE else SpanKind.INTERNAL


@dataclass(slots=True)
class Inference(Invocation):
    """One call of a model: chat, completion, embeddings, rerank and the like."""

    calls_model: ClassVar[bool] = True

    @property
    def span_kind(self) -> SpanKind:
        """CLIENT: models run elsewhere."""
        return SpanKind.CLIENT
