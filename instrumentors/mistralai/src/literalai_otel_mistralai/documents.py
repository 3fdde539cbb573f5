"""Readers of OCR: a document goes in, its text comes out, page by page. Pictures are counted, never kept."""

from collections.abc import Mapping
from typing import Any, Final

from literalai_otel.attributes import INPUT_MESSAGES, OUTPUT_TYPE, RESPONSE_MODEL, USAGE_PAGES
from literalai_otel.genai import CallOptions, Invocation, fields_of, given_fields, items_of
from literalai_otel_mistralai.endpoint import Asked, Endpoint, Json
from literalai_otel_mistralai.messages import content_parts
from literalai_otel_mistralai.usage import write_texts


def _read_request(asked: Asked, attributes: dict[str, Any]) -> None:
    attributes[OUTPUT_TYPE] = "text"


def _document(request: Json, options: CallOptions) -> list[Json]:
    parts = content_parts([request.get("document")])
    asked = request.get("document_annotation_prompt")
    return [{"role": "user", "parts": [*parts, *content_parts(asked)]}]


def _read_response(invocation: Invocation, response: Any) -> None:
    fields = fields_of(response)
    write_texts(fields, (("model", RESPONSE_MODEL),), invocation.attributes)
    pages = given_fields(fields.get("usage_info")).get("pages_processed")
    if type(pages) is int and pages >= 0:
        invocation.attributes[USAGE_PAGES] = pages


def _read_output(response: Any) -> list[Json] | None:
    fields = fields_of(response)
    pages = [fields_of(page) for page in items_of(fields.get("pages"))]
    parts = [{"type": "text", "content": str(page.get("markdown") or ""), **_place(page)} for page in pages]
    annotation = fields.get("document_annotation")
    if isinstance(annotation, str):
        parts.append({"type": "document_annotation", "content": annotation})
    return [{"role": "assistant", "parts": parts}] if parts else None


def _place(page: Mapping[str, Any]) -> Json:
    pictures = len(list(items_of(page.get("images"))))
    return {"page": page.get("index"), **({"images": pictures} if pictures else {})}


OCR: Final = Endpoint(
    operation="generate_content",
    read_request=_read_request,
    request_content={INPUT_MESSAGES: _document},
    no_settings=frozenset({"document", "document_annotation_prompt"}),
    read_response=_read_response,
    read_output=_read_output,
)
