"""What a prompt version says, checked and made comparable (`spec/literal-wire.md` §2.10).

Two contents are equal when messages, settings and tools are: without the `uuid` that the server adds to messages,
without null members, without regard to the order of keys, and 1 is 1.0. Clients take the provider out of the settings
and send the rest again, so a content without provider, variables or default values agrees with one that has them.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, cast
from uuid import uuid4

from literalai_otel.server.store.json_columns import decode, encode_list, encode_object
from literalai_otel.server.values import LONGEST_ID, InvalidValueError
from literalai_otel.translate.limits import MAX_CONTENT_BYTES, MAX_METADATA_BYTES

DEEPEST: Final = 100
"""Levels of objects and lists inside a prompt."""

_UUID: Final = "uuid"
_PROVIDER: Final = "provider"


@dataclass(frozen=True)
class PromptContent:
    """A checked content. `variables` and `defaults` are None where they were not given."""

    messages: list[dict[str, Any]]
    tools: list[Any]
    settings: dict[str, Any]
    variables: list[Any] | None
    defaults: dict[str, Any] | None

    @cached_property
    def core_hash(self) -> str:
        """Equal for all contents that agree in messages, settings but the provider, and tools."""
        messages = [{name: value for name, value in message.items() if name != _UUID} for message in self.messages]
        settings = {name: value for name, value in self.settings.items() if name != _PROVIDER}
        return _digest([list(map(_given, messages)), _given(settings), self.tools])

    @cached_property
    def content_hash(self) -> str:
        """Equal for equal contents only."""
        return _digest([self.core_hash, *self.beside()])

    def beside(self) -> tuple[Any, ...]:
        """What clients may leave out: provider, variables, default values; None where it was."""
        return (self.settings.get(_PROVIDER), self.variables, self.defaults)

    def agrees(self, stored: "PromptContent") -> bool:
        """Whether `stored`, which has the same core, also says what was given beside it."""
        return all(
            given is None or _digest(given) == _digest(known)
            for given, known in zip(self.beside(), stored.beside(), strict=True)
        )

    def with_uuids(self) -> list[dict[str, Any]]:
        """The messages, each with a `uuid` of its own: one that was given is kept, so that it is stable."""
        taken: set[str] = set()
        messages: list[dict[str, Any]] = []
        for message in self.messages:
            known = message.get(_UUID)
            usable = isinstance(known, str) and 0 < len(known) <= LONGEST_ID and known not in taken
            uuid = cast(str, known) if usable else str(uuid4())
            taken.add(uuid)
            messages.append({**message, _UUID: uuid})
        return messages


def parse_content(
    messages: Any, tools: Any, settings: Any, variables: Any = None, defaults: Any = None
) -> PromptContent:
    """Checks a content as a client sent it; null is an empty one.

    Raises:
        InvalidValueError: the message names the field and the rule that it breaks.
    """
    return PromptContent(
        messages=[_message(one) for one in _list(messages, "templateMessages", MAX_CONTENT_BYTES) or ()],
        tools=[_tool(one) for one in _list(tools, "tools") or ()],
        settings=_object(settings, "settings") or {},
        variables=_list(variables, "variables"),
        defaults=_object(defaults, "variablesDefaultValues"),
    )


def _list(value: Any, field: str, limit: int = MAX_METADATA_BYTES) -> list[Any] | None:
    return _read(encode_list(value, field, limit))


def _object(value: Any, field: str) -> dict[str, Any] | None:
    return _read(encode_object(value, field))


def _read(text: str | None) -> Any:
    value = decode(text)
    _check_depth(value, DEEPEST)
    return value


def _check_depth(value: Any, levels: int) -> None:
    if not isinstance(value, dict | list):
        return
    if levels == 0:
        raise InvalidValueError(f"a prompt holds at most {DEEPEST} levels of objects and lists")
    for member in cast(dict[str, Any], value).values() if isinstance(value, dict) else cast(list[Any], value):
        _check_depth(member, levels - 1)


def _message(value: Any) -> dict[str, Any]:
    message = cast(dict[str, Any], value if isinstance(value, dict) else {})
    if not isinstance(message.get("role"), str):
        raise InvalidValueError("templateMessages must be a list of messages {role, content}")
    return message


def _tool(value: Any) -> dict[str, Any]:
    """A tool; a function's definition without its wrapper gets it, as chat completions take it: `{type, function}`."""
    if not isinstance(value, dict):
        raise InvalidValueError("tools must be a list of objects")
    tool = cast(dict[str, Any], value)
    if "function" in tool or tool.get("type", "function") != "function" or "name" not in tool:
        return tool
    return {"type": "function", "function": {name: member for name, member in tool.items() if name != "type"}}


def _given(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _digest(value: Any) -> str:
    canonical = json.dumps(_comparable(value), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _comparable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _comparable(member) for name, member in cast(dict[str, Any], value).items()}
    if isinstance(value, list | tuple):
        return [_comparable(member) for member in cast(list[Any], value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value
