"""The dashboard against a count of its own over the steps as clients read them."""

import math
import random
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from literalai_otel.server.filters import parse_filters
from literalai_otel.server.jobs.figures import CountFigures
from literalai_otel.server.store import PageQuery, ThreadFields, dashboard, dashboard_keeping, retention
from literalai_otel.server.store.dashboard import Question
from literalai_otel.server.store.dashboard_counts import Clock

START = datetime(2026, 3, 27, 22, 10, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Paris")
"""On the 29th its clocks go forward."""
LONG = 30.0
COUNTS = ("steps", "errors", "runs", "runErrors", "generations", "tokens", "tokensOutput")


def at(hours: float) -> str:
    return (START + timedelta(hours=hours)).isoformat()


def ask(world: Any, **question: Any) -> dict[str, Any]:
    start, end = question.pop("hours", (0, 96))
    asked: dict[str, Any] = {"zone": ZONE, "compare": False, "seconds": LONG, **question}
    asked["filters"] = parse_filters("steps", question.get("filters"))
    seconds = [int((START + timedelta(hours=hours)).timestamp()) for hours in (start, end)]
    return world.store.read(dashboard.answer, world.project.id, Question(start=seconds[0], end=seconds[1], **asked))


@pytest.fixture
def count_figures(world: Any) -> Callable[[], int]:
    """Keeps the figures of all quarters of an hour, as the server does by itself."""
    return CountFigures(world.store).run


# --- one by one -----------------------------------------------------------------------------------


def test_a_generation_with_everything_and_a_run_above_it(world: Any) -> None:
    world.put(
        {"id": "r", "type": "run", "name": "agent", "threadId": "t", "startTime": at(1.1), "endTime": at(1.2)},
        {
            "id": "g",
            "type": "llm",
            "parentId": "r",
            "rootRunId": "r",
            "threadId": "t",
            "startTime": at(1.1),
            "endTime": at(1.15),
            "metadata": {"usage": {"cache_read_input_tokens": 40}},
            "generation": {
                "type": "CHAT",
                "provider": "openai",
                "model": "gpt-4o",
                "promptId": "p-1",
                "inputTokenCount": 100,
                "outputTokenCount": 50,
                "tokenCount": 150,
                "ttFirstToken": 200.0,
                "duration": 2.0,
            },
        },
        {
            "id": "x",
            "type": "tool",
            "name": "search",
            "parentId": "r",
            "rootRunId": "r",
            "error": "no",
            "threadId": "t",
        },
        {"id": "y", "type": "tool", "name": "search", "parentId": "r", "rootRunId": "r", "startTime": at(1.12)},
    )

    found = ask(world, hours=(0, 3))

    assert found["bucketSeconds"] == 300
    totals = found["totals"]
    counts = ("steps", "errors", "runs", "runErrors", "generations", "tokens", "tokensInput", "tokensOutput")
    assert [totals[card] for card in counts] == [3, 0, 1, 0, 1, 150, 100, 50]  # x is of now: it has no start
    assert (totals["tokensCached"], totals["cachedShare"], totals["tokensPerGeneration"]) == (40, 0.4, 150)
    assert totals["runsByName"] == {"agent": 1}
    assert totals["toolCalls"] == {"search": 1}
    assert totals["prompts"] == {"p-1": 1}
    assert totals["costByModel"] == {"gpt-4o": pytest.approx(totals["cost"])}
    assert totals["cost"] > 0
    assert totals["latency"]["p95"] == pytest.approx(2.0, rel=0.02)
    assert totals["runLatency"]["p50"] == pytest.approx(360, rel=0.02)
    assert totals["firstToken"]["p50"] == pytest.approx(200, rel=0.02)
    assert totals["throughput"]["p50"] == pytest.approx(25, rel=0.02)
    place = [bool(number) for number in found["cards"]["generations"]].index(True)
    edge = datetime.fromtimestamp(found["times"][place], UTC)
    assert timedelta() <= START + timedelta(hours=1.1) - edge < timedelta(minutes=5)


def test_what_the_client_did_not_say_follows_from_the_step(world: Any) -> None:
    said = {"type": "CHAT", "inputTokenCount": 9, "outputTokenCount": 30}
    world.put({"id": "g", "type": "llm", "startTime": at(1), "endTime": at(1 + 3 / 3600), "generation": said})

    totals = ask(world)["totals"]

    assert totals["latency"]["p50"] == pytest.approx(3, rel=0.02)
    assert totals["throughput"]["p50"] == pytest.approx(10, rel=0.02)
    assert totals["firstToken"]["p50"] is None


@pytest.mark.feature("P-DASH-09")
def test_a_bucket_without_data_counts_nothing_and_has_no_mean(world: Any) -> None:
    generation = {"type": "CHAT", "duration": 1.0, "inputTokenCount": 1, "outputTokenCount": 1}
    world.put({"id": "a", "type": "llm", "startTime": at(0.5), "generation": generation})
    world.put({"id": "b", "type": "llm", "startTime": at(90), "generation": generation})

    cards = ask(world)["cards"]

    busy = [place for place, number in enumerate(cards["generations"]) if number]
    assert len(busy) == 2
    for means in (cards["latency"]["p50"], cards["tokensPerGeneration"], cards["errorRate"]):
        assert [place for place, value in enumerate(means) if value is not None] == busy
    assert set(cards["cost"]) == {None}  # no model, so no price: not free


def test_days_are_those_of_the_reader(world: Any) -> None:
    for name, start in (("late", "2026-03-28T22:59:59Z"), ("early", "2026-03-28T23:00:00Z")):
        world.put({"id": name, "type": "run", "startTime": start, "endTime": start})

    paris = ask(world, hours=(-400, 400))
    utc = ask(world, hours=(-400, 400), zone=ZoneInfo("UTC"))

    assert paris["bucketSeconds"] == 86_400
    assert sorted(set(paris["cards"]["runs"])) == [0, 1]
    assert sorted(set(utc["cards"]["runs"])) == [0, 2]
    hours = [(later - time) // 3600 for time, later in zip(paris["times"], paris["times"][1:], strict=False)]
    assert Counter(hours) == {24: len(hours) - 1, 23: 1}


@pytest.mark.feature("P-DASH-08")
def test_the_period_before_is_as_long_and_ends_where_this_one_begins(world: Any) -> None:
    for name, hours in (("before", -20), ("much before", -60), ("within", 5)):
        world.put({"id": name, "type": "run", "name": "chat", "startTime": at(hours), "endTime": at(hours)})

    found = ask(world, hours=(0, 24), compare=True)

    before = found["before"]
    assert before["to"] <= found["from"]
    assert len(before["times"]) == len(found["times"])
    assert [found["totals"]["runs"], before["totals"]["runs"]] == [1, 1]
    assert before["totals"]["runsByName"] == {"chat": 1}


def test_experiments_are_left_out_unless_they_are_asked_for(world: Any) -> None:
    for environment in ("prod", "dev", "experiment", None):
        world.put({"id": f"in {environment}", "type": "run", "startTime": at(1)}, environment=environment)

    assert ask(world)["totals"]["runs"] == 3
    assert ask(world, environment="dev")["totals"]["runs"] == 1
    assert ask(world, environment="experiment")["totals"]["runs"] == 1
    experiments = [{"field": "environment", "operator": "eq", "value": "experiment"}]
    assert ask(world, filters=experiments)["totals"]["runs"] == 1


@pytest.mark.feature("P-OVR-07")
def test_scores_are_means_by_name_and_feedback_is_what_people_gave(world: Any) -> None:
    world.put(
        {
            "id": "r",
            "type": "run",
            "startTime": datetime.now(UTC).isoformat(),
            "scores": [
                {"name": "helpful", "type": "HUMAN", "value": 1.0},
                {"name": "helpful", "type": "AI", "value": 0.0},
                {"name": "sound", "type": "CODE", "value": 0.25},
            ],
        }
    )
    hours = (datetime.now(UTC) - START).total_seconds() / 3600
    totals = ask(world, hours=(hours - 1, hours + 1))["totals"]
    assert totals["scores"] == {"helpful": 0.5, "sound": 0.25}
    assert totals["scoreCounts"] == {"helpful": 2, "sound": 1}
    assert totals["feedback"] == 1

    agents = [{"field": "type", "operator": "eq", "value": "run"}]
    of_agents = ask(world, hours=(hours - 1, hours + 1), filters=agents)["totals"]
    assert (of_agents["scores"], of_agents["feedback"]) == (totals["scores"], 1)

    nobody = [{"field": "name", "operator": "eq", "value": "another"}]
    assert ask(world, hours=(hours - 1, hours + 1), filters=nobody)["totals"]["scores"] == {}


@pytest.mark.feature("P-USR-02")
def test_users_are_counted_by_their_threads_and_by_when_they_were_last_active(world: Any) -> None:
    hours = (datetime.now(UTC) - START).total_seconds() / 3600
    for user, last in (("ann", hours - 1), ("bob", hours - 30), ("cay", hours - 400)):
        thread = ThreadFields(participant_id=user)
        world.store.upsert_thread(world.project.id, f"of {user}", thread).result()
        world.put({"id": f"by {user}", "type": "run", "threadId": f"of {user}", "startTime": at(last)})

    found = ask(world, hours=(hours - 24, hours + 1))

    assert (found["totals"]["threads"], found["totals"]["users"]) == (3, 3)  # all three began just now
    assert found["engagement"] == {"known": 3, "active": 1}
    runs = [{"field": "type", "operator": "eq", "value": "run"}]
    of_runs = ask(world, hours=(hours - 24, hours + 1), filters=runs)["totals"]
    assert (of_runs["threads"], of_runs["users"]) == (1, 1)  # those with a run of this time


def test_names_without_number_are_bounded_and_the_others_are_said(world: Any, count_figures: Callable[[], int]) -> None:
    world.put(
        *({"id": f"{number}", "type": "run", "name": f"run {number:03}", "startTime": at(1)} for number in range(150))
    )
    world.put(*({"id": f"often {number}", "type": "run", "name": "often", "startTime": at(1)} for number in range(3)))
    count_figures()

    found = ask(world)

    assert found["totals"]["runs"] == 153
    shown = found["totals"]["runsByName"]
    assert len(shown) == 12
    assert shown["often"] == 3
    assert found["others"]["runsByName"] == 153 - sum(shown.values())


def test_counting_that_takes_too_long_is_cut_and_leaves_no_wrong_number(
    world: Any, count_figures: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(*({"id": f"{hours}", "type": "run", "startTime": at(hours)} for hours in range(90)))
    assert ask(world)["totals"]["runs"] == 90
    monkeypatch.setattr(Clock, "over", property(lambda _: True))

    cut = ask(world)
    assert (cut["cut"], cut["totals"]["runs"]) == (True, 0)
    assert set(cut["cards"]["runs"]) == {0, None}

    assert count_figures() == 90
    whole = ask(world)
    assert (whole["cut"], whole["totals"]["runs"]) == (False, 90)
    assert None not in whole["cards"]["runs"]


def test_figures_that_were_counted_before_a_step_came_are_not_kept_for_it(
    world: Any, count_figures: Callable[[], int]
) -> None:
    world.put({"id": "first", "type": "run", "startTime": at(1)})
    stale = world.store.read(dashboard_keeping.stale_quarters, 2**40, 10)
    early = world.store.read(dashboard_keeping.count_anew, stale, LONG)
    world.put({"id": "second", "type": "run", "startTime": at(1)})
    world.store.write(dashboard_keeping.keep, early).result()

    assert world.store.read(dashboard_keeping.count_anew, stale, LONG) == []
    assert ask(world)["totals"]["runs"] == 2
    assert count_figures() == 1
    world.store.write(dashboard_keeping.keep, early).result()  # another process, much later
    assert ask(world)["totals"]["runs"] == 2
    assert count_figures() == 0


def test_of_several_servers_on_a_database_one_counts(world: Any) -> None:
    def stale() -> int:
        return len(world.store.read(dashboard_keeping.stale_quarters, 2**40, 10))

    world.put({"id": "first", "type": "run", "startTime": at(1)})
    for server in (CountFigures(world.store), CountFigures(world.store)):
        server.run_if_due(Event())
        assert stale() == 0
    world.put({"id": "second", "type": "run", "startTime": at(1)})
    CountFigures(world.store).run_if_due(Event())
    assert stale() == 1  # another one had its turn just now
    CountFigures(world.store, every=0).run_if_due(Event())
    assert stale() == 0


# --- against a count of its own -------------------------------------------------------------------


def steps_of(random_: random.Random, number: int) -> Iterator[dict[str, Any]]:
    """Steps of all kinds, in runs; some come again with other values."""
    for place in range(number):
        start = START + timedelta(minutes=random_.randrange(-2 * 96 * 60, 96 * 60))
        step: dict[str, Any] = {
            "id": f"step-{place if random_.random() < 0.8 else random_.randrange(place + 1)}",
            "type": random_.choice(["run", "llm", "tool", "retrieval"]),
            "name": random_.choice(["a", "b", "c", None]),
            "threadId": random_.choice([None, *(f"thread-{thread}" for thread in range(9))]),
            "startTime": start.isoformat(),
            "endTime": random_.choice([None, (start + timedelta(seconds=random_.random() * 9)).isoformat()]),
            "error": random_.choice([None, None, None, "failed"]),
        }
        if place and random_.random() < 0.4:
            step["rootRunId"] = f"step-{random_.randrange(place)}"
        elif random_.random() < 0.3:
            step["rootRunId"] = step["id"]
        if step["type"] == "llm":
            counts = {"inputTokenCount": random_.randrange(90), "outputTokenCount": random_.randrange(90)}
            step["generation"] = {
                "type": "CHAT",
                "provider": "openai",
                "model": random_.choice(["gpt-4o", "gpt-4o-mini", "nobody's", None]),
                "duration": random_.choice([None, random_.random() * 30]),
                "ttFirstToken": random_.choice([None, random_.random() * 900]),
                **(counts if random_.random() < 0.7 else {}),
            }
        yield {key: value for key, value in step.items() if value is not None}


def change_at_random(world: Any, random_: random.Random) -> None:
    """Steps come, change, and go, by every way in which they do."""
    pending = list(steps_of(random_, 120))
    while pending:
        size = random_.randrange(1, 20)
        world.send(*pending[:size], environment=random_.choice(["prod", "experiment", None]))
        del pending[:size]
    for step_id in random_.sample(world.ids(first=500), 8):
        world.store.delete_step(world.project.id, step_id).result()
    world.store.delete_thread(world.project.id, "thread-3").result()
    world.store.write(retention.delete_steps, world.project.id, world.ids(first=500)[-6:]).result()


def steps_in(world: Any) -> list[dict[str, Any]]:
    return world.store.list_steps(world.project.id, PageQuery(first=1000, hidden="experiment"), payload=False).nodes


def counted_anew(world: Any, times: list[int], end: int) -> dict[str, list[Any]]:
    """Some cards by bucket, from the steps as clients read them."""
    buckets: dict[str, Any] = defaultdict(lambda: [0] * len(times))
    buckets |= {name: [0] * len(times) for name in (*COUNTS, "cost")}
    latencies: list[list[float]] = [[] for _ in times]
    for step in steps_in(world):
        moment = datetime.fromisoformat(step["startTime"]).timestamp()
        if not times[0] <= moment < end:
            continue
        place = bisect_right(times, moment) - 1
        generation = step["generation"]
        failed = bool(step["error"])
        root = step["type"] == "run" and step["rootRunId"] in (None, step["id"])
        buckets["steps"][place] += 1
        buckets["errors"][place] += failed
        buckets["runs"][place] += root
        buckets["runErrors"][place] += root and failed
        if step["type"] == "tool":
            buckets[f"tool {step['name'] or ''}"][place] += 1
        if generation is not None:
            buckets["generations"][place] += 1
            buckets["tokens"][place] += generation["tokenCount"] or 0
            buckets["tokensOutput"][place] += generation["outputTokenCount"] or 0
            buckets["cost"][place] += generation["cost"] or 0
            buckets[f"model {generation['model'] or ''}"][place] += generation["cost"] or 0
            seconds = generation["duration"]
            if seconds is None and step["endTime"] is not None:
                seconds = max(datetime.fromisoformat(step["endTime"]).timestamp() - moment, 0)
            latencies[place] += [] if seconds is None else [seconds]
    buckets["latency"] = [sorted(of)[math.ceil(0.95 * len(of)) - 1] if of else None for of in latencies]
    return dict(buckets)


def same(found: dict[str, Any], expected: dict[str, list[Any]]) -> None:
    cards = found["cards"]
    for name in COUNTS:
        assert cards[name] == expected[name], name
        assert found["totals"][name] == sum(expected[name]), name
    assert [value or 0 for value in cards["cost"]] == pytest.approx(expected["cost"])
    assert cards["latency"]["p95"] == [
        value and pytest.approx(value, rel=0.021, abs=1e-6) for value in expected["latency"]
    ]
    for name, series in expected.items():
        kind, _, of = name.partition(" ")
        if kind in ("tool", "model"):
            shown = cards["toolCalls" if kind == "tool" else "costByModel"].get(of, [0] * len(series))
            assert shown == pytest.approx(series), name


@pytest.mark.feature("P-DASH-01")
@pytest.mark.feature("P-DASH-02")
@pytest.mark.feature("P-DASH-04")
@pytest.mark.feature("P-DASH-06")
@pytest.mark.parametrize("seed", [1, 2])
def test_series_are_what_counting_anew_says(world: Any, count_figures: Callable[[], int], seed: int) -> None:
    random_ = random.Random(seed)
    for _ in range(2):  # figures that were kept become stale with what changes after them
        change_at_random(world, random_)
        for hours, size in (((0, 96), 3_600), ((-250, 96), 86_400), ((10, 16), 300)):
            found = ask(world, hours=hours)
            assert found["bucketSeconds"] == size
            end = int(datetime.fromisoformat(found["to"]).timestamp())
            same(found, counted_anew(world, list(found["times"]), end))
        count_figures()
    unfiltered = ask(world)
    filtered = ask(world, filters=[{"field": "name", "operator": "neq", "value": "nobody's"}])
    for card in (*COUNTS, "toolCalls", "latency", "generationsByModel"):
        assert filtered["cards"][card] == unfiltered["cards"][card], card
    within = [step for step in steps_in(world) if unfiltered["from"] <= step["startTime"] < unfiltered["to"]]
    assert filtered["totals"]["threads"] == len({step["threadId"] for step in within} - {None})
