"""Step ids made from span ids (`DESIGN.md` §3, Identity).

The id of a span's step depends on its trace id and span id alone. So a child can name a parent that has not been
seen yet, a retry is an upsert, and a span that was exported twice (after a fork) is one step.
"""

from hashlib import sha1
from typing import Final

_NAMESPACE: Final = sha1(bytes.fromhex("8c0f3a1e5d0b5b1fa6c75f7a1f2b9d04"), usedforsecurity=False)
"""What each id begins with, hashed."""
_VARIANT: Final = {f"{digit:x}": f"{digit & 0b0011 | 0b1000:x}" for digit in range(16)}
"""The digit of a UUID that says its variant, by the one that the hash has there (RFC 9562, section 5.5)."""


def step_id(trace_id: int, span_id: int) -> str:
    """The id of the step of a span, from the integers of its `SpanContext`."""
    return step_id_from_hex(f"{trace_id:032x}", f"{span_id:016x}")


def step_id_from_hex(trace_id: str, span_id: str) -> str:
    """The same from 32 and 16 lower-case hexadecimal digits.

    A UUID of version 5 over `trace_id:span_id`, written out because `uuid.uuid5` takes three times as long and
    every span of the process passes here.
    """
    name = _NAMESPACE.copy()
    name.update(f"{trace_id}:{span_id}".encode())
    digest = name.hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{_VARIANT[digest[16]]}{digest[17:20]}-{digest[20:32]}"
