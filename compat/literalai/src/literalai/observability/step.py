"""`literalai_otel.observability.step`."""

from literalai_otel.observability.step import *
