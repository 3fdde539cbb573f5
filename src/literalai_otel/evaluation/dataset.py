"""Datasets, under their published path."""

from literalai_otel.model import Dataset, DatasetDict, DatasetType

__all__ = ["Dataset", "DatasetDict", "DatasetType"]
