"""Warnings about how an operation is called, said at the line of the program that calls it."""

import inspect
import warnings
from typing import Final

_PACKAGE: Final = __name__.partition(".")[0] + "."


def warn_caller(message: str, category: type[Warning] = DeprecationWarning) -> None:
    """Warn at the nearest frame outside of this package: a flow runs some frames below the method that was called."""
    frame, level = inspect.currentframe(), 1
    while frame is not None and frame.f_globals.get("__name__", "").startswith(_PACKAGE):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
