"""Uploaded files: permissions to upload, receiving, addresses to read, sweeping away (`spec/literal-wire.md` §3).

Without a usable storage everything else goes on, and uploads say why they cannot (P-ING-09).
"""

import asyncio
import logging
import re
import secrets
import threading
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import quote

from anyio import to_thread

from literalai_otel.config import ServerConfig
from literalai_otel.server.blobs.choice import Place, place_of
from literalai_otel.server.blobs.spool import FileTooLargeError, Spooled, spooled
from literalai_otel.server.blobs.storage import StorageError
from literalai_otel.server.problems import Problem
from literalai_otel.server.signing import Grant, SignatureError, Signer
from literalai_otel.server.store import files
from literalai_otel.server.store.files import File
from literalai_otel.server.store.projects import Project
from literalai_otel.server.store.store import Store
from literalai_otel.server.times import now

READ_PATH: Final = "/api/files"
UPLOAD_PATH: Final = "/api/upload/content"
GRANT: Final = "grant"
_OWN_KEYS: Final = "files/"
_SECRET: Final = "signing"
_UNUSED_GRACE: Final = 24 * 3600
"""Seconds beyond the life of an upload's address after which a blob that no file uses is litter."""
_MIME: Final = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,120}(;[ \w.+=\"'-]{1,100})?", re.ASCII)
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME: Final = 100
ANY_MIME: Final = "application/octet-stream"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What a client needs to upload: paths with queries, relative to the server's public address."""

    object_key: str
    mime: str
    upload: str
    read: str


class Files:
    """The files of one server. Safe on any thread; methods that block say so."""

    def __init__(self, store: Store, config: ServerConfig) -> None:
        """Raises `ConfigError` when the settings of the bucket are not usable. Blocks for a moment."""
        self._store = store
        self._max_bytes = config.max_file_bytes
        self._grace = _UNUSED_GRACE + config.file_url_seconds
        self._signer = Signer(_signing_secret(store), config.file_url_seconds)
        self._sweeper = ThreadPoolExecutor(1, "literalai-sweep")
        self._sweeping = threading.Lock()
        self._sweep_due = threading.Event()
        self._place: Place | None = None
        self._trouble = ""
        try:
            self._place = place_of(config)
        except StorageError as problem:
            self._trouble = str(problem)
            _log.error("uploads are refused: %s", problem)

    @property
    def max_bytes(self) -> int:
        """Cap of a file."""
        return self._max_bytes

    # --- addresses -----------------------------------------------------------------------------

    def permit(self, project: Project, *, file_name: str, mime: str, thread_id: str | None) -> Permission:
        """Permission for one upload, for whoever has its address. Raises `Problem` 503 without a storage."""
        self._usable()
        name = _UNSAFE.sub("_", file_name)[-_LONGEST_NAME:].strip("._") or "file"
        grant = Grant(
            project_id=project.id,
            object_key=f"{_OWN_KEYS}{secrets.token_hex(16)}/{name}",
            mime=mime if _MIME.fullmatch(mime) else ANY_MIME,
            thread_id=thread_id,
            expires=self._signer.expiry(),
        )
        return Permission(
            object_key=grant.object_key,
            mime=grant.mime,
            # In the query, since paths are logged.
            upload=f"{UPLOAD_PATH}?{GRANT}={self._signer.token(grant)}",
            read=self.read_address(project.public_id, grant.object_key),
        )

    def read_address(self, public_id: str, object_key: str) -> str:
        """Path and query that read a file of a project without a key, for a while."""
        path = f"{public_id}/{object_key}"
        return f"{READ_PATH}/{quote(path, safe='/')}?{self._signer.read_query(path)}"

    def holds(self, project_id: int, object_key: str) -> bool:
        """Whether the object key is one of this server's files. Blocks for keys that other servers made."""
        return object_key.startswith(_OWN_KEYS) or self._store.read(files.get, project_id, object_key) is not None

    # --- writing -------------------------------------------------------------------------------

    async def granted(self, token: str) -> Grant:
        """The permission behind an upload address.

        Raises:
            Problem: 403 altered or expired, 409 used already, 503 without a storage.
        """
        self._usable()
        try:
            grant = self._signer.grant(token)
        except SignatureError as problem:
            raise Problem("FORBIDDEN", str(problem)) from None
        if await to_thread.run_sync(self._is_used, grant):
            raise _conflict()
        return grant

    async def receive(self, grant: Grant, chunks: AsyncIterable[bytes]) -> None:
        """Stores what arrives, whole or not at all. Nothing of it is held in memory.

        Raises:
            Problem: 409 used already, 413 too large, 503 the storage failed.
        """
        place = self._usable()
        try:
            async with spooled(place.incoming, chunks, self._max_bytes) as received:
                await self._keep(place, grant, received)
        except FileTooLargeError as problem:
            raise Problem("BODY_TOO_LARGE", str(problem)) from None
        except StorageError as problem:
            raise _unavailable(problem) from problem

    async def _keep(self, place: Place, grant: Grant, received: Spooled) -> None:
        storage = place.storage
        file = File(
            project_id=grant.project_id,
            id=grant.object_key,
            blob=storage.name(received.sha256, grant.object_key),
            sha256=received.sha256,
            size=received.size,
            mime=grant.mime,
            thread_id=grant.thread_id,
            created_at=now(),
        )
        unused_from = now() + self._grace * 1_000_000
        await asyncio.wrap_future(self._store.write(files.reserve, file.blob, unused_from))
        keep = partial(storage.keep, file.blob, received.path)
        if not storage.shared:
            await to_thread.run_sync(keep)
        added = self._store.write(files.add, file, keep if storage.shared else None)
        if not await asyncio.wrap_future(added):
            raise _conflict()

    def _is_used(self, grant: Grant) -> bool:
        return self._store.read(files.get, grant.project_id, grant.object_key) is not None

    # --- reading -------------------------------------------------------------------------------

    async def find(self, public_id: str, object_key: str, query: Mapping[str, str]) -> tuple[File, str]:
        """The file behind a read address, and what people call it.

        Raises:
            Problem: 403 altered or expired, 404 deleted or never uploaded.
        """
        try:
            self._signer.check_read(f"{public_id}/{object_key}", query)
        except SignatureError as problem:
            raise Problem("FORBIDDEN", str(problem)) from None
        found = await to_thread.run_sync(self._look_up, public_id, object_key)
        if found is None:
            raise Problem("NOT_FOUND", "This file was deleted, or nothing was uploaded under its address.")
        return found

    def _look_up(self, public_id: str, object_key: str) -> tuple[File, str] | None:
        file = self._store.read(files.find, public_id, object_key)
        if file is None:
            return None
        return file, self._store.read(files.title, file) or object_key.rpartition("/")[2]

    async def read(self, file: File, start: int, stop: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `stop`. Raises `Problem` 503."""
        place = self._usable()
        try:
            async for piece in place.storage.read(file.blob, start, stop):
                yield piece
        except StorageError as problem:
            raise _unavailable(problem) from problem

    # --- upkeep --------------------------------------------------------------------------------

    def sweep(self) -> int:
        """Removes the blobs that nobody uses; how many. Blocks. Raises `StorageError`."""
        if self._place is None:
            return 0
        removed = 0
        storage = self._place.storage
        with self._sweeping:
            while names := self._store.read(files.unused):
                if not storage.shared:
                    for name in names:
                        storage.remove(name)
                self._store.write(files.forget, names, storage.remove if storage.shared else None).result()
                removed += len(names)
        return removed

    def sweep_soon(self) -> None:
        """Sweeps in the background; a failure is logged, and the next sweep does what this one left."""
        if not self._sweep_due.is_set():  # else one waits already that will see what this one would
            self._sweep_due.set()
            self._sweeper.submit(self._sweep_quietly)

    def _sweep_quietly(self) -> None:
        self._sweep_due.clear()
        try:
            self.sweep()
        except Exception as problem:
            _log.warning("files that nobody uses could not be removed: %s", problem)

    def check(self) -> None:
        """Raises `StorageError` when files cannot be kept or read now. Blocks."""
        if self._place is None:
            raise StorageError(self._trouble)
        self._place.storage.check()

    def _usable(self) -> Place:
        if self._place is None:
            raise Problem("STORAGE_UNAVAILABLE", f"Files cannot be stored: {self._trouble}.")
        return self._place


def _signing_secret(store: Store) -> str:
    """The secret of all processes on this database, made by the first one."""
    known = store.read(files.secret, _SECRET)
    return known or store.write(files.ensure_secret, _SECRET, secrets.token_hex(32)).result()


def _conflict() -> Problem:
    return Problem("CONFLICT", "A file was uploaded to this address already: ask for another one.")


def _unavailable(problem: StorageError) -> Problem:
    _log.error("the storage of files failed: %s", problem)
    return Problem("STORAGE_UNAVAILABLE", f"The file could not be stored or read: {problem}", retry_after=5)
