"""Filters and orders of lists, under the path of 0.0.502."""

from literalai_otel.observability.filter import *  # noqa: F403 - the names are said there
