"""What an administrator does with projects and keys, on a database that a server may be using."""

import time
from collections.abc import Generator
from typing import Final

from literalai_otel.server.access.keys import KEY_SECONDS, TOUCH_SECONDS
from literalai_otel.server.store import project_deletion, projects
from literalai_otel.server.store.projects import Project
from literalai_otel.server.store.store import Store
from literalai_otel.server.times import now

FORGOTTEN: Final = KEY_SECONDS + 1.0
"""Seconds after which no server takes a deleted key any more."""


def delete_project(store: Store, project: Project) -> Generator[int]:
    """Delete a project with everything that it has; yields the number of rows of each piece.

    Each piece is a transaction of its own, so a server that runs goes on meanwhile, and a deletion that was cut off
    goes on where it stopped when it is asked for again. Servers remember keys for some seconds: where one was in use,
    what came in meanwhile is deleted as well.
    """
    in_use = now() - round((FORGOTTEN + TOUCH_SECONDS) * 1_000_000)
    busy = any((key.last_used_at or 0) > in_use for key in store.read(projects.keys, project.id))
    yield from _emptied(store, project)
    if busy:
        time.sleep(FORGOTTEN)
        yield from _emptied(store, project)
    store.write(project_deletion.delete_project_row, project.id).result()


def _emptied(store: Store, project: Project) -> Generator[int]:
    for table in project_deletion.owned():
        while deleted := store.write(project_deletion.delete_piece, project.id, table).result():
            yield deleted
