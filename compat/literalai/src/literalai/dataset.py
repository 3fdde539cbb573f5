"""`literalai_otel.dataset`."""

from literalai_otel.dataset import *
