"""The server of a test: an API that keeps in memory what a delivery sends, as a store would."""

import threading
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, Final, Self, TypeVar

from literalai_otel.api.operation import Answer, Flow, Request, Upload
from literalai_otel.api.operations.steps import StepOutcome
from literalai_otel.jsonable import dumps
from literalai_otel.model import Step, Thread, to_wire

T = TypeVar("T")

ADDRESS: Final = "http://literal.test"
"""Stands for the server; nothing is ever sent there."""


class MemoryApi:
    """Takes steps, threads and files. Upserts by id; null means absent. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._steps: dict[str, dict[str, Any]] = {}
        self._threads: dict[str, dict[str, Any]] = {}
        self._files: dict[str, bytes] = {}
        self._environment: str | None = None

    def of(self, environment: str | None) -> Self:
        """The same for a client of `environment`: what names none gets that one."""
        another = copy(self)
        another._environment = environment
        return another

    def send_steps(
        self, steps: Sequence[Step | Mapping[str, Any]], *, environment: str | None = None
    ) -> list[StepOutcome]:
        """Keep steps; each is stored."""
        with self._lock:
            outcomes: list[StepOutcome] = []
            for step in steps:
                wire: Mapping[str, Any] = to_wire(step) if isinstance(step, Step) else step
                kept = self._steps.setdefault(str(wire["id"]), {})
                kept.update({name: value for name, value in wire.items() if value is not None})
                if environment or self._environment:
                    kept["environment"] = environment or self._environment
                outcomes.append(StepOutcome(str(wire["id"]), ok=True))
            return outcomes

    def upsert_thread(self, id: str, **fields: Any) -> Thread:
        """Keep a thread."""
        known = {"participant_id": "participantId"}
        with self._lock:
            kept = self._threads.setdefault(id, {"id": id})
            kept.update({known.get(name, name): value for name, value in fields.items() if value is not None})
            return Thread.from_dict({name: value for name, value in kept.items() if name != "environment"})

    def run(self, flow: Flow[T]) -> T:
        """Play the server in an upload: name an address, then take the file."""
        answer: Answer | None = None
        while True:
            try:
                asked = flow.send(answer) if answer is not None else next(flow)
            except StopIteration as done:
                return done.value
            answer = self._answer(asked)

    def close(self) -> None:
        """Nothing is open."""

    @property
    def steps(self) -> list[dict[str, Any]]:
        """Every step in wire form, in order of arrival (copies)."""
        with self._lock:
            return [dict(step) for step in self._steps.values()]

    @property
    def threads(self) -> list[dict[str, Any]]:
        """Every thread in wire form, in order of arrival (copies)."""
        with self._lock:
            return [dict(thread) for thread in self._threads.values()]

    @property
    def files(self) -> dict[str, bytes]:
        """Uploaded files by object key (a copy)."""
        with self._lock:
            return dict(self._files)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._steps.clear()
            self._threads.clear()
            self._files.clear()

    def _answer(self, asked: Request | Upload) -> Answer:
        with self._lock:
            if isinstance(asked, Upload):
                key = asked.url.rpartition("/")[2]
                self._files[key] = asked.content if isinstance(asked.content, bytes) else asked.content.read_bytes()
                return Answer(204, {}, b"")
            key = f"file-{len(self._files) + 1}"
        url = f"{ADDRESS}/{key}"
        return Answer(
            200, {}, dumps({"put": {"url": url, "fields": {"key": key}, "uploadType": "raw"}, "signedUrl": url})
        )
