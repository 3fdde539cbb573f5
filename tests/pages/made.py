"""A project's month: conversations that were never held, in the form of an export's records.

Everything follows from numbers, so that a test can say what it will see; times are counted back from `now`.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from literalai_otel.api import SyncApi

Record = dict[str, Any]

THREADS: Final = 200
DAYS: Final = 30
USERS: Final = tuple(f"user-{number:02}@example.com" for number in range(12))
MODELS: Final = (
    ("openai", "gpt-4o"),
    ("openai", "gpt-4o-mini"),
    ("anthropic", "claude-3-5-sonnet"),
    ("mistralai", "mistral-large"),
)
TOPICS: Final = ("refund", "delivery", "invoice", "password", "opening hours", "gift card", "size chart", "complaint")
TAGS: Final = ("billing", "shipping", "urgent", "german", "resolved")
TOOLS: Final = ("find_order", "get_customer", "send_mail")
PER_REQUEST: Final = 500
QUESTION: Final = "I have a question about the {topic} of order {number}. Could you look it up for me, please?"
ANSWER: Final = "I looked at order {number}: the {topic} is settled. Is there anything else that I can do for you?"


def stamp(moment: datetime) -> str:
    """The moment as on the wire."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def month(now: datetime, threads: int = THREADS) -> Iterator[Record]:
    """Users, then each thread with its steps and scores; the newest thread, number 0, is the last one."""
    yield from (
        {
            "kind": "user",
            "id": name.partition("@")[0],
            "identifier": name,
            "createdAt": stamp(now - timedelta(days=DAYS)),
        }
        for name in USERS
    )
    for number in reversed(range(threads)):
        yield from conversation(number, now - timedelta(days=DAYS) * number / threads - timedelta(minutes=10))


def conversation(number: int, began: datetime) -> Iterator[Record]:
    """A thread of one or two runs: a retrieval, a tool, a model call each; every ninth run fails."""
    topic, name = TOPICS[number % len(TOPICS)], f"conversation-{number:03}"
    yield {
        "kind": "thread",
        "id": name,
        "name": f"About the {topic} of order {number}",
        "participantId": USERS[number % len(USERS)].partition("@")[0],
        "tags": [TAGS[number % len(TAGS)]],
        "metadata": {"shop": f"shop-{number % 3}"},
        "environment": "prod" if number % 5 else "staging",
        "createdAt": stamp(began),
    }
    for turn in range(1 + number % 2):
        yield from run(f"{name}-{turn}", name, number, topic, began + timedelta(seconds=90 * turn))


def run(root: str, thread: str, number: int, topic: str, began: datetime) -> Iterator[Record]:
    """A run, what is under it, and a score of the run in every third thread."""
    provider, model = MODELS[number % len(MODELS)]
    tokens = 200 + number % 37 * 11
    failed = number % 9 == 0
    question = QUESTION.format(topic=topic, number=number)
    answer = ANSWER.format(topic=topic, number=number)
    environment = {"environment": "prod" if number % 5 else "staging"}
    within = {"threadId": thread, "rootRunId": root, "parentId": root, **environment}
    seconds = 0.8 + number % 23 / 5
    yield _step(root, "run", "support agent", began, seconds + 0.5, threadId=thread, rootRunId=root, **environment) | {
        "input": {"question": question},
        "output": None if failed else {"content": answer},
        "error": "RateLimitError: too many requests" if failed else None,
        "tags": [TAGS[number % len(TAGS)]],
        "metadata": {"turn": number},
    }
    yield _step(f"{root}-search", "retrieval", "search handbook", began, 0.12, **within) | {
        "input": {"query": topic},
        "output": {"content": [{"id": f"doc-{number % 7}", "content": f"What to do about a {topic}.", "score": 0.8}]},
    }
    yield _step(f"{root}-tool", "tool", TOOLS[number % len(TOOLS)], began + timedelta(seconds=0.2), 0.1, **within) | {
        "input": {"order": number},
        "output": {"order": number, "state": "sent"},
    }
    yield _step(f"{root}-llm", "llm", f"chat {model}", began + timedelta(seconds=0.4), seconds, **within) | {
        "error": "RateLimitError: too many requests" if failed else None,
        "generation": {
            "type": "CHAT",
            "provider": provider,
            "model": model,
            "messages": [{"role": "system", "content": "You are kind."}, {"role": "user", "content": question}],
            "messageCompletion": None if failed else {"role": "assistant", "content": answer},
            "settings": {"temperature": 0.2, "max_tokens": 256},
            "inputTokenCount": tokens,
            "outputTokenCount": 0 if failed else 40 + number % 50,
            "tokenCount": tokens + (0 if failed else 40 + number % 50),
            "ttFirstToken": 180 + number % 40 * 5,
        },
    }
    if number % 3 == 0:
        kinds = (("helpful", "HUMAN", float(number % 2)), ("faithfulness", "AI", number % 11 / 10))
        for name, kind, value in kinds:
            yield {
                "kind": "score",
                "id": f"{root}-{name}",
                "stepId": root,
                "name": name,
                "type": kind,
                "value": value,
                "comment": "not what was asked" if value == 0 else None,
                "createdAt": stamp(began + timedelta(minutes=5)),
            }


def large_trace(steps: int, began: datetime, root: str = "large") -> Iterator[Record]:
    """One run of so many steps, five levels deep, a tenth of them model calls."""
    parents = [root]
    yield _step(root, "run", "large run", began, steps / 50, rootRunId=root, threadId=root)
    for number in range(1, steps):
        own = f"{root}-{number}"
        moment = began + timedelta(seconds=number / 50)
        kind = "llm" if number % 10 == 3 else "tool"
        within = {"threadId": root, "rootRunId": root, "parentId": parents[-1]}
        record = _step(own, kind, f"{kind} {number}", moment, 0.5 / len(parents), **within)
        if kind == "llm":
            counts = {"inputTokenCount": number % 900, "outputTokenCount": 60, "tokenCount": 60 + number % 900}
            record["generation"] = {"type": "CHAT", "provider": "openai", "model": "gpt-4o", **counts}
        if number % 997 == 0:
            record["error"] = "ValueError: this one failed"
        yield record
        depth = number % 10
        parents = [*parents[:depth], own] if 0 < depth < 5 else [root]


def store(api: SyncApi, records: Iterable[Record]) -> None:
    """Import the records; every one of them must be taken."""
    waiting = list(records)
    for first in range(0, len(waiting), PER_REQUEST):
        refused = [one for one in api.import_records(waiting[first : first + PER_REQUEST]) if not one.ok]
        assert not refused, refused[:3]


def _step(own: str, kind: str, name: str, began: datetime, seconds: float, **more: Any) -> Record:
    return {
        "kind": "step",
        "id": own,
        "type": kind,
        "name": name,
        "startTime": stamp(began),
        "endTime": stamp(began + timedelta(seconds=seconds)),
        "createdAt": stamp(began),
        **more,
    }
