"""From a record and its reading to a step (`spec/genai-semconv.md` §7)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from literalai_otel import attributes as names
from literalai_otel.config import environment_name
from literalai_otel.jsonable import to_jsonable
from literalai_otel.model import Step
from literalai_otel.translate.dialects import dialect_of
from literalai_otel.translate.identity import step_id_from_hex
from literalai_otel.translate.reading import (
    AnyGeneration,
    Reading,
    Rest,
    mapping,
    places_of,
    take_places,
    text,
    texts,
)
from literalai_otel.translate.record import SCALARS, SpanRecord
from literalai_otel.translate.surroundings import take_surroundings

_PLACES: Final = places_of(
    {
        # read alike for every dialect; the processor stamps most of them on every span
        names.STEP_ID: ("step", "id", text),
        names.STEP_PARENT_ID: ("step", "parent_id", text),
        names.STEP_NAME: ("step", "name", text),
        names.ROOT_RUN_ID: ("step", "root_run_id", text),
        names.THREAD_ID: ("step", "thread_id", text),
        names.CONVERSATION_ID: ("beside", "conversation", text),
        names.TAGS: ("step", "tags", texts),
        names.ENVIRONMENT: ("beside", "environment", text),
        names.METADATA: ("beside", "metadata", mapping),
        names.RELEASE: ("beside", "release", text),
        names.THREAD_NAME: ("otel", "thread_name", text),
        names.USER_ID: ("otel", "user_id", text),
        names.ERROR_TYPE: ("otel", "error_type", text),
    }
)
_EXCEPTION_FACTS: Final = (
    (names.EXCEPTION_TYPE, "type"),
    (names.EXCEPTION_MESSAGE, "message"),
    (names.EXCEPTION_STACKTRACE, "stacktrace"),
)


def is_step(scope_name: str, attributes: Mapping[str, Any] | None) -> bool:
    """Whether a span is a step, as far as its scope and the attributes at its start tell."""
    return dialect_of(scope_name, attributes or {}) is not None


def translate(record: SpanRecord, *, export_all: bool = False) -> Step | None:
    """The step of a span, None when it is none.

    With `export_all` a span that no dialect recognises becomes a step of type `undefined`. Raises nothing for
    any content; times are ISO 8601 in UTC with microseconds, so that siblings keep their order.
    """
    rest = record.everything()
    dialect = dialect_of(record.scope, rest)
    if dialect is None and not export_all:
        return None
    reading = Reading() if dialect is None else dialect.read(record, rest)
    take_surroundings(rest)
    places = take_places(rest, _PLACES)
    own, beside, otel = places["step"], places["beside"], places["otel"]
    error = reading.error or _error(record, otel.get("error_type"))
    if reading.generation is not None:
        _complete(reading.generation, record, error)
    return Step(
        id=own.get("id") or step_id_from_hex(record.trace_id, record.span_id),
        name=own.get("name") or reading.name or record.name,
        type=reading.type,
        thread_id=own.get("thread_id") or beside.get("conversation"),
        # What the lineage knows includes a parent that the user named. A remote parent is neither: the server finds
        # it by `metadata.otel.parent_span_id`.
        parent_id=record.parent_step_id or own.get("parent_id"),
        root_run_id=own.get("root_run_id"),
        start_time=iso_time(record.start_ns),
        end_time=iso_time(record.end_ns),
        error=error,
        input=reading.input,
        output=reading.output,
        metadata=_metadata(record, beside, _otel(record, rest, otel)),
        environment=_environment(beside.get("environment"), record.resource.get(names.DEPLOYMENT_ENVIRONMENT)),
        tags=own.get("tags"),
        generation=reading.generation,
        attachments=reading.attachments,
        scores=reading.scores,
    )


def iso_time(nanoseconds: int) -> str:
    """ISO 8601 in UTC with microseconds; what lies outside the calendar becomes its nearest end."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{_whole_second(seconds)}.{rest // 1000:06d}Z"


@lru_cache(maxsize=256)
def _whole_second(seconds: int) -> str:
    # Spans come in order of time, so nearly all ask for one of the last few seconds.
    # 253402300799 is the last second of the year 9999.
    return datetime.fromtimestamp(min(max(seconds, 0), 253_402_300_799), UTC).isoformat()[:19]


def _environment(*sources: Any) -> str | None:
    for source in sources:
        if isinstance(source, str):
            try:
                return environment_name(source)
            except ValueError:  # OpenTelemetry's environments have any name, Literal's are four
                continue
    return None


def _error(record: SpanRecord, error_type: str | None) -> str | None:
    if record.status != "ERROR":
        # Some packages leave the status unset when they fail.
        return error_type if record.status == "UNSET" else None
    if record.status_text:
        return record.status_text
    exception = _exception(record)
    return exception.get("message") or exception.get("type") or error_type or "error"


def _exception(record: SpanRecord) -> dict[str, str]:
    """The last exception event."""
    for name, attributes, _ in reversed(record.events):
        if name == "exception":
            facts = ((key, text(attributes.get(source))) for source, key in _EXCEPTION_FACTS)
            return {key: value for key, value in facts if value is not None}
    return {}


def _complete(generation: AnyGeneration, record: SpanRecord, error: str | None) -> None:
    """What follows from the span itself, unless the generation was attached by hand and says it."""
    if generation.error is None:
        generation.error = error
    if generation.duration is None:
        generation.duration = record.duration
    if generation.token_throughput_in_s is None and generation.output_token_count is not None and generation.duration:
        generation.token_throughput_in_s = generation.output_token_count / generation.duration


def _metadata(record: SpanRecord, beside: dict[str, Any], otel: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {**beside.get("metadata", {})}
    release = beside.get("release") or text(record.resource.get(names.SERVICE_VERSION))
    if release is not None:
        found.setdefault("release", release)
    found["otel"] = otel
    return found


def _otel(record: SpanRecord, rest: Rest, said: dict[str, Any]) -> dict[str, Any]:
    """The span behind the step: enough to resolve parents, and every attribute that has no other place."""
    facts: dict[str, Any] = {"trace_id": record.trace_id, "span_id": record.span_id}
    if record.parent_span_id:
        facts["parent_span_id"] = record.parent_span_id
    if record.bridges:
        facts["bridges"] = [*record.bridges]
    if record.scope:
        facts["scope"] = record.scope
    if record.scope_version:
        facts["scope_version"] = record.scope_version
    if service := _service(record):
        facts["service"] = service
    if record.events and (exception := _exception(record)):
        facts["exception"] = exception
    if rest and (attributes := _attributes(rest)):
        facts["attributes"] = attributes
    facts.update(said)
    return facts


def _attributes(rest: Rest) -> dict[str, Any]:
    """What no reader took, in JSON types."""
    if SCALARS.issuperset(map(type, rest.values())):  # nearly always
        return rest
    return {
        name: value if value.__class__ in SCALARS else to_jsonable(value)
        for name, value in rest.items()
        if value is not None
    }


def _service(record: SpanRecord) -> str | None:
    name = text(record.resource.get(names.SERVICE_NAME))
    return None if name is None or name.startswith("unknown_service") else name  # OpenTelemetry's word for none
