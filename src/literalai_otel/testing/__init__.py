"""The test kit: a model provider on loopback, what a program records kept in memory, fixed ids and times.

    from literalai_otel.testing import Chat, FakeProvider, recorded

    with FakeProvider() as fake, recorded() as steps:
        fake.script(Chat("Hello"))
        openai.OpenAI(base_url=fake.base_url, api_key="test").chat.completions.create(...)
    assert steps.one(type="llm").generation.model == "gpt-4o"

It needs no pytest and no network. As fixtures of pytest: `literalai_otel.pytest_plugin`; the guide: docs/testing.md.
"""

from literalai_otel.testing.anthropic_messages import MESSAGE_ENDPOINTS, MESSAGE_USAGE, Message, MessageFailure
from literalai_otel.testing.fake_provider import ENDPOINTS, FakeProvider
from literalai_otel.testing.ids import CountingIds, FixedClock
from literalai_otel.testing.openai_chat import ABSENT, CHAT_ENDPOINTS, DEFAULT_USAGE, Chat, Chunks, ToolCall
from literalai_otel.testing.openai_media import MEDIA_ENDPOINTS, Images, Speech
from literalai_otel.testing.openai_responses import RESPONSES_ENDPOINTS, Response
from literalai_otel.testing.openai_text import TEXT_ENDPOINTS, Completion
from literalai_otel.testing.recorded import recorded
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
from literalai_otel.testing.steps import Steps

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
    "Steps",
    "TEXT_ENDPOINTS",
    "ToolCall",
    "json_answer",
    "recorded",
    "span_tree",
]
