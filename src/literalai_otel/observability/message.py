"""Messages, under their published path."""

from literalai_otel.model import Message

__all__ = ["Message"]
