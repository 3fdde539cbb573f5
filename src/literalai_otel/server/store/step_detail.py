"""One step with all that a page shows beside it: its thread and user, its prompt by name, the sizes of its files."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from literalai_otel.jsonable import loads
from literalai_otel.server.store import prompt_links, span_origins
from literalai_otel.server.store import steps as step_rows
from literalai_otel.server.store.file_tables import files
from literalai_otel.server.store.tables import participants, threads
from literalai_otel.server.store.threads import WITH_USER


def get(connection: Connection, project_id: int, step_id: str) -> dict[str, Any] | None:
    """The whole step in wire form, None when it is unknown.

    Beside it: `thread` (`id`, `name`, `participant`: `id`, `identifier`, `metadata`), `span` with its scope and
    resource, on the generation `promptLineage` and `promptVersion`, on each attachment `size` in bytes where the file
    is one of ours.
    """
    step = step_rows.get(connection, project_id, step_id)
    if step is None:
        return None
    span_origins.complete(connection, project_id, [step])
    step["thread"] = _thread(connection, project_id, step["threadId"])
    sizes = _sizes(connection, project_id, [item["objectKey"] for item in step["attachments"] if item["objectKey"]])
    for item in step["attachments"]:
        item["size"] = sizes.get(item["objectKey"])
    generation = step["generation"]
    if generation is not None:
        prompt_id = generation["promptId"]
        link = prompt_links.named(connection, project_id, [prompt_id] if prompt_id else []).get(prompt_id)
        generation["promptLineage"] = None if link is None else link.lineage
        generation["promptVersion"] = None if link is None else link.version
    return step


def _thread(connection: Connection, project_id: int, thread_id: str | None) -> dict[str, Any] | None:
    if thread_id is None:
        return None
    columns = (threads.c.name, participants.c.id, participants.c.identifier, participants.c.metadata)
    wanted = select(*columns).select_from(WITH_USER)
    row = connection.execute(wanted.where(threads.c.project_id == project_id, threads.c.id == thread_id)).one_or_none()
    if row is None:
        return None
    if row.id is None:
        return {"id": thread_id, "name": row.name, "participant": None}
    metadata: dict[str, Any] = loads(row.metadata) if row.metadata else {}
    user = {"id": row.id, "identifier": row.identifier, "metadata": metadata}
    return {"id": thread_id, "name": row.name, "participant": user}


def _sizes(connection: Connection, project_id: int, object_keys: Sequence[str]) -> dict[str, int]:
    if not object_keys:
        return {}
    own = (files.c.project_id == project_id, files.c.id.in_(object_keys))
    return {row.id: row.size for row in connection.execute(select(files.c.id, files.c.size).where(*own))}
