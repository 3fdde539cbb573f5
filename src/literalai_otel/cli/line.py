"""A step as the columns of one line: label, tokens, time, first token and cost, preview, error.

What is not known is left out or marked, never invented.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from literalai_otel.cli.preview import call_label, one_line, output_preview
from literalai_otel.model import MESSAGE_STEP_TYPES, ChatGeneration, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One step as columns; an empty text is a column that the step has nothing for."""

    guide: str
    type: str
    label: str
    tokens: str
    time: str
    detail: str
    preview: str
    error: str


def step_line(step: Step, guide: str = "") -> Line:
    """The columns of one step, behind `guide`."""
    return Line(
        guide=guide,
        type=step.type or "undefined",
        label=_label(step),
        tokens=_tokens(step),
        time=seconds_text(duration(step)) if step.end_time or duration(step) is not None else "running",
        detail=_detail(step),
        preview=output_preview(step),
        error=_error(step),
    )


def duration(step: Step) -> float | None:
    """Seconds that the step took; None while it runs or when a time is missing."""
    if step.generation is not None and step.generation.duration is not None:
        return step.generation.duration
    if not step.start_time or not step.end_time:
        return None
    try:
        return (_time(step.end_time) - _time(step.start_time)).total_seconds()
    except (ValueError, TypeError):
        return None


def seconds_text(seconds: float | None) -> str:
    """`<1 ms`, `12 ms`, `4.3 s`, `2 min 5 s`; nothing for None."""
    if seconds is None:
        return ""
    if seconds < 0.0005:
        return "<1 ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def thousands(number: int) -> str:
    """`1842` as `1 842`."""
    return f"{number:,}".replace(",", " ")


def token_text(number: int, *, estimated: bool) -> str:
    """`412`; `~412` where nobody counted and the server estimated."""
    return f"{'~' if estimated else ''}{thousands(number)}"


def counted(number: int, noun: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{thousands(number)} {noun}{'' if number == 1 else 's'}"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _label(step: Step) -> str:
    name = one_line(step.name or "")
    generation = step.generation
    if generation is not None:
        kind = "chat" if isinstance(generation, ChatGeneration) else "completion"
        model = one_line(generation.model or "") or "unknown model"
        # A span's own name is "<operation> <model>": the model says it already.
        own = "" if not name or name.startswith(model) or name.endswith(model) else f"{name} · "
        return own + " · ".join([model, kind, *(["stream"] if (generation.settings or {}).get("stream") else [])])
    if step.type == "tool":
        return call_label(name or "tool", step.input)
    if step.type in MESSAGE_STEP_TYPES:
        return name if name != step.type else ""
    return name or "N/A"


def _error(step: Step) -> str:
    """What went wrong, led by the exception's class where the message alone would not tell it."""
    message = one_line(step.error or (step.generation.error if step.generation else None) or "")
    otel: Any = (step.metadata or {}).get("otel")
    raised: Any = cast(dict[str, Any], otel).get("exception") if isinstance(otel, dict) else None
    kind: Any = cast(dict[str, Any], raised).get("type") if isinstance(raised, dict) else None
    name = one_line(kind).rpartition(".")[2] if isinstance(kind, str) else ""
    return f"{name}: {message}" if message and name and name not in message else message


def _tokens(step: Step) -> str:
    generation = step.generation
    if generation is None:
        return ""
    before, after, whole = generation.input_token_count, generation.output_token_count, generation.token_count
    estimated = generation.token_count_estimated is True
    if before is None and after is None:
        return "" if whole is None else token_text(whole, estimated=estimated)
    return " → ".join("?" if count is None else token_text(count, estimated=estimated) for count in (before, after))


def _detail(step: Step) -> str:
    """Time to the first token, and the cost where the provider or the user told it."""
    first = step.generation.tt_first_token if step.generation is not None else None
    cost = cost_of(step)
    parts = [
        "" if first is None else f"first token {seconds_text(first / 1000)}",
        "" if cost is None else f"cost {cost:.4g}",
    ]
    return " · ".join(part for part in parts if part)


def cost_of(step: Step) -> float | None:
    """`cost` among the usage that the provider reported or in the generation's metadata; never an estimate."""
    metadata: dict[str, Any] = (step.generation.metadata if step.generation is not None else None) or {}
    for holder in (metadata.get("usage"), metadata):
        cost: Any = cast(dict[str, Any], holder).get("cost") if isinstance(holder, dict) else None
        if isinstance(cost, (int, float)) and not isinstance(cost, bool):
            return cost
    return None
