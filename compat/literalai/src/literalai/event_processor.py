"""`literalai_otel.client.EventProcessor`."""

from literalai_otel.client import EventProcessor

__all__ = ["EventProcessor"]
