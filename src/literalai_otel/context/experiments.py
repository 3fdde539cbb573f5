"""One evaluation of an experiment: a run in environment `experiment` that `experiment.log` links its item to.

What the published client did by a process-wide variable is done by the context here, so that experiments may run
side by side and beside production code (`spec/literal-wire.md` §5.1, §10; `spec/features.md` L-EXP-07, X-15).
"""

from types import TracebackType
from typing import Any, Final

from opentelemetry import context as otel_context
from opentelemetry.context import Context

from literalai_otel.context.active_step import ActiveStep
from literalai_otel.context.client import Client
from literalai_otel.context.environments import EXPERIMENT, in_environment
from literalai_otel.context.flushing import flush_aside
from literalai_otel.context.opening import StepOptions, open_step
from literalai_otel.context.scopes import StepCall, StepScope
from literalai_otel.context.state import LITERAL_KEY, leave_released, literal_context

RUN_NAME: Final = "Experiment Run"


class ExperimentRunScope(StepScope):
    """An experiment run that is about to be. Leaving it waits until it is delivered, for the item that names it."""

    def _begin(self, name: str = "") -> tuple[ActiveStep, Context]:
        client = self._client()
        leave_released()
        step, context = open_step(client, self._options, name, self._surrounded(client))
        # Sampled out or disabled, the run will not exist: then the item names none.
        experiment_run_id = step.id if step.recording else None
        inside = literal_context(context).with_(experiment_run_id=experiment_run_id)
        return step, otel_context.set_value(LITERAL_KEY, inside, context)

    def _call(self, step: ActiveStep, context: Context) -> StepCall:
        return _ExperimentCall(step, context, self._client())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, traceback)
        if error is None or isinstance(error, Exception):
            _flush(self._client())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, traceback)
        if error is None or isinstance(error, Exception):
            await _flush_async(self._client())

    @staticmethod
    def _surrounded(client: Client) -> Context:
        return in_environment(client, EXPERIMENT, otel_context.get_current())


class _ExperimentCall(StepCall):
    """A call of a function that is decorated as an experiment run."""

    def __init__(self, step: ActiveStep, context: Context, client: Client) -> None:
        super().__init__(step, context)
        self._client = client

    def left(self) -> None:
        _flush(self._client)

    async def left_async(self) -> None:
        await _flush_async(self._client)


def experiment_options(**options: Any) -> StepOptions:
    """Those of the run: its name and type are given."""
    return StepOptions(name=RUN_NAME, type="run", **options)


def _flush(client: Client) -> None:
    if client.sink is not None:
        client.sink.flush(None)


async def _flush_async(client: Client) -> None:
    if client.sink is not None:
        await flush_aside(client.sink.flush)
