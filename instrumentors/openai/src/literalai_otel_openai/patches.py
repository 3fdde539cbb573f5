"""What is patched in the SDK (`spec/frameworks.md` §2.2).

Spans live and die around `request`, through which every way of calling goes. `_process_response` is looked at for
bytes and retries; without it both are found elsewhere or missing. `create` and `parse` give up their `literalai_*`
keywords; should a release lose `request`, they are what is recorded instead, and one warning says so.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final

from literalai_otel.genai import Patch, PatchSet, Recorder, look_at_response, record_calls, takes_call_options
from literalai_otel_openai.request import ENDPOINTS, RequestCall, Requests

logger = logging.getLogger(__name__)

_CLIENTS: Final = "openai._base_client"
_CHAT: Final = "openai.resources.chat.completions.completions"
_CHAT_URL: Final = "/chat/completions"
_NOT_IN_BODY: Final = frozenset({"extra_headers", "extra_query", "extra_body", "timeout"})


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
        Patch(_CHAT, "Completions.create", methods.sync),
        Patch(_CHAT, "Completions.parse", methods.sync),
        Patch(_CHAT, "AsyncCompletions.create", methods.asynchronous),
        Patch(_CHAT, "AsyncCompletions.parse", methods.asynchronous),
    )


class _Methods:
    """The wrappers of `create` and `parse`, which also record when there is no choke point."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._record = False

    def record_instead(self, patch: Patch) -> None:
        """Called when the SDK has no choke point."""
        if not self._record:
            logger.warning("%s is not in this openai release: chat methods are recorded instead", patch.target)
        self._record = True

    def sync(self, original: Any, patches: PatchSet) -> Any:
        """Wrap a method of `Completions`."""
        if self._record:
            original = record_calls(self._begin_sync, is_async=False)(original, patches)
        return takes_call_options(original, patches)

    def asynchronous(self, original: Any, patches: PatchSet) -> Any:
        """Wrap a method of `AsyncCompletions`."""
        if self._record:
            original = record_calls(self._begin_async, is_async=True)(original, patches)
        return takes_call_options(original, patches)

    def _begin_sync(self, resource: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> RequestCall | None:
        return self._begin(resource, kwargs, is_async=False)

    def _begin_async(self, resource: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> RequestCall | None:
        return self._begin(resource, kwargs, is_async=True)

    def _begin(self, resource: Any, kwargs: Mapping[str, Any], *, is_async: bool) -> RequestCall | None:
        from openai import NotGiven

        body = {
            key: value
            for key, value in kwargs.items()
            # The sentinels of left-out arguments are told by type: they are falsy, and so are values.
            if key not in _NOT_IN_BODY and not isinstance(value, NotGiven) and type(value).__name__ != "Omit"
        }
        body |= kwargs.get("extra_body") or {}
        streamed = bool(body.get("stream"))
        return self._requests.begin(resource._client, ENDPOINTS[_CHAT_URL], body, streamed=streamed, is_async=is_async)
