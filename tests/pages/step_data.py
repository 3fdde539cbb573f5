"""Steps with everything that the panel can show: every kind of part, of step and of file, and what is too large."""

import hashlib
import json
import struct
import zlib
from typing import Any, Final

from literalai_otel.api import SyncApi
from literalai_otel.jsonable import dumps
from literalai_otel.translate import step_id_from_hex
from served import Site

Record = dict[str, Any]

RUN: Final = "step-run"
SPAN: Final = step_id_from_hex(f"{7:032x}", f"{7:016x}")
CHAT: Final = "step-chat"
OTHER: Final = "step-chat-other"
TOOL: Final = "step-tool"
SEARCH: Final = "step-search"
FAILED: Final = "step-failed"
MARKED: Final = "step-to-mark"
LARGE: Final = "step-large"
MANY: Final = "step-many"
DEEP: Final = "step-deep"
FILES: Final = "step-files"
ODD: Final = "step-odd"
RUNNING: Final = "step-running"
CUT: Final = "step-cut"
MESSAGES: Final = 5_000
LEVELS: Final = 990
TIMES: Final = {"startTime": "2026-11-20T10:00:00.000Z", "endTime": "2026-11-20T10:00:02.500Z"}
ELSEWHERE: Final = "http://127.0.0.1:9/not-loaded.png"


def png() -> bytes:
    """A picture of 64 by 48 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x2f\x4f\xcf" * 64 for _ in range(48))
    head = struct.pack(">IIBBBBB", 64, 48, 8, 2, 0, 0, 0)
    content = [chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(content)


def wav() -> bytes:
    """A tenth of a second of silence."""
    data = b"\x80" * 800
    form = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8_000, 8_000, 1, 8) + b"data" + struct.pack("<I", len(data))
    return b"RIFF" + struct.pack("<I", len(form) + len(data)) + form + data


PICTURE: Final = f"sha256:{hashlib.sha256(png()).hexdigest()}"
SVG: Final = b"<svg xmlns='http://www.w3.org/2000/svg'><script>parent.literalCanary('svg')</script></svg>"
PAGE: Final = b"<script>(window.opener || parent).literalCanary('html')</script>"
UPLOADS: Final = (
    ("picture.png", "image/png", png()),
    ("drawing.svg", "image/svg+xml", SVG),
    ("page.html", "text/html", PAGE),
    ("sound.wav", "audio/wav", wav()),
    ("film.mp4", "video/mp4", b"\0\0\0\x18ftypmp42"),
    ("notes.txt", "text/plain", "first line\n<b>second</b> line\n東京".encode()),
    ("paper.pdf", "application/pdf", b"%PDF-1.4\n%%EOF"),
    ("thing.bin", "application/x-thing", b"\0\1\2"),
)
WEATHER: Final = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather at a place",
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}}},
    },
}
QUESTION: Final = {
    "type": "text",
    "text": 'What is on this picture, and how is the weather in 東京? It\'s "urgent" & $HOME `id`',
}
ASKED: Final = [
    {"role": "system", "content": "You are a *careful* assistant. Answer in `markdown`."},
    {
        "role": "user",
        "content": [
            QUESTION,
            {"type": "image_url", "image_url": {"url": PICTURE}},
            {"type": "image_url", "image_url": {"url": ELSEWHERE}},
        ],
    },
    {
        "role": "assistant",
        "content": None,
        "reasoning_content": "I should ask the tool for the weather first.",
        "tool_calls": [
            {
                "id": "call_0123456789abcdef",
                "type": "function",
                "function": {"name": "get_weather", "arguments": '{"place": "Tokyo", "days": [1, 2]}'},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "call_0123456789abcdef", "content": '{"sky": "clear", "degrees": 21.5}'},
]
SAID: Final = {
    "role": "assistant",
    "content": "## Weather\n\nIt is **clear** in Tokyo, 21.5 °C.\n\n| day | sky |\n|---|---|\n| 1 | clear |\n\n"
    "```python\nprint('hi')\n```\n\n![remote](http://127.0.0.1:9/remote.png) [more](https://example.com/more)",
}


ODDITIES: Final = {
    "rtl": "שלום עולם",
    "arabic": "مرحبا",
    "cjk": "漢字かな交じり文",
    "emoji": "👩‍👩‍👧",
    "controls": "a\u202eb\u0007c",
    "": "no name",
    "true": "yes",
    "multi\nline": "a\nb\n\nc",
}


def chat(**changes: Any) -> Record:
    """A generation that has everything."""
    generation = {
        "type": "CHAT",
        "provider": "openai",
        "model": "gpt-4o-2024-08-06",
        "settings": {"model": "gpt-4o", "temperature": 0.2, "max_tokens": 400, "stop": ["END"], "stream": True},
        "messages": ASKED,
        "messageCompletion": SAID,
        "tools": [WEATHER],
        "variables": {"city": "東京", "tone": "careful"},
        "inputTokenCount": 1_234,
        "outputTokenCount": 321,
        "tokenCount": 1_555,
        "ttFirstToken": 312.0,
        "duration": 2.5,
    }
    metadata = {
        "finish_reasons": ["stop"],
        "request_id": "req_42",
        "usage": {"cache_read_input_tokens": 1_024, "reasoning_output_tokens": 64},
        "customer": {"tier": "gold", "since": 2019},
    }
    return {"type": "llm", "name": "gpt-4o", "metadata": metadata, "generation": {**generation, **changes}}


def records() -> list[Record]:
    """The steps, as an import takes them."""
    within = {"kind": "step", "threadId": "step-thread", "parentId": RUN, "rootRunId": RUN, **TIMES}
    documents = [
        {
            "id": "doc-1",
            "score": 0.912345,
            "text": "Parcels may be **returned** within 30 days.",
            "metadata": {"page": 3},
        },
        {"id": "doc-2", "score": 0.51, "text": "A gift card does not expire.", "metadata": {"page": 9}},
    ]
    colder = {**SAID, "content": "## Weather\n\nIt is **cold** in Tokyo, 2 °C."}
    many = [
        {"role": "user" if at % 2 == 0 else "assistant", "content": f"message number {at}"} for at in range(MESSAGES)
    ]
    return [
        {"kind": "user", "id": "step-user", "identifier": "ada@example.com"},
        {"kind": "thread", "id": "step-thread", "name": "A panel for everything", "participantId": "step-user"},
        {"kind": "step", "id": RUN, "type": "run", "name": "answer", "threadId": "step-thread", **TIMES,
         "input": {"question": "What now?", "tries": 2}, "output": {"content": "All is **well**."}},
        {**within, "id": CHAT, **chat()},
        {**within, "id": OTHER, **chat(messageCompletion=colder, outputTokenCount=20, model="gpt-4o-mini",
                                        settings={"model": "gpt-4o-mini", "temperature": 0.9})},
        {**within, "id": TOOL, "type": "tool", "name": "get_weather", "input": {"place": "Tokyo"},
         "output": {"content": [{"sky": "clear"}]}},
        {**within, "id": SEARCH, "type": "retrieval", "name": "search", "input": {"content": "return of parcels"},
         "output": {"content": documents}},
        {**within, "id": FAILED, "type": "llm", "name": "gpt-4o", "error": "The model is overloaded.",
         "metadata": {"otel": {"trace_id": "a" * 32, "span_id": "b" * 16, "scope": "shop", "attributes": {"k": 1},
                               "exception": {"type": "OverloadedError", "message": "The model is overloaded.",
                                             "stacktrace": "Traceback:\n  line 1"}}},
         "generation": {"type": "CHAT", "provider": "anthropic", "model": "claude", "messages": ASKED}},
        {**within, "id": MARKED, "type": "llm", "name": "marked", "generation": {"type": "CHAT", "model": "m",
         "messages": [{"role": "user", "content": "short"}]}},
        {**within, "id": LARGE, "type": "llm", "name": "large",
         "generation": {"type": "CHAT", "model": "m", "messages": [{"role": "user", "content": "\n".join(
             f"line {at} of many" for at in range(160_000))}]},
         "output": {"role": "assistant", "content": "x" * 400_000}},
        {**within, "id": MANY, "type": "llm", "name": "many",
         "generation": {"type": "CHAT", "model": "m", "messages": many}},
        {**within, "id": DEEP, "type": "tool", "name": "deep", "input": nested(LEVELS), "output": wide()},
        {**within, "id": FILES, "type": "undefined", "name": "files"},
        {**within, "id": RUNNING, "type": "tool", "name": "slow", "endTime": None},
        {**within, "id": CUT, "type": "llm", "name": "cut", "generation": {"type": "CHAT", "model": "m",
         "messages": [{"role": "user", "content": "[dropped]"}]},
         "metadata": {"literalai.truncated": {"generation.messages": 4_000_000}, "content_dropped": "mask_failed"}},
        {**within, "id": ODD, "type": "tool", "name": "odd", "input": ODDITIES, "output": {"content": 0}},
    ]  # fmt: skip


def nested(levels: int) -> Record:
    """An object in an object, and so on."""
    value: Any = "bottom"
    for level in range(levels):
        value = {f"level {level}": value} if level % 2 == 0 else [value]
    return {"top": value}


def wide() -> Record:
    """Ten thousand members."""
    return {f"key {at:05}": {"number": at, "text": f"value of {at}"} for at in range(10_000)}


def otlp() -> Record:
    """A call of a model as OTLP/JSON, with what only the span has."""

    def said(values: dict[str, str]) -> list[Record]:
        return [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]

    messages = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "over OTLP"}]}])
    span = {
        "traceId": f"{7:032x}",
        "spanId": f"{7:016x}",
        "name": "chat m",
        "kind": 3,
        "startTimeUnixNano": "1760000000000000000",
        "endTimeUnixNano": "1760000001000000000",
        "attributes": said(
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.request.model": "m",
                "gen_ai.input.messages": messages,
                "shop.queue": "q7",
            }
        ),
        "events": [{"name": "retried", "timeUnixNano": "1760000000500000000", "attributes": said({"why": "slow"})}],
    }
    scope = {"scope": {"name": "shop.llm", "version": "1.2"}, "spans": [span]}
    resource = {"attributes": said({"service.name": "shop", "host.name": "till-3"})}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}


def fill(site: Site) -> None:
    """Puts the steps and their files into the project."""
    with site.http() as http:
        assert http.post("/v1/traces", json=otlp()).json() == {}
        for record in records():
            answer = http.post("/api/import", content=dumps({"records": [record]}))
            assert answer.json()["results"][0]["ok"], answer.text
    with site.api() as api:
        for name, mime, content in UPLOADS:
            attach(api, FILES, name, mime, content)
        attach(api, CHAT, "picture.png", "image/png", png())
        api.create_attachment(step_id=FILES, name="far.png", mime="image/png", url=ELSEWHERE)


def attach(api: SyncApi, step_id: str, name: str, mime: str, content: bytes) -> None:
    """Uploads a file for a step."""
    metadata = {"sha256": hashlib.sha256(content).hexdigest()}
    api.create_attachment(
        thread_id="step-thread", step_id=step_id, name=name, mime=mime, content=content, metadata=metadata
    )
