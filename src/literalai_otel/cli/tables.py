"""Tables as commands print them: columns as wide as what they hold, nothing cut when the output is no terminal."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.table import Table

from literalai_otel.cli.terminal import console


def printed(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    out = console()
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=not out.is_terminal)
    for row in rows:
        table.add_row(*row)
    if not out.is_terminal:
        out.width = max(out.width, out.measure(table).maximum)
    out.print(table)


def shown_time(microseconds: int) -> str:
    """A moment in UTC to the minute, for people."""
    return datetime.fromtimestamp(microseconds / 1e6, UTC).strftime("%Y-%m-%d %H:%M")
