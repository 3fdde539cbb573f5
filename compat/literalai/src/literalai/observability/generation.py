"""`literalai_otel.observability.generation`."""

from literalai_otel.observability.generation import *
