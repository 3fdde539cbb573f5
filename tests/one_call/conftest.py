"""Runs `program.py`, once for each question however many tests look at the answer."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider

from literalai_otel.export import LiteralSpanProcessor

from .program import Literal

PROGRAM = Path(__file__).with_name("program.py")

Answer = dict[str, dict[str, Any]]
Ask = Callable[..., Answer]


@cache
def _answer(question: str) -> Answer:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(PROGRAM), question],
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def ask() -> Ask:
    """What `program.py` says to a question; skips where a module that it needs is in another lane."""

    def run(*needs: str, **question: Any) -> Answer:
        for module in needs:
            try:
                found = find_spec(module) is not None
            except ModuleNotFoundError:
                found = False
            if not found:
                pytest.skip(f"{module} is not in this lane")
        return _answer(json.dumps(question, sort_keys=True))

    return run


@pytest.fixture
def literal() -> Iterator[Literal]:
    made = Literal()
    yield made
    made.delivery.shutdown(1)


@pytest.fixture
def traced(literal: Literal) -> TracerProvider:
    """A provider whose steps go to `literal`."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(LiteralSpanProcessor(literal.delivery, client_name="c"))
    return provider
