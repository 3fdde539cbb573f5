"""From a step as clients send it (camelCase JSON) to a `StepRow`, or to the reason why not.

Null means absent everywhere. Shapes: `spec/literal-wire.md` §2.4 and §4; limits: `DESIGN.md` §3, Units.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast
from uuid import UUID, uuid5

from literalai_otel.jsonable import dumps, dumps_text
from literalai_otel.model import STEP_TYPES
from literalai_otel.server import previews, raw_spans
from literalai_otel.server.store.rows import StepRow
from literalai_otel.server.times import parse_time
from literalai_otel.server.values import (
    InvalidValueError,
    checked_object,
    clean_id,
    clean_json,
    clean_object,
    clean_tags,
    clean_text,
)
from literalai_otel.server.values import within as within_limit
from literalai_otel.translate.limits import MAX_CONTENT_BYTES, MAX_METADATA_BYTES

LONGEST_ERROR: Final = 1_000
"""Characters of an error in the hot row; a longer one is whole in the payload."""
MAX_GENERATION_BYTES: Final = 2 * MAX_CONTENT_BYTES + 4 * MAX_METADATA_BYTES
"""Messages and completion, and four objects beside them."""
MAX_BRIDGES: Final = 64
_NAMESPACE: Final = UUID("5b0d7a2c-9f5e-5f0e-8a39-6a4f1f3f7c52")
_GENERATION_TYPES: Final = ("CHAT", "COMPLETION")
_TEXTS_OF_COMPLETIONS: Final = ("prompt", "completion")
_SCORE_TYPES: Final = ("HUMAN", "CODE", "AI")
_MAX_COUNT: Final = 10**12
"""Tokens of one call; nine million such calls fit into a sum."""
_MAX_NUMBER: Final = 2**63 - 1
_WRONG_UNIT: Final = 100
"""A throughput that is so many times off what tokens and duration say was not sent in tokens per second (X-17)."""


def step_row(step: Mapping[str, Any], environment: str | None = None) -> StepRow:
    """The row of a step that was received with the header's `environment`.

    Raises:
        InvalidValueError: the message names the field and the rule that it breaks.
    """
    row = StepRow(clean_id(step.get("id"), "id"), {})
    if environment is not None:
        row.values["environment"] = environment
    generation = step.get("generation")
    if isinstance(generation, dict):
        of_generation = cast("dict[str, Any]", generation)
        step = _shared(step, of_generation)
        _show(row, of_generation)
    for field, value in step.items():
        if value is not None and (put := _FIELDS.get(field)) is not None:
            put(row, value)
    if "error" in row.values or "generation_error" in row.values:
        row.uncounted = None  # what a failed call used up is not for us to say
    return row


def _shared(step: Mapping[str, Any], generation: Mapping[str, Any]) -> Mapping[str, Any]:
    """The step with the tags and metadata of its generation: a generation is a step, what either has is of both."""
    tags, metadata = generation.get("tags"), generation.get("metadata")
    own_tags, own_metadata = step.get("tags"), step.get("metadata")
    shared: dict[str, Any] = {}
    # What the step itself has of a wrong kind is refused by its own field.
    if tags and (own_tags is None or isinstance(own_tags, list)):
        shared["tags"] = [*(own_tags or ()), *clean_tags(tags, "generation.tags")]
    if metadata and (own_metadata is None or isinstance(own_metadata, dict)):
        shared["metadata"] = {**checked_object(metadata, "generation.metadata"), **(own_metadata or {})}
    return {**step, **shared} if shared else step


def _show(row: StepRow, generation: Mapping[str, Any]) -> None:
    """Lists show of a generation what was said last, whatever its step's input and output hold around it."""
    shown = {
        "input_preview": previews.of_input(generation),
        "output_preview": previews.of_output(generation),
    }
    row.values.update((column, text) for column, text in shown.items() if text is not None)


def _text_field(column: str, field: str) -> Callable[[StepRow, Any], None]:
    def put(row: StepRow, value: Any) -> None:
        row.values[column] = clean_text(value, field)

    return put


def _id_field(column: str, field: str) -> Callable[[StepRow, Any], None]:
    def put(row: StepRow, value: Any) -> None:
        if value != "":
            row.values[column] = clean_id(value, field)

    return put


def _time_field(column: str, field: str) -> Callable[[StepRow, Any], None]:
    def put(row: StepRow, value: Any) -> None:
        row.values[column] = _time(value, field)

    return put


def _time(value: Any, field: str) -> int:
    try:
        return parse_time(value)
    except (AttributeError, TypeError, ValueError, OverflowError):
        raise InvalidValueError(f"{field} must be an ISO 8601 time, not {_shown(value)}") from None


def _put_type(row: StepRow, value: Any) -> None:
    row.values["type"] = _one_of(value, STEP_TYPES, "type")


def _put_error(row: StepRow, value: Any) -> None:
    # The TypeScript client may send an object.
    text = clean_text(value if isinstance(value, str) else dumps_text(value), "error")
    row.values["error"] = text[:LONGEST_ERROR]
    if len(text) > LONGEST_ERROR:
        row.payload["error"] = within_limit(dumps(text), "error", MAX_CONTENT_BYTES)


def _content_field(field: str) -> Callable[[StepRow, Any], None]:
    preview = f"{field}_preview"

    def put(row: StepRow, value: Any) -> None:
        # What is no object goes where the clients look for text (`spec/literal-wire.md` §4, Step).
        content = cast("dict[str, Any]", value if isinstance(value, dict) else {"content": value})
        encoded = within_limit(clean_json(content), field, MAX_CONTENT_BYTES)
        row.payload[field] = encoded
        if preview not in row.values:
            row.values[preview] = previews.of_content(content, encoded)

    return put


def _put_metadata(row: StepRow, value: Any) -> None:
    row.payload["metadata"] = clean_object(value, "metadata", MAX_METADATA_BYTES)
    usage = value.get("usage")
    if isinstance(usage, dict):
        _put_cached(row, cast("dict[str, Any]", usage).get("cache_read_input_tokens"))
    span = value.get("otel")
    if isinstance(span, dict):
        _put_span(row, cast("dict[str, Any]", span))


def _put_cached(row: StepRow, count: Any) -> None:
    """Where the translator says it. Metadata is the user's too: what is no count is no fault there."""
    if isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= _MAX_COUNT:
        row.values["cached_token_count"] = count


def _put_span(row: StepRow, span: dict[str, Any]) -> None:
    """The span behind the step. What is malformed is no identity, but no fault of the step either."""
    trace_id, span_id = _hex(span.get("trace_id"), 16), _hex(span.get("span_id"), 8)
    if trace_id is None or span_id is None:
        return
    row.values["trace_id"], row.values["span_id"] = trace_id, span_id
    parent = _hex(span.get("parent_span_id"), 8)
    if parent is not None and parent != span_id:
        row.values["parent_span_id"] = parent
    bridges = span.get("bridges")
    if isinstance(bridges, list):
        found = (_hex(item, 8) for item in cast("list[Any]", bridges)[:MAX_BRIDGES])
        row.bridges = [(trace_id, bridge) for bridge in found if bridge is not None]
    row.thread_name = _optional_text(span.get("thread_name"))
    row.user = _optional_text(span.get("user_id"))


def _optional_text(value: Any) -> str | None:
    return clean_text(value, "otel")[:255] or None if isinstance(value, str) else None


def _hex(value: Any, size: int) -> bytes | None:
    if not isinstance(value, str) or len(value) != 2 * size:
        return None
    try:
        return bytes.fromhex(value)
    except ValueError:
        return None


def _put_span_rest(row: StepRow, value: Any) -> None:
    """What an export says of the span beside the step; no client sends it."""
    if isinstance(value, dict):
        raw_spans.put(row, cast("dict[str, Any]", value))


def _put_tags(row: StepRow, value: Any) -> None:
    row.tags = clean_tags(value, "tags")
    row.values["tags"] = dumps_text(row.tags)


# --- generation --------------------------------------------------------------------------------


def _put_generation(row: StepRow, value: Any) -> None:
    generation, values = checked_object(value, "generation"), row.values
    declared = generation.get("type")
    if declared is None:
        declared = "CHAT" if all(generation.get(key) is None for key in _TEXTS_OF_COMPLETIONS) else "COMPLETION"
    values["generation_type"] = _one_of(declared, _GENERATION_TYPES, "generation.type")
    # What a server estimated and a client sends back is no count of the provider: it is estimated again.
    estimated = generation.get("tokenCountEstimated") is True
    for key, (column, read) in _GENERATION_COLUMNS.items():
        item = generation.get(key)
        if item is not None and not (estimated and read is _count):
            values[column] = read(item, f"generation.{key}")
    _complete(row, generation)
    rest = {key: item for key, item in generation.items() if item is not None and key not in _NOT_IN_PAYLOAD}
    error = generation.get("error")
    if error is not None:
        text = clean_text(error if isinstance(error, str) else dumps_text(error), "generation.error")
        values["generation_error"] = text[:LONGEST_ERROR]
        if len(text) > LONGEST_ERROR:
            rest["error"] = text
    for key in _TEXTS_OF_COMPLETIONS:
        # The schema says text; completions also take lists of texts and of tokens.
        if key in rest and not isinstance(rest[key], str):
            rest[key] = dumps_text(rest[key])
    row.payload["generation"] = within_limit(clean_json(rest), "generation", MAX_GENERATION_BYTES)


def _complete(row: StepRow, generation: dict[str, Any]) -> None:
    """What follows from the counts that were sent; where there are none, they are to be estimated."""
    values = row.values
    asked, answered = values.get("input_token_count"), values.get("output_token_count")
    if "token_count" not in values and asked is not None and answered is not None:
        values["token_count"] = asked + answered
    if asked is None and answered is None and "token_count" not in values:
        parts = generation.get("messages"), generation.get("messageCompletion")
        if values["generation_type"] == "COMPLETION":
            parts = generation.get("prompt"), generation.get("completion")
        row.uncounted = parts if any(parts) else None
        return
    values["tokens_estimated"] = 0
    duration, sent = values.get("duration"), values.get("token_throughput")
    if answered and duration is not None and duration > 0:
        throughput = answered / duration
        if sent is None or not throughput / _WRONG_UNIT < sent < throughput * _WRONG_UNIT:
            values["token_throughput"] = throughput


def _count(value: Any, field: str) -> int:
    integral = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if not integral or isinstance(value, bool) or not 0 <= value <= _MAX_COUNT:
        raise InvalidValueError(f"{field} must be a whole number of 0 to 10^12, not {_shown(value)}")
    return int(value)


def _number(value: Any, field: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _MAX_NUMBER:
        raise InvalidValueError(f"{field} must be a finite number, not {_shown(value)}")
    return float(value)


# --- scores and attachments --------------------------------------------------------------------


def _put_scores(row: StepRow, value: Any) -> None:
    scores: list[dict[str, Any]] = []
    for index, score in enumerate(_objects(value, "scores")):
        field = f"scores[{index}]"
        found: dict[str, Any] = {
            column: clean_text(score[key], f"{field}.{key}")
            for key, column in _SCORE_TEXTS.items()
            if score.get(key) is not None
        }
        found["name"] = clean_id(score.get("name"), f"{field}.name")
        found["type"] = _one_of(score.get("type"), _SCORE_TYPES, f"{field}.type")
        found["value"] = _number(score.get("value"), f"{field}.value")
        if score.get("tags") is not None:
            found["tags"] = dumps_text(clean_tags(score["tags"], f"{field}.tags"))
        found["id"] = _own_id(row, score, f"{found['name']}:{index}", field)
        scores.append(found)
    row.scores = scores


def _put_attachments(row: StepRow, value: Any) -> None:
    attachments: list[dict[str, Any]] = []
    for index, attachment in enumerate(_objects(value, "attachments")):
        field = f"attachments[{index}]"
        found: dict[str, Any] = {
            column: clean_text(attachment[key], f"{field}.{key}")
            for key, column in _ATTACHMENT_TEXTS.items()
            if attachment.get(key) is not None
        }
        if attachment.get("metadata") is not None:
            encoded = clean_object(attachment["metadata"], f"{field}.metadata", MAX_METADATA_BYTES)
            found["metadata"] = encoded.decode()
        found["id"] = _own_id(row, attachment, f"{found.get('name')}:{index}", field)
        attachments.append(found)
    row.attachments = attachments


def _own_id(row: StepRow, item: Mapping[str, Any], name: str, field: str) -> str:
    """The id that was given, else one made from the step and the place in it, so that a resend doubles nothing."""
    given = item.get("id")
    return clean_id(given, f"{field}.id") if given is not None else str(uuid5(_NAMESPACE, f"{row.id}:{name}"))


def _objects(value: Any, field: str) -> list[dict[str, Any]]:
    items = cast("list[Any]", value) if isinstance(value, list) else None
    if items is None or not all(isinstance(item, dict) for item in items):
        raise InvalidValueError(f"{field} must be a list of objects")
    return items


def _one_of(value: Any, allowed: tuple[str, ...], field: str) -> str:
    if value not in allowed:
        raise InvalidValueError(f"{field} must be one of {', '.join(allowed)}, not {_shown(value)}")
    return cast(str, value)


def _shown(value: Any) -> str:
    shown = dumps_text(value)
    return shown if len(shown) <= 80 else f"{shown[:80]}…"


_GENERATION_COLUMNS: Final[Mapping[str, tuple[str, Callable[[Any, str], Any]]]] = {
    "provider": ("provider", clean_text),
    "model": ("model", clean_text),
    "promptId": ("prompt_id", clean_text),
    "tokenCount": ("token_count", _count),
    "inputTokenCount": ("input_token_count", _count),
    "outputTokenCount": ("output_token_count", _count),
    "ttFirstToken": ("tt_first_token", _number),
    "duration": ("duration", _number),
    "tokenThroughputInSeconds": ("token_throughput", _number),
}
_SAID_BY_THE_STEP: Final = ("id", "stepId", "createdAt", "tags", "metadata")
_NOT_IN_PAYLOAD: Final = frozenset((*_GENERATION_COLUMNS, *_SAID_BY_THE_STEP, "type", "tokenCountEstimated", "error"))
_SCORE_TEXTS: Final = {
    "datasetExperimentItemId": "dataset_experiment_item_id",
    "label": "label",
    "comment": "comment",
    "scorer": "scorer",
}
_ATTACHMENT_TEXTS: Final = {
    "name": "name",
    "mime": "mime",
    "objectKey": "object_key",
    "url": "url",
    "threadId": "thread_id",
}
_FIELDS: Final[Mapping[str, Callable[[StepRow, Any], None]]] = {
    "name": _text_field("name", "name"),
    "type": _put_type,
    "threadId": _id_field("thread_id", "threadId"),
    "parentId": _id_field("parent_id", "parentId"),
    "rootRunId": _id_field("root_run_id", "rootRunId"),
    "startTime": _time_field("start_time", "startTime"),
    "endTime": _time_field("end_time", "endTime"),
    "error": _put_error,
    "input": _content_field("input"),
    "output": _content_field("output"),
    "metadata": _put_metadata,
    "span": _put_span_rest,
    "tags": _put_tags,
    "generation": _put_generation,
    "scores": _put_scores,
    "attachments": _put_attachments,
}
