"""`literalai_otel.observability.message`, under the path of 0.0.502."""

from literalai_otel.observability.message import *
