"""`literalai_otel.observability.step`, under the path of 0.0.502."""

from literalai_otel.observability.step import *
