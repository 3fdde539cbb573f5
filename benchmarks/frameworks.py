"""The frameworks as the conformance matrix drives them, for the benchmarks: `tests/conformance/drivers.py`."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from loopback import Address, process, provider

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

if TYPE_CHECKING:
    from conformance.driving import Driver


def drivers() -> Sequence["Driver"]:
    """One for each framework of this environment, OpenAI first; without those that stack two instrumentors."""
    from conformance.drivers import DRIVERS

    return [driver for driver in DRIVERS if len(driver.instrumentors) == 1]


@contextmanager
def providers() -> Iterator[Mapping[str, Address]]:
    """A provider for each wire, each a process of its own; the key is the name of the answer's class."""
    with process(partial(provider, wire="Chat")) as openai, process(partial(provider, wire="MistralChat")) as mistral:
        yield {"Chat": Address(openai), "MistralChat": Address(mistral)}
