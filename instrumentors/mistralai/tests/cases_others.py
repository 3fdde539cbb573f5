"""Conversations, responses, and the endpoints that do not chat."""

import io
from typing import Any

from literalai_otel.attributes import (
    AGENT_ID,
    CONVERSATION_ID,
    EMBEDDINGS_DIMENSION_COUNT,
    GENERATION_SETTINGS,
    OUTPUT_TYPE,
    REQUEST_MAX_TOKENS,
    REQUEST_TEMPERATURE,
    RESPONSE_MODEL,
    RESPONSE_TIME_TO_FIRST_CHUNK,
    STEP_INPUT,
    STEP_OUTPUT,
    SYSTEM_INSTRUCTIONS,
    TOOL_DEFINITIONS,
    USAGE_AUDIO_SECONDS,
    USAGE_CACHE_READ_INPUT_TOKENS,
    USAGE_PAGES,
    USAGE_REASONING_OUTPUT_TOKENS,
    USAGE_TOTAL_TOKENS,
)
from literalai_otel.testing import CapturedSpan
from literalai_otel.testing.cases import Cases
from literalai_otel.testing.mistral_conversations import CONVERSATION, Conversation, calls, hands_over, says, searches
from literalai_otel.testing.mistral_endpoints import AUDIO, TRANSCRIPT
from literalai_otel.testing.reading import arguments, decoded, inputs, outputs, parts, texts

from .cases_chat import WEATHER_TOOL
from .worlds import HELLO, MISTRAL, MistralWorld, expect

OTHERS = case = Cases()

ANSWER = "Bonjour from the agent."
SPANS: dict[str, Any] = {"name": "chat mistral-medium", "texts": (ANSWER,), "usage": (20, 9)}


# --- conversations -------------------------------------------------------------------------------


def conversation(span: CapturedSpan) -> None:
    fields = span.fields
    assert fields[CONVERSATION_ID] == CONVERSATION
    assert fields[RESPONSE_MODEL] == "mistral-medium-2505"
    assert fields[USAGE_TOTAL_TOKENS] == 34, "connectors use tokens beside those of input and output"


def started(span: CapturedSpan) -> None:
    conversation(span)
    assert texts(inputs(span)) == ("Hi",)
    assert decoded(span.fields[SYSTEM_INSTRUCTIONS]) == [{"type": "text", "content": "Be kind."}]
    assert [tool["type"] for tool in decoded(span.fields[TOOL_DEFINITIONS])] == ["function", "web_search"]
    assert (span.fields[REQUEST_TEMPERATURE], span.fields[REQUEST_MAX_TOKENS]) == (0, 9)


START = {
    "model": "mistral-medium",
    "inputs": "Hi",
    "instructions": "Be kind.",
    "tools": [WEATHER_TOOL, {"type": "web_search"}],
    "completion_args": {"temperature": 0, "max_tokens": 9},
}


@case("M13 a conversation starts", expect(**SPANS, check=started))
async def start(world: MistralWorld) -> None:
    client = world.client()
    world.show("answer", await world.do(client.beta.conversations, "start", **START))


@case("M13 a conversation starts in a stream", expect(**SPANS, check=started))
async def start_stream(world: MistralWorld) -> None:
    client = world.client()
    await world.read(await world.do(client.beta.conversations, "start_stream", **START))


def appended(span: CapturedSpan) -> None:
    conversation(span)
    assert span.attributes[CONVERSATION_ID] == CONVERSATION, "known when the call starts"
    (answer,) = parts(inputs(span), "tool_call_response")
    assert (answer["id"], answer["response"]) == ("call_1", "sunny")


APPENDED = {**SPANS, "name": "chat"}


@case("M13 function results", expect(**APPENDED, check=appended))
async def append(world: MistralWorld) -> None:
    client = world.client()
    result = [{"type": "function.result", "tool_call_id": "call_1", "result": "sunny"}]
    answer = await world.do(client.beta.conversations, "append", conversation_id=CONVERSATION, inputs=result)
    world.show("answer", answer)


@case("a conversation goes on in a stream", expect(**APPENDED, check=conversation))
async def append_stream(world: MistralWorld) -> None:
    client = world.client()
    await world.read(
        await world.do(client.beta.conversations, "append_stream", conversation_id=CONVERSATION, inputs="and?")
    )


@case("a conversation restarts", expect(**APPENDED, check=conversation), expect(**APPENDED, check=conversation))
async def restart(world: MistralWorld) -> None:
    client = world.client()
    asked = {"conversation_id": CONVERSATION, "inputs": "again", "from_entry_id": "msg_0"}
    world.show("answer", await world.do(client.beta.conversations, "restart", **asked))
    await world.read(await world.do(client.beta.conversations, "restart_stream", **asked))


def agent_asked(span: CapturedSpan) -> None:
    assert span.attributes[AGENT_ID] == "ag_1"


@case("a conversation with an agent", expect(**APPENDED, check=agent_asked))
async def agent(world: MistralWorld) -> None:
    client = world.client()
    inputs_given = [{"role": "user", "content": "Hi"}]
    world.show("answer", await world.do(client.beta.conversations, "start", agent_id="ag_1", inputs=inputs_given))


def everything(span: CapturedSpan) -> None:
    (message,) = outputs(span)
    assert [part["type"] for part in message["parts"]] == [
        "agent.handoff",
        "server_tool_call",
        "server_tool_call_response",
        "text",
        "tool_call",
    ]
    (searched,), (found,) = parts([message], "server_tool_call"), parts([message], "server_tool_call_response")
    assert (searched["id"], searched["name"]) == ("tool_1", "web_search")
    assert searched["server_tool_call"] == {"type": "web_search", "arguments": {"query": "Paris"}}
    assert found["server_tool_call_response"] == {"type": "web_search", "results": 2}
    (call,) = parts([message], "tool_call")
    assert (call["id"], call["name"], arguments(call)) == ("call_1", "get_weather", {"city": "Paris"})


OUTPUTS = (hands_over(), searches(), says(), calls())


@case("what an agent does", expect(name="chat", check=everything), expect(name="chat", check=everything))
async def agent_work(world: MistralWorld) -> None:
    world.provider.script(Conversation(OUTPUTS))
    client = world.client()
    asked = {"agent_id": "ag_1", "inputs": "Hi"}
    world.show("answer", await world.do(client.beta.conversations, "start", **asked))
    await world.read(await world.do(client.beta.conversations, "start_stream", **asked))


@case("a conversation that fails in its stream", expect(name="chat stream-failure", texts=(ANSWER,), error="3500"))
async def failing_stream(world: MistralWorld) -> None:
    client = world.client()
    await world.read(await world.do(client.beta.conversations, "start_stream", model="stream-failure", inputs="Hi"))


@case("a conversation that is refused", expect(name="chat error-429", error="*"))
async def refused(world: MistralWorld) -> None:
    client = world.client()
    await world.attempt("error", lambda: world.do(client.beta.conversations, "start", model="error-429", inputs="Hi"))


# --- responses -----------------------------------------------------------------------------------

if MISTRAL >= (3, 0):

    def response(span: CapturedSpan) -> None:
        fields = span.fields
        assert (fields[USAGE_CACHE_READ_INPUT_TOKENS], fields[USAGE_REASONING_OUTPUT_TOKENS]) == (3, 2)
        assert texts(inputs(span)) == ("Hi",)
        assert fields[REQUEST_MAX_TOKENS] == 9

    RESPONSE: dict[str, Any] = {"texts": ("Bonjour again.",), "usage": (11, 7), "finish": ("stop",), "check": response}

    @case("responses", expect(**RESPONSE), expect(**RESPONSE))
    async def responses(world: MistralWorld) -> None:
        client = world.client()
        asked = {"model": "mistral-small", "input": "Hi", "max_output_tokens": 9}
        world.show("answer", await world.do(client.responses, "create", **asked))
        await world.read(await world.do(client.responses, "create", stream=True, **asked))

    @case("a usage that the SDK does not know", expect(name="chat old-usage", usage=(11, 7)))
    async def unknown_usage(world: MistralWorld) -> None:
        client = world.client()
        world.show("answer", await world.do(client.responses, "create", model="old-usage", input="Hi"))

    @case("a response that fails in its stream", expect(name="chat failing", error="server_error"))
    async def failing_response(world: MistralWorld) -> None:
        client = world.client()
        await world.read(await world.do(client.responses, "create", model="failing", input="Hi", stream=True))


# --- embeddings, judgements ----------------------------------------------------------------------


def vectors(span: CapturedSpan) -> None:
    assert span.fields[EMBEDDINGS_DIMENSION_COUNT] == 4
    assert decoded(span.fields[STEP_INPUT]) == ["one", "two"]
    assert decoded(span.fields[STEP_OUTPUT]) == {"count": 2, "dimensions": 4}


@case("M8 embeddings", expect(name="embeddings mistral-embed", usage=(10, 0), check=vectors))
async def embeddings(world: MistralWorld) -> None:
    client = world.client()
    world.show("answer", await world.do(client.embeddings, "create", model="mistral-embed", inputs=["one", "two"]))


@case("M8 embeddings that are refused", expect(name="embeddings error-401", error="SDKError"))
async def refused_embeddings(world: MistralWorld) -> None:
    client = world.client()
    await world.attempt("error", lambda: world.do(client.embeddings, "create", model="error-401", inputs="one"))


def judged(span: CapturedSpan) -> None:
    given = decoded(span.fields[STEP_INPUT])
    found = [part for item in given for part in item.get("parts", [item])]
    assert found == [{"type": "text", "content": "Hi"}]
    assert list(decoded(span.fields[STEP_OUTPUT])) == ["results"]


@case(
    "M29 moderation and classification",
    *(expect(name=f"{operation} judge", check=judged) for operation in ["moderation"] * 2 + ["classification"] * 2),
)
async def judgements(world: MistralWorld) -> None:
    classifiers = world.client().classifiers
    for method, given in (("moderate", ["Hi"]), ("moderate_chat", HELLO), ("classify", ["Hi"])):
        world.show(method, await world.do(classifiers, method, model="judge", inputs=given))
    name = "input" if MISTRAL >= (2, 0) else "inputs"
    chat = {"messages": HELLO}
    world.show("classify_chat", await world.do(classifiers, "classify_chat", model="judge", **{name: [chat]}))


# --- documents and audio -------------------------------------------------------------------------


def pages(span: CapturedSpan) -> None:
    fields = span.fields
    assert (fields[USAGE_PAGES], fields[OUTPUT_TYPE]) == (2, "text")
    (document,) = parts(inputs(span), "uri")
    assert document["uri"] == "https://example.org/a.pdf"
    (message,) = outputs(span)
    assert [(part["page"], part["content"]) for part in message["parts"]] == [(0, "# Title"), (1, "The end.")]
    assert "AAAA" not in str(fields)


@case("M29 OCR", expect(name="generate_content mistral-ocr", check=pages))
async def ocr(world: MistralWorld) -> None:
    client = world.client()
    document = {"type": "document_url", "document_url": "https://example.org/a.pdf"}
    asked = {"model": "mistral-ocr", "document": document, "include_image_base64": True}
    world.show("answer", await world.do(client.ocr, "process", **asked))


def heard(span: CapturedSpan) -> None:
    fields = span.fields
    assert (fields[USAGE_AUDIO_SECONDS], fields[OUTPUT_TYPE]) == (3, "text")
    (audio,) = parts(inputs(span), "blob")
    assert (audio["name"], audio["byte_size"]) == ("a.wav", len(AUDIO))
    assert decoded(fields[GENERATION_SETTINGS]).get("language") == "fr"


TRANSCRIBED: dict[str, Any] = {
    "name": "generate_content voxtral",
    "texts": (TRANSCRIPT,),
    "usage": (11, 7),
    "check": heard,
}


@case("M29 transcription", expect(**TRANSCRIBED))
async def transcription(world: MistralWorld) -> None:
    client = world.client()
    asked = {"model": "voxtral", "file": {"file_name": "a.wav", "content": AUDIO}, "language": "fr"}
    world.show("answer", await world.do(client.audio.transcriptions, "complete", **asked))


def heard_in_time(span: CapturedSpan) -> None:
    heard(span)
    assert span.fields[RESPONSE_TIME_TO_FIRST_CHUNK] > 0


@case("M29 transcription in a stream", expect(**{**TRANSCRIBED, "check": heard_in_time}))
async def transcription_stream(world: MistralWorld) -> None:
    client = world.client()
    asked = {"model": "voxtral", "file": {"file_name": "a.wav", "content": AUDIO}, "language": "fr"}
    await world.read(await world.do(client.audio.transcriptions, "stream", **asked))


if MISTRAL >= (2, 0):

    def file_named(span: CapturedSpan) -> None:
        (audio,) = parts(inputs(span), "blob")
        assert audio == {"type": "blob", "modality": "audio", "name": "a.wav"}

    @case("an open file is read by the SDK alone", expect(**{**TRANSCRIBED, "check": file_named}))
    async def open_file(world: MistralWorld) -> None:
        client = world.client()
        file = io.BytesIO(AUDIO)
        asked = {"model": "voxtral", "file": {"file_name": "a.wav", "content": file}}
        world.show("answer", await world.do(client.audio.transcriptions, "complete", **asked))
        world.show("read to", file.tell())

    def spoken(span: CapturedSpan) -> None:
        assert texts(inputs(span)) == ("Bonjour",)
        (audio,) = parts(outputs(span), "blob")
        assert audio["modality"] == "audio"
        assert audio["byte_size"] in (len(AUDIO), 2 * len(AUDIO))
        assert span.fields[OUTPUT_TYPE] == "speech"

    @case(
        "M29 speech",
        expect(name="generate_content voxtral-tts", check=spoken),
        expect(name="generate_content voxtral-tts", usage=(11, 7), check=spoken),
    )
    async def speech(world: MistralWorld) -> None:
        client = world.client()
        asked = {"model": "voxtral-tts", "input": "Bonjour", "voice_id": "v"}
        world.show("answer", await world.do(client.audio.speech, "complete", **asked))
        await world.read(await world.do(client.audio.speech, "complete", stream=True, **asked))
