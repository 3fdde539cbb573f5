"""`literalai_otel.observability.thread`."""

from literalai_otel.observability.thread import *
