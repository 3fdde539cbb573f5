"""Instrumentation, under the published path."""
