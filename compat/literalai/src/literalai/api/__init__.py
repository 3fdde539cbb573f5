"""`literalai_otel.api`, with the published names of the two classes."""

from literalai_otel.api import AsyncApi as AsyncLiteralAPI
from literalai_otel.api import SyncApi as LiteralAPI

__all__ = ["AsyncLiteralAPI", "LiteralAPI"]
