"""The payload row of a step: one JSON object with everything that is long, compressed where that pays.

Keys: `input`, `output`, `metadata`, `generation` (what is no scalar of it), `error` (only where the hot row holds
no more than its start). A JSON object starts with `{`, a zlib stream with `x`: the first byte tells them apart.
"""

import zlib
from collections.abc import Mapping
from typing import Any, Final

from literalai_otel.jsonable import dumps, loads

COMPRESS_FROM: Final = 512
_LEVEL: Final = 1


def pack(members: Mapping[str, bytes]) -> bytes:
    """The payload of `members`, each key's value being the bytes of its JSON."""
    plain = b"{" + b",".join(b'"%b":%b' % (key.encode(), value) for key, value in members.items()) + b"}"
    return zlib.compress(plain, _LEVEL) if len(plain) > COMPRESS_FROM else plain


def unpack(content: bytes | None) -> dict[str, Any]:
    """The members of a payload as JSON types; none for a step without a payload row."""
    if content is None:
        return {}
    return loads(content if content[:1] == b"{" else zlib.decompress(content))


def merge_members(earlier: Mapping[str, bytes], later: Mapping[str, bytes]) -> dict[str, bytes]:
    """`later` over `earlier`; inside `generation`, key by key."""
    merged = {**earlier, **later}
    if "generation" in earlier and "generation" in later:
        merged["generation"] = dumps({**loads(earlier["generation"]), **loads(later["generation"])})
    return merged


def merge(content: bytes, later: Mapping[str, bytes]) -> bytes:
    """The stored payload with `later` over it."""
    return pack(merge_members({key: dumps(value) for key, value in unpack(content).items()}, later))
