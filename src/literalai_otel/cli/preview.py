"""What a step said, on one line: previews and labels made of a step's content.

Content comes from models and strangers, so control characters and text-direction overrides are removed: nothing
that is shown may steer the terminal.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, cast

from literalai_otel.jsonable import dumps_text
from literalai_otel.model import ChatGeneration, CompletionGeneration, Step

LONGEST: Final = 400
"""Characters of a preview; a terminal line holds fewer."""

_STEERING: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def one_line(text: str) -> str:
    """`text` as one safe line: white space collapsed, steering characters removed, at most `LONGEST` characters."""
    # Cut first: the text may be megabytes, and a line holds a few hundred characters.
    clean = " ".join(_STEERING.sub("", text[: LONGEST * 4]).split())
    return clean if len(clean) <= LONGEST else f"{clean[: LONGEST - 1]}…"


def call_label(name: str, arguments: Any) -> str:
    """`get_weather(city="Lisbon")`: a tool's name with its arguments as they were bound."""
    if isinstance(arguments, Mapping):
        given = cast(Mapping[str, Any], arguments)
        return one_line(f"{name}({', '.join(f'{key}={_brief(value)}' for key, value in given.items())})")
    return name if arguments is None else one_line(f"{name}({_brief(arguments)})")


def output_preview(step: Step) -> str:
    """What the step gave: a model's words in quotes, its tool calls, or the output as JSON."""
    generation = step.generation
    if isinstance(generation, ChatGeneration) and generation.message_completion:
        return _message(generation.message_completion)
    if isinstance(generation, CompletionGeneration) and generation.completion:
        return _quoted(generation.completion)
    output = step.output
    if isinstance(output, Mapping):
        held = cast(Mapping[str, Any], output)
        if set(held) == {"content"}:
            output = held["content"]
        elif "role" in held:
            return _message(held)
    if output is None or output in ({}, []):
        return ""
    return _quoted(output) if isinstance(output, str) else one_line(_brief(output))


def _message(message: Mapping[str, Any]) -> str:
    spoken = _words(message.get("content"))
    if spoken:
        return _quoted(spoken)
    calls: list[str] = []
    for call in cast(list[Any], message.get("tool_calls") or []):
        function = cast(Mapping[str, Any], call).get("function") if isinstance(call, Mapping) else None
        if isinstance(function, Mapping):
            named = cast(Mapping[str, Any], function)
            calls.append(f"{named.get('name')}({_brief(named.get('arguments'), quote=False)})")
    return one_line(f"calls {', '.join(calls)}") if calls else ""


def _words(content: Any) -> str:
    """The text of a message's content, which is a text or a list of parts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = [cast(Mapping[str, Any], part) for part in cast(list[Any], content) if isinstance(part, Mapping)]
    return " ".join(str(part["text"]) if part.get("text") else f"[{part.get('type', 'part')}]" for part in parts)


def _quoted(text: str) -> str:
    return f'"{one_line(text)}"'


def _brief(value: Any, *, quote: bool = True) -> str:
    if isinstance(value, str):
        return _quoted(value) if quote else value[: LONGEST * 4]
    return dumps_text(value)[: LONGEST * 4]
