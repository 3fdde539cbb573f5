"""The version of the distribution behind this package."""

from literalai_otel import __version__

__all__ = ["__version__"]
