"""`GET /api/files/…`: an uploaded file, for whoever has its signed address.

Anybody can upload anything, and a browser must not run it in the name of this server: every file is a download unless
its type is one of `media` and `?inline=1` asks for it to be shown, no type is guessed, any other than those is said to
be unknown, and what is shown is shown in a sandbox.
"""

from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from literalai_otel.server.files import Files
from literalai_otel.server.media import UNKNOWN, preview_of
from literalai_otel.server.problems import Problem
from literalai_otel.server.routes.answers import literal_refusal
from literalai_otel.server.routes.ranges import UnsatisfiableError, byte_range
from literalai_otel.server.store.files import File

INLINE: Final = "inline"
"""Parameter that asks for a file to be shown and not saved; heeded for what `media` knows to be safe."""
_SANDBOX: Final = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'"
# Browsers show no PDF in a sandbox, and their viewers run nothing of it in the page's name.
_PDF: Final = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'"


class FileRoute:
    """Whole files and single ranges, with validators."""

    def __init__(self, files: Files) -> None:
        self._files = files

    async def get(self, request: Request) -> Response:
        """The file: 200, 206, 304, or 403, 404, 416 and 503 in the usual shape."""
        public_id, object_key = request.path_params["project"], request.path_params["key"]
        file, title = await self._files.find(public_id, object_key, request.query_params)
        headers = _headers(file, title, inline=request.query_params.get(INLINE) == "1")
        if _known(request, headers["etag"]):
            return Response(status_code=304, headers=headers)
        try:
            wanted = byte_range(_range(request, headers["etag"]), file.size)
        except UnsatisfiableError:
            answer = literal_refusal(request, Problem("RANGE_NOT_SATISFIABLE", f"The file has {file.size} bytes."))
            answer.headers["content-range"] = f"bytes */{file.size}"
            return answer
        start, stop = wanted or (0, file.size)
        headers["content-length"] = str(stop - start)
        if wanted is not None:
            headers["content-range"] = f"bytes {start}-{stop - 1}/{file.size}"
        status = 206 if wanted is not None else 200
        if request.method == "HEAD":
            return Response(status_code=status, headers=headers)
        # The first piece is read before the answer begins: afterwards a failure could not be said any more.
        pieces = self._files.read(file, start, stop)
        head = await anext(pieces, b"")
        return StreamingResponse(_joined(head, pieces), status_code=status, headers=headers)


async def _joined(head: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for piece in rest:
        yield piece


def _headers(file: File, title: str, *, inline: bool) -> dict[str, str]:
    preview = preview_of(file.mime)
    shown = inline and preview is not None
    return {
        "content-type": UNKNOWN if preview is None else file.mime,
        "content-disposition": f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{quote(title, safe='')}",
        "content-security-policy": _PDF if shown and preview == "pdf" else _SANDBOX,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        # Pages of others (a chat that shows its attachments) may read what they have the address of; no cookie is.
        "access-control-allow-origin": "*",
        "access-control-expose-headers": "content-disposition, content-range, etag",
        "cache-control": "private, max-age=300",
        "accept-ranges": "bytes",
        "etag": f'"{file.sha256}"',
    }


def _known(request: Request, etag: str) -> bool:
    """Whether the asker has the file already (`If-None-Match`)."""
    given = request.headers.get("if-none-match", "")
    return given.strip() == "*" or etag in (item.strip().removeprefix("W/") for item in given.split(","))


def _range(request: Request, etag: str) -> str | None:
    """The range that is asked for, unless for another version of the file (`If-Range`)."""
    version = request.headers.get("if-range")
    return request.headers.get("range") if version is None or version == etag else None
