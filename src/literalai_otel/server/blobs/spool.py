"""An upload on its way: in a local file as it arrives, hashed and measured, never whole in memory."""

import hashlib
import os
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from anyio import to_thread

from literalai_otel.errors import LiteralError
from literalai_otel.server.blobs.storage import StorageError

_GATHER: Final = 1024 * 1024
"""Bytes written at a time; hashing them takes under a millisecond, on a worker thread."""
_LEFTOVER_SECONDS: Final = 24 * 3600


class FileTooLargeError(LiteralError):
    """More bytes than a file may have."""


@dataclass(frozen=True, slots=True)
class Spooled:
    """A received file: where it is, its sha256 in hex, its size in bytes."""

    path: Path
    sha256: str
    size: int


@asynccontextmanager
async def spooled(folder: Path, chunks: AsyncIterable[bytes], limit: int) -> AsyncGenerator[Spooled]:
    """The file of `chunks`, synced to disk; it is gone when the block ends, unless somebody moved it away.

    Raises:
        FileTooLargeError: more than `limit` bytes; not one byte more is read then.
        StorageError: the folder cannot be written.
    """
    path = folder / f"{uuid.uuid4().hex}.part"
    try:
        try:
            received = await _receive(path, chunks, limit)
        except OSError as problem:
            raise StorageError(f"cannot write to {folder}: {problem.strerror or problem}") from problem
        yield received
    finally:
        await to_thread.run_sync(lambda: path.unlink(missing_ok=True))


def prepare(folder: Path) -> None:
    """Makes the folder, and clears away what a server left that died while it received.

    Raises:
        OSError: the folder cannot be made or read.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    oldest = time.time() - _LEFTOVER_SECONDS
    for path in folder.glob("*.part"):
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


async def _receive(path: Path, chunks: AsyncIterable[bytes], limit: int) -> Spooled:
    digest = hashlib.sha256()
    size, waiting = 0, bytearray()

    def write(stream: BinaryIO, content: bytes) -> None:
        digest.update(content)
        stream.write(content)

    stream = await to_thread.run_sync(_create, path)
    try:
        async for chunk in chunks:
            size += len(chunk)
            if size > limit:
                raise FileTooLargeError(f"The file is larger than {limit} bytes.")
            waiting += chunk
            if len(waiting) >= _GATHER:
                await to_thread.run_sync(write, stream, bytes(waiting))
                waiting.clear()
        await to_thread.run_sync(write, stream, bytes(waiting))
        await to_thread.run_sync(_sync, stream)
    finally:
        stream.close()
    return Spooled(path, digest.hexdigest(), size)


def _create(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _sync(stream: BinaryIO) -> None:
    stream.flush()
    os.fsync(stream.fileno())
