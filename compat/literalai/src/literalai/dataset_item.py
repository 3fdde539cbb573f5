"""`literalai_otel.dataset_item`."""

from literalai_otel.dataset_item import *
