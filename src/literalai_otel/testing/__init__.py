"""The test kit: a model provider on loopback, spans kept in memory, fixed ids and times.

    from literalai_otel.testing import Chat, FakeProvider, SpanCapture

    provider, capture = SpanCapture.provider()
    OpenAIInstrumentor().instrument(tracer_provider=provider)
    with FakeProvider() as fake:
        fake.script(Chat("Hello"))
        openai.OpenAI(base_url=fake.base_url, api_key="test").chat.completions.create(...)
    assert capture.one().name == "chat gpt-4o"

It needs no pytest and no network.
"""

from literalai_otel.testing.anthropic_messages import MESSAGE_ENDPOINTS, MESSAGE_USAGE, Message, MessageFailure
from literalai_otel.testing.fake_provider import ENDPOINTS, FakeProvider
from literalai_otel.testing.ids import CountingIds, FixedClock
from literalai_otel.testing.openai_chat import ABSENT, CHAT_ENDPOINTS, DEFAULT_USAGE, Chat, Chunks, ToolCall
from literalai_otel.testing.openai_media import MEDIA_ENDPOINTS, Images, Speech
from literalai_otel.testing.openai_responses import RESPONSES_ENDPOINTS, Response
from literalai_otel.testing.openai_text import TEXT_ENDPOINTS, Completion
from literalai_otel.testing.replies import (
    EMPTY,
    HTML,
    Answer,
    Body,
    Computed,
    Cut,
    Disconnect,
    Endpoint,
    Failure,
    Gate,
    RecordedRequest,
    Reply,
    json_answer,
)
from literalai_otel.testing.spans import CapturedSpan, SpanCapture, span_tree

__all__ = [
    "ABSENT",
    "Answer",
    "Body",
    "CHAT_ENDPOINTS",
    "CapturedSpan",
    "Chat",
    "Chunks",
    "Completion",
    "Computed",
    "CountingIds",
    "Cut",
    "DEFAULT_USAGE",
    "Disconnect",
    "EMPTY",
    "ENDPOINTS",
    "Endpoint",
    "Failure",
    "FakeProvider",
    "FixedClock",
    "Gate",
    "HTML",
    "Images",
    "MEDIA_ENDPOINTS",
    "MESSAGE_ENDPOINTS",
    "MESSAGE_USAGE",
    "Message",
    "MessageFailure",
    "RESPONSES_ENDPOINTS",
    "RecordedRequest",
    "Reply",
    "Response",
    "SpanCapture",
    "Speech",
    "TEXT_ENDPOINTS",
    "ToolCall",
    "json_answer",
    "span_tree",
]
