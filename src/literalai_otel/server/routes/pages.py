"""The web pages: the files of the build, and `index.html` for every address of the single-page application.

Names of assets hold a hash of their content, so browsers keep them for ever; `index.html` names them, and is asked for
each time. One build works below any path: its addresses are relative to the base element, which is set here.
"""

import hashlib
import json
import mimetypes
from html import escape
from pathlib import Path
from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

from literalai_otel.server.problems import Problem

BUILT: Final = Path(__file__).parents[1] / "static"
ASSETS: Final = "assets"
POLICY: Final = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    ]
)
_HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
"""Content codings, the smallest first, and the suffix of the copies that the build writes."""
_BASE: Final = '<base href="/"'
_NOT_PAGES: Final = ("/api/", "/v1/")
_READING: Final = ("GET", "HEAD")
_NOT_BUILT: Final = (
    "<!doctype html><html lang=en><title>Literal AI</title><h1>The pages are not built</h1>"
    "<p>The API works. Build the pages with <code>make ui</code> in the repository; released wheels have them.</p>"
)


class PagesRoute:
    """Serves a build of the page from `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    @property
    def build(self) -> str | None:
        """The name of the build, None where there is none."""
        try:
            named: str = json.loads((self._folder / "build.json").read_bytes())["build"]
        except (OSError, ValueError, KeyError):
            return None
        return named

    async def asset(self, request: Request) -> Response:
        """A file of the build, in the smallest coding that the browser takes."""
        found = await to_thread.run_sync(self._find, request.path_params["path"], _accepted(request))
        if found is None:
            raise Problem("NOT_FOUND", "There is no such file in this build of the pages: reload the page.")
        path, coding = found
        headers = {**_HEADERS, "cache-control": _FOR_EVER, "vary": "accept-encoding"}
        if coding is not None:
            headers["content-encoding"] = coding
        kind = mimetypes.guess_type(request.path_params["path"])[0] or "application/octet-stream"
        return FileResponse(path, media_type=kind, headers=headers)

    async def index(self, request: Request) -> Response:
        """The application, for whatever no route answers: it reads the address itself."""
        root: str = request.scope.get("root_path", "")
        path = request.url.path.removeprefix(root)
        if path.startswith(_NOT_PAGES) or request.method not in _READING:
            raise Problem("NOT_FOUND", f"Nothing is served at {request.url.path}.")
        try:
            page = await to_thread.run_sync((self._folder / "index.html").read_text, "utf-8")
        except OSError:
            return HTMLResponse(_NOT_BUILT, status_code=503, headers={**_HEADERS, "cache-control": "no-store"})
        page = page.replace(_BASE, f'<base href="{escape(root)}/"', 1)
        tag = f'"{hashlib.sha256(page.encode()).hexdigest()[:16]}"'
        headers = {**_HEADERS, "cache-control": "no-cache", "etag": tag}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return HTMLResponse(page, headers=headers)

    def _find(self, name: str, accepted: frozenset[str]) -> tuple[Path, str | None] | None:
        """The file to send and its content coding; None for a name that the build does not have."""
        assets = self._folder / ASSETS
        path = assets / name
        if "\0" in name or not path.resolve().is_relative_to(assets) or not path.is_file():
            return None
        for coding, suffix in _ENCODINGS:
            encoded = path.with_name(path.name + suffix)
            if coding in accepted and encoded.is_file():
                return encoded, coding
        return path, None


def _accepted(request: Request) -> frozenset[str]:
    """The content codings that the browser names and does not refuse (`q=0`)."""
    found: set[str] = set()
    for item in request.headers.get("accept-encoding", "").split(","):
        coding, *parameters = (part.strip().lower() for part in item.split(";"))
        if not any(parameter.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000") for parameter in parameters):
            found.add(coding)
    return frozenset(found)
