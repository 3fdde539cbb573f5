"""The frameworks as the conformance matrix drives them, for the benchmarks: `tests/conformance/drivers.py`."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loopback import Address, process, provider

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

if TYPE_CHECKING:
    from conformance.driving import Driver


def drivers() -> Sequence["Driver"]:
    """One for each framework of this environment, OpenAI first; without those that stack two instrumentors."""
    from conformance.drivers import DRIVERS

    return [driver for driver in DRIVERS if len(driver.instrumentors) == 1]


def switch_of(instrumentor: Any) -> Callable[[bool], None]:
    """What turns an applied `instrumentor` off and on again without touching a class.

    After a class has changed CPython specializes the code that uses it anew, and a call takes up to 1.6 times as long.
    """
    patch_sets = [instrumentor._patches]
    hook, attachment = getattr(instrumentor, "_hook", None), getattr(instrumentor, "_attachment", None)
    if hook is not None:
        from literalai_otel_langchain.seeding import SEEDING

        patch_sets.append(SEEDING._patches)  # pyright: ignore[reportPrivateUsage] - nobody but a benchmark needs it
    root = attachment.handler._root if attachment is not None else None
    with_ours = root.span_handlers if root is not None else []
    without = [handler for handler in with_ours if handler is not attachment.handler]
    hearing = root.event_handlers if root is not None else []
    deaf = [handler for handler in hearing if handler is not attachment.handler]

    def switch(on: bool) -> None:
        for patches in patch_sets:
            patches.enabled = on
        if hook is not None:
            hook._on = on
        if root is not None:
            root.span_handlers, root.event_handlers = (with_ours, hearing) if on else (without, deaf)

    return switch


@contextmanager
def providers() -> Iterator[Mapping[str, Address]]:
    """A provider for each wire, each a process of its own; the key is the name of the answer's class."""
    with process(partial(provider, wire="Chat")) as openai, process(partial(provider, wire="MistralChat")) as mistral:
        yield {"Chat": Address(openai), "MistralChat": Address(mistral)}
