"""What is slow about a step and can be done before the writer has it: token estimates, look-ups of list prices.

Both load a library when they are needed first, which must hold up neither the event loop nor the writer.
"""

import logging
from collections.abc import Sequence
from typing import Final

from literalai_otel.server import tokens
from literalai_otel.server.store import default_prices
from literalai_otel.server.store.rows import StepRow

_LOGGER: Final = logging.getLogger(__name__)


def needs_preparation(row: StepRow) -> bool:
    """Whether `prepare` has something to do for the step. Cheap."""
    if row.uncounted is not None:
        return True
    model = row.values.get("model")
    return model is not None and not default_prices.is_known(row.values.get("provider"), model)


def prepare(rows: Sequence[StepRow]) -> None:
    """Completes the rows in place. What fails is left out: a step is stored without its estimate."""
    for row in rows:
        try:
            tokens.estimate(row)
            model = row.values.get("model")
            if model is not None:
                default_prices.find(row.values.get("provider"), model)
        except Exception:
            _LOGGER.exception("a step could not be prepared; it is stored without token counts or list price")
            row.uncounted = None
