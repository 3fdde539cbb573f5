"""The samples that the documentation of Literal AI printed. They are not ours to copy, so they are read where it lies.

The documentation is one of the documents that the project comes from, in `shared/seeds` beside the repository.
"""

from functools import cache
from pathlib import Path

import pytest

DOCUMENTATION = Path(__file__).parents[3] / "shared" / "seeds" / "001_7cfa31508914b768.txt"
FENCE = "```"

needs_documentation = pytest.mark.skipif(
    not DOCUMENTATION.exists(), reason="the documentation of Literal AI is not beside the repository"
)


def printed(lines: str) -> str:
    """The first fenced block among the lines `first-last` of the documentation, counted from 1."""
    first, _, last = lines.partition("-")
    block = _documentation()[int(first) - 1 : int(last)]
    start = block.index(FENCE) + 1
    return "\n".join([*block[start : block.index(FENCE, start)], ""])


@cache
def _documentation() -> list[str]:
    return [line.rstrip() for line in DOCUMENTATION.read_text(encoding="utf-8").split("\n")]
