"""`literalai-otel tail`: steps as they end."""

import signal
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

import typer

from literalai_otel.cli.connection import KeyOption, UrlOption, connected
from literalai_otel.cli.terminal import EXIT_SETTINGS, console, fail
from literalai_otel.errors import APIStatusError, TransportError
from literalai_otel.model import STEP_TYPES, Step, to_wire

if TYPE_CHECKING:
    from literalai_otel.api import SyncApi

PAGE: Final = 200
OVERLAP: Final = 5.0
"""Seconds that each poll looks back: requests that the server took at the same time are stored in any order."""
REMEMBERED: Final = 20_000
"""Ids of shown steps that are kept, so that looking back shows nothing twice."""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(tail)


def tail(
    kind: Annotated[str | None, typer.Option("--type", help="Only steps of this type, such as llm or tool.")] = None,
    thread: Annotated[str | None, typer.Option("--thread", help="Only steps of the thread with this id.")] = None,
    errors: Annotated[bool, typer.Option("--errors", help="Only steps that failed.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="Steps of the past to begin with.")] = 10,
    every: Annotated[float, typer.Option("--every", min=0.05, help="Seconds between two looks.")] = 0.5,
    follow: Annotated[bool, typer.Option(help="Go on until Ctrl-C.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    url: UrlOption = None,
    api_key: KeyOption = None,
) -> None:
    """Follow what happens: a line for each step as it ends, indented under its run.

    The columns are those of `literalai-otel show`. Ctrl-C ends it.
    """
    from literalai_otel.cli.line import step_line
    from literalai_otel.cli.tree import draw, fixed_widths

    if kind is not None and kind not in STEP_TYPES:
        fail(f"there is no step type {kind}", f"use one of {', '.join(STEP_TYPES)}", EXIT_SETTINGS)
    filters = conditions(kind, thread, errors)
    out = console()
    widths = fixed_widths(out.width)
    try:
        with Interruption() as stop, connected(url, api_key) as api:
            status = console(error=True)
            lost = False

            def waiting() -> None:
                nonlocal lost
                if not lost:
                    status.print("the server does not answer; trying on (Ctrl-C ends this)")
                lost = True

            pause = every if follow else None
            for step in arrivals(api, filters, past=lines, every=pause, waiting=waiting, stopped=stop.asked_for):
                lost = False
                if as_json:
                    from literalai_otel.jsonable import dumps_text

                    typer.echo(dumps_text(to_wire(step)))
                else:
                    out.print(draw(step_line(step, indentation(step)), widths))
                out.file.flush()
    except KeyboardInterrupt:
        # The usual way out of a command that never ends by itself.
        return


class Interruption:
    """Remembers that Ctrl-C was pressed: the exception is lost when it comes up inside a finalizer."""

    def __init__(self) -> None:
        self._asked_for = False
        self._before: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._interrupted)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def asked_for(self) -> bool:
        """Whether it was."""
        return self._asked_for

    def _interrupted(self, *_: object) -> None:
        self._asked_for = True
        raise KeyboardInterrupt


def conditions(kind: str | None, thread: str | None, errors: bool) -> list[dict[str, Any]]:
    """The filters of the options (`spec/literal-wire.md` §4.1)."""
    found: list[dict[str, Any]] = []
    if kind is not None:
        found.append({"field": "type", "operator": "eq", "value": kind})
    if thread is not None:
        found.append({"field": "threadId", "operator": "eq", "value": thread})
    if errors:
        found.append({"field": "error", "operator": "nis", "value": None})
    return found


def arrivals(
    api: "SyncApi",
    filters: list[dict[str, Any]],
    *,
    past: int,
    every: float | None,
    waiting: Callable[[], None] = lambda: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Step]:
    """The last `past` steps, oldest first, then each further one once; `every` None stops after the past.

    `waiting` is called each time the server does not answer for a while; then it is asked again, until `stopped`.

    Pages go by cursor, in order of arrival, each from a cursor that is `OVERLAP` seconds old.
    """
    seen: OrderedDict[str, None] = OrderedDict()
    page = api.get_steps(first=max(past, 1), filters=filters, order_by={"column": "createdAt", "direction": "DESC"})
    for step in reversed(page.data):
        seen[step.id] = None
    yield from reversed(page.data[:past])
    if every is None:
        return
    cursor = page.page_info.start_cursor
    marks: deque[tuple[float, str | None]] = deque([(time.monotonic(), cursor)])
    while not stopped():
        time.sleep(every)
        now = time.monotonic()
        while len(marks) > 1 and marks[1][0] <= now - OVERLAP:
            marks.popleft()
        after = marks[0][1]
        more = True
        while more:
            try:
                page = api.get_steps(
                    first=PAGE, after=after, filters=filters, order_by={"column": "createdAt", "direction": "ASC"}
                )
            except (TransportError, APIStatusError) as problem:
                if not problem.retryable:
                    raise
                waiting()  # a server that restarts comes back, and nothing is missed: the cursor stands
                break
            for step in page.data:
                if step.id not in seen:
                    seen[step.id] = None
                    yield step
            after = page.page_info.end_cursor or after
            more = page.page_info.has_next_page
        if after != marks[-1][1]:
            marks.append((now, after))
        while len(seen) > REMEMBERED:
            seen.popitem(last=False)


def indentation(step: Step) -> str:
    """Under its run; two levels are told apart, since the steps between are not known before they end."""
    if step.parent_id is None:
        return ""
    return "   " if step.root_run_id in (None, step.parent_id) else "      "
