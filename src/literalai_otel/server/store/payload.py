"""The payload row of a step: one JSON object with everything that is long.

Keys: `input`, `output`, `metadata`, `generation` (what is no scalar of it), `error` (only where the hot row holds
no more than its start), `span` (what `raw_spans` keeps of a span beside the step). On SQLite it is bytes, compressed
where that pays: a JSON object starts with `{`, a zlib stream with `x`, so the first byte tells them apart. On
PostgreSQL it is text, which its SQL can look into and which it compresses by itself (TOAST); `Driver.payload` gives
either form.
"""

import zlib
from collections.abc import Mapping
from typing import Any, Final

from literalai_otel.jsonable import dumps, loads

COMPRESS_FROM: Final = 512
_LEVEL: Final = 1


def pack(members: Mapping[str, bytes]) -> bytes:
    """The JSON of a payload of `members`, each key's value being the bytes of its JSON."""
    return b"{%b}" % b",".join([b'"%b":%b' % (key.encode(), value) for key, value in members.items()])


def compressed(plain: bytes) -> bytes:
    """What is shorter of a payload's JSON, about: a few hundred bytes do not pay."""
    return zlib.compress(plain, _LEVEL) if len(plain) > COMPRESS_FROM else plain


def unpack(content: bytes | str | None) -> dict[str, Any]:
    """The members of a payload as JSON types; none for a step without a payload row."""
    if content is None:
        return {}
    if isinstance(content, str) or content[:1] == b"{":
        return loads(content)
    return loads(zlib.decompress(content))


def plain_text(content: bytes | str) -> str:
    """The JSON of a payload as it was stored, in either form."""
    if isinstance(content, str):
        return content
    return (content if content[:1] == b"{" else zlib.decompress(content)).decode("utf-8", "replace")


def merge_members(earlier: Mapping[str, bytes], later: Mapping[str, bytes]) -> dict[str, bytes]:
    """`later` over `earlier`; inside `generation`, key by key."""
    merged = {**earlier, **later}
    if "generation" in earlier and "generation" in later:
        merged["generation"] = dumps({**loads(earlier["generation"]), **loads(later["generation"])})
    return merged


def merge(content: bytes | str, later: Mapping[str, bytes]) -> bytes:
    """The JSON of the stored payload with `later` over it."""
    return pack(merge_members({key: dumps(value) for key, value in unpack(content).items()}, later))
