"""A service that knows nothing of Literal: OpenTelemetry spans by the GenAI conventions, over OTLP."""

import json
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

SERVICE: Final = "booking-service"
CONVERSATION: Final = "booking-42"


def book_a_table(url: str, key: str) -> None:
    """One trace: an agent, its model call with an HTTP request below, a tool that fails."""
    exporter = OTLPSpanExporter(f"{url}/v1/traces", headers={"x-api-key": key})
    provider = TracerProvider(resource=Resource({"service.name": SERVICE, "service.version": "7.1"}))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("booking", "1.2.3", attributes={"team": "tables"})
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "booking agent"}
    conversation = {"gen_ai.conversation.id": CONVERSATION, "user.id": "guest@example.net"}
    with tracer.start_as_current_span("invoke_agent booking agent", attributes=agent | conversation) as root:
        link = Link(root.get_span_context(), {"why": "the same booking"})
        asked = [{"role": "user", "parts": [{"type": "text", "content": "A table for two at eight, please."}]}]
        answered = [
            {"role": "assistant", "finish_reason": "stop", "parts": [{"type": "text", "content": "It is booked."}]}
        ]
        chat = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-4.1",
            "gen_ai.response.model": "gpt-4.1-2025-04-14",
            "gen_ai.usage.input_tokens": 1200,
            "gen_ai.usage.output_tokens": 12,
            "gen_ai.input.messages": json.dumps(asked),
            "gen_ai.output.messages": json.dumps(answered),
            "booking.restaurant": "Zum Löwen",
        }
        with tracer.start_as_current_span("chat gpt-4.1", kind=SpanKind.CLIENT, attributes=chat, links=[link]) as span:
            span.add_event("first token", {"index": 0})
            with tracer.start_as_current_span("POST", kind=SpanKind.CLIENT, attributes={"http.request.method": "POST"}):
                pass
        tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "reserve"}
        with tracer.start_as_current_span("execute_tool reserve", attributes=tool) as span:
            span.record_exception(LookupError("no table is left"))
            span.set_status(Status(StatusCode.ERROR, "no table is left"))
    provider.shutdown()
