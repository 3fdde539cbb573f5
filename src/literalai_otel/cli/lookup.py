"""Which steps `show` draws: the newest conversation, or what an id names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from literalai_otel.model import Step, Thread, to_wire

if TYPE_CHECKING:
    from literalai_otel.api import SyncApi

PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class View:
    """A thread with its steps, or steps that belong to no thread."""

    steps: list[Step]
    thread: Thread | None = None

    def wire(self) -> dict[str, Any]:
        """What `--json` prints: the thread as the API gives it, or `{"steps": […]}`."""
        return to_wire(self.thread) if self.thread is not None else {"steps": to_wire(self.steps)}


def newest(api: "SyncApi") -> View | None:
    """The thread of the step that started last, or that step's run; None when nothing is stored."""
    latest = api.get_steps(first=1).data
    if not latest:
        threads = api.list_threads(first=1).data
        return View([], threads[0]) if threads else None
    return surroundings(api, latest[0])


def by_id(api: "SyncApi", identity: str) -> View | None:
    """The thread of this id, or the step (run, generation) of this id with everything below it."""
    thread = api.get_thread(identity)
    if thread is not None:
        return View(thread.steps or [], thread)
    step = api.get_step(identity)
    if step is None:
        return None
    whole = surroundings(api, step).steps
    return View(below(whole, step.id) or [step])


def surroundings(api: "SyncApi", step: Step) -> View:
    """The thread that `step` belongs to, else the tree of its root run."""
    if step.thread_id is not None:
        thread = api.get_thread(step.thread_id)
        if thread is not None:
            return View(thread.steps or [], thread)
    root = step.root_run_id or step.id
    found = {found.id: found for found in _every(api, [{"field": "rootRunId", "operator": "eq", "value": root}])}
    top = step if step.id == root else api.get_step(root)
    for member in (top, step):
        if member is not None:
            found.setdefault(member.id, member)
    return View(list(found.values()))


def below(steps: Sequence[Step], top: str) -> list[Step]:
    """The step `top` and all its descendants among `steps`."""
    children: dict[str | None, list[Step]] = {}
    for step in steps:
        children.setdefault(step.parent_id, []).append(step)
    found: dict[str, Step] = {}
    waiting = [step for step in steps if step.id == top]
    while waiting:
        step = waiting.pop()
        if step.id not in found:
            found[step.id] = step
            waiting.extend(children.get(step.id, ()))
    return list(found.values())


def _every(api: "SyncApi", filters: list[dict[str, Any]]) -> Iterator[Step]:
    """All steps that match, page by page."""
    cursor = None
    while True:
        page = api.get_steps(first=PAGE, after=cursor, filters=filters)
        yield from page.data
        if not page.page_info.has_next_page or page.page_info.end_cursor is None:
            return
        cursor = page.page_info.end_cursor
