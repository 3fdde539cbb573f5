"""The user's hook over steps: it changes, leaves out, and fails closed."""

import logging
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from literalai_otel.export import Delivery
from literalai_otel.model import Attachment, ChatGeneration, Step, Thread


class Sink:
    """The API of a server that takes everything."""

    def __init__(self) -> None:
        self.steps: dict[str, dict[str, Any]] = {}
        self.threads: list[str] = []

    def send_steps(self, steps: list[dict[str, Any]], *, environment: str | None = None) -> list[Any]:
        self.steps.update({step["id"]: step for step in steps})
        return [SimpleNamespace(ok=True, message=None)] * len(steps)

    def upsert_thread(self, id: str, **_: Any) -> None:
        self.threads.append(id)

    def close(self) -> None:
        pass


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def delivery(sink: Sink) -> Iterator[Delivery]:
    made = Delivery(lambda timeout: sink, linger=0.01)  # type: ignore[arg-type,return-value]
    yield made
    made.shutdown(1)


def secret(n: int) -> Step:
    """A step with a secret in every place that may hold one."""
    return Step(
        id=f"s{n}",
        name="answer",
        type="llm",
        thread_id="t",
        parent_id="p",
        start_time="2026-01-01T00:00:00Z",
        error="ValueError: secret",
        input={"content": "secret"},
        output={"content": "secret"},
        metadata={"note": "secret", "otel": {"span_id": "ab"}, "release": "1"},
        tags=["secret"],
        attachments=[Attachment(id="a", name="secret")],
        generation=ChatGeneration(
            model="m",
            provider="openai",
            input_token_count=3,
            error="secret",
            variables={"a": "secret"},
            metadata={"b": "secret"},
            messages=[{"role": "user", "content": "secret"}],
            message_completion={"role": "assistant", "content": "secret"},
        ),
    )


def mask(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for step in steps:
        step["output"] = {"content": "***"}
    return steps


def test_steps_are_sent_as_the_function_gives_them(delivery: Delivery, sink: Sink) -> None:
    delivery.set_preprocess(mask)
    delivery.submit_thread(Thread(id="t", name="a thread is no step"))
    for n in range(7):
        delivery.submit_step(secret(n))
    assert delivery.flush(10)
    assert len(sink.steps) == 7
    assert all(step["output"] == {"content": "***"} for step in sink.steps.values())
    assert sink.threads == ["t"]
    delivery.set_preprocess(None)
    delivery.submit_step(secret(9))
    assert delivery.flush(10)
    assert sink.steps["s9"]["output"] == {"content": "secret"}


def test_what_it_leaves_out_is_no_loss(delivery: Delivery, sink: Sink, caplog: pytest.LogCaptureFixture) -> None:
    delivery.set_preprocess(lambda steps: [step for step in reversed(steps) if step["id"] != "s1"])
    for n in range(3):
        delivery.submit_step(secret(n))
    assert delivery.flush(10)
    assert set(sink.steps) == {"s0", "s2"}
    counters = delivery.counters()
    assert (counters.accepted, counters.sent, counters.queued, dict(counters.dropped)) == (2, 2, 0, {})
    delivery.set_preprocess(lambda steps: [])
    delivery.submit_step(secret(4))
    assert delivery.flush(10)
    assert "s4" not in sink.steps
    assert not caplog.records


def test_what_it_adds_is_not_sent_and_said(delivery: Delivery, sink: Sink, caplog: pytest.LogCaptureFixture) -> None:
    delivery.set_preprocess(lambda steps: [*steps, {"id": "stranger"}])
    delivery.submit_step(secret(1))
    assert delivery.flush(10)
    assert set(sink.steps) == {"s1"}
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "added are not sent" in caplog.text


def raises(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    mask(steps[:1])
    raise RuntimeError("the rules are gone")


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (raises, "RuntimeError: the rules are gone"),
        (lambda steps: None, "it gave NoneType, not a list"),
        (lambda steps: tuple(steps), "it gave tuple, not a list"),
        (lambda steps: [*steps, "text"], "holds str, not dicts"),
    ],
    ids=["raises", "none", "tuple", "not dicts"],
)
def test_when_it_fails_content_does_not_leave(
    delivery: Delivery, sink: Sink, caplog: pytest.LogCaptureFixture, function: Callable[..., Any], said: str
) -> None:
    delivery.set_preprocess(function)
    for n in range(3):
        delivery.submit_step(secret(n))
    assert delivery.flush(10)
    assert sink.steps["s0"] == {
        "id": "s0",
        "name": "answer",
        "type": "llm",
        "threadId": "t",
        "parentId": "p",
        "startTime": "2026-01-01T00:00:00Z",
        "metadata": {"otel": {"span_id": "ab"}, "release": "1", "content_dropped": "preprocess_failed"},
        "generation": {"type": "CHAT", "model": "m", "provider": "openai", "inputTokenCount": 3},
    }
    assert "secret" not in str(sink.steps)
    assert delivery.counters().content_dropped == 3
    assert said in caplog.text
    assert len(caplog.records) == 1, "said once, not for every batch"
