"""`literalai_otel.evaluation.dataset`."""

from literalai_otel.evaluation.dataset import *
