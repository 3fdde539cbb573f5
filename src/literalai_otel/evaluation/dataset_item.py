"""Items of datasets, under their published path."""

from literalai_otel.model import DatasetItem, DatasetItemDict

__all__ = ["DatasetItem", "DatasetItemDict"]
