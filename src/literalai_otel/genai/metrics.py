"""The OTel GenAI client metrics of v1.41, the names that dashboards read (`spec/genai-semconv.md` §1.6).

Off unless `Config.metrics`. Attributes are the low-cardinality ones only: no ids.
"""

from typing import Any, Final

from opentelemetry.metrics import MeterProvider, get_meter

from literalai_otel.attributes import (
    ERROR_TYPE,
    METRIC_OPERATION_DURATION,
    METRIC_TIME_PER_OUTPUT_CHUNK,
    METRIC_TIME_TO_FIRST_CHUNK,
    METRIC_TOKEN_USAGE,
    OPERATION_NAME,
    PROVIDER_NAME,
    REQUEST_MODEL,
    RESPONSE_MODEL,
    RESPONSE_TIME_TO_FIRST_CHUNK,
    SERVER_ADDRESS,
    SERVER_PORT,
    TOKEN_TYPE,
    USAGE_INPUT_TOKENS,
    USAGE_OUTPUT_TOKENS,
)

DURATION_BUCKETS: Final = tuple(0.01 * 2**power for power in range(14))
TOKEN_BUCKETS: Final = tuple(4**power for power in range(14))
_LABELS: Final = (
    OPERATION_NAME,
    PROVIDER_NAME,
    REQUEST_MODEL,
    RESPONSE_MODEL,
    SERVER_ADDRESS,
    SERVER_PORT,
    ERROR_TYPE,
)
_TOKEN_TYPES: Final = ((USAGE_INPUT_TOKENS, "input"), (USAGE_OUTPUT_TOKENS, "output"))


class Metrics:
    """The instruments of one instrumentor."""

    def __init__(self, scope: str, version: str, provider: MeterProvider | None = None) -> None:
        meter = get_meter(scope, version, provider)

        def seconds(name: str, description: str) -> Any:
            return meter.create_histogram(
                name, unit="s", description=description, explicit_bucket_boundaries_advisory=DURATION_BUCKETS
            )

        self._duration = seconds(METRIC_OPERATION_DURATION, "Duration of a GenAI operation")
        self._first_chunk = seconds(METRIC_TIME_TO_FIRST_CHUNK, "Time from the request to the first chunk")
        self._per_chunk = seconds(METRIC_TIME_PER_OUTPUT_CHUNK, "Time between two chunks")
        self._tokens = meter.create_histogram(
            METRIC_TOKEN_USAGE,
            unit="{token}",
            description="Tokens used",
            explicit_bucket_boundaries_advisory=TOKEN_BUCKETS,
        )

    def record(self, attributes: dict[str, Any], seconds: float) -> None:
        """Record an operation that has ended, from the attributes of its span."""
        labels = self._labels(attributes)
        self._duration.record(seconds, labels)
        for name, kind in _TOKEN_TYPES:
            if name in attributes:
                self._tokens.record(attributes[name], {**labels, TOKEN_TYPE: kind})
        if RESPONSE_TIME_TO_FIRST_CHUNK in attributes:
            self._first_chunk.record(attributes[RESPONSE_TIME_TO_FIRST_CHUNK], labels)

    def chunk(self, attributes: dict[str, Any], seconds: float) -> None:
        """Record a chunk that came `seconds` after the one before it."""
        self._per_chunk.record(seconds, self._labels(attributes))

    @staticmethod
    def _labels(attributes: dict[str, Any]) -> dict[str, Any]:
        return {name: attributes[name] for name in _LABELS if name in attributes}
