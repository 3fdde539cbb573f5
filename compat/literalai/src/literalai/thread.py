"""`literalai_otel.observability.thread`, under the path of 0.0.502."""

from literalai_otel.observability.thread import *
