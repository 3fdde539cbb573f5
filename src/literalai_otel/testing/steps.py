"""What a program recorded, as Literal would have it: steps, generations and threads instead of spans."""

import difflib
import textwrap
from collections.abc import Callable, Iterator
from typing import Any, Final

from opentelemetry.sdk.trace import TracerProvider

from literalai_otel.export import Counters
from literalai_otel.model import Generation, Step, Thread, to_wire
from literalai_otel.testing.fixed import fixed
from literalai_otel.testing.memory import MemoryApi

_OF_THE_RUN: Final = ("otel",)
"""Metadata that a snapshot leaves out: ids and versions of what recorded the step."""


class Steps:
    """The steps of a test so far. Whatever is asked, what was recorded by then is delivered first.

    Args:
        memory: Where delivery brings them.
        deliver: Waits until everything recorded has arrived.
        counters: The numbers of delivery.
        tracer_provider: Whose spans become steps.
    """

    def __init__(
        self,
        memory: MemoryApi,
        deliver: Callable[[], object],
        counters: Callable[[], Counters],
        tracer_provider: TracerProvider,
    ) -> None:
        self.tracer_provider = tracer_provider
        self._memory = memory
        self._deliver = deliver
        self._counters = counters
        self.fixed = False
        """Whether ids and times are the same in every run (`testing.fixed`)."""

    @property
    def all(self) -> list[Step]:
        """Every step, in order of start."""
        return [Step.from_dict(step) for step in self._wire()[0]]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)

    def where(self, **facts: Any) -> list[Step]:
        """The steps whose fields are as given: `where(type="tool", name="search")`.

        Raises:
            AttributeError: Steps have no such field.
        """
        return [step for step in self.all if all(getattr(step, name) == value for name, value in facts.items())]

    def one(self, **facts: Any) -> Step:
        """The only step whose fields are as given. Raises AssertionError, which shows the tree, when it is not one."""
        found = self.where(**facts)
        if len(found) != 1:
            wanted = ", ".join(f"{name}={value!r}" for name, value in facts.items()) or "any field"
            raise AssertionError(
                f"one step with {wanted} expected, {len(found)} found in\n{self.tree() or '(nothing)'}"
            )
        return found[0]

    @property
    def generations(self) -> list[Generation]:
        """Every generation, in order of start."""
        return [step.generation for step in self.all if step.generation is not None]

    @property
    def threads(self) -> list[Thread]:
        """Every thread that was entered, in order."""
        return [Thread.from_dict(thread) for thread in self._wire()[1]]

    @property
    def files(self) -> dict[str, bytes]:
        """What was uploaded, by the object key that attachments name."""
        self._deliver()
        return self._memory.files

    @property
    def total_tokens(self) -> int:
        """Tokens of all generations together; one that says nothing counts as none."""
        return sum(generation.token_count or 0 for generation in self.generations)

    @property
    def counters(self) -> Counters:
        """What happened to everything recorded: sent, dropped, content that a mask failed on."""
        self._deliver()
        return self._counters()

    def children(self, parent: Step) -> list[Step]:
        """The steps right below `parent`, in order of start."""
        return self.where(parent_id=parent.id)

    def tree(self) -> str:
        """The steps as indented lines of type and name, `!` and the error behind them where there is one."""
        steps = self.all
        known = {step.id for step in steps}
        lines: list[str] = []

        def add(parent: str | None, depth: int) -> None:
            for step in steps:
                above = step.parent_id if step.parent_id in known else None
                if above == parent and depth <= len(steps):  # parents that name each other end too
                    error = f" ! {step.error.splitlines()[0]}" if step.error else ""
                    lines.append(f"{'  ' * depth}{step.type} {step.name}{error}")
                    add(step.id, depth + 1)

        add(None, 0)
        return "\n".join(lines)

    def assert_tree(self, expected: str) -> None:
        """Compare `tree()` with `expected`, which may be indented as a whole.

        Raises:
            AssertionError: They differ; it shows where.
        """
        wanted = textwrap.dedent(expected).strip("\n").rstrip().splitlines()
        found = self.tree().splitlines()
        if wanted != found:
            difference = "\n".join(difflib.unified_diff(wanted, found, "expected", "recorded", lineterm="", n=99))
            raise AssertionError(f"the steps are not as expected:\n{difference}")

    def snapshot(self) -> list[dict[str, Any]]:
        """Every step in wire form with fixed ids and times, without what recorded it: for a snapshot test."""
        steps, _ = fixed(*self._ordered())
        for step in steps:
            metadata: dict[str, Any] = step.get("metadata") or {}
            step["metadata"] = {name: value for name, value in metadata.items() if name not in _OF_THE_RUN}
        return [to_wire(Step.from_dict(step)) for step in steps]

    def clear(self) -> None:
        """Forget the steps so far."""
        self._deliver()
        self._memory.clear()

    def _wire(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        steps, threads = self._ordered()
        return fixed(steps, threads) if self.fixed else (steps, threads)

    def _ordered(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        self._deliver()
        return sorted(self._memory.steps, key=lambda step: step.get("startTime") or ""), self._memory.threads
