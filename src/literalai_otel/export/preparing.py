"""A chunk of submissions becomes units, on the one worker that prepares: translated, then shown to the user's hook.

After this nothing looks at content any more: what leaves here is what the spool and the server get.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from literalai_otel.export.breath import Breath
from literalai_otel.export.lanes import Unit
from literalai_otel.export.losses import Losses
from literalai_otel.export.offload import Uploads
from literalai_otel.export.prepare import Submission, prepare
from literalai_otel.export.preprocess import Preprocess, preprocessed
from literalai_otel.model import Thread

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Prepared:
    """What became of a chunk.

    Attributes:
        submissions: Those that could be translated.
        units: The unit of each, or None for what is no step or what the hook left out.
        failed: Those that could not be translated; `problem` says why.
        content_dropped: How many units the hook failed on.
        mask_failed: How many units the user's mask failed on.
    """

    submissions: list[Submission] = field(default_factory=list[Submission])
    units: list[Unit | None] = field(default_factory=list["Unit | None"])
    failed: list[Submission] = field(default_factory=list[Submission])
    problem: str = ""
    content_dropped: int = 0
    mask_failed: int = 0


class Preparing:
    """Prepares chunks.

    Args:
        hook: The user's preprocess function of the moment.
        uploads: The files of the delivery.
        losses: Where failures of the user's functions are said.
        batch_size: Steps that the hook is shown at once, at most.
    """

    def __init__(
        self, hook: Callable[[], Preprocess | None], uploads: Uploads, losses: Losses, batch_size: int
    ) -> None:
        self._hook = hook
        self._uploads = uploads
        self._losses = losses
        self._batch_size = batch_size

    def run(self, chunk: Sequence[Submission]) -> Prepared:
        """What became of `chunk`. Raises only what ends a thread."""
        prepared = Prepared()
        breath = Breath()
        for submission in chunk:
            try:
                unit = prepare(submission, self._uploads)
            except Exception as error:
                logger.debug("translation failed", exc_info=True)
                prepared.failed.append(submission)
                prepared.problem = repr(error)
            else:
                prepared.submissions.append(submission)
                prepared.units.append(unit)
                if unit is not None and unit.flaw:
                    prepared.mask_failed += 1
                    self._losses.say_mask_failed(1, unit.flaw)
            breath.take()
        function = self._hook()
        if function is not None:
            self._show(function, prepared)
        return prepared

    def _show(self, function: Preprocess, prepared: Prepared) -> None:
        """Have `function` see the steps among the units, a batch at a time."""
        places = [
            place
            for place, unit in enumerate(prepared.units)
            if unit is not None and not isinstance(unit.payload, Thread)
        ]
        for start in range(0, len(places), self._batch_size):
            batch = places[start : start + self._batch_size]
            done = preprocessed(function, [unit for place in batch if (unit := prepared.units[place]) is not None])
            for place, unit in zip(batch, done.units, strict=True):
                prepared.units[place] = unit
            if done.problem:
                prepared.content_dropped += len(batch)
                self._losses.say_preprocess_failed(len(batch), done.problem)
            if done.strangers:
                self._losses.say_strangers(done.strangers)
