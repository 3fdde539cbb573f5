"""What the dashboard counts over steps, and how counts of several periods become one.

Figures are a flat dictionary of sums, so that those of an hour are added to those of the next without knowing what
they mean. Percentiles can be added up only as distributions: each value falls into a bin whose edges grow by 4 %, so
what is read from the bins is within 2 % of the value (`ERROR`). Names are the user's and may be without number: a
quarter of an hour keeps the most frequent `MOST_NAMES` of each kind, and the sum of the others.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement

from literalai_otel.server.store.tables import steps

Figures = dict[str, float]
"""Key -> sum. Keys are the constants below; a family's have `:` and a name, a distribution's `:` and a bin behind."""

QUARTER: Final = 900_000_000
"""Microseconds of a quarter of an hour: all offsets of time zones in use are multiples of it."""

STEPS, ERRORS = "s", "e"
RUNS, FAILED_RUNS = "r", "re"
GENERATIONS, FAILED_GENERATIONS = "g", "ge"
INPUT, OUTPUT, TOKENS, COUNTED, ESTIMATED = "ti", "to", "tt", "tn", "tx"
"""`COUNTED`: generations with token counts; `ESTIMATED`: those of them whose counts are ours."""
CACHED, CACHE_COUNTED = "tc", "tcn"
"""Input tokens that the provider read from its cache, and generations that say how many."""
CACHEABLE = "ci"
"""Input tokens of the generations that say how many came from the cache."""
COST, PRICED = "c", "cn"
THREADS, PRICED_THREADS, THREAD_COST = "t", "tp", "tk"
FEEDBACK = "f"
"""Scores that people gave."""

RUN_NAMES, TOOL_NAMES, TOOL_ERRORS, PROMPTS = "rn", "tl", "te", "p"
MODEL_CALLS, MODEL_COSTS, MODEL_INPUT, MODEL_OUTPUT = "mn", "mc", "mi", "mo"
SCORES, VALUED_SCORES, SCORE_SUMS = "sn", "sv", "ss"
_FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    RUN_NAMES: (RUN_NAMES,),
    TOOL_NAMES: (TOOL_NAMES, TOOL_ERRORS),
    PROMPTS: (PROMPTS,),
    MODEL_CALLS: (MODEL_CALLS, MODEL_COSTS, MODEL_INPUT, MODEL_OUTPUT),
}
"""The family that ranks names -> all that have the same names."""
MOST_NAMES: Final = 100
_LONGEST_NAME: Final = 200

RUN_LATENCY, LATENCY, FIRST_TOKEN, THROUGHPUT = "hr", "hg", "hf", "ht"
"""Distributions: duration of runs and of generations in seconds, ms to the first token, output tokens per second."""
ERROR: Final = 0.02
_SCALE: Final = 1 / math.log(1.04)
_LEAST: Final = 1e-6
"""What is below falls into the lowest bin, which is read as 0."""
_LOWEST: Final = math.floor(math.log(_LEAST) * _SCALE)

COLUMNS: Final[tuple[ColumnElement[Any], ...]] = (
    steps.c.sort_time,
    steps.c.environment,
    steps.c.thread_id,
    steps.c.id,
    steps.c.type,
    steps.c.name,
    steps.c.root_run_id,
    steps.c.start_time,
    steps.c.end_time,
    steps.c.error,
    steps.c.generation_type,
    steps.c.generation_error,
    steps.c.model,
    steps.c.prompt_id,
    steps.c.input_token_count,
    steps.c.output_token_count,
    steps.c.token_count,
    steps.c.cached_token_count,
    steps.c.tokens_estimated,
    steps.c.tt_first_token,
    steps.c.duration,
    steps.c.token_throughput,
    steps.c.cost,
)
"""What `book` reads of a step; time, environment and thread are for whoever sorts the steps."""


def book(figures: Figures, row: Any) -> None:
    """Adds one step, a row of `COLUMNS`."""
    _, _, _, step_id, kind, name, root, start, end, error, generation, generation_error, model, prompt, *numbers = row
    lasted = None if start is None or end is None else max(end - start, 0) / 1e6

    def add(key: str, more: float = 1) -> None:
        figures[key] = figures.get(key, 0) + more

    failed = bool(error or generation_error)
    add(STEPS)
    if failed:
        add(ERRORS)
    if kind == "run":
        if root is None or root == step_id:  # below no other run, as in the list of runs
            add(RUNS)
            add(f"{RUN_NAMES}:{_named(name)}")
            if failed:
                add(FAILED_RUNS)
            if lasted is not None:
                add(f"{RUN_LATENCY}:{_bin(lasted)}")
    elif kind == "tool":
        add(f"{TOOL_NAMES}:{_named(name)}")
        if failed:
            add(f"{TOOL_ERRORS}:{_named(name)}")
    if generation is not None:
        if failed:
            add(FAILED_GENERATIONS)
        _book_generation(add, _named(model), prompt, lasted, *numbers)


def _book_generation(
    add: Callable[..., None],
    model: str,
    prompt: str | None,
    lasted: float | None,
    asked: int | None,
    answered: int | None,
    tokens: int | None,
    cached: int | None,
    estimated: int | None,
    first_token: float | None,
    duration: float | None,
    throughput: float | None,
    cost: float | None,
) -> None:
    # The clients' own figures where they sent some; else those of the step.
    duration = lasted if duration is None else duration
    if throughput is None and answered and duration and not estimated:
        throughput = answered / duration
    add(GENERATIONS)
    add(f"{MODEL_CALLS}:{model}")
    if prompt is not None:
        add(f"{PROMPTS}:{prompt}")
    if tokens is not None:
        add(COUNTED)
        add(TOKENS, tokens)
        add(INPUT, asked or 0)
        add(OUTPUT, answered or 0)
        add(f"{MODEL_INPUT}:{model}", asked or 0)
        add(f"{MODEL_OUTPUT}:{model}", answered or 0)
        if estimated:
            add(ESTIMATED)
    if cached is not None:
        add(CACHE_COUNTED)
        add(CACHED, cached)
        add(CACHEABLE, asked or 0)
    if cost is not None:
        add(PRICED)
        add(COST, cost)
        add(f"{MODEL_COSTS}:{model}", cost)
    for distribution, value in ((FIRST_TOKEN, first_token), (LATENCY, duration), (THROUGHPUT, throughput)):
        if value is not None:
            add(f"{distribution}:{_bin(value)}")


def merge(into: Figures, more: Figures) -> None:
    """Adds `more` to `into`."""
    get = into.get
    for key, number in more.items():
        into[key] = get(key, 0) + number


def bounded(figures: Figures, most: int = MOST_NAMES) -> Figures:
    """The figures with the `most` frequent names of each family; what the others sum up to has no name behind its key.

    Names that are equally frequent go by the alphabet.
    """
    dropped: dict[str, set[str]] = {}
    for ranking, keys in _FAMILIES.items():
        names = sorted(family(figures, ranking).items(), key=lambda item: (-item[1], item[0]))
        gone = {name for name, _ in names[most:]}
        if gone:
            dropped |= dict.fromkeys(keys, gone)
    if not dropped:
        return figures
    kept: Figures = {}
    for key, number in figures.items():
        kind, colon, name = key.partition(":")
        key = kind if colon and name in dropped.get(kind, ()) else key
        kept[key] = kept.get(key, 0) + number
    return kept


def family(figures: Figures, kind: str) -> Figures:
    """Name -> number, of one family or distribution; without what had too rare a name to be kept."""
    start = f"{kind}:"
    return {key[len(start) :]: number for key, number in figures.items() if key.startswith(start)}


def percentile(distribution: Figures, share: float) -> float | None:
    """The value that a `share` of all values does not exceed (nearest rank), within `ERROR`; None without values.

    `distribution`: bin -> number of values, as `family` answers it.
    """
    bins = sorted((int(name), number) for name, number in distribution.items())
    rank = math.ceil(share * sum(number for _, number in bins))
    for place, number in bins:
        rank -= number
        if rank <= 0:
            return 0.0 if place <= _LOWEST else math.exp((place + 0.5) / _SCALE)
    return None


def _bin(value: float) -> int:
    return math.floor(math.log(value) * _SCALE) if value > _LEAST else _LOWEST


def _named(name: str | None) -> str:
    return "" if name is None else name[:_LONGEST_NAME]
