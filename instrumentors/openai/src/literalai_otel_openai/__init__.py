"""OpenTelemetry instrumentor for the OpenAI Python SDK.

    from literalai_otel_openai import OpenAIInstrumentor

    OpenAIInstrumentor().instrument()

Under `opentelemetry-instrument` and `literalai_otel.init()` this happens by itself. Every call of a model becomes one
span with the official GenAI attributes, whichever way it is made: `create`, `parse`, `stream`, raw, streaming, sync
or async, through OpenAI, Azure or a compatible host.
"""

from collections.abc import Sequence

from literalai_otel.genai import Instrumentor, Patch, Recorder
from literalai_otel_openai.patches import patch_table

__all__ = ["OpenAIInstrumentor"]


class OpenAIInstrumentor(Instrumentor):
    """Records the model calls of the OpenAI SDK. `instrument(tracer_provider=None, meter_provider=None)`."""

    framework = "openai"
    dependencies = ("openai >= 1.109, < 4",)

    def patches(self, recorder: Recorder) -> Sequence[Patch]:
        """The choke point, the look at responses, and what takes `literalai_*` keywords off."""
        return patch_table(recorder)
