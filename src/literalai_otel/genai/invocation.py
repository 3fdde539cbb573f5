"""An invocation: what is known about one GenAI operation while it is being recorded.

Facts are kept under their attribute names (`literalai_otel.attributes`), so that no second naming exists between
a reader and the span. Content is kept apart, as producers, since it goes other ways (`genai.content`).
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from literalai_otel.attributes import OPERATION_NAME, REQUEST_MODEL
from literalai_otel.genai.content import Producer
from literalai_otel.genai.exchange import Exchange

Operation = Literal["chat", "text_completion", "embeddings"]


@dataclass(slots=True)
class Inference:
    """One call of a model.

    `attributes` holds what is known at the start, operation, provider and model included; readers add what the
    response tells. `content` maps an attribute name to the producer of its value, `content_size` is what the
    producers keep alive, in bytes. `exchange` is what went over the wire.
    """

    attributes: dict[str, Any]
    content: dict[str, Producer] = field(default_factory=dict[str, Producer])
    content_size: int = 0
    exchange: Exchange = field(default_factory=Exchange)

    @property
    def span_name(self) -> str:
        """`{operation} {model}` (`spec/genai-semconv.md` §1.1)."""
        model = self.attributes.get(REQUEST_MODEL)
        operation: Operation = self.attributes[OPERATION_NAME]
        return f"{operation} {model}" if model else operation
