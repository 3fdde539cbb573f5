"""`literalai_otel.evaluation.dataset_item`."""

from literalai_otel.evaluation.dataset_item import *
