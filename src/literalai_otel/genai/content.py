"""Where message content may go, and what happens to it on the way.

One policy for the process (`DESIGN.md` §3, Settings): content goes to Literal in the side table, on spans only
when a switch says so, nowhere when capture is off. Each content field is a `DeferredContent`: converting,
masking and cutting happen when it is called, which for Literal is on the delivery thread. Rules are applied to what
goes on spans here, and to steps in `export.masking`.
"""

import logging
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, Self, cast

from literalai_otel import attributes as names
from literalai_otel.attributes import CONTENT_DROPPED, TRUNCATED
from literalai_otel.config import INLINE_MEDIA_BYTES, Config
from literalai_otel.content_rules import ContentRules
from literalai_otel.errors import ConfigError
from literalai_otel.genai.media import referred_to, take_media
from literalai_otel.genai.messages import without_media
from literalai_otel.genai.policy_rules import Governor, Kinds
from literalai_otel.jsonable import to_jsonable

logger = logging.getLogger(__name__)

Producer = Callable[[], Any]
"""Makes a value of JSON shape that nobody else holds; None means that there is none."""

CUT_MARK: Final = "… [truncated]"
MASK_FAILED: Final = "mask_failed"
MASK_PROBLEM: Final = "mask problem"
"""A field beside content that a mask failed on: what it raised, for the line that says so."""
_NO_FLAGS: Final[Mapping[str, Any]] = {}
_NOTHING_BESIDE: Final[Mapping[str, Any]] = {}
_PIECES: Final[Mapping[str, Kinds]] = {
    names.TOOL_DEFINITIONS: ("tool_definition",),
    names.TOOL_CALL_ARGUMENTS: ("input", "tool_call"),
    names.TOOL_CALL_RESULT: ("output", "tool_result"),
    names.PROMPT_VARIABLES: ("variable",),
    names.RETRIEVAL_QUERY_TEXT: ("input",),
    names.INPUT_MESSAGES: ("input",),
    names.STEP_INPUT: ("input",),
}
"""What rules see in a content attribute; in any other it is `output`. Settings are no content."""
_OF_TOOL_STEPS: Final[Mapping[str, Kinds]] = {
    names.STEP_INPUT: ("input", "tool_call"),
    names.STEP_OUTPUT: ("output", "tool_result"),
}


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
    """`max_bytes` caps each text, in UTF-8 bytes. The flags are settings of the same life.

    With a rule that says `mask`, the mask gets the pieces that the rule is for, and otherwise every value whole.
    Media of more than `inline_media` bytes leaves its message, to be uploaded where `upload_media`.
    """

    to_literal: bool
    on_spans: bool
    max_bytes: int
    mask: Mask | None
    metrics: bool
    stream_usage: bool = False
    component_steps: bool = True
    rules: ContentRules = ()
    inline_media: int = INLINE_MEDIA_BYTES
    upload_media: bool = True

    @classmethod
    def from_config(cls, config: Config, mask: Mask | None = None) -> Self:
        """The policy that `config` asks for; capture `false` wins over the standard switch.

        Raises:
            ConfigError: A rule says `mask` and there is none.
        """
        for rule in config.content_policy:
            if rule.action == "mask" and mask is None:
                raise ConfigError(f"the content policy has a rule `{rule}`, but there is no mask: pass mask to init()")
        captured = config.capture_content != "false"
        return cls(
            to_literal=captured,
            on_spans=captured and (config.capture_content == "true" or config.capture_on_spans),
            max_bytes=config.max_content_bytes,
            mask=mask,
            metrics=config.metrics,
            stream_usage=config.stream_usage,
            component_steps=config.component_steps,
            rules=config.content_policy,
            inline_media=INLINE_MEDIA_BYTES if config.offload_media is None else config.offload_media,
            upload_media=config.offload_media is not None,
        )

    @property
    def noticed_chars(self) -> int:
        """Texts of so many characters are neither cut nor media that leaves its message."""
        return min(self.max_bytes // 4, self.inline_media)

    @property
    def masks_pieces(self) -> bool:
        """Whether rules say what the mask gets."""
        return any(rule.action == "mask" for rule in self.rules)

    def governor(self, key: str, info: SpanInfo | None) -> Governor:
        """What applies the rules to the content of one span; the mask is told of `key`."""
        mask = self.mask

        def hook(piece: Any) -> Any:
            # Without a mask no rule asks for one, and where there is one, the span is known.
            return None if mask is None or info is None else mask(piece, key, info)

        return Governor(self.rules, hook, offload=self.upload_media)

    def shown_on_span(self, key: str, value: Any, info: SpanInfo | None) -> tuple[Any, Mapping[str, Any]]:
        """`value` as it may go on a span, and the fields that say what happened: no base64, and by the rules."""
        shown = without_media(value)
        if not self.rules or key == names.GENERATION_SETTINGS:
            return shown, _NO_FLAGS
        governor = self.governor(key, info)
        try:
            if key == names.SYSTEM_INSTRUCTIONS:
                shown = governor.instructions(shown)
            elif key == names.GENERATION:
                shown = {**shown, **governor.generation(shown)}
            else:
                kinds = _PIECES.get(key, ("output",))
                if info is not None and info.operation == "tool":
                    kinds = _OF_TOOL_STEPS.get(key, kinds)
                shown = governor.content(shown, kinds[0], also=kinds[1:])
        except Exception:  # nested too deeply, say: what the rules could not look at is not shown
            logger.debug("rules failed on %s", key, exc_info=True)
            return None, {CONTENT_DROPPED: MASK_FAILED}
        return shown, {CONTENT_DROPPED: MASK_FAILED} if governor.problem else _NO_FLAGS


class _Current:
    """The policy of the process, read from the environment when nobody configured one."""

    def __init__(self) -> None:
        self.policy: ContentPolicy | None = None

    def load(self) -> ContentPolicy:
        """Set it from the environment."""
        try:
            self.policy = ContentPolicy.from_config(Config.load())
        except ConfigError as problem:
            # Unreadable settings may have meant "off": content stays here until somebody says otherwise.
            logger.warning("no content is captured: %s", problem)
            self.policy = ContentPolicy.from_config(Config(capture_content="false"))
        return self.policy


_CURRENT: Final = _Current()


def configure(config: Config, *, mask: Mask | None = None) -> None:
    """Set the policy of the process. A later call replaces it; recordings that are open keep theirs."""
    _CURRENT.policy = ContentPolicy.from_config(config, mask)


def adopt(config: Config, *, mask: Mask | None = None) -> None:
    """`configure`, but mask and rules once given stay: a later set-up without them must not let content out."""
    before = _CURRENT.policy
    if before is not None:
        mask = mask or before.mask
        config = replace(config, content_policy=config.content_policy or before.rules)
    configure(config, mask=mask)


@contextmanager
def configured(config: Config, *, mask: Mask | None = None) -> Generator[None]:
    """`configure` for a while, for tests; then the policy is what it was."""
    before = _CURRENT.policy
    configure(config, mask=mask)
    try:
        yield
    finally:
        _CURRENT.policy = before


def policy() -> ContentPolicy:
    """The policy in force."""
    return _CURRENT.policy or _CURRENT.load()


class DeferredContent:
    """A content field that is made when it is called, as often as it is called.

    `size` is a hint for bounded queues: the bytes that the field keeps alive. After a call, `flags` holds the
    fields that say what happened (content dropped, text cut), and `beside` those of media that was taken out of the
    value: they are for Literal alone.
    """

    __slots__ = ("_info", "_key", "_media", "_policy", "_produce", "beside", "flags", "size")

    def __init__(
        self, key: str, produce: Producer, content_policy: ContentPolicy, info: SpanInfo | None, size: int = 0
    ) -> None:
        self._key = key
        self._produce = produce
        self._policy = content_policy
        self._info = info
        self._media = _NOTHING_BESIDE
        self.size = size
        self.flags = _NO_FLAGS
        self.beside = _NOTHING_BESIDE

    def __call__(self) -> Any:
        """The masked and cut value, or None. Never raises."""
        try:
            value = self._produce()
        except Exception:
            logger.debug("%s is not readable", self._key, exc_info=True)
            return None
        if value is None:
            return None
        in_force = self._policy
        # Most content is short, and then one look at its texts is enough.
        long = _has_text_over(value, in_force.noticed_chars)
        if long:
            # Kept from call to call: a producer may hand out the very value that lost its media before.
            self._media = {**self._media, **take_media(value, in_force.inline_media)}
        media = self._media
        if in_force.mask is not None and not in_force.masks_pieces:
            try:
                assert self._info is not None, "a mask hook is told of its span"
                # A copy: the hook may hand back a value that it keeps, and cutting works in place.
                value = to_jsonable(in_force.mask(value, self._key, self._info))
            except Exception as error:
                logger.debug("mask hook failed on %s", self._key, exc_info=True)
                self.flags = {CONTENT_DROPPED: MASK_FAILED}
                self.beside = {MASK_PROBLEM: f"{type(error).__name__}: {error}"}
                return None
            media = referred_to(value, media)
            long = _has_text_over(value, in_force.noticed_chars)
        self.beside = media
        was_cut = False
        if long:
            value, was_cut = cut_texts(value, in_force.max_bytes)
        self.flags = {TRUNCATED: True} if was_cut else _NO_FLAGS
        return value


def _has_text_over(value: Any, chars: int) -> bool:
    pending: list[Any] = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            if len(item) > chars:
                return True
        elif isinstance(item, dict):
            pending.extend(cast(dict[str, Any], item).values())
        elif isinstance(item, list):
            pending.extend(cast(list[Any], item))
    return False


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
