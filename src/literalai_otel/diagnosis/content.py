"""Where prompts and completions go, as the switches say it together."""

from collections.abc import Iterator
from typing import Final

from literalai_otel.diagnosis.finding import Finding, doubtful, fine
from literalai_otel.diagnosis.scene import Scene

STANDARD: Final = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"


def content(scene: Scene) -> Iterator[Finding]:
    """What the content switches mean together."""
    capture, on_spans = scene.config.capture_content, scene.config.capture_on_spans
    if capture == "false" and on_spans:
        says = f"LITERAL_CAPTURE_CONTENT=false and {STANDARD} contradict each other: no content goes anywhere"
        yield doubtful("content", says, f"unset {STANDARD}, or set LITERAL_CAPTURE_CONTENT=literal_only")
    elif capture == "false":
        yield fine("content", "prompts and completions go nowhere; names, models, tokens and times do")
    elif capture == "true" or on_spans:
        yield fine("content", "prompts and completions go to Literal, and on the spans to every other exporter")
    else:
        yield fine("content", "prompts and completions go to Literal alone; other exporters get spans without them")
