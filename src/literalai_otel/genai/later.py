"""What a recording leaves unread until Literal asks (`Recording.learn`), and which content of an invocation is kept.

The bytes of an exchange say everything, and they do not change. Reading them takes longer than all else that is done
for a call, so it is done on the delivery thread where nobody else looks at the span.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

from literalai_otel.attributes import (
    ERROR_TYPE,
    GENERATION_SETTINGS,
    OWN_USAGE_PREFIX,
    STREAM_OUTCOME,
    USAGE_PREFIX,
)
from literalai_otel.genai.content import ContentPolicy, DeferredContent, SpanInfo
from literalai_otel.genai.exchange import Exchange
from literalai_otel.genai.invocation import Invocation
from literalai_otel.genai.side_table import resolve

logger = logging.getLogger(__name__)

_OWN_OUTCOME: Final = frozenset({ERROR_TYPE, STREAM_OUTCOME})
"""What an inner call says of its own end."""
_USAGE: Final = (USAGE_PREFIX, OWN_USAGE_PREFIX)

Reader = Callable[[Invocation], None]
"""Writes what an invocation's exchange says into the invocation."""


def read_quietly(read: Reader, invocation: Invocation) -> None:
    """Let `read` do what it can."""
    try:
        read(invocation)
    except Exception:
        logger.debug("an exchange was not readable", exc_info=True)


def take_over(inner: Invocation, into: Invocation, summed: set[str]) -> None:
    """Write into `into` what an inner call of the same invocation knows and it does not.

    There may be several: batches, whose tokens add up, and attempts, whose errors are not the invocation's. `summed`
    are the names of the counts that came from those before.
    """
    attributes = into.attributes
    for name, value in inner.attributes.items():
        if name in _OWN_OUTCOME:
            continue
        if name in summed:
            attributes[name] += value
        elif name not in attributes:
            attributes[name] = value
            if name.startswith(_USAGE):
                summed.add(name)
    for name, producer in inner.content.items():
        into.content.setdefault(name, producer)


class InnerCalls:
    """A reader of what inner calls of the same invocation know when they are over."""

    __slots__ = ("_calls",)

    def __init__(self) -> None:
        self._calls: list[tuple[Invocation, Sequence[Reader]]] = []

    def add(self, inner: Invocation, readers: Sequence[Reader]) -> None:
        """One more, unless it is known already; both may grow until they are read."""
        if not any(inner is known for known, _ in self._calls):
            self._calls.append((inner, readers))

    def __call__(self, invocation: Invocation) -> None:
        """Take over what they know."""
        summed: set[str] = set()
        for inner, readers in self._calls:
            known = Invocation(inner.attributes.copy(), inner.content.copy(), exchange=inner.exchange)
            for read in tuple(readers):
                read_quietly(read, known)
            take_over(known, invocation, summed)


def kept_content(
    invocation: Invocation, content_policy: ContentPolicy, info: SpanInfo | None, *, wanted: bool
) -> dict[str, DeferredContent]:
    """The content of `invocation` that is kept, by attribute name; what is not `wanted` is not."""
    kept: dict[str, DeferredContent] = {}
    size = invocation.content_size
    for key, produce in invocation.content.items():
        # Settings are no content: Literal gets them always. Other exporters have the official attributes.
        if wanted or key == GENERATION_SETTINGS:
            kept[key] = DeferredContent(key, produce, content_policy, info, size)
            size = 0  # the producers of a call share what they keep alive: it is counted once
    return kept


class ReadLater:
    """Gives all that `readers` find in `exchange`, content by the policy. Called on the delivery thread.

    `size` is what it keeps alive, in bytes.
    """

    __slots__ = ("_content_policy", "_exchange", "_info", "_readers", "_wants_content", "size")

    def __init__(
        self,
        readers: Sequence[Reader],
        exchange: Exchange,
        content_policy: ContentPolicy,
        info: SpanInfo | None,
        *,
        wants_content: bool,
        size: int = 0,
    ) -> None:
        """`size`: what the readers keep alive beside the exchange, in bytes."""
        self._readers = readers
        self._exchange = exchange
        self._content_policy = content_policy
        self._info = info
        self._wants_content = wants_content
        self.size = exchange.size + size

    def __call__(self) -> dict[str, Any]:
        """Fields by attribute name."""
        found = Invocation({}, exchange=self._exchange)
        for read in self._readers:
            read_quietly(read, found)
        content = kept_content(found, self._content_policy, self._info, wanted=self._wants_content)
        return resolve({**found.attributes, **content})
