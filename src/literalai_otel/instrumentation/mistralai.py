"""The instrumentation of the Mistral SDK, under its published path."""

from typing import Any

from literalai_otel.client.frameworks import Frameworks
from literalai_otel.instrumentation.callback import say_never_called

__all__ = ["instrument_mistralai"]


def instrument_mistralai(client: Frameworks, on_new_generation: Any = None) -> None:
    """As `client.instrument_mistralai()`. `on_new_generation` is not called, and a warning says so when it is given.

    Raises:
        ImportError: The instrumentor is not installed.
    """
    say_never_called(on_new_generation)
    client.instrument_mistralai()
