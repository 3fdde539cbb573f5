"""The spans that Mistral's own SDK makes: GenAI but for the server's address (`spec/genai-semconv.md` §3.8)."""

from typing import Final

from literalai_otel import attributes as names
from literalai_otel.translate.dialects import genai
from literalai_otel.translate.reading import Reading, Rest, text
from literalai_otel.translate.record import SpanRecord

SCOPES: Final = ("mistralai_sdk_tracer",)
_EMPTY: Final = "agent.trace.public"


def officially(rest: Rest) -> None:
    """Takes the port out of the address; it has an attribute of its own."""
    if rest.get(_EMPTY) == "":
        del rest[_EMPTY]
    address, port = text(rest.get(names.SERVER_ADDRESS)), text(rest.get(names.SERVER_PORT))
    if address is not None and port is not None:
        rest[names.SERVER_ADDRESS] = address.removesuffix(f":{port}")


def read(record: SpanRecord, rest: Rest) -> Reading:
    """The reading of a call, an agent or a tool of the SDK."""
    officially(rest)
    return genai.read(record, rest)
