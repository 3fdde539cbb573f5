"""A support assistant, as somebody would write it: run under `opentelemetry-instrument` against the fake provider.

Two conversations: one with retrieval, tools, a stream, an image and a failed call; one by another user, in staging.
"""

import base64
import contextlib
import json
import struct
import zlib

import openai

import literalai_otel

api = literalai_otel.LiteralClient().api
model = openai.OpenAI(max_retries=0)
ADA = api.get_or_create_user("ada@example.com", {"plan": "team"})
LIN = api.get_or_create_user("lin@example.org")
PROMPT = api.get_or_create_prompt(
    "support",
    [
        {"role": "system", "content": "You answer for {{shop}}. Use what was found: {{found}}"},
        {"role": "user", "content": "{{question}}"},
    ],
)
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather of a city.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "unit": {"type": "string"}}},
        },
    }
]
DOCUMENTS = (
    {"id": "returns", "content": "Goods can be sent back within 30 days.", "score": 0.91},
    {"id": "refunds", "content": "Refunds arrive within five working days.", "score": 0.74},
)


def picture(width: int = 48, height: int = 32) -> bytes:
    """A PNG with a gradient, small enough for a request."""
    rows = b"".join(b"\x00" + b"".join(bytes((x * 5, y * 7, 160)) for x in range(width)) for y in range(height))

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@literalai_otel.step(type="retrieval", name="search handbook")
def search(question: str) -> list[dict[str, object]]:
    """What the handbook says."""
    return list(DOCUMENTS)


@literalai_otel.step(type="tool")
def get_weather(city: str, unit: str = "celsius") -> dict[str, object]:
    """What the sky is like."""
    return {"city": city, "celsius": 21, "sky": "sunny"}


@literalai_otel.run(name="answer question")
def answer(question: str) -> str:
    """Retrieval, then a streamed answer by the prompt's template."""
    found = search(question)
    messages = PROMPT.format_messages(shop="Literal Goods", found=json.dumps(found), question=question)
    chunks = model.chat.completions.create(
        model="gpt-4o", messages=messages, stream=True, temperature=0.2, stream_options={"include_usage": True}
    )
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


@literalai_otel.run(name="plan picnic")
def plan_picnic(city: str) -> str | None:
    """Two tools asked for, one called; a model that fails, and one that takes over."""
    messages = [
        {"role": "system", "content": "You plan picnics."},
        {"role": "user", "content": f"Is **{city}** good for a picnic?\n\n- sun\n- no rain"},
    ]
    asked = model.chat.completions.create(model="tools", messages=messages, tools=TOOLS).choices[0].message
    messages.append(asked.model_dump(exclude_none=True))
    for call in asked.tool_calls or ():
        told = get_weather(city) if call.function.name == "get_weather" else {"time": "12:30"}
        messages.append({"role": "tool", "tool_call_id": call.id, "content": json.dumps(told)})
    try:
        model.chat.completions.create(model="error-429", messages=messages)
    except openai.RateLimitError:
        return (
            model.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=TOOLS)
            .choices[0]
            .message.content
        )


@literalai_otel.run(name="look at picture")
def look(question: str) -> str | None:
    """A message with an image in it."""
    data = base64.b64encode(picture()).decode()
    parts = [
        {"type": "text", "text": question},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
    ]
    reply = model.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": parts}])
    return reply.choices[0].message.content


@literalai_otel.run(name="give up")
def give_up() -> None:
    """A run that fails."""
    raise ValueError("the order was not found")


if __name__ == "__main__":
    with literalai_otel.thread(
        name="Where is my refund", participant_id=ADA.id, tags=["refund", "vip"], metadata={"channel": "mail"}
    ):
        answer("Where is my refund?")
        plan_picnic("Lisbon")
    with (
        literalai_otel.environment(env="staging"),
        literalai_otel.thread(name="A picture of a parcel", participant_id=LIN.id, tags=["parcel"]),
        contextlib.suppress(ValueError),
    ):
        look("What is in this picture?")
        give_up()
