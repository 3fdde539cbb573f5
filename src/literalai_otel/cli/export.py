"""`literalai-otel export`: everything that a project has, as one JSON object a line."""

import base64
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, Final

import typer

from literalai_otel.cli.bookmark import Bookmark
from literalai_otel.cli.connection import PATIENT, KeyOption, UrlOption, connected
from literalai_otel.cli.terminal import EXIT_SETTINGS, console, fail

if TYPE_CHECKING:
    from literalai_otel.api import SyncApi
    from literalai_otel.cli.progress import Progress

HEAD: Final = "export"
"""`kind` of the first line, which says where the rest comes from."""
FORMAT: Final = 1
FILE: Final = "file"


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(export)


def export(
    path: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="File to write, such as project.jsonl.", show_default=False)
    ] = None,
    only: Annotated[
        str | None, typer.Option(help="Kinds of records, with commas, such as thread,step.", show_default=False)
    ] = None,
    since: Annotated[str | None, typer.Option(help="Only what was made at this time or later.")] = None,
    until: Annotated[str | None, typer.Option(help="Only what was made before this time.")] = None,
    files: Annotated[bool, typer.Option(help="Uploaded files with their bytes.")] = True,
    force: Annotated[bool, typer.Option("--force", help="Begin anew over a file that is there.")] = False,
    otlp: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Send the steps as spans to this OTLP/HTTP collector.", show_default=False),
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Header for the collector; may be repeated.", show_default=False),
    ] = None,
    url: UrlOption = None,
    api_key: KeyOption = None,
) -> None:
    """Export a project: users, prompts, threads, steps, datasets, experiments, scores, attachments and files.

    Each line of FILE is a JSON object with a member `kind`; ids and times are those of the server, and
    `literalai-otel import FILE` brings all of it into another project or server. An export that was cut off goes
    on where it stopped when the same command is given again. What is written to the project meanwhile may be
    missing.

    With --otlp the steps go to a collector instead, as spans with the names of OpenTelemetry's GenAI conventions.
    """
    if (path is None) == (otlp is None):
        fail("say where to", "give a FILE to write, or --otlp URL for a collector", EXIT_SETTINGS)
    with connected(url, api_key, timeout=PATIENT) as api:
        if path is not None:
            _to_file(api, path, only=only, since=since, until=until, files=files, force=force)
        else:
            from literalai_otel.cli.collector import send_spans

            send_spans(api, str(otlp), header or [], since=since, until=until)


def _to_file(
    api: "SyncApi",
    path: Path,
    *,
    only: str | None,
    since: str | None,
    until: str | None,
    files: bool,
    force: bool,
) -> None:
    from literalai_otel.cli.progress import Progress

    counts = api.count_records(since=since, until=until)
    kinds = _chosen(list(counts), only, files)
    about = {"project": api.get_my_project_id(), "kinds": kinds, "since": since, "until": until}
    bookmark = Bookmark(path.with_name(f"{path.name}.state"), about)
    with _opened(path, bookmark, about, force=force) as out:
        total = sum(counts[kind] for kind in kinds)
        with Progress("exporting", unit="records", total=total) as progress:
            for kind in kinds:
                _write_kind(api, out, kind, bookmark, progress, since, until)
    bookmark.remove()
    lines = ", ".join(f"{counts[kind]} {kind}" for kind in kinds if counts[kind])
    console().print(f"{path}: {lines or 'the project is empty'}")


def _chosen(known: list[str], only: str | None, files: bool) -> list[str]:
    if only is None:
        return [kind for kind in known if files or kind != FILE]
    wanted = [kind.strip() for kind in only.split(",") if kind.strip()]
    unknown = [kind for kind in wanted if kind not in known]
    if unknown or not wanted:
        fail(f"there is no kind {', '.join(unknown) or only}", f"use some of {', '.join(known)}", EXIT_SETTINGS)
    return [kind for kind in known if kind in wanted]


def _opened(path: Path, bookmark: Bookmark, about: dict[str, Any], *, force: bool) -> IO[bytes]:
    """The file, at the place where the rest is to be written."""
    from literalai_otel.jsonable import dumps

    at = None if force else bookmark.read()
    if at is not None and path.exists() and path.stat().st_size >= at["size"]:
        out = path.open("r+b")
        out.truncate(at["size"])
        out.seek(at["size"])
        return out
    if path.exists() and not force:
        state = "was begun with other options" if bookmark.exists() else "exists"
        fail(f"{path} {state}", "give another FILE, or --force to write it anew", EXIT_SETTINGS)
    try:
        out = path.open("wb")
    except OSError as problem:
        fail(f"{path} cannot be written: {problem.strerror}", "give another FILE", EXIT_SETTINGS)
    head = {"kind": HEAD, "format": FORMAT, "project": about["project"], "at": datetime.now(UTC).isoformat()}
    out.write(dumps(head) + b"\n")
    bookmark.remove()
    return out


def _write_kind(
    api: "SyncApi",
    out: IO[bytes],
    kind: str,
    bookmark: Bookmark,
    progress: "Progress",
    since: str | None,
    until: str | None,
) -> None:
    from literalai_otel.jsonable import dumps

    done: dict[str, int] = (bookmark.read() or {}).get("done", {})
    if kind in done and done[kind] < 0:
        return
    after: int | None = done.get(kind, 0)
    while after is not None:
        progress.now(f"exporting {kind}")
        page = api.export_records(kind, after=after, since=since, until=until)
        for record in page.records:
            for line in _with_bytes(api, record) if kind == FILE else (record,):
                out.write(dumps(line) + b"\n")
        out.flush()
        os.fsync(out.fileno())
        after = page.after
        done[kind] = -1 if after is None else after
        bookmark.set({"size": out.tell(), "done": done})
        progress.advance(len(page.records))


def _with_bytes(api: "SyncApi", record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The lines of a file: its record with each part of its bytes, the last with `last`."""
    size, start = int(record.get("size", 0)), 0
    while True:
        content = api.export_file(record["objectKey"], start=start) if start < size else b""
        start += len(content)
        last = start >= size or not content
        yield {**record, "content": base64.b64encode(content).decode("ascii"), "last": last}
        if last:
            return
