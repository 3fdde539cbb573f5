"""Media that is too large to travel inside of a message: known by the hash of its bytes, carried beside it.

In the message stands `sha256:<hex>`; what carries the bytes, from the content of a span to its step, is a side-table
field named `MEDIA_PREFIX` and the hash. Nothing here goes on a span.
"""

import hashlib
from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from literalai_otel.jsonable import dumps

MEDIA_PREFIX: Final = "media:"
REFERENCE_PREFIX: Final = "sha256:"
DEFAULT_MIME: Final = "application/octet-stream"
_ENCODED_IN: Final = ("data", "base64")
_TYPED_BY: Final = ("media_type", "mime_type", "mediaType", "mimeType", "format")
_SLICE: Final = 256 * 1024
"""Base64 characters decoded in one go, a multiple of 4: the hash of each slice lets other threads run."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Media:
    """Bytes in base64, and what is known of them; `size` counts the bytes."""

    sha256: str
    content: str
    size: int
    mime: str | None = None
    name: str | None = None

    @property
    def reference(self) -> str:
        """What stands in the message in place of the bytes."""
        return REFERENCE_PREFIX + self.sha256


def media_of(content: str, mime: str | None = None, name: str | None = None) -> Media:
    """The media that `content`, base64, holds. What is no base64 counts as the text that it is."""
    sha256, size = fingerprint(content)
    return Media(sha256, content, size, mime, name)


def fingerprint(encoded: str) -> tuple[str, int]:
    """Hash (hex) and number of the bytes behind a base64 text."""
    digest, size = hashlib.sha256(), 0
    try:
        for start in range(0, len(encoded), _SLICE):
            data = b64decode(encoded[start : start + _SLICE], validate=True)
            digest.update(data)
            size += len(data)
    except ValueError:  # line breaks, the URL alphabet, or no base64 at all
        data = decoded(encoded)
        return hashlib.sha256(data).hexdigest(), len(data)
    return digest.hexdigest(), size


def decoded(encoded: str) -> bytes:
    """The bytes behind a base64 text, or the text's own where it is none."""
    try:
        return b64decode(encoded)
    except (Error, ValueError):
        return encoded.encode("utf-8", "surrogatepass")


def decoded_size(encoded: str) -> int:
    """About how many bytes there are behind a base64 text."""
    return len(encoded) * 3 // 4


def is_data_url(text: str) -> bool:
    """Whether `text` is a data URL in base64."""
    return text.startswith("data:") and ";base64," in text[:256]


def _of_data_url(text: str) -> Media:
    """The media inside of a data URL."""
    head, _, encoded = text[5:].partition(",")
    return media_of(encoded, head.partition(";")[0] or None)


def referring(value: Any, refer: Callable[[Media], str], above: int = 0) -> Any:
    """A copy of `value` with `refer(media)` in place of media of more than `above` bytes.

    Media are data URLs wherever they are, `blob` parts, and base64 beside its type, as OpenAI has it in audio,
    Anthropic and LangChain in images.
    """
    if isinstance(value, str):
        return refer(_of_data_url(value)) if _is_large_url(value, above) else value
    if isinstance(value, list):
        return [referring(item, refer, above) for item in cast(list[Any], value)]
    if not isinstance(value, dict):
        return value
    part = cast(dict[str, Any], value)
    found = _media_of_part(part, above)
    if found is not None:
        return _located({**part}, found[0], found[1], refer(found[1]))
    return {key: referring(item, refer, above) for key, item in part.items()}


def take_media(value: Any, above: int) -> dict[str, Media]:
    """`referring` in place, each reference the media's own; what was taken, by the field name that carries it."""
    taken: dict[str, Media] = {}
    holder = [value]
    pending: list[Any] = [holder]
    while pending:
        container = pending.pop()
        if isinstance(container, dict):
            part = cast(dict[str, Any], container)
            found = _media_of_part(part, above)
            if found is not None:
                taken[MEDIA_PREFIX + found[1].sha256] = found[1]
                _located(part, found[0], found[1], found[1].reference)
                continue
        elif not isinstance(container, list):
            continue
        entries = list(container.items() if isinstance(container, dict) else enumerate(container))  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType, reportUnknownArgumentType] - any JSON
        for key, item in cast(list[tuple[Any, Any]], entries):
            if isinstance(item, str):
                if _is_large_url(item, above):
                    media = _of_data_url(item)
                    taken[MEDIA_PREFIX + media.sha256] = media
                    container[key] = media.reference
            elif isinstance(item, dict | list):
                pending.append(item)
    return taken


def _media_of_part(part: dict[str, Any], above: int) -> tuple[str, Media] | None:
    """The key under which `part` has base64 of more than `above` bytes, and what it is."""
    if part.get("type") == "blob":
        content = part.get("content")
        if isinstance(content, str) and decoded_size(content) > above:
            return "content", media_of(content, _text(part.get("mime_type")), _text(part.get("name")))
        return None
    for key in _ENCODED_IN:
        encoded = part.get(key)
        if isinstance(encoded, str) and decoded_size(encoded) > above and not is_data_url(encoded):
            mime = next((_text(part[name]) for name in _TYPED_BY if _text(part.get(name))), None)
            if mime is not None:
                return key, media_of(encoded, mime if "/" in mime else f"audio/{mime}", _text(part.get("name")))
    return None


def _located(part: dict[str, Any], key: str, media: Media, reference: str) -> dict[str, Any]:
    """`part`, changed: where its media is instead of the media."""
    if key == "content":
        del part["content"]
        part.update({"type": "uri", "uri": reference, "byte_size": media.size})
    else:
        part[key] = reference
    return part


def _is_large_url(text: str, above: int) -> bool:
    return len(text) > above and is_data_url(text) and decoded_size(text) > above


def pop_media(fields: dict[str, Any]) -> dict[str, Media]:
    """The media among resolved side-table fields, taken out of them, by hash."""
    names = [name for name in fields if name.startswith(MEDIA_PREFIX)]
    return {name[len(MEDIA_PREFIX) :]: fields.pop(name) for name in names}


def referred_to(value: Any, taken: Mapping[str, Media]) -> dict[str, Media]:
    """What of `taken` is still referred to in `value`: a mask may have removed a part, and its bytes go with it."""
    if not taken:
        return {}
    encoded = dumps(value)
    return {name: found for name, found in taken.items() if found.reference.encode() in encoded}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
