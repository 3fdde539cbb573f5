"""Filters and orders of lists, under the path of 0.0.502."""

from literalai_otel.observability.filter import (
    Filter,
    Order,
    OrderBy,
    generations_filters,
    generations_order_by,
    scores_filters,
    scores_order_by,
    steps_filters,
    steps_order_by,
    threads_filters,
    threads_order_by,
    users_filters,
)

__all__ = [
    "Filter",
    "Order",
    "OrderBy",
    "generations_filters",
    "generations_order_by",
    "scores_filters",
    "scores_order_by",
    "steps_filters",
    "steps_order_by",
    "threads_filters",
    "threads_order_by",
    "users_filters",
]
