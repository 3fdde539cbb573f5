"""Instrumentor for the OpenAI SDK."""
