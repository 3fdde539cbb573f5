"""Where message content may go, and what happens to it on the way.

One policy for the process (`DESIGN.md` §3, Settings): content goes to Literal in the side table, on spans only
when a switch says so, nowhere when capture is off. Each content field is a `DeferredContent`: converting,
masking and cutting happen when it is called, which for Literal is on the delivery thread.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, cast

from literalai_otel.attributes import CONTENT_DROPPED, TRUNCATED
from literalai_otel.config import Config
from literalai_otel.errors import ConfigError
from literalai_otel.jsonable import to_jsonable

logger = logging.getLogger(__name__)

Producer = Callable[[], Any]
"""Makes a value of JSON shape that nobody else holds; None means that there is none."""

CUT_MARK: Final = "… [truncated]"
_NO_FLAGS: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class SpanInfo:
    """What a mask hook may know about the span whose content it gets; ids are hex."""

    name: str
    trace_id: str
    span_id: str
    operation: str
    provider: str | None
    model: str | None


Mask = Callable[[Any, str, SpanInfo], Any]
"""`mask(value, attribute name, span)` gives the value to keep, None for nothing. `value` has JSON shape."""


@dataclass(frozen=True, slots=True)
class ContentPolicy:
    """`max_bytes` caps each text, in UTF-8 bytes. The flags are settings of the same life."""

    to_literal: bool
    on_spans: bool
    max_bytes: int
    mask: Mask | None
    metrics: bool
    stream_usage: bool = False
    component_steps: bool = True

    @classmethod
    def from_config(cls, config: Config, mask: Mask | None = None) -> Self:
        """The policy that `config` asks for; capture `false` wins over the standard switch."""
        captured = config.capture_content != "false"
        return cls(
            to_literal=captured,
            on_spans=captured and (config.capture_content == "true" or config.capture_on_spans),
            max_bytes=config.max_content_bytes,
            mask=mask,
            metrics=config.metrics,
            stream_usage=config.stream_usage,
            component_steps=config.component_steps,
        )


class _Current:
    """The policy of the process, read from the environment when nobody configured one."""

    def __init__(self) -> None:
        self.policy: ContentPolicy | None = None

    def load(self) -> ContentPolicy:
        """Set it from the environment."""
        try:
            config = Config.load()
        except ConfigError as problem:
            # Unreadable settings may have meant "off": content stays here until somebody says otherwise.
            logger.warning("no content is captured: %s", problem)
            config = Config(capture_content="false")
        self.policy = ContentPolicy.from_config(config)
        return self.policy


_CURRENT: Final = _Current()


def configure(config: Config, *, mask: Mask | None = None) -> None:
    """Set the policy of the process. A later call replaces it; recordings that are open keep theirs."""
    _CURRENT.policy = ContentPolicy.from_config(config, mask)


def policy() -> ContentPolicy:
    """The policy in force."""
    return _CURRENT.policy or _CURRENT.load()


class DeferredContent:
    """A content field that is made when it is called, as often as it is called.

    `size` is a hint for bounded queues: the bytes that the field keeps alive. After a call, `flags` holds the
    fields that say what happened: content dropped, text cut.
    """

    __slots__ = ("_info", "_key", "_policy", "_produce", "flags", "size")

    def __init__(
        self, key: str, produce: Producer, content_policy: ContentPolicy, info: SpanInfo | None, size: int = 0
    ) -> None:
        self._key = key
        self._produce = produce
        self._policy = content_policy
        self._info = info
        self.size = size
        self.flags = _NO_FLAGS

    def __call__(self) -> Any:
        """The masked and cut value, or None. Never raises."""
        try:
            value = self._produce()
        except Exception:
            logger.debug("%s is not readable", self._key, exc_info=True)
            return None
        if value is None:
            return None
        if self._policy.mask is not None:
            try:
                assert self._info is not None, "a mask hook is told of its span"
                # A copy: the hook may hand back a value that it keeps, and cutting works in place.
                value = to_jsonable(self._policy.mask(value, self._key, self._info))
            except Exception:
                logger.debug("mask hook failed on %s", self._key, exc_info=True)
                self.flags = {CONTENT_DROPPED: "mask_failed"}
                return None
        value, was_cut = cut_texts(value, self._policy.max_bytes)
        self.flags = {TRUNCATED: True} if was_cut else _NO_FLAGS
        return value


def cut_texts(value: Any, max_bytes: int) -> tuple[Any, bool]:
    """`value` with every text of more than `max_bytes` cut and marked, containers changed in place."""
    holder = [value]
    was_cut = False
    pending: list[Any] = [holder]
    while pending:
        container = pending.pop()
        entries = list(container.items() if isinstance(container, dict) else enumerate(container))  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType, reportUnknownArgumentType] - any JSON
        for key, item in cast(list[tuple[Any, Any]], entries):
            if isinstance(item, str):
                # A character has at most 4 bytes, so most texts need no encoding to be known as short.
                if len(item) * 4 > max_bytes and len(item.encode("utf-8", "surrogatepass")) > max_bytes:
                    container[key] = _cut(item, max_bytes)
                    was_cut = True
            elif isinstance(item, dict | list):
                pending.append(item)
    return holder[0], was_cut


def _cut(text: str, max_bytes: int) -> str:
    return text.encode("utf-8", "surrogatepass")[:max_bytes].decode("utf-8", "ignore") + CUT_MARK
