"""Where in a program an operation is called. The API knows no context of its own: its owner tells it."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Current:
    """The thread and step around the caller, and what holds there.

    `environment` is the `x-env` of requests made there; `experiment_run_id` the run that an experiment item belongs to.
    """

    thread_id: str | None = None
    step_id: str | None = None
    environment: str | None = None
    experiment_run_id: str | None = None


NOWHERE: Final = Current()
