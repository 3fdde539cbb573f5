"""Steps as lines of text for a terminal. Pure: model in, rich `Text` out; nothing is fetched or printed.

A tree has one line for each step, in aligned columns: place and label, tokens, time, first token and cost,
preview or error. Widths are counted in terminal cells, so that wide characters line up too; what does not fit is
cut with an ellipsis, and the least telling columns leave first (`spec/journeys.md`, Terminal views).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from literalai_otel.cli.line import Line, cost_of, counted, duration, seconds_text, step_line, token_text
from literalai_otel.cli.preview import one_line
from literalai_otel.model import Step, Thread

GAP: Final = "   "
MAX_DEPTH: Final = 24
"""Levels that are drawn as guides; deeper steps are drawn at this level with a mark."""

TYPE_STYLES: Final = {
    "run": "bold cyan",
    "llm": "magenta",
    "tool": "yellow",
    "retrieval": "green",
    "rerank": "green",
    "embedding": "green",
}


@dataclass(frozen=True, slots=True)
class Widths:
    """Cells of each column; 0 leaves the column out."""

    left: int
    tokens: int
    time: int
    detail: int
    rest: int


def tree_lines(steps: Sequence[Step]) -> list[Line]:
    """The lines of `steps`, children under their parents, siblings by start time.

    A step whose parent is not among `steps` stands at the top; a cycle of parents is drawn once.
    """
    return [step_line(step, guide) for step, guide in _walk(steps)]


def fit(lines: Iterable[Line], width: int) -> Widths:
    """Column widths for `lines` on a terminal of `width` cells."""
    rows = list(lines)
    left = max((cell_len(_left(row)) for row in rows), default=0)
    tokens = max((cell_len(row.tokens) for row in rows), default=0)
    time = max((cell_len(row.time) for row in rows), default=0)
    first = max((cell_len(row.detail) for row in rows), default=0)
    rest = max((cell_len(_rest(row)) for row in rows), default=0)
    for columns in ((tokens, time, first), (tokens, time, 0), (0, time, 0), (0, 0, 0)):
        taken = sum(column + len(GAP) for column in columns if column)
        fitted = min(left, max(width * 45 // 100, width - taken - rest - len(GAP)))
        free = width - fitted - taken - len(GAP)
        if free >= min(rest, 16):
            return Widths(fitted, *columns, max(free, 0))
    return Widths(min(left, width), 0, 0, 0, 0)


def fixed_widths(width: int) -> Widths:
    """Column widths for lines that are printed one at a time, when later lines are not known yet."""
    left = width * 2 // 5
    if width < 40:
        return Widths(width, 0, 0, 0, 0)
    if width < 80:
        return Widths(left, 0, 8, 0, max(width - left - 8 - 2 * len(GAP), 0))
    return Widths(left, 13, 8, 18, max(width - left - 39 - 4 * len(GAP), 0))


def draw(line: Line, widths: Widths) -> Text:
    """One line, cut to its columns."""
    left = Text(line.guide, style="dim")
    left.append(f"{line.type:<8} ", style=TYPE_STYLES.get(line.type, "blue"))
    left.append(line.label)
    drawn = _cell(left, widths.left)
    if widths.tokens:
        drawn.append(GAP).append_text(_cell(Text(line.tokens), widths.tokens, right=True))
    if widths.time:
        drawn.append(GAP).append_text(_cell(Text(line.time), widths.time, right=True))
    if widths.detail:
        drawn.append(GAP).append_text(_cell(Text(line.detail, style="dim"), widths.detail))
    rest = Text(_rest(line), style="bold red" if line.error else "dim")
    if widths.rest and rest.plain:
        rest.truncate(widths.rest, overflow="ellipsis")
        drawn.append(GAP).append_text(rest)
    elif line.error and not widths.rest:
        # No room for the words: the mark alone still says that the step failed.
        drawn.truncate(max(widths.left - 2, 1), overflow="ellipsis")
        drawn.append(" ✗", style="bold red")
    drawn.rstrip()
    return drawn


def thread_header(thread: Thread, steps: Sequence[Step], width: int) -> Text:
    """`Thread  name · runs · generations · tokens · time`, and the user at the right edge."""
    header = Text("Thread  ", style="bold")
    header.append(one_line(thread.name or "") or "N/A")
    header.append(summary(steps), style="not bold")
    user = thread.participant
    if user and (user.identifier or user.id):
        shown = Text(f"user {one_line(user.identifier or user.id or '')}", style="not bold dim")
        space = width - header.cell_len - shown.cell_len
        header.append(" " * max(space, len(GAP))).append_text(shown)
    header.truncate(width, overflow="ellipsis")
    return header


def thread_footer(thread: Thread, width: int) -> Text:
    """The thread's id, for `show ID` and `tail --thread ID`, and its tags."""
    tags = f"   tags {', '.join(thread.tags)}" if thread.tags else ""
    footer = Text(one_line(f"id {thread.id}{tags}"), style="dim")
    footer.truncate(width, overflow="ellipsis")
    return footer


def summary(steps: Sequence[Step]) -> str:
    """` · 2 runs · 4 generations · 1 842 tokens · 6.1 s`; the time is that of the top steps, without the idle time.

    `~1 842 tokens` when the server estimated a part of them.
    """
    present = {step.id for step in steps}
    top = [step for step in steps if step.parent_id not in present]
    generations = [step.generation for step in steps if step.generation is not None]
    tokens = [generation.token_count for generation in generations if generation.token_count is not None]
    estimated = any(generation.token_count_estimated for generation in generations)
    costs = [cost for step in steps if (cost := cost_of(step)) is not None]
    spent = [taken for step in top if (taken := duration(step)) is not None]
    parts = [
        counted(sum(step.type == "run" for step in top), "run"),
        counted(len(generations), "generation"),
        *([f"{token_text(sum(tokens), estimated=estimated)} tokens"] if tokens else []),
        *([f"cost {sum(costs):.4g}"] if costs else []),
        *([seconds_text(sum(spent))] if spent else []),
    ]
    return "".join(f" · {part}" for part in parts)


def _left(line: Line) -> str:
    return f"{line.guide}{line.type:<8} {line.label}"


def _rest(line: Line) -> str:
    return f"✗ {line.error}" if line.error else line.preview


def _cell(text: Text, width: int, *, right: bool = False) -> Text:
    """`text` cut or padded to exactly `width` cells."""
    text.truncate(width, overflow="ellipsis")
    missing = width - text.cell_len
    if missing > 0:
        text = Text(" " * missing).append_text(text) if right else text.append(" " * missing)
    return text


def _walk(steps: Sequence[Step]) -> Iterator[tuple[Step, str]]:
    """Each step once with its guide, depth first, without recursion: a chain of steps may be long."""
    ordered = sorted(steps, key=lambda step: (step.start_time or step.created_at or "", step.id))
    present = {step.id for step in ordered}
    children: dict[str, list[Step]] = {}
    for step in ordered:
        if step.parent_id in present and step.parent_id != step.id:
            children.setdefault(step.parent_id or "", []).append(step)
    tops = [step for step in ordered if step.parent_id not in present or step.parent_id == step.id]
    seen: set[str] = set()
    # Members of a cycle hang under no top step: the first of each cycle becomes one.
    for group in (tops, ordered):
        fresh = [step for step in group if step.id not in seen]
        stack: list[tuple[Step, tuple[bool, ...], bool]] = []
        stack.extend((step, (), index == len(fresh) - 1) for index, step in reversed(list(enumerate(fresh))))
        while stack:
            step, branches, last = stack.pop()
            if step.id in seen:
                continue
            seen.add(step.id)
            yield step, _guide((*branches, last))
            below = [child for child in children.get(step.id, []) if child.id not in seen]
            # One level more than is drawn tells the guide that levels are missing.
            level = (*branches, last)[-(MAX_DEPTH + 1) :]
            for index, child in reversed(list(enumerate(below))):
                stack.append((child, level, index == len(below) - 1))


def _guide(branches: tuple[bool, ...]) -> str:
    """`branches`: for each level, whether the step on it is the last of its siblings."""
    *above, last = branches
    mark = "… " if len(above) > MAX_DEPTH else ""
    return mark + "".join("   " if done else "│  " for done in above[-MAX_DEPTH:]) + ("└─ " if last else "├─ ")
