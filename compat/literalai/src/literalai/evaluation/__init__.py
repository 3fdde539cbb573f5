"""Datasets and experiments, under the published path."""
