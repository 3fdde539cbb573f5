"""Prompts, under their published path."""

from literalai_otel.api import Prompt

__all__ = ["Prompt"]
