"""`literalai_otel.my_types`."""

from literalai_otel.my_types import *
