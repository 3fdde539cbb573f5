"""The instrumentation of LlamaIndex, under its published path."""

from literalai_otel.client.frameworks import Frameworks

__all__ = ["instrument_llamaindex"]


def instrument_llamaindex(client: Frameworks) -> None:
    """As `client.instrument_llamaindex()`.

    Raises:
        ImportError: The instrumentor is not installed.
    """
    client.instrument_llamaindex()
