"""What the API asks of the context: `api` stands beside `context` and does not import it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from literalai_otel.context import current
from literalai_otel.context.client import Client

if TYPE_CHECKING:
    from literalai_otel.api.current import Current


def surroundings_of(client: Client) -> "Callable[[], Current]":
    """Gives the step, thread, experiment run and environment around its caller, as `client` may see them."""
    from literalai_otel.api.current import Current

    def now() -> Current:
        around = current().settled().for_client(client)
        step, thread = around.step, around.thread
        return Current(
            thread_id=thread.id if thread is not None else step.thread_id if step is not None else None,
            step_id=step.id if step is not None else None,
            environment=around.environment,
            experiment_run_id=around.experiment_run_id,
        )

    return now
