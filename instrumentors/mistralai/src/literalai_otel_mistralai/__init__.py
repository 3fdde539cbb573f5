"""OpenTelemetry instrumentor for the Mistral AI Python SDK.

    from literalai_otel_mistralai import MistralAIInstrumentor

    MistralAIInstrumentor().instrument()

Under `opentelemetry-instrument` and `literalai_otel.init()` this happens by itself. Every call of a model becomes one
span with the official GenAI attributes: chat, agents, conversations, fill-in-the-middle, embeddings, OCR, classifiers
and audio; plain or streamed, sync or async, of Mistral's own API, on Azure or on Google Cloud.
"""

from collections.abc import Sequence

from literalai_otel.genai import Instrumentor, Patch, Recorder
from literalai_otel_mistralai.patches import patch_table

__all__ = ["MistralAIInstrumentor"]


class MistralAIInstrumentor(Instrumentor):
    """Records the calls of the Mistral AI SDK. `instrument(tracer_provider=None, meter_provider=None)`."""

    framework = "mistralai"
    dependencies = ("mistralai >= 1.12.4, < 4",)

    def patches(self, recorder: Recorder) -> Sequence[Patch]:
        """The methods that call a model, the look at the wire, and what keeps the SDK's own tracing out."""
        return patch_table(recorder)
