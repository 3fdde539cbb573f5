"""Traces that are hard to draw, under ids that say what is hard about them."""

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import made
from served import Site

NOON: Final = datetime(2026, 3, 2, 12, tzinfo=UTC)
MANY: Final = 10_000


def fill(site: Site) -> None:
    """All of them."""
    now = datetime.now(UTC)
    with site.api() as api:
        made.store(api, [*support(), *pause(), *in_flight(now), *orphans(now), *clocks(), *circle()])
        made.store(api, made.large_trace(MANY, NOON))
    close_circle(site)


def step(own: str, kind: str, begins: float, ends: float | None, began: datetime = NOON, **more: Any) -> made.Record:
    """A step that begins and ends so many seconds after `began`."""
    times = {"startTime": made.stamp(began + timedelta(seconds=begins))}
    if ends is not None:
        times["endTime"] = made.stamp(began + timedelta(seconds=ends))
    return {"kind": "step", "id": own, "type": kind, "name": own, **times, **more}


def thread(own: str, **more: Any) -> made.Record:
    """A thread."""
    return {"kind": "thread", "id": own, "createdAt": made.stamp(NOON), **more}


def generation(**more: Any) -> dict[str, Any]:
    """What a call of a model was asked and answered."""
    asked = [{"role": "user", "content": "Where is order 7?"}]
    answer = {"role": "assistant", "content": "It left **yesterday**."}
    counts = {"inputTokenCount": 412, "outputTokenCount": 96, "tokenCount": 508}
    return (
        {"type": "CHAT", "provider": "openai", "model": "gpt-4o", "messages": asked, "messageCompletion": answer}
        | counts
        | more
    )


def support() -> list[made.Record]:
    """A conversation: question, a run of 10 s with a tool, an error and two generations, answer."""
    within = {"threadId": "support", "parentId": "answering", "rootRunId": "answering"}
    asked, answered = {"content": "Where is order 7?"}, {"content": "It left **yesterday**."}
    return [
        {"kind": "user", "id": "ann", "identifier": "ann.lee@example.com", "metadata": {"name": "Ann Lee"}},
        thread("support", name="Order 7", participantId="ann", tags=["shipping"]),
        step("asked", "user_message", 0, 0, threadId="support", output=asked),
        step("answering", "run", 0, 10, threadId="support", environment="prod", input=asked, output=answered),
        step("plan", "llm", 1, 3, **within, generation=generation(ttFirstToken=500.0), tags=["checked"]),
        step("lookup", "tool", 3, 5, **within, error="TimeoutError: no order service"),
        step("retry", "tool", 5, 6, **within),
        step("inner", "retrieval", 5.2, 5.7, **within | {"parentId": "retry"}),
        step("gpt", "llm", 6, 10, **within, generation=generation()),
        step("answered", "assistant_message", 10, 10, threadId="support", output=answered),
        {"kind": "score", "id": "liked", "stepId": "answering", "name": "helpful", "type": "HUMAN", "value": 1.0},
    ]


def pause() -> list[made.Record]:
    """Two runs of 4 s, a day apart."""
    day = 24 * 3_600
    return [
        thread("pause"),
        step("monday", "run", 0, 4, threadId="pause"),
        step("monday-call", "tool", 1, 3, threadId="pause", parentId="monday"),
        step("tuesday", "run", day, day + 4, threadId="pause"),
    ]


def in_flight(now: datetime) -> list[made.Record]:
    """A run that has not ended, with a call that has."""
    began = now - timedelta(seconds=20)
    return [
        thread("flying", name="Still going"),
        step("flight", "run", 0, None, began, threadId="flying"),
        step("landed", "tool", 1, 2, began, threadId="flying", parentId="flight", rootRunId="flight"),
    ]


def orphans(now: datetime) -> list[made.Record]:
    """Calls whose run has not arrived."""
    within = {"threadId": "orphans", "parentId": "late-run", "rootRunId": "late-run"}
    began = now - timedelta(seconds=20)
    return [
        thread("orphans"),
        *(step(own, "tool", n, n + 1, began, **within) for n, own in enumerate(("first", "second"))),
    ]


def clocks() -> list[made.Record]:
    """A step that begins before its parent, and one that ends before it begins."""
    within = {"threadId": "clocks", "parentId": "clock-run"}
    return [
        thread("clocks"),
        step("clock-run", "run", 5, 9, threadId="clocks"),
        step("too-early", "tool", 2, 6, **within),
        step("backwards", "tool", 8, 7, **within),
    ]


def circle() -> list[made.Record]:
    """Three steps; `close_circle` makes each the parent of the next."""
    return [thread("circle"), *(step(own, "tool", n, n + 1, threadId="circle") for n, own in enumerate("abc"))]


def close_circle(site: Site) -> None:
    """Ingestion refuses a cycle of parents, so another hand writes it (P-LOG-07)."""
    (database,) = site.data_dir.glob("*.db")
    with sqlite3.connect(database, timeout=20) as connection:
        for own, parent in ("ac", "ba", "cb"):
            connection.execute("UPDATE steps SET parent_id=? WHERE id=? AND thread_id='circle'", (parent, own))
    connection.close()
