"""`literalai_otel.observability.message`."""

from literalai_otel.observability.message import *
