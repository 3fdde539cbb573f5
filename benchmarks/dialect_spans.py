"""The reference span of `translate.py` as each convention would say it: dialect -> scope and attributes."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

Spans = Mapping[str, tuple[str, Mapping[str, Any]]]


def dialect_spans(system: str, question: str, answer: str) -> Spans:
    """A chat call of three messages with settings and usage in every dialect beside GenAI's own."""
    messages = [{"role": "system", "content": system}, {"role": "user", "content": question}]
    request = {"model": "gpt-4o-mini", "messages": messages, "temperature": 0.2, "max_tokens": 500}
    response = _response(answer)
    return {
        "OpenInference": ("openinference.instrumentation.openai", _openinference(messages, answer, request, response)),
        "OpenLLMetry, indexed": ("opentelemetry.instrumentation.openai.v1", _indexed(messages, answer)),
        "OpenLLMetry, GenAI": ("opentelemetry.instrumentation.openai.v1", _openllmetry(messages, answer)),
        "Langfuse": ("langfuse-sdk", _langfuse(messages, answer)),
        "MLflow": ("mlflow.tracing.provider", _mlflow(request, response)),
        "LangSmith": ("langsmith", _langsmith(request, response)),
    }


def _response(answer: str) -> dict[str, Any]:
    return {
        "id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": answer, "refusal": None}, "finish_reason": "stop"}
        ],
        "usage": {
            "prompt_tokens": 250,
            "completion_tokens": 240,
            "total_tokens": 490,
            "prompt_tokens_details": {"cached_tokens": 128},
        },
        "system_fingerprint": "fp_0123456789",
    }


def _openinference(
    messages: Sequence[Mapping[str, Any]], answer: str, request: Mapping[str, Any], response: Mapping[str, Any]
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "openinference.span.kind": "LLM",
        "llm.system": "openai",
        "input.value": json.dumps(request),
        "input.mime_type": "application/json",
        "output.value": json.dumps(response),
        "output.mime_type": "application/json",
        "llm.invocation_parameters": '{"model": "gpt-4o-mini", "temperature": 0.2, "max_tokens": 500}',
    }
    for number, message in enumerate(messages):
        found[f"llm.input_messages.{number}.message.role"] = message["role"]
        found[f"llm.input_messages.{number}.message.content"] = message["content"]
    return {
        **found,
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.content": answer,
        "llm.model_name": "gpt-4o-mini-2024-07-18",
        "llm.token_count.prompt": 250,
        "llm.token_count.completion": 240,
        "llm.token_count.total": 490,
        "llm.token_count.prompt_details.cache_read": 128,
        "llm.finish_reason": "stop",
        "session.id": "0190f3c2-7a54-7c55-9d6c-7b2f6b1f2a10",
        "tag.tags": ("invoices",),
    }


def _indexed(messages: Sequence[Mapping[str, Any]], answer: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "llm.request.type": "chat",
        "traceloop.association.properties.session_id": "0190f3c2-7a54-7c55-9d6c-7b2f6b1f2a10",
        "gen_ai.system": "OpenAI",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.request.temperature": 0.2,
        "gen_ai.request.max_tokens": 500,
        "llm.headers": "None",
        "llm.is_streaming": False,
    }
    for number, message in enumerate(messages):
        found[f"gen_ai.prompt.{number}.role"] = message["role"]
        found[f"gen_ai.prompt.{number}.content"] = message["content"]
    return {
        **found,
        "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
        "gen_ai.response.id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
        "llm.usage.total_tokens": 490,
        "gen_ai.usage.completion_tokens": 240,
        "gen_ai.usage.prompt_tokens": 250,
        "gen_ai.usage.cache_read_input_tokens": 128,
        "gen_ai.completion.0.finish_reason": "stop",
        "gen_ai.completion.0.role": "assistant",
        "gen_ai.completion.0.content": answer,
    }


def _openllmetry(messages: Sequence[Mapping[str, Any]], answer: str) -> dict[str, Any]:
    parts = [_with_parts(message["role"], message["content"]) for message in messages]
    return {
        "gen_ai.operation.name": "chat",
        "traceloop.association.properties.session_id": "0190f3c2-7a54-7c55-9d6c-7b2f6b1f2a10",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.request.temperature": 0.2,
        "gen_ai.request.max_tokens": 500,
        "gen_ai.is_streaming": False,
        "gen_ai.input.messages": json.dumps(parts),
        "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
        "gen_ai.response.id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.total_tokens": 490,
        "gen_ai.usage.output_tokens": 240,
        "gen_ai.usage.input_tokens": 250,
        "gen_ai.usage.cache_read.input_tokens": 128,
        "gen_ai.output.messages": json.dumps([{**_with_parts("assistant", answer), "finish_reason": "stop"}]),
    }


def _with_parts(role: str, content: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": content}]}


def _langfuse(messages: Sequence[Mapping[str, Any]], answer: str) -> dict[str, Any]:
    usage = {"prompt_tokens": 250, "completion_tokens": 240, "total_tokens": 490}
    return {
        "session.id": "0190f3c2-7a54-7c55-9d6c-7b2f6b1f2a10",
        "langfuse.trace.tags": ("invoices",),
        "langfuse.environment": "production",
        "langfuse.observation.input": json.dumps(messages),
        "langfuse.observation.metadata.plan": '"a"',
        "langfuse.observation.type": "generation",
        "langfuse.observation.output": json.dumps({"role": "assistant", "content": answer}),
        "langfuse.observation.model.name": "gpt-4o-mini-2024-07-18",
        "langfuse.observation.usage_details": json.dumps({**usage, "prompt_tokens_details": {"cached_tokens": 128}}),
        "langfuse.observation.model.parameters": '{"temperature": 0.2, "max_tokens": 500, "top_p": 1}',
    }


def _mlflow(request: Mapping[str, Any], response: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "mlflow.traceRequestId": '"tr-00267e06041cc18ea57e372369643d3f"',
        "mlflow.spanType": '"CHAT_MODEL"',
        "mlflow.spanInputs": json.dumps(request),
        "model": '"gpt-4o-mini"',
        "temperature": "0.2",
        "max_tokens": "500",
        "mlflow.message.format": '"openai"',
        "mlflow.llm.model": '"gpt-4o-mini-2024-07-18"',
        "mlflow.chat.tokenUsage": '{"input_tokens": 250, "output_tokens": 240, "total_tokens": 490}',
        "mlflow.spanOutputs": json.dumps(response),
        "mlflow.spanLogLevel": "20",
    }


def _langsmith(request: Mapping[str, Any], response: Mapping[str, Any]) -> dict[str, Any]:
    usage = {"input_tokens": 250, "output_tokens": 240, "total_tokens": 490, "input_token_details": {"cache_read": 128}}
    return {
        "langsmith.span.kind": "llm",
        "langsmith.trace.name": "ChatOpenAI",
        "langsmith.trace.session_name": "default",
        "gen_ai.operation.name": "chat",
        "gen_ai.system": "openai",
        "langsmith.metadata.session_id": "0190f3c2-7a54-7c55-9d6c-7b2f6b1f2a10",
        "langsmith.metadata.ls_provider": "openai",
        "langsmith.metadata.ls_model_name": "gpt-4o-mini",
        "langsmith.metadata.ls_temperature": 0.2,
        "langsmith.metadata.ls_max_tokens": 500,
        "langsmith.metadata.usage_metadata": json.dumps(usage),
        "langsmith.span.tags": "invoices",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.prompt": json.dumps(request),
        "gen_ai.usage.input_tokens": 250,
        "gen_ai.usage.output_tokens": 240,
        "gen_ai.usage.total_tokens": 490,
        "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
        "gen_ai.response.id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.completion": json.dumps(response),
    }
