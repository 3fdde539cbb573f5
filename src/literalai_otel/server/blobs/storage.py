"""What the server asks of a storage of blobs. Which files a blob belongs to is the database's business."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

from literalai_otel.errors import LiteralError


class StorageError(LiteralError):
    """The storage cannot be reached, written or read. The message names it and the reason."""


class Storage(Protocol):
    """A storage of blobs.

    `shared` storages name a blob by its content and keep and remove it at once: that is done inside the transaction
    that counts its uses. In the others every upload has a blob of its own, whose name never comes back; a slow
    network then never holds up the writer of the database.
    """

    @property
    def shared(self) -> bool:
        """Whether equal files share a blob."""
        ...

    def name(self, sha256: str, object_key: str) -> str:
        """The name of the blob for an upload."""
        ...

    def keep(self, name: str, spooled: Path) -> None:
        """Takes over the bytes of a local file, durably. Blocks. Raises `StorageError`."""
        ...

    def remove(self, name: str) -> None:
        """Removes a blob; one that is not there is removed already. Blocks. Raises `StorageError`."""
        ...

    def read(self, name: str, start: int, stop: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `stop`. Raises `StorageError` before the first ones or between them."""
        ...

    def check(self) -> None:
        """Whether blobs can be kept and read now. Blocks. Raises `StorageError`."""
        ...
