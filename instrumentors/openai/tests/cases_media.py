"""Images, speech, transcriptions."""

import hashlib
import io
import tempfile
from pathlib import Path
from typing import Any

from literalai_otel.attributes import (
    GENERATION_SETTINGS,
    OUTPUT_TYPE,
    REQUEST_CHOICE_COUNT,
    RESPONSE_TIME_TO_FIRST_CHUNK,
    USAGE_AUDIO_INPUT_TOKENS,
    USAGE_AUDIO_SECONDS,
    USAGE_TEXT_INPUT_TOKENS,
)
from literalai_otel.testing import CapturedSpan, Gate, Images, Reply
from literalai_otel.testing.cases import Cases
from literalai_otel.testing.openai_media import HEARD, PICTURE, SOUND
from literalai_otel.testing.reading import decoded, inputs, outputs, parts, texts

from .cases_streams import timed
from .worlds import Expect, OpenAIWorld

MEDIA = case = Cases()

FOX = "A red fox"
HELLO = "Hello, world"


def media(**expected: Any) -> Expect:
    return Expect(operation="generate_content", **expected)


def painted(count: int, form: str = "png") -> Any:
    def check(span: CapturedSpan) -> None:
        assert span.fields[OUTPUT_TYPE] == "image"
        assert span.fields[USAGE_TEXT_INPUT_TOKENS] == 6
        assert inputs(span)[0]["parts"][0] == {"type": "text", "content": FOX}
        images = parts(outputs(span), "blob")
        assert [image["mime_type"] for image in images] == [f"image/{form}"] * count

    return check


async def paint(world: OpenAIWorld, client: Any = None, **asked: Any) -> Any:
    """`images.generate` with a default model and prompt."""
    client = client if client is not None else world.client()
    return await world.call(client.images.generate(**{"model": "gpt-4o", "prompt": FOX, **asked}))


@case("images.generate", media(usage=(6, 100), check=painted(1)), features=("I-OAI-04",))
async def generate(world: OpenAIWorld) -> None:
    world.show("answer", await paint(world, size="1024x1024"))


def two_images(span: CapturedSpan) -> None:
    painted(2)(span)
    assert span.fields[REQUEST_CHOICE_COUNT] == 2
    assert parts(outputs(span), "blob")[0]["revised_prompt"] == "A very red fox"


@case("images.generate, n", media(check=two_images))
async def generate_two(world: OpenAIWorld) -> None:
    world.show("answer", await paint(world, n=2))


def addressed(span: CapturedSpan) -> None:
    (image,) = parts(outputs(span), "uri")
    assert (image["modality"], image["uri"]) == ("image", "https://example.com/fox.png")


@case("images.generate by address", media(check=addressed))
async def generate_url(world: OpenAIWorld) -> None:
    world.show("answer", await paint(world, response_format="url"))


LARGE = PICTURE * 100


def referred(span: CapturedSpan) -> None:
    """A large image is its hash, type and size."""
    (image,) = parts(outputs(span), "uri")
    expected = {"modality": "image", "mime_type": "image/png", "byte_size": len(LARGE)}
    assert {key: image[key] for key in expected} == expected
    assert image["uri"] == f"sha256:{hashlib.sha256(LARGE).hexdigest()}"


@case("images.generate, large", media(check=referred))
async def generate_large(world: OpenAIWorld) -> None:
    world.provider.script(Images(LARGE))
    answer = await paint(world)
    world.show("answer", [len(answer.data), len(answer.data[0].b64_json)])


def streamed_image(span: CapturedSpan) -> None:
    painted(1, "webp")(span)
    timed(span)


@case("images.generate stream", media(usage=(6, 100), check=streamed_image))
async def generate_stream(world: OpenAIWorld) -> None:
    """Previews are no images of the answer."""
    stream = await paint(world, stream=True, partial_images=1)
    world.show("events", [event async for event in world.each(stream)])


@case("images.generate stream, closed after a preview", media(texts=(), outcome="closed"))
async def preview_only(world: OpenAIWorld) -> None:
    async with world.entering(await paint(world, stream=True)) as stream:
        async for _ in world.each(stream):
            break


def uploaded(span: CapturedSpan) -> None:
    painted(1)(span)
    assert inputs(span)[0]["parts"][1:] == [
        {"type": "blob", "modality": "image", "name": "a.png", "mime_type": "image/png", "byte_size": 3},
        {"type": "blob", "modality": "image", "byte_size": 4},
        {"type": "blob", "modality": "image", "name": "mask.png", "byte_size": 5},
    ]
    assert set(decoded(span.fields[GENERATION_SETTINGS])) == {"size"}


@case("images.edit", media(usage=(6, 100), check=uploaded))
async def edit(world: OpenAIWorld) -> None:
    images = [("a.png", b"abc", "image/png"), b"abcd"]
    mask = ("mask.png", b"abcde")
    client = world.client()
    answer = await world.call(client.images.edit(model="gpt-4o", prompt=FOX, image=images, mask=mask, size="1024x1024"))
    world.show("answer", answer)


@case("images.edit stream", media(usage=(6, 100), check=streamed_image))
async def edit_stream(world: OpenAIWorld) -> None:
    client = world.client()
    stream = await world.call(client.images.edit(model="gpt-4o", prompt=FOX, image=b"abc", stream=True))
    world.show("events", [event async for event in world.each(stream)])


def varied(span: CapturedSpan) -> None:
    assert inputs(span)[0]["parts"] == [{"type": "blob", "modality": "image", "byte_size": 3}]


@case("images.create_variation", media(check=varied))
async def variation(world: OpenAIWorld) -> None:
    client = world.client()
    world.show("answer", await world.call(client.images.create_variation(model="gpt-4o", image=b"abc")))


@case("raw images", media(check=painted(1)), media(check=painted(1)), media(outcome="closed"))
async def raw_images(world: OpenAIWorld) -> None:
    images = world.client().images
    response = await world.call(images.with_raw_response.generate(model="gpt-4o", prompt=FOX))
    world.show("raw", response.parse())
    view = images.with_streaming_response
    async with world.entering(view.generate(model="gpt-4o", prompt=FOX)) as response:
        world.show("parsed", await world.call(response.parse()))
    async with world.entering(view.generate(model="gpt-4o", prompt=FOX)) as response:
        world.show("status", response.status_code)


for _model, _error in (("error-400", "BadRequestError"), ("error-429", "RateLimitError")):

    @case(f"images {_model}", media(model=_model, error=_error))
    async def failed_images(world: OpenAIWorld, model: str = _model) -> None:
        await world.attempt("error", lambda: paint(world, model=model))


@case("images, HTML", media(model="html"), logs="not readable")
async def html(world: OpenAIWorld) -> None:
    await world.attempt("answer", lambda: paint(world, model="html"))


# --- speech --------------------------------------------------------------------------------------


def spoken(size: int | None = len(SOUND)) -> Any:
    def check(span: CapturedSpan) -> None:
        fields = span.fields
        assert fields[OUTPUT_TYPE] == "speech"
        assert texts(inputs(span)) == ("Be merry", HELLO)
        assert decoded(fields[GENERATION_SETTINGS])["voice"] == "alloy"
        (sound,) = parts(outputs(span), "blob")
        assert sound.get("byte_size") == size
        assert "content" not in sound, "audio that a model made is not kept"

    return check


SPOKEN: dict[str, Any] = {"model": "gpt-4o", "voice": "alloy", "input": HELLO, "instructions": "Be merry"}


@case("audio.speech", media(check=spoken()))
async def speech(world: OpenAIWorld) -> None:
    answer = await world.call(world.client().audio.speech.create(**SPOKEN))
    world.show("answer", [type(answer).__name__, answer.content == SOUND])


def first_byte_timed(span: CapturedSpan) -> None:
    spoken()(span)
    assert RESPONSE_TIME_TO_FIRST_CHUNK in span.fields


for _reader in ("iter_bytes", "read", "stream_to_file"):

    @case(f"audio.speech, {_reader}() of a streaming response", media(check=first_byte_timed))
    async def streamed_speech(world: OpenAIWorld, reader: str = _reader) -> None:
        view = world.client().audio.speech.with_streaming_response
        async with world.entering(view.create(**SPOKEN)) as response:
            if reader == "iter_bytes":
                sound = b"".join([piece async for piece in world.each(response.iter_bytes())])
            elif reader == "read":
                sound = await world.call(response.read())
            elif world.asynchronous:
                # It writes on a thread of its own, which the observation would show.
                sound = b"".join([piece async for piece in world.each(response.iter_bytes(4096))])
            else:
                with tempfile.TemporaryDirectory() as folder:
                    response.stream_to_file(Path(folder) / "sound.mp3")
                    sound = (Path(folder) / "sound.mp3").read_bytes()
            world.show("sound", sound == SOUND)


def some_bytes(span: CapturedSpan) -> None:
    (sound,) = parts(outputs(span), "blob")
    assert 0 < sound["byte_size"] < len(SOUND)


@case("audio.speech, left early", media(outcome="closed", check=some_bytes))
async def speech_left(world: OpenAIWorld) -> None:
    view = world.client().audio.speech.with_streaming_response
    async with world.entering(view.create(**SPOKEN)) as response:
        async for _ in world.each(response.iter_bytes(100)):
            break


@case("audio.speech as events", media(usage=(7, 50), check=spoken(None)), media(usage=(7, 50), check=spoken(None)))
async def speech_events(world: OpenAIWorld) -> None:
    speech = world.client().audio.speech
    asked = {**SPOKEN, "stream_format": "sse"}
    answer = await world.call(speech.create(**asked))
    world.show("plain", answer.content)
    async with world.entering(speech.with_streaming_response.create(**asked)) as response:
        world.show("lines", [line async for line in world.each(response.iter_lines())])


@case("audio.speech 429", media(model="error-429", error="RateLimitError"))
async def speech_failed(world: OpenAIWorld) -> None:
    await world.attempt("error", lambda: world.client().audio.speech.create(**{**SPOKEN, "model": "error-429"}))


@case("audio.speech timeout", media(error="APITimeoutError"))
async def speech_timeout(world: OpenAIWorld) -> None:
    gate = Gate()
    world.provider.script(_Held(gate))
    client = world.client(timeout=0.2)
    try:
        await world.attempt("error", lambda: client.audio.speech.create(**SPOKEN))
    finally:
        gate.open()


class _Held:
    """An answer that waits at a gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def render(self, request: Any) -> Any:
        return Reply(before=self._gate)


# --- transcriptions ------------------------------------------------------------------------------


def heard(text: str = HEARD, **upload: Any) -> Any:
    def check(span: CapturedSpan) -> None:
        assert span.fields[OUTPUT_TYPE] == "text"
        assert texts(outputs(span)) == (text,)
        assert inputs(span)[0]["parts"][0] == {"type": "blob", "modality": "audio", **upload}
        assert not {"file", "prompt", "model"} & set(decoded(span.fields[GENERATION_SETTINGS]))

    return check


async def transcribe(world: OpenAIWorld, client: Any = None, **asked: Any) -> Any:
    """`audio.transcriptions.create` with a default model and file."""
    client = client if client is not None else world.client()
    given = {"model": "gpt-4o", "file": ("a.mp3", b"sound", "audio/mpeg"), **asked}
    return await world.call(client.audio.transcriptions.create(**given))


def by_tokens(span: CapturedSpan) -> None:
    heard(name="a.mp3", mime_type="audio/mpeg", byte_size=5)(span)
    assert span.fields[USAGE_AUDIO_INPUT_TOKENS] == 14
    assert texts(inputs(span)) == ("Names: Ada",)


@case("audio.transcriptions", media(usage=(14, 6), check=by_tokens))
async def transcription(world: OpenAIWorld) -> None:
    world.show("answer", await transcribe(world, prompt="Names: Ada", language="en"))


@case(
    "O25 audio.transcriptions, kinds of files",
    media(check=heard(byte_size=5)),
    media(check=heard(byte_size=5)),
    media(check=heard(name="b.mp3")),
)
async def files(world: OpenAIWorld) -> None:
    """A file object is neither read nor replaced by us: the SDK reads it to its end."""
    client = world.client()
    world.show("bytes", await transcribe(world, client, file=b"sound"))
    file = io.BytesIO(b"sound")
    world.show("file object", [await transcribe(world, client, file=file), file.tell(), file.closed])

    class Odd(io.BytesIO):
        name = "b.mp3"

        def getbuffer(self) -> Any:
            raise AssertionError("not ours to ask")

    world.show("odd file", await transcribe(world, client, file=("b.mp3", Odd(b"sound"))))


def on_disk(span: CapturedSpan) -> None:
    (sound,) = parts(inputs(span), "blob")
    assert sound["name"] == Path(__file__).name
    assert sound["byte_size"] == Path(__file__).stat().st_size


@case("audio.transcriptions, files on disk", media(check=on_disk), media(check=on_disk))
async def disk(world: OpenAIWorld) -> None:
    client = world.client()
    world.show("path", await transcribe(world, client, file=Path(__file__)))
    with Path(__file__).open("rb") as file:
        world.show("open", await transcribe(world, client, file=file))


SUBTITLES = f"1\n00:00:00,000 --> 00:00:02,000\n{HEARD}\n"
UPLOAD = {"name": "a.mp3", "mime_type": "audio/mpeg", "byte_size": 5}

for _form, _text in (("text", f"{HEARD}\n"), ("srt", SUBTITLES)):

    @case(f"audio.transcriptions, {_form}", media(check=heard(_text, **UPLOAD)))
    async def other_forms(world: OpenAIWorld, form: str = _form) -> None:
        world.show("answer", await transcribe(world, response_format=form))


def by_seconds(span: CapturedSpan) -> None:
    heard(**UPLOAD)(span)
    assert span.fields[USAGE_AUDIO_SECONDS] == 3
    assert outputs(span)[0]["duration"] == 2.5


@case("audio.transcriptions, verbose", media(model="whisper-1", usage=(None, None), check=by_seconds))
async def verbose(world: OpenAIWorld) -> None:
    world.show("answer", await transcribe(world, model="whisper-1", response_format="verbose_json"))


def streamed_text(span: CapturedSpan) -> None:
    heard(**UPLOAD)(span)
    timed(span)


@case("audio.transcriptions stream", media(usage=(14, 6), check=streamed_text))
async def transcription_stream(world: OpenAIWorld) -> None:
    stream = await transcribe(world, stream=True)
    world.show("events", [event async for event in world.each(stream)])


@case("audio.transcriptions stream, closed", media(texts=("Good",), outcome="closed"))
async def transcription_closed(world: OpenAIWorld) -> None:
    stream = await transcribe(world, stream=True)
    async for _ in world.each(stream):
        break
    await world.call(stream.close())


@case("raw transcriptions", media(check=heard(**UPLOAD)), media(check=heard(f"{HEARD}\n", **UPLOAD)))
async def raw_transcriptions(world: OpenAIWorld) -> None:
    resource = world.client().audio.transcriptions
    file = ("a.mp3", b"sound", "audio/mpeg")
    response = await world.call(resource.with_raw_response.create(model="gpt-4o", file=file))
    world.show("raw", response.parse())
    view = resource.with_streaming_response
    async with world.entering(view.create(model="gpt-4o", file=file, response_format="text")) as response:
        world.show("text", await world.call(response.text()))


@case("audio.translations", media(model="whisper-1", check=heard(**UPLOAD)))
async def translation(world: OpenAIWorld) -> None:
    client = world.client()
    file = ("a.mp3", b"sound", "audio/mpeg")
    world.show("answer", await world.call(client.audio.translations.create(model="whisper-1", file=file)))


@case("audio.transcriptions 400", media(model="error-400", error="BadRequestError"))
async def transcription_failed(world: OpenAIWorld) -> None:
    await world.attempt("error", lambda: transcribe(world, model="error-400"))


@case("audio.transcriptions, hostile file", media(error="*"))
async def hostile(world: OpenAIWorld) -> None:
    class Hostile(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            raise OSError("unreadable")

    await world.attempt("error", lambda: transcribe(world, file=("a.mp3", Hostile(b"sound"))))
