"""What is patched in the SDK (`spec/frameworks.md` §2.2).

Spans live and die around `request`, through which every way of calling goes. `_process_response` is looked at for
bytes and retries; without it both are found elsewhere or missing. The methods that call a model give up their
`literalai_*` keywords; should a release lose `request`, they are what is recorded instead, and one warning says so.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from literalai_otel.genai import Patch, PatchSet, Recorder, look_at_response, record_calls, takes_call_options
from literalai_otel_openai.endpoints import ENDPOINTS
from literalai_otel_openai.request import RequestCall, Requests

logger = logging.getLogger(__name__)

_CLIENTS: Final = "openai._base_client"
_NOT_IN_BODY: Final = frozenset({"extra_headers", "extra_query", "extra_body", "timeout"})
_FILES: Final = frozenset({"file", "image", "mask", "markup"})


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a resource class and of its async twin, and the path that it posts to."""

    module: str
    target: str
    path: str


METHODS: Final = (
    Method("openai.resources.chat.completions.completions", "Completions.create", "/chat/completions"),
    Method("openai.resources.chat.completions.completions", "Completions.parse", "/chat/completions"),
    Method("openai.resources.completions", "Completions.create", "/completions"),
    Method("openai.resources.responses.responses", "Responses.create", "/responses"),
    Method("openai.resources.responses.responses", "Responses.parse", "/responses"),
    Method("openai.resources.responses.responses", "Responses.compact", "/responses/compact"),
    Method("openai.resources.embeddings", "Embeddings.create", "/embeddings"),
    Method("openai.resources.images", "Images.generate", "/images/generations"),
    Method("openai.resources.images", "Images.edit", "/images/edits"),
    Method("openai.resources.images", "Images.create_variation", "/images/variations"),
    Method("openai.resources.audio.speech", "Speech.create", "/audio/speech"),
    Method("openai.resources.audio.transcriptions", "Transcriptions.create", "/audio/transcriptions"),
    Method("openai.resources.audio.translations", "Translations.create", "/audio/translations"),
    Method("openai.resources.moderations", "Moderations.create", "/moderations"),
)
"""A release that lacks one simply has no such calls."""


def patch_table(recorder: Recorder) -> tuple[Patch, ...]:
    """Every patch of the instrumentor, in the order in which it is applied."""
    requests = Requests(recorder)
    methods = _Methods(requests)
    return (
        Patch(_CLIENTS, "SyncAPIClient.request", record_calls(requests.sync), methods.record_instead),
        Patch(_CLIENTS, "AsyncAPIClient.request", record_calls(requests.asynchronous), methods.record_instead),
        # Other families wrap `request` on these classes, which hides the one of their base from us.
        Patch("openai._client", "OpenAI.request", record_calls(requests.sync)),
        Patch("openai._client", "AsyncOpenAI.request", record_calls(requests.asynchronous)),
        Patch("openai.lib.azure", "AzureOpenAI.request", record_calls(requests.sync)),
        Patch("openai.lib.azure", "AsyncAzureOpenAI.request", record_calls(requests.asynchronous)),
        Patch(_CLIENTS, "SyncAPIClient._process_response", look_at_response),
        Patch(_CLIENTS, "AsyncAPIClient._process_response", look_at_response),
        *(
            Patch(method.module, f"{prefix}{method.target}", methods.wrap(method.path, is_async=bool(prefix)))
            for method in METHODS
            for prefix in ("", "Async")
        ),
    )


class _Methods:
    """The wrappers of the methods that call a model, which also record when there is no choke point."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._record = False

    def record_instead(self, patch: Patch) -> None:
        """Called when the SDK has no choke point."""
        if not self._record:
            logger.warning("%s is not in this openai release: methods are recorded instead", patch.target)
        self._record = True

    def wrap(self, path: str, *, is_async: bool) -> Any:
        """A `Patch.wrap` for a method that posts to `path`."""

        def begin(resource: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> RequestCall | None:
            return self._begin(path, resource, kwargs, is_async=is_async)

        def wrap(original: Any, patches: PatchSet) -> Any:
            if hasattr(original, "__deprecated__"):
                # Its warning names its caller: the program must stay the one.
                return original
            if self._record:
                original = record_calls(begin, is_async=is_async)(original, patches)
            return takes_call_options(original, patches)

        return wrap

    def _begin(self, path: str, resource: Any, kwargs: Mapping[str, Any], *, is_async: bool) -> RequestCall | None:
        from openai import NotGiven

        body = {
            key: value
            for key, value in kwargs.items()
            # The sentinels of left-out arguments are told by type: they are falsy, and so are values.
            if key not in _NOT_IN_BODY | _FILES and not isinstance(value, NotGiven) and type(value).__name__ != "Omit"
        }
        body |= kwargs.get("extra_body") or {}
        streamed = bool(body.get("stream"))
        return self._requests.begin(resource._client, ENDPOINTS[path], body, streamed=streamed, is_async=is_async)
