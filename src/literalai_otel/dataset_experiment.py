"""Experiments, under the path of 0.0.502."""

from literalai_otel.model import DatasetExperiment, DatasetExperimentItem, DatasetExperimentItemDict

__all__ = ["DatasetExperiment", "DatasetExperimentItem", "DatasetExperimentItemDict"]
