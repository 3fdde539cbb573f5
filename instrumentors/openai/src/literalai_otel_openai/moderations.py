"""Readers of `POST /moderations`: a judgement on texts and images, no generation."""

from collections.abc import Mapping
from typing import Any, Final, cast

from literalai_otel.attributes import RESPONSE_ID, RESPONSE_MODEL, STEP_INPUT, STEP_OUTPUT
from literalai_otel.genai import CallOptions, Invocation, fields_of
from literalai_otel.genai.messages import content_parts
from literalai_otel.jsonable import to_jsonable
from literalai_otel_openai.endpoint import Endpoint, Json


def _read_request(request: Mapping[str, Any], attributes: dict[str, Any]) -> None:
    """The model is all that a request says apart from its content."""


def _add_request_content(invocation: Invocation, options: CallOptions) -> None:
    request = invocation.exchange.request
    invocation.content[STEP_INPUT] = lambda: content_parts(request().get("input"))


def _read_response(invocation: Invocation, response: Any) -> None:
    fields = fields_of(response)
    for key, name in (("id", RESPONSE_ID), ("model", RESPONSE_MODEL)):
        if isinstance(fields.get(key), str):
            invocation.attributes[name] = fields[key]


def _read_output(response: Any) -> Json | None:
    results: Any = to_jsonable(fields_of(response).get("results"))
    return {"results": results} if isinstance(results, list) and cast(list[Any], results) else None


MODERATIONS: Final = Endpoint(
    operation="moderation",
    read_request=_read_request,
    add_request_content=_add_request_content,
    read_response=_read_response,
    read_output=_read_output,
    output=STEP_OUTPUT,
    result_field="results",
)
