"""Prompts of Literal whose formatted messages are given to a model as they are.

`prompt.format_messages()` gives dicts that name their prompt (`spec/literal-wire.md` §5.4, Tracking). LangChain turns
them into messages of its own, which would not; so the link is kept beside those for as long as they live.
"""

import logging
import weakref
from collections.abc import Callable, Mapping
from functools import lru_cache, wraps
from typing import Any, Final, cast

from literalai_otel.genai import PatchSet
from literalai_otel.genai.call_options import PROMPT_ATTRIBUTE

logger = logging.getLogger(__name__)

Link = Mapping[str, Any]
"""`{uuid, prompt_id, variables}`."""


class _Links:
    """Links by message. Messages have no hash, so they are told apart by identity while they live."""

    def __init__(self) -> None:
        self._links: dict[int, tuple[weakref.ref[Any], Link]] = {}

    def __len__(self) -> int:
        return len(self._links)

    def put(self, message: Any, link: Link) -> None:
        key = id(message)
        self._links[key] = weakref.ref(message, lambda _: self._links.pop(key, None)), link

    def of(self, message: Any) -> Link | None:
        found = self._links.get(id(message)) if self._links else None
        return found[1] if found is not None and found[0]() is message else None


LINKS: Final = _Links()
_SEQUENCES: Final = (list, tuple)


def keep_links(original: Any, patches: PatchSet) -> Callable[..., Any]:
    """A `Patch.wrap` for `_convert_input(model_input)` of chat models."""

    @wraps(original)
    def convert_input(self: Any, model_input: Any) -> Any:
        converted = original.__get__(self, type(self))(model_input)
        if patches.enabled and isinstance(model_input, _SEQUENCES):
            try:
                # Most messages are LangChain's own or plain dicts: one question for all of a kind.
                if any(map(_may_have_link, {*map(type, cast(list[Any], model_input))})):
                    _keep(cast(list[Any], model_input), converted)
            except Exception:
                logger.debug("prompt links were not readable", exc_info=True)
        return converted

    return convert_input


@lru_cache(maxsize=256)
def _may_have_link(kind: type[Any]) -> bool:
    return kind is not dict and issubclass(kind, dict)


def _keep(given: list[Any], converted: Any) -> None:
    for position, message in enumerate(given):
        link = getattr(message, PROMPT_ATTRIBUTE, None) if isinstance(message, dict) else None  # pyright: ignore[reportUnknownArgumentType] - of any item type
        if isinstance(link, Mapping):
            LINKS.put(converted.messages[position], cast(Link, link))
