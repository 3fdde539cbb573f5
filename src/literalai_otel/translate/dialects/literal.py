"""Our own dialect: spans of `run`, `step` and their kin, and of our instrumentors (`spec/genai-semconv.md` §7).

Fields may be native (side table) or JSON texts (OTLP). A GenAI span of ours is read as GenAI first; what
`literalai.step.*` says then wins.
"""

from typing import Any, Final, cast

from literalai_otel import attributes as names
from literalai_otel.model import STEP_TYPES, Attachment, Score, StepType, from_wire, generation_from_wire
from literalai_otel.translate.dialects import genai
from literalai_otel.translate.reading import Reading, Rest, content_object, given, mapping, sequence, take
from literalai_otel.translate.record import SpanRecord

KEYS: Final = (names.STEP_TYPE, names.STEP_ID, names.STEP_INPUT, names.STEP_OUTPUT, names.GENERATION)
"""Any of these makes a span a step. The other `literalai.*` names don't: the processor stamps them on every span."""
_GENAI_KEYS: Final = (
    names.OPERATION_NAME,
    names.PROVIDER_NAME,
    names.INPUT_MESSAGES,
    names.OUTPUT_MESSAGES,
    names.REQUEST_MODEL,
)


def read(record: SpanRecord, rest: Rest) -> Reading:
    """The reading of a step span or of a GenAI span of ours."""
    speaks_genai = any(key in rest for key in _GENAI_KEYS)
    reading = genai.read(record, rest) if speaks_genai else Reading()
    declared = take(rest, names.STEP_TYPE, _step_type)
    generation = take(rest, names.GENERATION, mapping)
    if generation is not None:
        reading.generation = generation_from_wire(generation)
    if declared is not None:
        reading.type = declared
    elif generation is not None and not speaks_genai:
        reading.type = "llm"
    if names.STEP_INPUT in rest:
        reading.input = content_object(given(record, rest, names.STEP_INPUT))
    if names.STEP_OUTPUT in rest:
        reading.output = content_object(given(record, rest, names.STEP_OUTPUT))
    attachments = take(rest, names.ATTACHMENTS, sequence)
    if attachments is not None:
        reading.attachments = [
            from_wire(Attachment, cast("dict[str, Any]", item)) for item in attachments if isinstance(item, dict)
        ]
    scores = take(rest, names.SCORES, sequence)
    if scores is not None:
        reading.scores = [from_wire(Score, cast("dict[str, Any]", item)) for item in scores if isinstance(item, dict)]
    return reading


def _step_type(value: Any) -> StepType | None:
    return value if value in STEP_TYPES else None
