"""Blobs as files under the data folder, named by the sha256 of their content, in 256 folders by its first byte."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import anyio

from literalai_otel.server.blobs.storage import StorageError

_CHUNK: Final = 256 * 1024


class DiskStorage:
    """A folder of mode 0700 with files of mode 0600. Equal files share a blob."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def shared(self) -> bool:
        """Yes: the name is the content."""
        return True

    def name(self, sha256: str, object_key: str) -> str:
        """The hash."""
        return sha256

    def keep(self, name: str, spooled: Path) -> None:
        """Moves the file, which must be on the same file system, to its place. Raises `StorageError`."""
        target = self._path(name)
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                os.replace(spooled, target)
            except FileNotFoundError:
                # A transaction that is tried again has moved it already.
                if not target.exists():
                    raise
            _sync_folder(target.parent)
        except OSError as problem:
            raise self._problem("written", problem) from problem

    def remove(self, name: str) -> None:
        """Deletes the file. Raises `StorageError`."""
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as problem:
            raise self._problem("written", problem) from problem

    async def read(self, name: str, start: int, stop: int) -> AsyncIterator[bytes]:
        """The bytes in pieces. Raises `StorageError`."""
        try:
            async with await anyio.open_file(self._path(name), "rb") as stream:
                await stream.seek(start)
                while start < stop and (piece := await stream.read(min(_CHUNK, stop - start))):
                    start += len(piece)
                    yield piece
        except OSError as problem:
            raise self._problem("read", problem) from problem

    def check(self) -> None:
        """Raises `StorageError` when the folder cannot be written."""
        if not os.access(self._folder, os.R_OK | os.W_OK | os.X_OK):
            raise StorageError(f"the file folder {self._folder} cannot be written: change its mode or the data folder")

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def _problem(self, what: str, problem: OSError) -> StorageError:
        return StorageError(f"the file folder {self._folder} cannot be {what}: {problem.strerror or problem}")


def _sync_folder(folder: Path) -> None:
    """Makes a rename durable. Windows cannot open folders, and needs no such thing."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
