"""Which frameworks an instrumentor of ours records now."""

from typing import Final

SWITCHED_ON: Final[set[str]] = set()
"""Frameworks, by the names in our scopes. For whoever must know that spans of others record the same."""
