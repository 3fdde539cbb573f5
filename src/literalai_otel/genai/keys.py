"""The keys under which recordings leave word in an OTel context, ours and those of other families.

Who reads which foreign key: `spec/genai-semconv.md` §2.4.
"""

from typing import Final

from opentelemetry.context import create_key

LITERAL_KEY: Final = create_key("literalai-context")
"""The Literal surroundings, a `context.state.LiteralContext`: thread, step, tags, metadata."""
TRACER_PROVIDER_KEY: Final = create_key("literalai-tracer-provider")
"""The TracerProvider on which recordings open their span, in place of the instrumentor's own."""
APART_KEY: Final = create_key("literalai-apart")
"""True where that provider is a client's own, beside a host that traces too: its spans must not become current, or
the host's spans would name parents that the host's backend never sees, and inherit our sampling decision."""
APART_SPAN_KEY: Final = create_key("literalai-apart-span")
"""There, the open span that would be current: the parent of what that provider starts next."""
THREAD_KEY: Final = create_key("literalai-framework-thread")
"""Id of the thread that a framework's run names for all that happens inside it; a thread of the user's goes first."""
OWN_THREAD_KEY: Final = create_key("literalai-own-thread")
"""Id of a thread that an instrumentor made because nobody named one: for root runs and what happens inside them. It
goes to Literal alone, never as a conversation id: that would be an invented one."""
RECORDING_KEY: Final = create_key("literalai-recording")
"""The recording that is open."""
OPENLLMETRY_KEY: Final = "suppress_language_model_instrumentation"
"""True silences OpenLLMetry's instrumentors."""
OFFICIAL_INFERENCE_KEY: Final = "opentelemetry.genai.client.inference.context"
"""The `InferenceData` of an open official span; its presence silences the official instrumentors."""
