"""Every endpoint of Mistral's API that the fake provider speaks.

They share paths with OpenAI's, so a provider speaks one or the other: `FakeProvider(MISTRAL_ENDPOINTS)`.
"""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

from literalai_otel.testing.mistral_chat import MISTRAL_CHAT_ENDPOINTS, MISTRAL_USAGE, Events, asked_of, mistral_failure
from literalai_otel.testing.mistral_conversations import CONVERSATION_ENDPOINTS
from literalai_otel.testing.openai_chat import CREATED
from literalai_otel.testing.replies import Answer, Computed, Endpoint, RecordedRequest, json_answer

DIMENSIONS: Final = 4
AUDIO: Final = b"RIFF" + bytes(range(96))
TRANSCRIPT: Final = "Bonjour to all."
_FAILURES: Final[Mapping[str, Answer]] = {f"error-{status}": mistral_failure(status) for status in (401, 429, 500)}


def _vectors(request: RecordedRequest) -> Answer:
    asked = asked_of(request)
    given = asked.get("input") or ()
    count = 1 if isinstance(given, str) else len(given)
    data = [{"object": "embedding", "index": index, "embedding": [0.5] * DIMENSIONS} for index in range(count)]
    usage = {"prompt_tokens": 5 * count, "completion_tokens": 0, "total_tokens": 5 * count}
    return json_answer(
        {"id": "embd-1", "object": "list", "model": f"{asked.get('model')}-2312", "data": data, "usage": usage}
    )


def _pages(request: RecordedRequest) -> Answer:
    picture = {"id": "img-0", "top_left_x": 0, "top_left_y": 0, "bottom_right_x": 9, "bottom_right_y": 9}
    pages: list[dict[str, Any]] = [
        {"index": 0, "markdown": "# Title", "images": [{**picture, "image_base64": "A" * 64}], "dimensions": None},
        {"index": 1, "markdown": "The end.", "images": [], "dimensions": None},
    ]
    usage = {"pages_processed": 2, "doc_size_bytes": 1234}
    return json_answer({"pages": pages, "model": "mistral-ocr-2505", "usage_info": usage})


def _judgement(request: RecordedRequest) -> Answer:
    asked = asked_of(request)
    scores = {"sexual": 0.01, "violence": 0.9}
    results = [{"categories": {"sexual": False, "violence": True}, "category_scores": scores}]
    return json_answer({"id": "mod-1", "model": asked.get("model"), "results": results})


def _classes(request: RecordedRequest) -> Answer:
    results = [{"sentiment": {"scores": {"good": 0.9, "bad": 0.1}}}]
    return json_answer({"id": "cls-1", "model": asked_of(request).get("model"), "results": results})


def _transcription(request: RecordedRequest) -> Answer:
    usage = {**MISTRAL_USAGE, "prompt_audio_seconds": 3}
    whole: dict[str, Any] = {
        "model": "voxtral-mini-2507",
        "text": TRANSCRIPT,
        "language": "fr",
        "usage": usage,
        "segments": [],
    }
    if b'name="stream"\r\n\r\ntrue' not in request.body.lower():
        return json_answer(whole)
    events: list[tuple[str, dict[str, Any]]] = [
        ("transcription.language", {"type": "transcription.language", "audio_language": "fr"}),
        *(
            ("transcription.text.delta", {"type": "transcription.text.delta", "text": piece})
            for piece in ("Bonjour ", "to ", "all.")
        ),
        ("transcription.done", {"type": "transcription.done", **whole}),
    ]
    return Events(tuple(events), ends_with_done=False)


def _speech(request: RecordedRequest) -> Answer:
    audio = b64encode(AUDIO).decode()
    if not asked_of(request).get("stream"):
        return json_answer({"audio_data": audio})
    delta = {"type": "speech.audio.delta", "audio_data": audio}
    done = {"type": "speech.audio.done", "usage": MISTRAL_USAGE}
    return Events(
        (("speech.audio.delta", delta), ("speech.audio.delta", delta), ("speech.audio.done", done)),
        ends_with_done=False,
    )


def _response(request: RecordedRequest) -> Answer:
    asked = asked_of(request)
    text: dict[str, Any] = {"type": "output_text", "text": "Bonjour again.", "annotations": []}
    message: dict[str, Any] = {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [text],
    }
    usage = {
        "input_tokens": 11,
        "input_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 0},
        "output_tokens": 7,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 18,
    }
    whole = {
        "id": "resp_1",
        "object": "response",
        "created_at": CREATED,
        "model": f"{asked.get('model')}-2501",
        "status": "completed",
        "output": [message],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": usage,
    }
    if asked.get("model") == "old-usage":
        # The SDK's model of it wants more fields, and takes what lacks them for left out.
        return json_answer({**whole, "usage": {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18}})
    if not asked.get("stream"):
        return json_answer(whole)
    begun: dict[str, Any] = {**whole, "output": [], "status": "in_progress", "usage": None}
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    data: list[dict[str, Any]] = [
        {"type": "response.created", "response": begun},
        {"type": "response.output_text.delta", **place, "delta": "Bonjour ", "logprobs": []},
        {"type": "response.output_text.delta", **place, "delta": "again.", "logprobs": []},
        _end_of(asked, whole),
    ]
    numbered = ({**item, "sequence_number": number} for number, item in enumerate(data))
    return Events(tuple((str(item["type"]), item) for item in numbered), ends_with_done=False)


def _end_of(asked: Mapping[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    if asked.get("model") == "failing":
        error = {"code": "server_error", "message": "it broke"}
        return {"type": "response.failed", "response": {**whole, "status": "failed", "error": error, "output": []}}
    return {"type": "response.completed", "response": whole}


MISTRAL_ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *MISTRAL_CHAT_ENDPOINTS,
    *CONVERSATION_ENDPOINTS,
    Endpoint("POST", r"/v1/embeddings", Computed(_vectors), _FAILURES),
    Endpoint("POST", r"(/[^/]+)*/ocr", Computed(_pages), _FAILURES),
    Endpoint("POST", r"/v1(/chat)?/moderations", Computed(_judgement), _FAILURES),
    Endpoint("POST", r"/v1(/chat)?/classifications", Computed(_classes), _FAILURES),
    Endpoint("POST", r"/v1/audio/transcriptions", Computed(_transcription)),
    Endpoint("POST", r"/v1/audio/speech", Computed(_speech), _FAILURES),
    Endpoint("POST", r"/v1/responses", Computed(_response), _FAILURES),
)
