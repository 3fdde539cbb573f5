"""`literalai_otel.filter`."""

from literalai_otel.filter import *
