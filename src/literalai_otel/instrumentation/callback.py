"""What is not taken over from the published instrumentations: a callback for each generation."""

import logging
from typing import Any

logger = logging.getLogger(__name__)


def say_never_called(on_new_generation: Any) -> None:
    """Say that a callback was given that nobody will call: generations are known on the delivery thread alone."""
    if on_new_generation is not None:
        logger.warning("on_new_generation is not called; read generations from the server or with a span processor")
