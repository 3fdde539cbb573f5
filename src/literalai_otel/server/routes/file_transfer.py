"""`POST /api/export/file` and `POST /api/import/file`: the bytes of uploaded files, under their own keys."""

import re
from typing import Any, Final, cast
from urllib.parse import unquote

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from literalai_otel.jsonable import loads
from literalai_otel.server.access.caller import Caller
from literalai_otel.server.files import ANY_MIME, Files
from literalai_otel.server.problems import Problem
from literalai_otel.server.routes.answers import json_answer
from literalai_otel.server.routes.intake import Intake
from literalai_otel.server.routes.parameters import object_of, whole_of
from literalai_otel.server.signing import Grant
from literalai_otel.server.store import files as stored
from literalai_otel.server.store.projects import Project
from literalai_otel.server.store.store import Store
from literalai_otel.server.values import clean_id, clean_text

FACTS: Final = "x-literal-file"
"""Header of an import: `{objectKey, mime?, threadId?}` as JSON with %XX for what a header cannot hold."""
_KEY: Final = re.compile(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")
PART: Final = 4_194_304
"""Bytes in one answer of an export."""


class FileTransferRoute:
    """Files are exported in parts and imported whole; one that is there already stays as it is."""

    def __init__(self, intake: Intake, files: Files, store: Store) -> None:
        self._intake = intake
        self._files = files
        self._store = store

    async def export_file(self, request: Request, caller: Caller) -> Response:
        """`{objectKey, start?}` -> up to 4 MiB of the file from `start` on."""
        async with self._intake.body(request) as body:
            wanted = object_of(body)
        start = whole_of(wanted, "start", 0, 2**63 - 1)
        file = await self._look_up(caller.project, clean_id(wanted.get("objectKey"), "objectKey"))
        if file is None:
            raise Problem("NOT_FOUND", "The project has no file of this objectKey.")
        stop = min(file.size, start + PART)
        if start >= stop:
            return Response(media_type=ANY_MIME)
        return StreamingResponse(self._files.read(file, start, stop), media_type=ANY_MIME)

    async def import_file(self, request: Request, caller: Caller) -> Response:
        """The bytes of a file -> `{objectKey, stored}`; not stored when there is one of this key."""
        facts = _facts(request.headers.get(FACTS))
        object_key = clean_id(facts.get("objectKey"), "objectKey")
        if not _KEY.fullmatch(object_key) or ".." in object_key:
            raise Problem(
                "BAD_USER_INPUT", "objectKey must be a path of letters, digits, . _ and -, such as files/a.txt."
            )
        if await self._look_up(caller.project, object_key) is not None:
            return json_answer({"objectKey": object_key, "stored": False})
        thread_id = facts.get("threadId")
        grant = Grant(
            project_id=caller.project.id,
            object_key=object_key,
            mime=clean_text(facts.get("mime") or ANY_MIME, "mime"),
            thread_id=None if thread_id is None else clean_id(thread_id, "threadId"),
            expires=0,
        )
        await self._files.receive(grant, request.stream())
        return json_answer({"objectKey": object_key, "stored": True})

    async def _look_up(self, project: Project, object_key: str) -> stored.File | None:
        return await to_thread.run_sync(lambda: self._store.read(stored.get, project.id, object_key))


def _facts(header: str | None) -> dict[str, Any]:
    try:
        facts: Any = loads(unquote(header or "").encode())
    except ValueError:
        facts = None
    if not isinstance(facts, dict):
        raise Problem("BAD_REQUEST", f"The header {FACTS} must be a JSON object with objectKey.")
    return cast(dict[str, Any], facts)
