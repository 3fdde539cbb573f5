"""`literalai_otel.context`."""

from literalai_otel.context import *
