"""Token counts in streams that the program did not ask for (setting `stream_usage`, off by default).

A stream of chat tells its usage only when asked to, in one more chunk without choices. Where the setting is on and
the host is known to understand, the request asks, and the chunk is taken out of the bytes before the SDK or the
program reads them; only who reads below that (`iter_raw`) could still see it. A program that asks or refuses itself
is left alone.

Hosts: OpenAI's own (its API reference, `stream_options`), and Azure from API version 2024-10-21 on, the first stable
one that has the parameter (Azure/azure-rest-api-specs, inference 2024-10-21; tried in griptape-ai/griptape#1640), but
not with Azure's own `data_sources` (refused: Azure/azure-sdk-for-js#30751).
"""

import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, Final, cast

from literalai_otel.attributes import PROVIDER_NAME, SERVER_ADDRESS
from literalai_otel.genai import Watch
from literalai_otel.jsonable import loads

_OPTIONS: Final = "stream_options"
_ASK: Final = "include_usage"
_OWN_HOST: Final = "api.openai.com"
_AZURE: Final = "azure.ai.openai"
_AZURE_SINCE: Final = "2024-10-21"
_AZURE_UNVERSIONED: Final = "/openai/v1"
_AZURE_REFUSES: Final = "data_sources"
_BOUNDARY: Final = re.compile(rb"\r?\n\r?\n|\r\r")
_NO_CHOICES: Final = re.compile(rb'"choices"\s*:\s*\[\s*\]')
_DATA: Final = b"data:"


def is_to_be_asked(client: Any, attributes: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether the stream that `body` asks for would tell its usage if asked, and the program has not decided."""
    options: Any = body.get(_OPTIONS)
    if options is not None and (not isinstance(options, Mapping) or _ASK in options):
        return False
    host = str(attributes.get(SERVER_ADDRESS)).lower()
    if host == _OWN_HOST or host.endswith(f".{_OWN_HOST}"):
        return True
    return attributes.get(PROVIDER_NAME) == _AZURE and _AZURE_REFUSES not in body and _azure_understands(client)


def _azure_understands(client: Any) -> bool:
    version = getattr(client, "_api_version", None)
    if isinstance(version, str):
        return version[: len(_AZURE_SINCE)] >= _AZURE_SINCE and version[:1].isdigit()
    return str(getattr(client, "base_url", "")).rstrip("/").endswith(_AZURE_UNVERSIONED)


class Asked:
    """A request that asks for usage on our behalf. `options` are the SDK's; they are as before after `restore`."""

    __slots__ = ("_before", "_options")

    def __init__(self, options: Any) -> None:
        self._options = options
        self._before: Any = options.json_data
        own = cast(Mapping[str, Any], self._before.get(_OPTIONS) or {})
        # A new object: the program may have handed this one over itself.
        options.json_data = {**self._before, _OPTIONS: {**own, _ASK: True}}

    def restore(self) -> None:
        """The SDK works on copies of its own; whoever made `options` finds them unchanged."""
        self._options.json_data = self._before


def hide_usage(watch: Watch, *, is_async: bool) -> None:
    """Take the chunk with the usage out of the bytes of the watched response, and have `watch` read it."""
    if is_async:
        watch.hook("aiter_bytes", _filtered(_AsyncBytes))
    else:
        watch.hook("iter_bytes", _filtered(_SyncBytes))


def _filtered(kind: Callable[[Any, "_Filter"], Any]) -> Callable[[Callable[..., Any], Watch], Callable[..., Any]]:
    def make(original: Callable[..., Any], watch: Watch) -> Callable[..., Any]:
        def iterate(*args: Any, **kwargs: Any) -> Any:
            return kind(original(*args, **kwargs), _Filter(watch.add))

        return iterate

    return make


class _Filter:
    """Passes server-sent events on, less the one that only tells usage. Holds back the beginning of an event."""

    __slots__ = ("_rest", "_take")

    def __init__(self, take: Callable[[Any], None]) -> None:
        self._take = take
        self._rest = b""

    def feed(self, piece: bytes) -> bytes:
        """The bytes that may go on, now that `piece` has come."""
        data = self._rest + piece
        kept: list[bytes] = []
        start = 0
        for boundary in _BOUNDARY.finditer(data):
            event = data[start : boundary.end()]
            start = boundary.end()
            if not self._is_taken(event):
                kept.append(event)
        self._rest = data[start:]
        return b"".join(kept)

    def end(self) -> bytes:
        """What was held back."""
        rest, self._rest = self._rest, b""
        return rest

    def _is_taken(self, event: bytes) -> bool:
        if _NO_CHOICES.search(event) is None:
            return False
        lines = [line[len(_DATA) :] for line in event.splitlines() if line.startswith(_DATA)]
        try:
            chunk: Any = loads(b"\n".join(lines))
        except ValueError:
            return False
        if not isinstance(chunk, dict):
            return False
        fields = cast(dict[str, Any], chunk)
        if fields.get("choices") != [] or not isinstance(fields.get("usage"), dict):
            return False
        self._take(fields)
        return True


class _SyncBytes(Iterator[bytes]):
    """The iterator over bytes that stands in for the response's own."""

    __slots__ = ("_ended", "_filter", "_inner")

    def __init__(self, inner: Any, filter: _Filter) -> None:
        self._inner = inner
        self._filter = filter
        self._ended = False

    def __next__(self) -> bytes:
        while not self._ended:
            try:
                piece = self._filter.feed(next(self._inner))
            except StopIteration:
                self._ended = True
                piece = self._filter.end()
            if piece:
                return piece
        raise StopIteration

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _AsyncBytes(AsyncIterator[bytes]):
    """The same for an async response."""

    __slots__ = ("_ended", "_filter", "_inner")

    def __init__(self, inner: Any, filter: _Filter) -> None:
        self._inner = inner
        self._filter = filter
        self._ended = False

    async def __anext__(self) -> bytes:
        while not self._ended:
            try:
                piece = self._filter.feed(await self._inner.__anext__())
            except StopAsyncIteration:
                self._ended = True
                piece = self._filter.end()
            if piece:
                return piece
        raise StopAsyncIteration

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)
