"""`literalai_otel.observability.filter`."""

from literalai_otel.observability.filter import *
