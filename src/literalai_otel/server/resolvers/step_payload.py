"""Whether a document asks for what lies in the payload rows of steps (`spec/platform-peers.md` §2.4)."""

from typing import Final

from literalai_otel.server.resolvers.call import Info, selects

_PAYLOAD_FIELDS: Final = ("input", "output", "metadata")
_GENERATION_PAYLOAD_FIELDS: Final = (
    "messages",
    "messageCompletion",
    "prompt",
    "completion",
    "tools",
    "settings",
    "variables",
    "metadata",
    "input",
    "output",
    "toolCalls",
)


def needs_payload(info: Info, *path: str) -> bool:
    """True when any field that is no column of the hot row is selected on the steps at `path`."""
    return any(selects(info, *path, name) for name in _PAYLOAD_FIELDS) or any(
        selects(info, *path, "generation", name) for name in _GENERATION_PAYLOAD_FIELDS
    )
