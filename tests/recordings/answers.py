"""What the fake provider answers beyond what its model names say, so that a program can run an agent to its end."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from literalai_otel.testing import Chat, Computed, RecordedRequest, ToolCall
from literalai_otel.testing.replies import Answer


def _weather(request: RecordedRequest) -> Answer:
    """A call of the tool `get_weather`; when its result is there, an answer."""
    asked: Mapping[str, Any] = request.json() or {}
    messages = cast(Sequence[Mapping[str, Any]], asked.get("messages") or ())
    if any(message.get("role") == "tool" for message in messages):
        return Chat("It is 21 degrees in Paris.")
    return Chat(tool_calls=(ToolCall("call_1", "get_weather", '{"city": "Paris"}'),))


_PARIS: Final = '{"city":"Paris","country":"France"}'
ANSWERS: Final[Mapping[str, tuple[Answer, ...]]] = {
    "agent": (Computed(_weather),),
    "structured": (Chat(_PARIS),),
    "structured-by-tool": (Chat(tool_calls=(ToolCall("call_1", "final_result", _PARIS),)),),
}
"""Model -> what is scripted for it."""
