"""Every span-attribute name that this project writes or reads.

`gen_ai.*` names are our own constants: the ones in `opentelemetry.semconv` are frozen and deprecated
(`spec/genai-semconv.md` §0.1). A name that has an official spelling never gets a `literalai.*` twin.
"""

from typing import Final

# --- official, stable ---------------------------------------------------------------------------
ERROR_TYPE: Final = "error.type"
EXCEPTION_TYPE: Final = "exception.type"
EXCEPTION_MESSAGE: Final = "exception.message"
EXCEPTION_STACKTRACE: Final = "exception.stacktrace"
SERVER_ADDRESS: Final = "server.address"
SERVER_PORT: Final = "server.port"
USER_ID: Final = "user.id"

# --- official GenAI: operation ------------------------------------------------------------------
OPERATION_NAME: Final = "gen_ai.operation.name"
PROVIDER_NAME: Final = "gen_ai.provider.name"
CONVERSATION_ID: Final = "gen_ai.conversation.id"
CONVERSATION_COMPACTED: Final = "gen_ai.conversation.compacted"
"""True or absent."""
OUTPUT_TYPE: Final = "gen_ai.output.type"
WORKFLOW_NAME: Final = "gen_ai.workflow.name"
AGENT_NAME: Final = "gen_ai.agent.name"
AGENT_ID: Final = "gen_ai.agent.id"
"""Of an agent that the provider keeps; agents in this process have none."""
AGENT_DESCRIPTION: Final = "gen_ai.agent.description"
DATA_SOURCE_ID: Final = "gen_ai.data_source.id"

# --- official GenAI: request --------------------------------------------------------------------
REQUEST_MODEL: Final = "gen_ai.request.model"
REQUEST_TEMPERATURE: Final = "gen_ai.request.temperature"
REQUEST_TOP_P: Final = "gen_ai.request.top_p"
REQUEST_TOP_K: Final = "gen_ai.request.top_k"
REQUEST_MAX_TOKENS: Final = "gen_ai.request.max_tokens"
REQUEST_FREQUENCY_PENALTY: Final = "gen_ai.request.frequency_penalty"
REQUEST_PRESENCE_PENALTY: Final = "gen_ai.request.presence_penalty"
REQUEST_SEED: Final = "gen_ai.request.seed"
REQUEST_STOP_SEQUENCES: Final = "gen_ai.request.stop_sequences"
REQUEST_CHOICE_COUNT: Final = "gen_ai.request.choice.count"
REQUEST_STREAM: Final = "gen_ai.request.stream"
REQUEST_REASONING_LEVEL: Final = "gen_ai.request.reasoning.level"
REQUEST_ENCODING_FORMATS: Final = "gen_ai.request.encoding_formats"
REQUEST_PREVIOUS_RESPONSE_ID: Final = "gen_ai.request.previous_response.id"

# --- official GenAI: response and usage ---------------------------------------------------------
RESPONSE_ID: Final = "gen_ai.response.id"
RESPONSE_MODEL: Final = "gen_ai.response.model"
RESPONSE_STATUS: Final = "gen_ai.response.status"
"""Only when it is not `completed`."""
RESPONSE_FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
RESPONSE_TIME_TO_FIRST_CHUNK: Final = "gen_ai.response.time_to_first_chunk"
"""Seconds (double), streams only; Literal's `ttFirstToken` is milliseconds."""
USAGE_INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
USAGE_OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
USAGE_CACHE_READ_INPUT_TOKENS: Final = "gen_ai.usage.cache_read.input_tokens"
USAGE_CACHE_WRITE_INPUT_TOKENS: Final = "gen_ai.usage.cache_write.input_tokens"
USAGE_REASONING_OUTPUT_TOKENS: Final = "gen_ai.usage.reasoning.output_tokens"
USAGE_TEXT_INPUT_TOKENS: Final = "gen_ai.usage.text.input_tokens"
USAGE_TEXT_OUTPUT_TOKENS: Final = "gen_ai.usage.text.output_tokens"
USAGE_IMAGE_INPUT_TOKENS: Final = "gen_ai.usage.image.input_tokens"
USAGE_IMAGE_OUTPUT_TOKENS: Final = "gen_ai.usage.image.output_tokens"
USAGE_AUDIO_INPUT_TOKENS: Final = "gen_ai.usage.audio.input_tokens"
USAGE_AUDIO_OUTPUT_TOKENS: Final = "gen_ai.usage.audio.output_tokens"

# --- official GenAI: content (opt-in on spans) --------------------------------------------------
INPUT_MESSAGES: Final = "gen_ai.input.messages"
OUTPUT_MESSAGES: Final = "gen_ai.output.messages"
SYSTEM_INSTRUCTIONS: Final = "gen_ai.system_instructions"
TOOL_DEFINITIONS: Final = "gen_ai.tool.definitions"
TOOL_NAME: Final = "gen_ai.tool.name"
TOOL_TYPE: Final = "gen_ai.tool.type"
TOOL_DESCRIPTION: Final = "gen_ai.tool.description"
TOOL_CALL_ID: Final = "gen_ai.tool.call.id"
TOOL_CALL_ARGUMENTS: Final = "gen_ai.tool.call.arguments"
TOOL_CALL_RESULT: Final = "gen_ai.tool.call.result"
RETRIEVAL_QUERY_TEXT: Final = "gen_ai.retrieval.query.text"
RETRIEVAL_TOP_K: Final = "gen_ai.retrieval.top_k"
RETRIEVAL_DOCUMENTS: Final = "gen_ai.retrieval.documents"
EMBEDDINGS_DIMENSION_COUNT: Final = "gen_ai.embeddings.dimension.count"
PROMPT_NAME: Final = "gen_ai.prompt.name"
PROMPT_VERSION: Final = "gen_ai.prompt.version"
PROMPT_VARIABLE_PREFIX: Final = "gen_ai.prompt.variable."

# --- official, OpenAI ---------------------------------------------------------------------------
OPENAI_REQUEST_SERVICE_TIER: Final = "openai.request.service_tier"
OPENAI_RESPONSE_SERVICE_TIER: Final = "openai.response.service_tier"
OPENAI_RESPONSE_SYSTEM_FINGERPRINT: Final = "openai.response.system_fingerprint"
OPENAI_API_TYPE: Final = "openai.api.type"

# --- of Anthropic's SDK, which makes its own spans: read, never written ---------------------------
ANTHROPIC_REQUEST_ID: Final = "anthropic.request.id"
ANTHROPIC_STOP_REASON: Final = "anthropic.message.stop_reason"

# --- official, metrics --------------------------------------------------------------------------
TOKEN_TYPE: Final = "gen_ai.token.type"
METRIC_OPERATION_DURATION: Final = "gen_ai.client.operation.duration"
METRIC_TOKEN_USAGE: Final = "gen_ai.client.token.usage"
METRIC_TIME_TO_FIRST_CHUNK: Final = "gen_ai.client.operation.time_to_first_chunk"
METRIC_TIME_PER_OUTPUT_CHUNK: Final = "gen_ai.client.operation.time_per_output_chunk"

# --- deprecated GenAI names: read, never written (`spec/genai-semconv.md` §1.7) ------------------
LEGACY_SYSTEM: Final = "gen_ai.system"
LEGACY_USAGE_PROMPT_TOKENS: Final = "gen_ai.usage.prompt_tokens"
LEGACY_USAGE_COMPLETION_TOKENS: Final = "gen_ai.usage.completion_tokens"
LEGACY_USAGE_CACHE_CREATION: Final = "gen_ai.usage.cache_creation.input_tokens"

# --- OpenLLMetry and OpenInference: read, never written (`spec/genai-semconv.md` §3.1, §3.2) ------
LLM_REQUEST_TYPE: Final = "llm.request.type"
"""OpenLLMetry before 0.55."""
OPENINFERENCE_KIND: Final = "openinference.span.kind"
OPENINFERENCE_MODEL: Final = "llm.model_name"
OPENINFERENCE_EMBEDDING_MODEL: Final = "embedding.model_name"
OPENINFERENCE_RERANKER_MODEL: Final = "reranker.model_name"
OPENINFERENCE_TOKENS_INPUT: Final = "llm.token_count.prompt"
OPENINFERENCE_TOKENS_OUTPUT: Final = "llm.token_count.completion"
OPENINFERENCE_TOKENS_CACHE_READ: Final = "llm.token_count.prompt_details.cache_read"
OPENINFERENCE_TOKENS_CACHE_WRITE: Final = "llm.token_count.prompt_details.cache_write"
OPENINFERENCE_TOKENS_REASONING: Final = "llm.token_count.completion_details.reasoning"

# --- resource -----------------------------------------------------------------------------------
SERVICE_NAME: Final = "service.name"
SERVICE_VERSION: Final = "service.version"
DEPLOYMENT_ENVIRONMENT: Final = "deployment.environment.name"
DISTRO_NAME: Final = "telemetry.distro.name"
DISTRO_VERSION: Final = "telemetry.distro.version"

# --- ours: identity and tree --------------------------------------------------------------------
STEP_ID: Final = "literalai.step.id"
"""Only when the user chose the id; otherwise it is derived from trace id and span id."""
STEP_PARENT_ID: Final = "literalai.step.parent_id"
STEP_NAME: Final = "literalai.step.name"
STEP_TYPE: Final = "literalai.step.type"
STEP_INPUT: Final = "literalai.step.input"
STEP_OUTPUT: Final = "literalai.step.output"
ROOT_RUN_ID: Final = "literalai.root_run.id"
THREAD_ID: Final = "literalai.thread.id"
THREAD_NAME: Final = "literalai.thread.name"
TAGS: Final = "literalai.tags"
METADATA: Final = "literalai.metadata"
"""One JSON object as a string."""
ENVIRONMENT: Final = "literalai.environment"
RELEASE: Final = "literalai.release"
ATTACHMENTS: Final = "literalai.step.attachments"
SCORES: Final = "literalai.step.scores"
"""Scores that the user attached to a step before it ended, in wire form."""

# --- ours: generation ---------------------------------------------------------------------------
GENERATION: Final = "literalai.generation"
"""A whole generation in wire form, for a step to which the user attached one by hand."""
GENERATION_SETTINGS: Final = "literalai.generation.settings"
"""The complete request parameters less model, messages, tools and credentials, as a JSON object."""
GENERATION_TAGS: Final = "literalai.generation.tags"
GENERATION_METADATA: Final = "literalai.generation.metadata"
PROMPT_ID: Final = "literalai.prompt.id"
PROMPT_VARIABLES: Final = "literalai.prompt.variables"
USAGE_TOTAL_TOKENS: Final = "literalai.usage.total_tokens"
"""Only when the provider's total is not the sum of input and output."""
USAGE_PAGES: Final = "literalai.usage.pages"
"""Pages of documents that were read, where the provider counts those."""
USAGE_AUDIO_SECONDS: Final = "literalai.usage.audio_seconds"
"""Length of the audio that was heard, in seconds, where the provider counts that."""
REQUEST_ID: Final = "literalai.request.id"
"""The provider's request id (`x-request-id`)."""
REQUEST_RETRIES: Final = "literalai.request.retries"
"""HTTP attempts beyond the first, when there were any."""
STREAM_OUTCOME: Final = "literalai.stream.outcome"
"""How a stream ended when it was not read to its end: `closed`, `abandoned`, `cancelled`."""
TRUNCATED: Final = "literalai.truncated"
CONTENT_DROPPED: Final = "literalai.content.dropped"
"""Why content is absent (`mask_failed`, `too_large`), so that absence is never silent."""

SCOPE_PREFIX: Final = "literalai_otel"
"""Every instrumentation scope of ours starts so; instrumentors: `literalai_otel.instrumentors.<framework>`."""
INSTRUMENTOR_SCOPE_PREFIX: Final = "literalai_otel.instrumentors."
WHOLE_FRAMEWORKS: Final = ("langchain", "llama_index")
"""Frameworks whose callbacks tell our instrumentors of every operation, and those of other families of the same
ones, side by side."""
STEP_SCOPE: Final = "literalai_otel.context"
"""Scope of the spans that `run`, `step` and their kin open."""

# --- what several names start with --------------------------------------------------------------
GENAI_PREFIX: Final = "gen_ai."
RESPONSE_PREFIX: Final = "gen_ai.response."
USAGE_PREFIX: Final = "gen_ai.usage."
OWN_USAGE_PREFIX: Final = "literalai.usage."
