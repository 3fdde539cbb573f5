"""`literalai_otel.instrumentation.llamaindex`."""

from literalai_otel.instrumentation.llamaindex import *
