"""Filters and orders of lists, under their published path and names (`spec/literal-wire.md` §4.1)."""

from literalai_otel.model import Filter, Order

OrderBy = Order
threads_filters = steps_filters = users_filters = scores_filters = generations_filters = list[Filter]
threads_order_by = steps_order_by = scores_order_by = generations_order_by = Order

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
