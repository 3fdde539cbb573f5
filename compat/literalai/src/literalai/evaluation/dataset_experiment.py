"""`literalai_otel.evaluation.dataset_experiment`."""

from literalai_otel.evaluation.dataset_experiment import *
