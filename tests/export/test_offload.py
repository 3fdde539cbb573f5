"""Media out of steps: found, uploaded once, and never a reason for a step to be lost."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import openai
import pytest

import literalai_otel
from literalai_otel import genai
from literalai_otel.api import SyncApi
from literalai_otel.config import Config
from literalai_otel.errors import APIStatusError, TransportError
from literalai_otel.export.offload import MEDIA, Uploads, without_media
from literalai_otel.export.prepare import Submission, prepare
from literalai_otel.genai.media import fingerprint, take_media
from literalai_otel.jsonable import dumps
from literalai_otel.model import ChatGeneration, Step, to_wire
from literalai_otel.testing import FakeProvider, recorded

BYTES = b"\x89PNG" + bytes(range(256)) * 200
DATA = base64.b64encode(BYTES).decode()
URL = f"data:image/png;base64,{DATA}"
SHA256 = hashlib.sha256(BYTES).hexdigest()
REFERENCE = f"sha256:{SHA256}"


class Storage:
    """The two legs of an upload; `script` holds statuses, or errors to raise, of the coming first legs, which are with
    the server; the second may be `unreachable`."""

    def __init__(self) -> None:
        self.files: list[bytes] = []
        self.script: list[int | Exception] = []
        self.unreachable = False

    def api(self) -> SyncApi:
        return SyncApi("http://literal.test", "key", transport=httpx.MockTransport(self.answer))

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/storage"):
            if self.unreachable:
                raise httpx.ConnectError("refused")
            self.files.append(request.content)
            return httpx.Response(204)
        said = self.script.pop(0) if self.script else 200
        if isinstance(said, Exception):
            raise said
        if said != 200:
            return httpx.Response(said, text="no")
        key = f"file-{len(self.files)}"
        body = {
            "put": {"url": "http://literal.test/storage", "fields": {"key": key}, "uploadType": "raw"},
            "signedUrl": f"http://literal.test/{key}",
        }
        return httpx.Response(200, json=body)


@pytest.fixture
def storage() -> Storage:
    return Storage()


@pytest.fixture
def api(storage: Storage) -> Iterator[SyncApi]:
    with storage.api() as made:
        yield made


@pytest.fixture
def use() -> Iterator[Callable[..., None]]:
    def configure(rules: str = "", **settings: Any) -> None:
        genai.configure(Config.load({}, **settings, content_policy=rules))

    yield configure
    genai.configure(Config())


def image_step(step_id: str = "s1", url: str = URL) -> Step:
    messages = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]
    return Step(id=step_id, type="llm", input={"content": messages}, generation=ChatGeneration(messages=messages))


def prepared(step: Step, uploads: Uploads) -> dict[str, Any]:
    unit = prepare(Submission(step, None, 0, 0.0, 0), uploads)
    assert unit is not None and isinstance(unit.payload, dict)
    return unit.payload


# --- what is taken out ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ({"image_url": {"url": URL}}, {"image_url": {"url": REFERENCE}}),
        (
            {"type": "blob", "modality": "audio", "mime_type": "audio/wav", "content": DATA},
            {"type": "uri", "modality": "audio", "mime_type": "audio/wav", "uri": REFERENCE, "byte_size": len(BYTES)},
        ),
        ({"input_audio": {"data": DATA, "format": "wav"}}, {"input_audio": {"data": REFERENCE, "format": "wav"}}),
        (
            {"source": {"type": "base64", "media_type": "image/png", "data": DATA}},
            {"source": {"type": "base64", "media_type": "image/png", "data": REFERENCE}},
        ),
        (
            {"type": "image", "base64": DATA, "mime_type": "image/png"},
            {"type": "image", "base64": REFERENCE, "mime_type": "image/png"},
        ),
        (["x", {"anywhere": [URL]}], ["x", {"anywhere": [REFERENCE]}]),
        ({"data": DATA, "note": "no type beside it"}, {"data": DATA, "note": "no type beside it"}),
        ({"url": "data:text/plain,hello"}, {"url": "data:text/plain,hello"}),
    ],
)
def test_media_leaves_a_step_whatever_its_shape(value: Any, left: Any) -> None:
    step = Step(id="1", input={"value": value})
    before = dumps(to_wire(step))
    found, media = without_media(step, 1000)
    assert found.input == {"value": left}
    assert dumps(to_wire(step)) == before
    assert [*media] == ([SHA256] if REFERENCE in json.dumps(left) else [])
    assert without_media(step, len(BYTES) + 100) == (step, {})
    in_place = json.loads(dumps(value))
    assert [name.removeprefix("media:") for name in take_media(in_place, 1000)] == [*media]
    assert in_place == left


@pytest.mark.parametrize("size", [0, 1, 3, 3 * 2**18, 2**20 + 1])
def test_the_hash_is_that_of_the_bytes(size: int) -> None:
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    expected = (hashlib.sha256(data).hexdigest(), size)
    assert fingerprint(base64.b64encode(data).decode()) == expected
    assert fingerprint(base64.encodebytes(data).decode()) == expected, "with line breaks"
    assert fingerprint("no base64 é") == (hashlib.sha256("no base64 é".encode()).hexdigest(), 12)


def test_a_small_image_stays(use: Any) -> None:
    small = f"data:image/png;base64,{DATA[:4000]}"
    assert MEDIA not in prepared(image_step(url=small), Uploads())
    use(offload_media="100")
    assert len(prepared(image_step(url=small), Uploads())[MEDIA]) == 1
    use("image=offload")
    assert len(prepared(image_step(url=small), Uploads())[MEDIA]) == 1


def test_media_counts_where_it_is_held(use: Any) -> None:
    uploads = Uploads()
    units = [prepare(Submission(image_step(f"s{n}"), None, 0, 0.0, 0), uploads) for n in range(3)]
    sizes = [unit.size for unit in units if unit is not None]
    assert len(DATA) < sizes[0] < len(DATA) + 2000
    assert sizes[1] == sizes[2] < 2000, "the same image is held once"


# --- uploads ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("spooled", [False, True])
def test_the_same_image_is_uploaded_once(storage: Storage, api: SyncApi, spooled: bool) -> None:
    uploads = Uploads()
    payloads = [prepared(image_step(f"s{n}"), uploads) for n in range(3)]
    if spooled:
        payloads = [json.loads(dumps(payload)) for payload in payloads]
    sent = uploads.outgoing(api, payloads)
    assert storage.files == [BYTES]
    assert (sent.dropped, sent.problem) == (0, "")
    for step in sent.steps:
        assert MEDIA not in step
        assert step["input"]["content"][0]["content"][0]["image_url"]["url"] == REFERENCE
        (attachment,) = step["attachments"]
        assert attachment["objectKey"] == "file-0"
        assert attachment["mime"] == "image/png"
        assert attachment["name"] == f"image-{SHA256[:8]}.png"
        assert attachment["metadata"] == {"sha256": SHA256, "size": len(BYTES)}
    assert len({step["attachments"][0]["id"] for step in sent.steps}) == 3
    assert MEDIA in payloads[0], "until it is acknowledged, the step knows what belongs to it"
    later = prepared(image_step("s4"), uploads)
    assert MEDIA not in later and later["attachments"][0]["objectKey"] == "file-0"
    assert prepared(image_step("s0"), Uploads())["attachments"][0]["id"] == payloads[0]["attachments"][0]["id"]


def test_steps_without_media_go_as_they_are(api: SyncApi) -> None:
    steps = [{"id": "1"}, {"id": "2"}]
    assert Uploads().outgoing(api, steps).steps is steps


@pytest.mark.parametrize("status", [404, 413, 400])
def test_a_file_that_is_refused_is_dropped_at_once(storage: Storage, api: SyncApi, status: int) -> None:
    uploads = Uploads()
    storage.script = [status]
    sent = uploads.outgoing(api, [prepared(image_step(), uploads)])
    assert sent.dropped == 1 and str(status) in sent.problem
    (step,) = sent.steps
    mark = f"[dropped: image/png, {len(BYTES)} bytes, not uploaded]"
    assert step["generation"]["messages"][0]["content"][0]["image_url"]["url"] == mark
    assert step["attachments"] == []
    assert step["metadata"]["content_dropped"] == "upload_failed"


def test_trouble_that_may_pass_is_worth_two_more_attempts(storage: Storage, api: SyncApi) -> None:
    uploads = Uploads()
    payload = prepared(image_step(), uploads)
    storage.script = [503, 503]
    for _ in range(2):
        with pytest.raises(APIStatusError):
            uploads.outgoing(api, [payload])
    assert uploads.outgoing(api, [payload]).dropped == 0
    assert storage.files == [BYTES]


def test_a_step_is_not_held_up_by_its_files_for_good(storage: Storage, api: SyncApi) -> None:
    uploads = Uploads()
    payload = prepared(image_step(), uploads)
    storage.unreachable = True
    for _ in range(2):
        with pytest.raises(TransportError):
            uploads.outgoing(api, [payload])
    assert uploads.outgoing(api, [payload]).dropped == 1
    assert uploads.outgoing(api, [payload]).dropped == 1
    storage.unreachable = False
    assert uploads.outgoing(api, [payload]).dropped == 0, "the payload still has it"


def test_files_wait_longer_for_a_server_that_the_steps_cannot_reach_either(storage: Storage, api: SyncApi) -> None:
    uploads = Uploads()
    payload = prepared(image_step(), uploads)
    storage.script = [httpx.ConnectError("refused")] * 12
    for _ in range(11):
        with pytest.raises(TransportError):
            uploads.outgoing(api, [payload])
    assert uploads.outgoing(api, [payload]).dropped == 1
    assert uploads.outgoing(api, [payload]).dropped == 0


def test_only_what_is_still_referred_to_is_attached(use: Any) -> None:
    use("image=drop")
    assert MEDIA not in prepared(image_step(), Uploads())
    use("image=hash")
    payload = prepared(image_step(), Uploads())
    assert REFERENCE in json.dumps(payload) and MEDIA not in payload and "attachments" not in payload
    use(offload_media="off")
    assert "attachments" not in prepared(image_step(), Uploads())


def test_a_text_that_is_offloaded_is_an_attachment(use: Any, storage: Storage, api: SyncApi) -> None:
    use("text>10=offload")
    uploads = Uploads()
    long, messages = "a long text" * 10, [{"role": "user", "content": "a long text" * 10}]
    step = Step(id="1", type="llm", generation=ChatGeneration(messages=messages))
    (sent,) = uploads.outgoing(api, [prepared(step, uploads)]).steps
    assert storage.files == [long.encode()]
    assert sent["attachments"][0]["mime"] == "text/plain"
    reference = "sha256:" + hashlib.sha256(long.encode()).hexdigest()
    assert sent["generation"]["messages"] == [{"role": "user", "content": reference}]


# --- through everything -----------------------------------------------------------------------------


def test_media_that_another_instrumentor_recorded() -> None:
    said = [
        {"role": "user", "parts": [{"type": "blob", "modality": "image", "mime_type": "image/png", "content": DATA}]}
    ]
    with recorded() as steps:
        span = steps.tracer_provider.get_tracer("somebody.else").start_span("chat m")
        span.set_attributes({"gen_ai.operation.name": "chat", "gen_ai.input.messages": json.dumps(said)})
        span.end()
        step = steps.one()
        assert list(steps.files.values()) == [BYTES]
    assert step.input["content"][0]["content"] == [{"type": "image_url", "image_url": {"url": REFERENCE}}]
    assert step.attachments and step.attachments[0].metadata == {"sha256": SHA256, "size": len(BYTES)}


def test_sound_is_a_text_that_says_where_it_is() -> None:
    parts = [{"type": "input_audio", "input_audio": {"data": DATA, "format": "wav"}}]
    with FakeProvider() as fake, recorded() as steps:
        with openai.OpenAI(base_url=fake.base_url, api_key="test") as client:
            client.chat.completions.create(model="m", messages=[{"role": "user", "content": parts}])  # type: ignore[typeddict-item]
        step = steps.one()
        assert list(steps.files.values()) == [BYTES]
    assert step.input["content"][0]["content"] == [
        {
            "type": "text",
            "text": f"[audio/wav content, {len(BYTES)} bytes]",
            "uri": REFERENCE,
            "mime_type": "audio/wav",
            "byte_size": len(BYTES),
            "modality": "audio",
        }
    ]
    assert step.attachments and step.attachments[0].mime == "audio/wav"


def test_media_in_a_step_of_the_program() -> None:
    with recorded() as steps:
        with literalai_otel.run(name="draw") as step:
            step.output = {"picture": URL}
        found = steps.one()
        assert list(steps.files.values()) == [BYTES]
    assert found.output == {"picture": REFERENCE}
    assert found.attachments and found.attachments[0].object_key
