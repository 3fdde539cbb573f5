"""Threads, under their published path."""

from literalai_otel.model import Thread, ThreadDict

__all__ = ["Thread", "ThreadDict"]
