"""The server's database access, named by use.

Reads run on read-only connections and return wire-form dicts (camelCase keys, values as JSON types, times as ISO
texts); call them from a worker thread. Writes are queued to the one writer thread and return a
`concurrent.futures.Future` that resolves after the commit: `await asyncio.wrap_future(future)` in async code.
Everything is scoped by `project_id`, the integer of `Project.id`; a row of another project is as absent.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import Connection

from literalai_otel.server.store import generations, participants, projects, steps, threads
from literalai_otel.server.store.database import Database
from literalai_otel.server.store.engines import open_beside, open_database
from literalai_otel.server.store.engines.postgres_address import PostgresAddress
from literalai_otel.server.store.paging import Listing, PageQuery
from literalai_otel.server.store.projects import ApiKey, Project
from literalai_otel.server.store.rows import StepBatch
from literalai_otel.server.store.threads import ThreadFields
from literalai_otel.server.store.upsert import upsert_batches
from literalai_otel.server.store.watchers import Heard, Watchers
from literalai_otel.server.store.writer import Writer

P = ParamSpec("P")
T = TypeVar("T")


class Store:
    """One database: a lock, one writer thread, a pool of readers. Make it with `Store.open`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watchers = Watchers(database)
        self._writer = Writer(database, upsert_batches, self._watchers.tell)

    @classmethod
    def open(cls, data_dir: Path, address: PostgresAddress | None = None) -> Self:
        """The database at `address`, or the embedded one in `data_dir`, migrated to the newest schema.

        `data_dir` is made if absent, with mode 0700; with an `address` nothing is written to it here.

        Raises:
            ConfigError: the folder cannot be written, or another server uses it; PostgreSQL cannot be reached, is too
                old, or holds tables of others; its driver is not installed; the database is newer than this program.
                The message names the fix.
        """
        return cls(open_database(data_dir, address))

    @classmethod
    def open_beside(cls, data_dir: Path, address: PostgresAddress | None = None) -> Self:
        """The database of a server that may be running, for an administrator's small changes; never for steps.

        Raises:
            ConfigError: there is none, or it has the schema of another version; else as `open`.
        """
        return cls(open_beside(data_dir, address))

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._database.writer.dialect.name

    def close(self, timeout: float = 10.0) -> None:
        """Commits what is queued, ends the writer, closes every connection and releases the lock."""
        self._watchers.close()
        self._writer.close(timeout)
        self._database.close()

    def read(self, query: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """What `query(connection, …)` answers, on a read-only connection that sees one state of the database."""
        with self._database.read() as connection:
            return query(connection, *args, **kwargs)

    def write(self, change: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queues `change(connection, …)`; resolves after its commit with its result, or with what it raised."""
        return self._writer.call(lambda connection: change(connection, *args, **kwargs))

    def watch(self, heard: Heard) -> None:
        """Calls `heard` with the projects whose feed of changes has grown, until the store is closed.

        It hears of every process's changes; of None where any project may have changed. It is called on threads of
        the store, so it only hands on. What changed is read by `changes.since`.
        """
        self._watchers.add(heard)

    # --- projects and keys ---------------------------------------------------------------------

    def create_project(self, name: str) -> Future[Project]:
        """A new project with a random public id."""
        return self.write(projects.create, name=name)

    def add_api_key(
        self,
        project_id: int,
        *,
        key_hash: str,
        prefix: str,
        name: str,
        role: str = "ADMIN",
        created_by: str | None = None,
    ) -> Future[ApiKey]:
        """Stores the sha256 of a key in hex, never the key itself. A hash that is known already stays as it is."""
        return self.write(
            projects.add_key,
            project_id=project_id,
            key_hash=key_hash,
            prefix=prefix,
            name=name,
            role=role,
            created_by=created_by,
        )

    def find_api_key(self, key_hash: str) -> ApiKey | None:
        """The key with this hash, with its project."""
        return self.read(projects.find_key, key_hash)

    def touch_api_key(self, key_hash: str) -> Future[None]:
        """Notes that the key was used now."""
        return self.write(projects.touch_key, key_hash=key_hash)

    # --- steps ---------------------------------------------------------------------------------

    def upsert_steps(self, batch: StepBatch) -> Future[list[str | None]]:
        """Inserts or merges validated steps; for each in order None, or why it was refused (a cycle of parents).

        `Ingest` is the caller: routes and resolvers go through it.
        """
        return self._writer.ingest(batch)

    def get_step(self, project_id: int, step_id: str) -> dict[str, Any] | None:
        """A whole step with generation, scores and attachments."""
        return self.read(steps.get, project_id, step_id)

    def list_steps(self, project_id: int, query: PageQuery, *, payload: bool = True) -> Listing:
        """Steps, newest start first (first insert where there is no start) unless the query orders.

        Without `payload` only hot rows are read: `input`, `output`, `metadata` and the generation's content are
        absent, `inputPreview` and `outputPreview` hold up to 200 characters. Scores and attachments always come.
        """
        return self.read(steps.page, project_id, query, payload=payload)

    def tree_steps(self, project_id: int, root_id: str, *, payload: bool = True) -> list[dict[str, Any]]:
        """A step and everything below it, in order of start; empty when it is unknown."""
        return self.read(steps.tree, project_id, root_id, payload=payload)

    def delete_step(self, project_id: int, step_id: str) -> Future[dict[str, Any] | None]:
        """The deleted step (its children stay), None when it was unknown."""
        return self.write(steps.delete, project_id=project_id, step_id=step_id)

    def list_generations(self, project_id: int, query: PageQuery) -> Listing:
        """Generations with content, newest first unless the query orders.

        Each node holds `id` (the step's id), `projectId` (public), `stepId`, `tags`, `metadata` and
        `step: {threadId, thread: {participant: {identifier}}}`.
        """
        return self.read(generations.page, project_id, query)

    # --- threads -------------------------------------------------------------------------------

    def list_threads(
        self,
        project_id: int,
        query: PageQuery,
        *,
        with_steps: bool = False,
        step_types: Sequence[str] | None = None,
        payload: bool = True,
    ) -> Listing:
        """Threads, newest first unless the query orders, each with `tokenCount`, `duration` and `participant`.

        `with_steps` adds `steps` in order of start, of `step_types` only if given, with `payload` or hot rows only.
        """
        return self.read(threads.page, project_id, query, with_steps=with_steps, step_types=step_types, payload=payload)

    def thread_detail(self, project_id: int, thread_id: str, *, payload: bool = True) -> dict[str, Any] | None:
        """A thread with all of its steps in order of start."""
        return self.read(threads.detail, project_id, thread_id, payload=payload)

    def create_thread(self, project_id: int, fields: ThreadFields) -> Future[dict[str, Any]]:
        """A thread with a new UUID."""
        return self.write(threads.create, project_id=project_id, fields=fields)

    def upsert_thread(self, project_id: int, thread_id: str, fields: ThreadFields) -> Future[dict[str, Any]]:
        """The thread after the merge: a None in `fields` leaves the stored value. Unknown users are made."""
        return self.write(threads.upsert, project_id=project_id, thread_id=thread_id, fields=fields)

    def update_thread(self, project_id: int, thread_id: str, fields: ThreadFields) -> Future[dict[str, Any] | None]:
        """As `upsert_thread`, but None for an unknown id."""
        return self.write(threads.update, project_id=project_id, thread_id=thread_id, fields=fields)

    def delete_thread(self, project_id: int, thread_id: str) -> Future[dict[str, Any] | None]:
        """The deleted thread, None when it was unknown. Its steps go with it."""
        return self.write(threads.delete, project_id=project_id, thread_id=thread_id)

    # --- users (participants on the wire) ------------------------------------------------------

    def list_participants(self, project_id: int, query: PageQuery) -> Listing:
        """Users, newest first, each with `lastEngaged`, `threadCount`, `tokenCount`."""
        return self.read(participants.page, project_id, query)

    def get_participant(
        self, project_id: int, *, participant_id: str | None = None, identifier: str | None = None
    ) -> dict[str, Any] | None:
        """The user with this id, else with this identifier."""
        return self.read(participants.get, project_id, participant_id=participant_id, identifier=identifier)

    def create_participant(
        self, project_id: int, identifier: str, metadata: dict[str, Any] | None = None
    ) -> Future[dict[str, Any]]:
        """A new user; one that has this identifier already is answered with `metadata` merged in."""
        return self.write(participants.create, project_id=project_id, identifier=identifier, metadata=metadata)

    def update_participant(
        self,
        project_id: int,
        participant_id: str,
        *,
        identifier: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> Future[dict[str, Any] | None]:
        """The user after the change (None leaves a value), None for an unknown id.

        Raises:
            ConflictError: through the future, when another user has the identifier.
        """
        return self.write(
            participants.update,
            project_id=project_id,
            participant_id=participant_id,
            identifier=identifier,
            metadata=metadata,
        )

    def delete_participant(self, project_id: int, participant_id: str) -> Future[dict[str, Any] | None]:
        """The deleted user, None when unknown. The user's threads stay, without a user."""
        return self.write(participants.delete, project_id=project_id, participant_id=participant_id)
