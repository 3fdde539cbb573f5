"""What a caller says about one call to Literal alone: `literalai_*` keywords, and the prompt behind the messages.

Both are visible only in the methods that a caller names: the SDK refuses unknown keywords and turns messages into plain
dicts. Where the request is recorded further inside, the thin wrappers here leave them in a context variable for it.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from inspect import isawaitable, iscoroutinefunction
from typing import Any, Final, cast

from literalai_otel.attributes import GENERATION_METADATA, GENERATION_TAGS, PROMPT_ID, PROMPT_VARIABLES, STEP_ID
from literalai_otel.genai.invocation import Invocation
from literalai_otel.genai.wrapper import PatchSet
from literalai_otel.jsonable import dumps_text, loads, to_jsonable

logger = logging.getLogger(__name__)

PREFIX: Final = "literalai_"
PROMPT_ATTRIBUTE: Final = "__literal_prompt__"
"""On a dict subclass, `{uuid, prompt_id, variables}` (`spec/literal-wire.md` §5.4, Tracking)."""


@dataclass(frozen=True, slots=True)
class CallOptions:
    """`message_uuids` maps the position of a message that came from a prompt to the uuid it has there."""

    tags: list[str] | None = None
    metadata: Mapping[str, Any] | None = None
    step_id: str | None = None
    prompt_id: str | None = None
    prompt_variables: Any = None
    message_uuids: Mapping[int, str | None] = field(default_factory=dict[int, str | None])

    def mark(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """`messages` of a request, those that came from a prompt marked in place."""
        for position, uuid in self.message_uuids.items():
            if position < len(messages):
                messages[position] |= {"templated": True} if uuid is None else {"uuid": uuid, "templated": True}
        return messages

    def mark_call(self, invocation: Invocation) -> None:
        """Add the tags and metadata to what `invocation` has; what the call itself says wins."""
        marked = invocation.attributes
        if self.tags is not None:
            marked[GENERATION_TAGS] = list(dict.fromkeys((*self.tags, *marked.get(GENERATION_TAGS, ()))))
        if self.metadata is not None:
            own: dict[str, Any] = loads(marked[GENERATION_METADATA]) if GENERATION_METADATA in marked else {}
            marked[GENERATION_METADATA] = dumps_text({**self.metadata, **own})

    def apply(self, invocation: Invocation) -> None:
        """Put them into `invocation`."""
        if self is NO_OPTIONS:
            return
        if self.tags is not None:
            invocation.attributes[GENERATION_TAGS] = self.tags
        if self.metadata is not None:
            invocation.attributes[GENERATION_METADATA] = dumps_text(self.metadata)
        if self.step_id is not None:
            invocation.attributes[STEP_ID] = self.step_id
        if self.prompt_id is not None:
            invocation.attributes[PROMPT_ID] = self.prompt_id
        if self.prompt_variables is not None:
            variables = to_jsonable(self.prompt_variables)
            invocation.content[PROMPT_VARIABLES] = lambda: variables


NO_OPTIONS: Final = CallOptions()
_SEQUENCES: Final = (list, tuple)
_PLAIN: Final = {dict}
_OPTIONS: Final[ContextVar[CallOptions]] = ContextVar("literalai_call_options", default=NO_OPTIONS)


current_call_options: Final = _OPTIONS.get
"""Gives the options of the call that is being made here."""


def read_options(given: Mapping[str, Any] | None, messages: Any) -> CallOptions:
    """The options that `literalai_*` keywords and the messages say; keywords that nobody knows say nothing."""
    # Only sequences: looking into an iterator would consume it. Most messages are plain dicts, which say nothing.
    has_prompt = False
    if isinstance(messages, _SEQUENCES):
        # A cast would be one more function call in every call of a model.
        for message in messages:  # pyright: ignore[reportUnknownVariableType] - see above
            if type(message) is not dict and hasattr(message, PROMPT_ATTRIBUTE):  # pyright: ignore[reportUnknownArgumentType] - see above
                has_prompt = True
                break
    if given is None and not has_prompt:
        return NO_OPTIONS
    tags, metadata, step_id = ((given or {}).get(PREFIX + name) for name in ("tags", "metadata", "step_id"))
    return CallOptions(
        tags=[str(tag) for tag in cast(list[Any], tags)] if isinstance(tags, list | tuple | set | frozenset) else None,
        metadata=cast(Mapping[str, Any], metadata) if isinstance(metadata, Mapping) else None,
        step_id=str(step_id) if step_id is not None else None,
        **(_prompt_of(cast(list[Any], messages)) if has_prompt else {}),
    )


def _prompt_of(messages: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for position, message in enumerate(messages):
        link = getattr(message, PROMPT_ATTRIBUTE, None)
        if isinstance(link, Mapping):
            source = cast(Mapping[str, Any], link)
            found.setdefault("prompt_id", source.get("prompt_id"))
            found.setdefault("prompt_variables", source.get("variables"))
            found.setdefault("message_uuids", {})[position] = source.get("uuid")
    return found


def takes_call_options(original: Any, patches: PatchSet) -> Callable[..., Any]:
    """A `Patch.wrap` for the methods that a caller names. The SDK's async ones are coroutine functions or not."""
    if iscoroutinefunction(original):

        @wraps(original)
        async def async_wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
            bound = original.__get__(self, type(self))
            options = take_call_options(kwargs) if patches.enabled else NO_OPTIONS
            if options is NO_OPTIONS:
                return await bound(*args, **kwargs)
            return await _with_options(bound(*args, **kwargs), options)

        return async_wrapper

    @wraps(original)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        bound = original.__get__(self, type(self))
        options = take_call_options(kwargs) if patches.enabled else NO_OPTIONS
        if options is NO_OPTIONS:
            return bound(*args, **kwargs)
        token = _OPTIONS.set(options)
        try:
            result = bound(*args, **kwargs)
        finally:
            _OPTIONS.reset(token)
        return _with_options(result, options) if isawaitable(result) else result

    return wrapper


def take_call_options(kwargs: dict[str, Any]) -> CallOptions:
    """Take the `literalai_*` keywords of a call off and give what they and its messages say. Never raises."""
    given: dict[str, Any] | None = None
    if PREFIX in "\n".join(kwargs):  # nearly never, and one question for all names
        given = {name: kwargs.pop(name) for name in tuple(kwargs) if name.startswith(PREFIX)}
    try:
        # Responses and their like call the messages `input`.
        messages: Any = kwargs.get("messages", kwargs.get("input"))
        if given is None and messages.__class__ in _SEQUENCES and {*map(type, messages)} == _PLAIN:
            return NO_OPTIONS  # nearly always: one call less
        return read_options(given or None, messages)
    except Exception:
        logger.debug("call options were not readable", exc_info=True)
        return NO_OPTIONS


async def _with_options(awaitable: Awaitable[Any], options: CallOptions) -> Any:
    token = _OPTIONS.set(options)
    try:
        return await awaitable
    finally:
        _OPTIONS.reset(token)
