"""Uploads in two legs (`spec/literal-wire.md` §3): ask for an address, then send the bytes there without a key."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, Final, cast

import anyio
from starlette.requests import Request
from starlette.responses import Response

from literalai_otel import jsonable
from literalai_otel.server.access.caller import Caller
from literalai_otel.server.address import base_url
from literalai_otel.server.files import ANY_MIME, GRANT, Files
from literalai_otel.server.problems import Problem
from literalai_otel.server.routes.answers import json_answer, media_type
from literalai_otel.server.routes.forms import MEDIA_TYPE, UploadForm
from literalai_otel.server.routes.intake import RETRY_AFTER, Intake
from literalai_otel.server.signing import Grant
from literalai_otel.server.values import clean_id, clean_text

IDLE_SECONDS: Final = 30.0
"""How long the next bytes of an upload may take."""
MAX_UPLOADS: Final = 32
"""Uploads at a time; each holds up to 1 MiB and a local file."""
_FORM_BYTES: Final = 128 * 1024
"""What a form may weigh beside its file."""


class UploadRoute:
    """`ask` is the first leg, `receive` the second."""

    def __init__(self, intake: Intake, files: Files, *, form: str) -> None:
        """`form`: what clients are told to send, `multipart` or `raw`. Both are taken."""
        self._intake = intake
        self._files = files
        self._form = form
        self._running = 0

    async def ask(self, request: Request, caller: Caller) -> Response:
        """`{fileName?, contentType?, threadId?}` to `{post | put: {url, headers, fields, uploadType}, signedUrl}`."""
        async with self._intake.body(request) as body:
            wanted = _wanted(body)
        thread_id = wanted.get("threadId")
        permission = self._files.permit(
            caller.project,
            file_name=_text(wanted, "fileName", "file"),
            mime=_text(wanted, "contentType", ANY_MIME),
            thread_id=None if thread_id is None else clean_id(thread_id, "threadId"),
        )
        raw = self._form == "raw"
        return json_answer(
            {
                "put" if raw else "post": {
                    "url": base_url() + permission.upload,
                    "headers": {"Content-Type": permission.mime} if raw else {},
                    "fields": {"key": permission.object_key},
                    "uploadType": self._form,
                },
                "signedUrl": base_url() + permission.read,
            }
        )

    async def receive(self, request: Request) -> Response:
        """A form or the bytes themselves, once, to an address that `ask` answered; 204."""
        grant = await self._files.granted(request.query_params.get(GRANT, ""))
        # The npm client says multipart/form-data of the bare bytes that it puts: the method says which form it is.
        is_form = request.method == "POST" and media_type(request) == MEDIA_TYPE
        form = UploadForm(request.headers["content-type"]) if is_form else None
        announced = request.headers.get("content-length", "")
        allowed = self._files.max_bytes + (_FORM_BYTES if form else 0)
        if announced.isdecimal() and int(announced) > allowed:
            raise Problem("BODY_TOO_LARGE", f"The file is larger than {self._files.max_bytes} bytes.")
        if self._running >= MAX_UPLOADS:
            raise Problem("OVERLOADED", "Too many uploads are under way: try again.", retry_after=RETRY_AFTER)
        self._running += 1
        try:
            async with aclosing(_arriving(request)) as chunks:
                await self._files.receive(grant, _file_of(form, chunks, grant) if form else chunks)
        finally:
            self._running -= 1
        return Response(status_code=204)


def _wanted(body: bytes) -> dict[str, Any]:
    try:
        wanted = jsonable.loads(body or b"{}")
    except ValueError:
        raise Problem("BAD_REQUEST", "The body is not valid JSON.") from None
    if not isinstance(wanted, dict):
        raise Problem("BAD_REQUEST", "The body must be one JSON object: {fileName, contentType, threadId}.")
    return cast(dict[str, Any], wanted)


def _text(wanted: dict[str, Any], field: str, default: str) -> str:
    value = wanted.get(field)
    return default if value is None or value == "" else clean_text(value, field)


async def _file_of(form: UploadForm, chunks: AsyncIterator[bytes], grant: Grant) -> AsyncIterator[bytes]:
    async for piece in form.file(chunks):
        yield piece
    if form.fields.get("key", grant.object_key) != grant.object_key:
        raise Problem("BAD_REQUEST", "The field key names another file than the address.")


async def _arriving(request: Request) -> AsyncGenerator[bytes]:
    stream = request.stream()
    while True:
        try:
            with anyio.fail_after(IDLE_SECONDS):
                chunk = await anext(stream, None)
        except TimeoutError:
            raise Problem("REQUEST_TIMEOUT", f"No bytes arrived for {IDLE_SECONDS:.0f} seconds.") from None
        if chunk is None:
            return
        yield chunk
