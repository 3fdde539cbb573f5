"""Items of datasets, under the path of 0.0.502."""

from literalai_otel.model import DatasetItem, DatasetItemDict

__all__ = ["DatasetItem", "DatasetItemDict"]
