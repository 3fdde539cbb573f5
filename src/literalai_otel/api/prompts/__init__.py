"""Prompts of Literal: their templates, their tracking, and what is remembered of them."""

from literalai_otel.api.prompts.cache import PromptCache
from literalai_otel.api.prompts.prompt import Prompt, PromptLineage, PromptMessage, PromptRollout

__all__ = ["Prompt", "PromptCache", "PromptLineage", "PromptMessage", "PromptRollout"]
