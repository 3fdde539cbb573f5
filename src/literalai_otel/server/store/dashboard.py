"""The dashboard: what happened in a project over time, as series by bucket, with totals and the period before."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from literalai_otel.server.buckets import DAY, LONGEST, QUARTER, Buckets, before, buckets
from literalai_otel.server.filters import Condition, hidden_environment
from literalai_otel.server.store import dashboard_cards, dashboard_counts, dashboard_entities, figures, prompt_links
from literalai_otel.server.store.dashboard_cards import Names
from literalai_otel.server.store.dashboard_counts import MICROSECONDS, Clock, Environments
from literalai_otel.server.store.figures import Figures
from literalai_otel.server.times import format_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the dashboard is asked for: a range in seconds since 1970 (`start` None: since the first step).

    Unless an environment is named, here or by a filter, runs of experiments are left out as in lists (P-ENV-01).
    `seconds`: how long counting may take.
    """

    start: int | None
    end: int
    zone: ZoneInfo
    environment: str | None = None
    filters: tuple[Condition, ...] = ()
    compare: bool = False
    seconds: float = 0.8

    @property
    def environments(self) -> Environments:
        """Which steps count."""
        return Environments(self.environment, hidden_environment("steps", self.filters))


@dataclass(frozen=True, slots=True)
class _Counts:
    """What was counted of a period. A bucket is None, and so is `scored` false, where counting was `cut`."""

    period: Buckets
    buckets: list[Figures | None]
    users: list[set[str] | None]
    total: Figures
    scored: bool
    cut: bool


def answer(connection: Connection, project_id: int, question: Question) -> dict[str, Any]:
    """What `GET /api/dashboard` answers (`docs/dashboard.md`)."""
    clock = Clock(question.seconds)
    period = buckets(_start(connection, project_id, question), question.end, question.zone)
    counts = _counted(connection, project_id, question, period, clock)
    names = dashboard_cards.names_of(counts.total)
    labels = _prompt_labels(connection, project_id, names)
    engaged = dashboard_entities.engagement(connection, project_id, period.start)
    content = _to_wire(counts, names, labels) | {
        "others": dashboard_cards.others(counts.total, names),
        "engagement": {"known": engaged.known, "active": engaged.active},
        "percentileError": figures.ERROR,
        "before": None,
    }
    if question.compare:
        earlier = _counted(connection, project_id, question, before(period, question.zone), clock)
        content["before"] = _to_wire(earlier, names, labels)
    return content


def _start(connection: Connection, project_id: int, question: Question) -> int:
    if question.start is not None:
        return question.start
    first = dashboard_counts.first_step(connection, project_id)
    if first is None:
        return question.end - DAY
    return min(max(first // MICROSECONDS, question.end - LONGEST), question.end - 1)


def _counted(connection: Connection, project_id: int, question: Question, period: Buckets, clock: Clock) -> _Counts:
    environments, filters = question.environments, question.filters
    if filters or period.seconds < QUARTER:
        found = dashboard_counts.by_steps(connection, project_id, period, environments, clock, filters)
    else:
        found = dashboard_counts.by_quarters(connection, project_id, period, environments, clock)
    if filters:
        users = dashboard_entities.add_threads_of(connection, project_id, found)
        scored = dashboard_entities.add_scores_of(connection, project_id, period, found, clock)
    else:
        users = dashboard_entities.add_threads(connection, project_id, period, environments, found.buckets)
        scored = dashboard_entities.add_scores(connection, project_id, period, environments, found.buckets, clock)
    total: Figures = {}
    for bucket in found.buckets:
        figures.merge(total, bucket or {})
    if filters:  # a thread may have steps in several buckets
        total[figures.THREADS] = len(set[str]().union(*found.threads))
        if total.get(figures.PRICED_THREADS):
            total[figures.PRICED_THREADS] = total[figures.THREADS]
    return _Counts(period, found.buckets, users, total, scored, found.cut or not scored)


def _to_wire(counts: _Counts, names: Names, labels: dict[str, str]) -> dict[str, Any]:
    cards, totals = dashboard_cards.series(counts.buckets, names), dashboard_cards.values(counts.total, names)
    for shown in (cards, totals):
        shown["prompts"] = {labels[prompt]: numbers for prompt, numbers in shown["prompts"].items()}
        if not counts.scored:
            shown |= dict.fromkeys(("scores", "scoreCounts", "feedback"))
    cards["users"] = [None if users is None else len(users) for users in counts.users]
    totals["users"] = len(set[str]().union(*(users for users in counts.users if users is not None)))
    return {
        "from": format_time(counts.period.start * MICROSECONDS),
        "to": format_time(counts.period.end * MICROSECONDS),
        "bucketSeconds": counts.period.seconds,
        "times": counts.period.edges[:-1],
        "cards": cards,
        "totals": totals,
        "cut": counts.cut,
    }


def _prompt_labels(connection: Connection, project_id: int, names: Names) -> dict[str, str]:
    """Prompt id -> name and version of the prompt; an id of no prompt that is known stands for itself."""
    known = prompt_links.named(connection, project_id, names["prompts"])
    return {
        prompt: f"{known[prompt].lineage} v{known[prompt].version}" if prompt in known else prompt
        for prompt in names["prompts"]
    }
