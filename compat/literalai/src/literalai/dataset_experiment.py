"""`literalai_otel.dataset_experiment`."""

from literalai_otel.dataset_experiment import *
