"""Step ids made from span ids (`DESIGN.md` §3, Identity).

The id of a span's step depends on its trace id and span id alone. So a child can name a parent that has not been
seen yet, a retry is an upsert, and a span that was exported twice (after a fork) is one step.
"""

from hashlib import sha1
from typing import Final

_NAMESPACE: Final = bytes.fromhex("8c0f3a1e5d0b5b1fa6c75f7a1f2b9d04")


def step_id(trace_id: int, span_id: int) -> str:
    """The id of the step of a span, from the integers of its `SpanContext`."""
    return step_id_from_hex(f"{trace_id:032x}", f"{span_id:016x}")


def step_id_from_hex(trace_id: str, span_id: str) -> str:
    """The same from 32 and 16 lower-case hexadecimal digits.

    A UUID of version 5 over `trace_id:span_id`, written out because `uuid.uuid5` takes three times as long and
    every span of the process passes here.
    """
    digest = bytearray(sha1(_NAMESPACE + f"{trace_id}:{span_id}".encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
