"""The endpoints that call a model, by path. Everything else that a client sends is no generation."""

from collections.abc import Mapping
from typing import Final

from literalai_otel_openai import chat, responses
from literalai_otel_openai.chat_stream import ChatFold
from literalai_otel_openai.completions import COMPLETIONS
from literalai_otel_openai.embeddings import EMBEDDINGS
from literalai_otel_openai.endpoint import Endpoint
from literalai_otel_openai.images import IMAGES
from literalai_otel_openai.moderations import MODERATIONS
from literalai_otel_openai.responses_stream import ResponsesFold
from literalai_otel_openai.speech import SPEECH
from literalai_otel_openai.transcriptions import TRANSCRIPTIONS

CHAT: Final = Endpoint(
    operation="chat",
    read_request=chat.read_request,
    add_request_content=chat.add_request_content,
    read_response=chat.read_response,
    read_output=chat.output_messages,
    fold=ChatFold,
    result_field="choices",
    stream_may_wait=True,
    gives_usage_in_streams=True,
)
RESPONSES: Final = Endpoint(
    operation="chat",
    read_request=responses.read_request,
    add_request_content=responses.add_request_content,
    read_response=responses.read_response,
    read_output=responses.read_output,
    fold=ResponsesFold,
    result_field="output",
    may_wait=responses.has_succeeded,
)

ENDPOINTS: Final[Mapping[str, Endpoint]] = {
    # of two that end alike the longer first
    "/chat/completions": CHAT,
    "/completions": COMPLETIONS,
    "/responses": RESPONSES,
    "/responses/compact": RESPONSES,
    "/embeddings": EMBEDDINGS,
    "/images/generations": IMAGES,
    "/images/edits": IMAGES,
    "/images/variations": IMAGES,
    "/audio/speech": SPEECH,
    "/audio/transcriptions": TRANSCRIPTIONS,
    "/audio/translations": TRANSCRIPTIONS,
    "/moderations": MODERATIONS,
}
"""By the path of a POST. Not `/responses/{id}/cancel`, `/responses/input_tokens`, nor any GET or DELETE: they call no
model, so that a response that is retrieved or polled stays one generation."""


def endpoint_of(method: str, url: str) -> Endpoint | None:
    """The endpoint that a request goes to, None when it calls no model.

    `url` is a path as the SDK writes it, or one that a program wrote: with a query, a deployment, a host before it.
    """
    if method.lower() != "post":
        return None
    known = ENDPOINTS.get(url)
    if known is not None:
        return known
    path = "/" + url.partition("?")[0].strip("/")
    return next((endpoint for suffix, endpoint in ENDPOINTS.items() if path.endswith(suffix)), None)
