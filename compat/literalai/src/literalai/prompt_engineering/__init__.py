"""Prompts, under the published path."""
