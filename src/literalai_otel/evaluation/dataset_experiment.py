"""Experiments, under their published path."""

from literalai_otel.model import DatasetExperiment, DatasetExperimentItem, DatasetExperimentItemDict

__all__ = ["DatasetExperiment", "DatasetExperimentItem", "DatasetExperimentItemDict"]
