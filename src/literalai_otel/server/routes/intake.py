"""Reading request bodies within bounds.

A body is capped as it arrives and again as it is decompressed, so a gzip bomb costs what the cap allows and no
more. The bytes of all requests in progress are bounded together: beyond that the server answers 503 with
`Retry-After`, which every client of OTLP and our own delivery obey.
"""

import zlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import anyio
from anyio import to_thread
from starlette.requests import Request

from literalai_otel.server.problems import Problem

READ_TIMEOUT: Final = 30.0
"""Seconds that a whole body may take to arrive."""
RETRY_AFTER: Final = 1
_MAX_MEMBERS: Final = 16
"""gzip members in one body: each costs a copy of what follows it, so many would cost quadratic time."""
# Window bits of zlib: +16 means a gzip header.
_WINDOWS: Final = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class Intake:
    """Reads bodies of at most `max_body_bytes`; `max_pending_bytes` bounds all that are held at one time."""

    def __init__(self, max_body_bytes: int, max_pending_bytes: int | None = None) -> None:
        self._max_body = max_body_bytes
        self._max_pending = 2 * max_body_bytes if max_pending_bytes is None else max_pending_bytes
        self._pending = 0

    @asynccontextmanager
    async def body(self, request: Request) -> AsyncGenerator[bytes]:
        """The decoded body, counted as held until the block ends.

        Raises:
            Problem: 400 malformed compression, 408 too slow, 413 too large, 415 unknown encoding, 503 overload.
        """
        encoding = request.headers.get("content-encoding", "").strip().lower()
        if encoding not in _WINDOWS and encoding not in ("", "identity"):
            raise Problem(
                "UNSUPPORTED_MEDIA_TYPE", f"Content-Encoding {encoding!r} is not supported: use gzip or deflate."
            )
        held = _Held(self)
        try:
            raw = await self._read(request, held)
            if encoding in _WINDOWS:
                raw = await to_thread.run_sync(decompress, raw, encoding, self._max_body)
                held.add(len(raw))
            yield raw
        finally:
            self._pending -= held.size

    async def _read(self, request: Request, held: "_Held") -> bytes:
        announced = request.headers.get("content-length")
        if announced is not None and announced.isdecimal() and int(announced) > self._max_body:
            raise _too_large(self._max_body)
        chunks: list[bytes] = []
        size = 0
        try:
            with anyio.fail_after(READ_TIMEOUT):
                async for chunk in request.stream():
                    size += len(chunk)
                    if size > self._max_body:
                        raise _too_large(self._max_body)
                    held.add(len(chunk))
                    chunks.append(chunk)
        except TimeoutError:
            raise Problem("REQUEST_TIMEOUT", f"The body did not arrive within {READ_TIMEOUT:.0f} seconds.") from None
        return b"".join(chunks)

    def hold(self, size: int) -> None:
        """Count `size` more bytes as held. One request alone is always let in."""
        if self._pending and self._pending + size > self._max_pending:
            raise Problem("OVERLOADED", "The server is busy: try again.", retry_after=RETRY_AFTER)
        self._pending += size


class _Held:
    """What one request holds."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self.size = 0

    def add(self, size: int) -> None:
        self._intake.hold(size)
        self.size += size


def decompress(raw: bytes, encoding: str, limit: int) -> bytes:
    """The decoded body, at most `limit` bytes of it. Raises `Problem` 400 or 413."""
    window = _WINDOWS[encoding]
    if encoding == "deflate" and not _has_zlib_header(raw):
        window = -zlib.MAX_WBITS  # some senders omit the zlib header that RFC 9110 asks for
    decoded = bytearray()
    rest = raw
    try:
        for _ in range(_MAX_MEMBERS):
            stream = zlib.decompressobj(window)
            decoded += stream.decompress(rest, limit + 1 - len(decoded))
            if len(decoded) > limit:
                raise _too_large(limit)
            if not stream.eof:
                raise Problem("BAD_REQUEST", f"The {encoding} body ends too early.")
            rest = stream.unused_data
            if not rest:
                return bytes(decoded)
    except zlib.error:
        raise Problem("BAD_REQUEST", f"The body is not valid {encoding}.") from None
    raise Problem("BAD_REQUEST", f"The {encoding} body has more than {_MAX_MEMBERS} members.")


def _has_zlib_header(raw: bytes) -> bool:
    return len(raw) >= 2 and raw[0] & 0x0F == 8 and (raw[0] << 8 | raw[1]) % 31 == 0


def _too_large(limit: int) -> Problem:
    return Problem("BODY_TOO_LARGE", f"The body is larger than {limit} bytes. Send fewer steps or spans in a request.")
