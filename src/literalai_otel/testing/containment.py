"""No prompt leaves the process: what a test that must stay at home is held to.

Connections to anything but this machine are refused and noted, and what spans say is compared with what was said to
models: whatever is on a span, any exporter of the application gets.
"""

import ipaddress
import socket
import sys
import sysconfig
import traceback
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, cast
from unittest.mock import patch

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

from literalai_otel.model import Step

_TELLING: Final = 12
"""Characters that a text must have to be looked for: `yes` is on many a span."""
_SHOWN: Final = 60
_LIBRARIES: Final = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
_OWN: Final = str(Path(__file__).parents[1])
_SAID: Final = ("messages", "message_completion", "prompt", "completion")
_SAID_IN: Final = ("content", "text", "tool_calls", "function", "arguments", "reasoning_content", "refusal")
"""Where the texts of a message are."""
_CONNECTING: Final = ("connect", "connect_ex", "sendto")


class Containment(SpanProcessor):
    """Collects what has left, or would have.

    Attributes:
        escapes: What tried to leave and from where, one line each.
    """

    def __init__(self) -> None:
        self.escapes: list[str] = []
        self._spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        """Keep the span, to be compared in the end."""
        self._spans.append(span)

    def refuse(self, address: Any) -> None:
        """Raise ConnectionRefusedError unless `address`, of a socket or a look-up, is on this machine."""
        if _is_here(address):
            return
        where = f"{address[0]}:{address[1]}" if isinstance(address, tuple) else str(address)
        self.escapes.append(f"a connection to {where}, from {_place()}")
        raise ConnectionRefusedError(f"no_prompt_leaves_the_process: {where} is not on this machine")

    def said_on_spans(self, steps: list[Step]) -> list[str]:
        """Where texts of `steps` are on spans."""
        told = {text for step in steps for text in _content(step) if len(text) >= _TELLING}
        return [
            f"content on span {span.name!r}, {place}: {text[:_SHOWN]!r}"
            for span in self._spans
            for place, value in _on(span)
            for text in told
            if text in value
        ]


@contextmanager
def contained(provider: TracerProvider | None, steps: Callable[[], list[Step]]) -> Generator[Containment]:
    """Hold the block to it; leaving it raises AssertionError with all that has left.

    Args:
        provider: Whose spans are looked at; None for no spans.
        steps: Gives what was said.
    """
    watching = Containment()
    if provider is not None:
        provider.add_span_processor(watching)
    look_up = socket.getaddrinfo

    def guarded_look_up(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        watching.refuse((host, port))
        return look_up(host, port, *args, **kwargs)

    with ExitStack() as stack:
        stack.enter_context(patch.object(socket, "getaddrinfo", guarded_look_up))
        for name in _CONNECTING:
            guarded = _guarded(getattr(socket.socket, name), watching)
            stack.enter_context(patch.object(socket.socket, name, guarded))
        yield watching
    problems = [*dict.fromkeys([*watching.escapes, *watching.said_on_spans(steps())])]
    if problems:
        raise AssertionError("prompts left the process, or could have:\n" + "\n".join(problems))


def _guarded(original: Any, watching: Containment) -> Any:
    def guarded(self: socket.socket, *args: Any) -> Any:
        # `sendto` has the address behind data and flags; one without an address stays on its connection.
        if args and self.family in (socket.AF_INET, socket.AF_INET6) and isinstance(args[-1], tuple):
            watching.refuse(args[-1])
        return original(self, *args)

    return guarded


def _is_here(address: Any) -> bool:
    host: Any = cast(tuple[Any, ...], address)[0] if isinstance(address, tuple) else address
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def _place() -> str:
    """The line of the application that is at work: the innermost that is no library's."""
    for frame in reversed(traceback.extract_stack(sys._getframe(1))):  # pyright: ignore[reportPrivateUsage] - inspect's version reads the source of every frame
        if not frame.filename.startswith((*_LIBRARIES, _OWN, "<")):
            return f"{frame.filename}:{frame.lineno}, {frame.name}"
    return "a thread of a library"


def _content(step: Step) -> list[str]:
    """Every text that was said to a model, or by it."""
    pending: list[Any] = [getattr(step.generation, name, None) for name in _SAID]
    found: list[str] = []
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, dict):
            pending.extend(value for key, value in cast(dict[str, Any], item).items() if key in _SAID_IN)
        elif isinstance(item, list):
            pending.extend(cast(list[Any], item))
    return found


def _on(span: ReadableSpan) -> list[tuple[str, str]]:
    """Every text on a span, with its place; JSON as it reads inside."""
    places: list[tuple[str, Any]] = [(f"attribute {key}", value) for key, value in (span.attributes or {}).items()]
    for event in span.events:
        places += [(f"event {event.name}, {key}", value) for key, value in (event.attributes or {}).items()]
    return [(place, str(value).replace('\\"', '"').replace("\\n", "\n")) for place, value in places]
