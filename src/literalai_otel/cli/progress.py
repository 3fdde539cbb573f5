"""How far a command is: a bar on a terminal's standard error, nothing elsewhere."""

from typing import Any, Self

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from literalai_otel.cli.terminal import console


class Progress:
    """One bar. `total` is the number of `unit` to come, None when nobody knows."""

    def __init__(self, what: str, *, unit: str, total: int | None = None) -> None:
        out = console(error=True)
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(unit),
            TimeElapsedColumn(),
            console=out,
            transient=True,
            disable=not out.is_terminal,
        )
        self._task = self._bar.add_task(what, total=total)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._bar.stop()

    def advance(self, by: int) -> None:
        """So many more are done."""
        self._bar.advance(self._task, by)

    def now(self, what: str, done: int | None = None) -> None:
        """What is being done, and how much of the total is done."""
        self._bar.update(self._task, description=what, completed=done)
