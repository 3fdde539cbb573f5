"""What is patched in the SDK: the methods that call a model, in every client and both module layouts.

| Release | Modules |
|---|---|
| 2 and 3 | `mistralai.client.chat` …, `mistralai.azure.client.chat`, `mistralai.gcp.client.chat` |
| 1 | `mistralai.chat` …, `mistralai_azure.chat`, `mistralai_gcp.chat` |
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from literalai_otel.genai import Patch, PatchSet, Recorder, record_calls
from literalai_otel_mistralai.audio import SPEECH, TRANSCRIPTION
from literalai_otel_mistralai.call import Calls
from literalai_otel_mistralai.classifiers import CLASSIFICATION, MODERATION
from literalai_otel_mistralai.completions import CHAT, FIM
from literalai_otel_mistralai.conversations import CONVERSATION
from literalai_otel_mistralai.documents import OCR
from literalai_otel_mistralai.embeddings import EMBEDDINGS
from literalai_otel_mistralai.endpoint import Endpoint
from literalai_otel_mistralai.host import AZURE, GCP, MISTRAL
from literalai_otel_mistralai.native import native_patches
from literalai_otel_mistralai.responses import RESPONSES
from literalai_otel_mistralai.runs import run_patch
from literalai_otel_mistralai.wire import wire_patches


@dataclass(frozen=True, slots=True)
class _Resource:
    """A class of the SDK, by module and name, and its methods that call `endpoint`, each with a twin `…_async`."""

    module: str
    name: str
    endpoint: Endpoint
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Client:
    """A package with a client in it. Without `modules` it has all resources."""

    package: str
    provider: str
    modules: tuple[str, ...] | None = None


_RESOURCES: Final = (
    _Resource("chat", "Chat", CHAT, ("complete", "stream")),
    _Resource("agents", "Agents", CHAT, ("complete", "stream")),
    _Resource("fim", "Fim", FIM, ("complete", "stream")),
    _Resource(
        "conversations",
        "Conversations",
        CONVERSATION,
        ("start", "append", "restart", "start_stream", "append_stream", "restart_stream"),
    ),
    _Resource("responses", "Responses", RESPONSES, ("create",)),
    _Resource("embeddings", "Embeddings", EMBEDDINGS, ("create",)),
    _Resource("ocr", "Ocr", OCR, ("process",)),
    _Resource("classifiers", "Classifiers", MODERATION, ("moderate", "moderate_chat")),
    _Resource("classifiers", "Classifiers", CLASSIFICATION, ("classify", "classify_chat")),
    _Resource("transcriptions", "Transcriptions", TRANSCRIPTION, ("complete", "stream")),
    _Resource("speech", "Speech", SPEECH, ("complete",)),
)
_CLIENTS: Final = (
    _Client("mistralai.client", MISTRAL),
    _Client("mistralai", MISTRAL),
    _Client("mistralai.azure.client", AZURE, ("chat", "ocr")),
    _Client("mistralai_azure", AZURE, ("chat", "ocr")),
    _Client("mistralai.gcp.client", GCP, ("chat", "fim")),
    _Client("mistralai_gcp", GCP, ("chat", "fim")),
)


def patch_table(recorder: Recorder) -> tuple[Patch, ...]:
    """Every patch of the instrumentor, in the order in which it is applied."""
    calls = Calls(recorder)
    runs = (run_patch(f"{client.package}.conversations", recorder) for client in _CLIENTS if client.modules is None)
    return (*(patch for client in _CLIENTS for patch in _patches_of(client, calls)), *runs)


def _patches_of(client: _Client, calls: Calls) -> Iterator[Patch]:
    for resource in _RESOURCES:
        if client.modules is not None and resource.module not in client.modules:
            continue
        for method in resource.methods:
            for is_async in (False, True):
                name = f"{resource.name}.{method}{'_async' if is_async else ''}"
                wrap = _records(calls, resource.endpoint, client.provider, method, is_async=is_async)
                yield Patch(f"{client.package}.{resource.module}", name, wrap)
    yield from wire_patches(f"{client.package}._hooks.sdkhooks")
    yield from native_patches(f"{client.package}._hooks.tracing")


def _records(
    calls: Calls, endpoint: Endpoint, provider: str, method: str, *, is_async: bool
) -> Callable[[Any, PatchSet], Any]:
    begin = calls.begin(endpoint, provider, streamed=method.endswith("stream"), is_async=is_async)
    return record_calls(begin, is_async=is_async)
