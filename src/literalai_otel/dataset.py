"""Datasets, under the path of 0.0.502."""

from literalai_otel.model import Dataset, DatasetDict, DatasetType

__all__ = ["Dataset", "DatasetDict", "DatasetType"]
