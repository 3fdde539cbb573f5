"""`literalai-otel import`: exports, and what was saved with the published SDK, into a project."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from literalai_otel.cli.bookmark import Bookmark
from literalai_otel.cli.connection import PATIENT, KeyOption, UrlOption, connected
from literalai_otel.cli.terminal import EXIT_PROBLEM, EXIT_SETTINGS, console, fail
from literalai_otel.errors import APIStatusError

if TYPE_CHECKING:
    from literalai_otel.api import SyncApi
    from literalai_otel.cli.progress import Progress

BATCH: Final = 500
"""Records in a request at most."""
BATCH_BYTES: Final = 4_000_000
"""Of JSON in a request, about; a single record may be larger."""
FILE: Final = "file"
SHOWN: Final = 20
"""Problems that are printed one by one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record, and where it stands. `mark`: bytes and lines of the file that are done with it, None in their midst."""

    place: str
    record: dict[str, Any]
    size: int
    mark: tuple[int, int] | None

    @property
    def kind(self) -> str:
        """What the record is, for people."""
        return str(self.record.get("kind"))


@dataclass(frozen=True, slots=True)
class Trouble:
    """A part of the file that holds nothing to import."""

    place: str
    problem: str


@dataclass(slots=True)
class Tally:
    """What came of it."""

    stored: dict[str, int] = field(default_factory=dict[str, int])
    refused: int = 0

    def refuse(self, place: str, problem: str) -> None:
        """Count and say a problem, unless many were said already."""
        self.refused += 1
        if self.refused <= SHOWN:
            console(error=True).print(f"{place}: {problem}")


class Parts:
    """The parts of the file that is being read; a file is sent when its last part is there."""

    def __init__(self) -> None:
        self._content = bytearray()

    @property
    def waiting(self) -> bool:
        """Whether a file is half read: an import that goes on must begin before it."""
        return bool(self._content)

    def take(self, api: "SyncApi", entry: Entry, tally: Tally) -> None:
        """Add a part, and send the file if it is the last."""
        record = entry.record
        try:
            self._content += base64.b64decode(record.get("content") or "", validate=True)
        except (ValueError, TypeError):
            tally.refuse(entry.place, "content must be base64")
            self._content.clear()
            return
        if not record.get("last"):
            return
        try:
            api.import_file(
                record["objectKey"], bytes(self._content), mime=record.get("mime"), thread_id=record.get("threadId")
            )
        except (KeyError, APIStatusError) as problem:
            reason = "objectKey is required in a file" if isinstance(problem, KeyError) else str(problem)
            tally.refuse(entry.place, reason)
        else:
            tally.stored[FILE] = tally.stored.get(FILE, 0) + 1
        self._content.clear()


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("import")(import_)


def import_(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="An export, or JSON that was saved with the SDK.")],
    again: Annotated[bool, typer.Option("--again", help="From the first line, though a part was imported.")] = False,
    url: UrlOption = None,
    api_key: KeyOption = None,
) -> None:
    """Import a file into the project of the API key. Ids and times stay; importing twice changes nothing.

    FILE is what `literalai-otel export` wrote, or JSON with what the published SDK gives: pages, lists or single
    objects of threads, steps, generations, scores, users, datasets, experiments and prompts, each as its `to_dict()`
    or as the API answers it, one document or one a line.

    A record that cannot be stored is named with its line and its reason; the others are stored. An import that was
    cut off goes on where it stopped. Exit code 1 when anything was refused.
    """
    if not path.is_file():
        fail(f"there is no file {path}", "give the path of an export", EXIT_SETTINGS)
    with connected(url, api_key, timeout=PATIENT) as api:
        about = {"project": api.get_my_project_id(), "bytes": path.stat().st_size}
        bookmark = Bookmark(path.with_name(f"{path.name}.imported"), about)
        tally = _imported(api, path, bookmark, again=again)
    bookmark.remove()
    if tally.refused > SHOWN:
        console(error=True).print(f"and {tally.refused - SHOWN} more")
    lines = ", ".join(f"{count} {kind}" for kind, count in tally.stored.items())
    console().print(f"{path}: stored {lines or 'nothing'}")
    if tally.refused:
        fail(f"{tally.refused} records were not stored", "correct them and import the file again", EXIT_PROBLEM)


def _imported(api: "SyncApi", path: Path, bookmark: Bookmark, *, again: bool) -> Tally:
    from literalai_otel.cli.progress import Progress

    tally = Tally()
    begun = {} if again else bookmark.read() or {}
    batch: list[Entry] = []
    files = Parts()
    with Progress(f"importing {path.name}", unit="bytes", total=path.stat().st_size) as progress:
        for found in _entries(path, begun.get("end", 0), begun.get("line", 0)):
            if isinstance(found, Trouble):
                tally.refuse(found.place, found.problem)
                continue
            if batch and (len(batch) >= BATCH or sum(entry.size for entry in batch) + found.size > BATCH_BYTES):
                _send(api, batch, tally, files, bookmark, progress)
                batch = []
            batch.append(found)
        _send(api, batch, tally, files, bookmark, progress)
    return tally


def _send(
    api: "SyncApi", batch: list[Entry], tally: Tally, files: "Parts", bookmark: Bookmark, progress: "Progress"
) -> None:
    if not batch:
        return
    records = [entry for entry in batch if entry.kind != FILE]
    for entry in batch:
        if entry.kind == FILE:
            files.take(api, entry, tally)
    outcomes = api.import_records([entry.record for entry in records])
    for entry, outcome in zip(records, outcomes, strict=True):
        if outcome.ok:
            tally.stored[entry.kind] = tally.stored.get(entry.kind, 0) + 1
        else:
            name = entry.record.get("id")
            tally.refuse(entry.place, f"{entry.kind} {name}: {outcome.message}" if name else outcome.message)
    mark = next((entry.mark for entry in reversed(batch) if entry.mark is not None), None)
    if mark is not None and not files.waiting:
        progress.now(f"importing {batch[-1].kind}", mark[0])
        bookmark.set({"end": mark[0], "line": mark[1]})


def _entries(path: Path, end: int, line: int) -> Iterator[Entry | Trouble]:
    """What the file holds, line by line when its first line is JSON, else as one document."""
    from literalai_otel.jsonable import loads

    with path.open("rb") as source:
        first = next((text for text in source if text.strip()), b"")
        try:
            loads(first)
        except ValueError:
            source.seek(0)
            yield from _of_json(str(path), source.read(), None)
            return
        source.seek(end)
        for number, text in enumerate(source, line + 1):
            end += len(text)
            if text.strip():
                yield from _of_json(f"{path}:{number}", text, (end, number))


def _of_json(place: str, text: bytes, mark: tuple[int, int] | None) -> Iterator[Entry | Trouble]:
    from literalai_otel.cli.saved import UnknownItemError, items_of, records_of
    from literalai_otel.jsonable import loads

    try:
        items = list(items_of(loads(text)))
    except UnknownItemError as problem:
        yield Trouble(place, str(problem))
        return
    except ValueError as problem:
        yield Trouble(place, f"no JSON: {problem}")
        return
    found: list[Entry] = []
    for index, item in enumerate(items, 1):
        here = place if len(items) == 1 else f"{place}, item {index}"
        try:
            found += [Entry(here, record, len(text) // len(items), None) for record in records_of(item)]
        except UnknownItemError as problem:
            yield Trouble(here, str(problem))
    if found:
        found[-1] = replace(found[-1], mark=mark)
    yield from found
