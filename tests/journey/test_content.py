"""Content on its way to a real server: images of a conversation, rules, what cannot be uploaded."""

import hashlib
import json
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace

import literalai_otel
from literalai_otel.errors import ConfigError
from literalai_otel.model import ChatGeneration, Step
from literalai_otel.testing import FakeProvider
from programs import Run, Server, serving

IMAGE = b"\x89PNG" + bytes(range(256)) * 400
"""What the programs below send: about 100 KiB."""
REFERENCE = f"sha256:{hashlib.sha256(IMAGE).hexdigest()}"

CONVERSATION = """
    import base64, openai, literalai_otel

    literalai_otel.init({arguments})
    client = openai.OpenAI()
    data = base64.b64encode(bytes([0x89]) + b"PNG" + bytes(range(256)) * 400).decode()
    messages = [{{"role": "system", "content": "Be brief, secret agent."}}]
    with literalai_otel.thread() as thread:
        for turn in range(4):
            messages.append({{"role": "user", "content": [
                {{"type": "text", "text": f"Turn {{turn}}"}},
                {{"type": "image_url", "image_url": {{"url": "data:image/png;base64," + data}}}},
            ]}})
            client.chat.completions.create(model="gpt-4o-mini", messages=messages)
            assert literalai_otel.flush().dropped == {{}}
    print(thread.id, literalai_otel.init().counters().media_dropped)
"""


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("content") / "data"


@pytest.fixture(scope="module")
def server(data_dir: Path) -> Iterator[Server]:
    """One for all tests here: each program has a thread of its own."""
    with serving(data_dir) as running:
        yield running


def conversation(server: Server, ended: "subprocess.CompletedProcess[str]", media_dropped: int = 0) -> list[Step]:
    """The generations of the thread that a program has printed."""
    assert ended.returncode == 0, ended.stderr
    thread_id, dropped = ended.stdout.split()
    assert int(dropped) == media_dropped
    with server.api() as api:
        steps = api.get_steps(
            first=100, filters=[{"field": "threadId", "operator": "eq", "value": thread_id}], order_by=None
        ).data
    return sorted((step for step in steps if step.type == "llm"), key=lambda step: step.start_time or "")


def parts_of(step: Step, kind: str) -> list[dict[str, Any]]:
    """The parts of that type in the messages of the step."""
    assert isinstance(step.generation, ChatGeneration)
    contents = [message["content"] for message in step.generation.messages or []]
    return [part for content in contents if isinstance(content, list) for part in content if part["type"] == kind]


def stored_files(data_dir: Path) -> list[Path]:
    return [path for path in (data_dir / "files").rglob("*") if path.is_file() and path.stat().st_size == len(IMAGE)]


@pytest.mark.feature("L-LOG-13")
def test_an_image_that_is_sent_in_every_turn_is_uploaded_once(
    server: Server, run_program: Run, provider: FakeProvider, data_dir: Path
):
    ended = run_program(CONVERSATION.format(arguments=""), instrumented=False, **server.environment)
    steps = conversation(server, ended)
    assert len(provider.requests) == 4
    assert [len(parts_of(step, "image_url")) for step in steps] == [1, 2, 3, 4]
    assert {part["image_url"]["url"] for step in steps for part in parts_of(step, "image_url")} == {REFERENCE}
    attachments = [attachment for step in steps for attachment in step.attachments or []]
    assert len(attachments) == 4, "one of each step, however often it refers to it"
    assert len({attachment.object_key for attachment in attachments}) == 1
    assert {json.dumps(attachment.metadata, sort_keys=True) for attachment in attachments} == {
        json.dumps({"sha256": REFERENCE[7:], "size": len(IMAGE)}, sort_keys=True)
    }
    assert attachments[0].mime == "image/png" and attachments[0].url
    with urllib.request.urlopen(attachments[-1].url or "") as answer:
        assert (answer.headers["content-type"], answer.read()) == ("image/png", IMAGE)
    assert len(stored_files(data_dir)) == 1


def test_rules_by_the_environment_and_in_code(server: Server, run_program: Run):
    rules = 'content_policy=(literalai_otel.Rule("hash", role="system"), literalai_otel.Rule("drop", kind="output"))'
    in_code = run_program(CONVERSATION.format(arguments=rules), instrumented=False, **server.environment)
    by_text = run_program(
        CONVERSATION.format(arguments=""),
        instrumented=False,
        **server.environment,
        LITERAL_CONTENT_POLICY="role:system=hash; output=drop",
    )
    steps = conversation(server, in_code) + conversation(server, by_text)
    assert len(steps) == 8
    hashed = f"sha256:{hashlib.sha256(b'Be brief, secret agent.').hexdigest()}"
    for step in steps:
        assert isinstance(step.generation, ChatGeneration) and step.generation.messages
        assert step.generation.messages[0]["content"] == hashed, "equal stays equal"
        assert step.output == step.generation.message_completion
        assert step.output["content"] == "[dropped]"
        assert step.metadata and step.metadata["content_policy"] == {"drop": 1, "hash": 1}


def test_a_rule_that_cannot_be_stops_before_anything_is_set_up():
    before = trace.get_tracer_provider()
    with pytest.raises(ConfigError, match="`role:user=mask`, but there is no mask"):
        literalai_otel.init(api_key="key", url="http://127.0.0.1:9", content_policy="role:user=mask")
    with pytest.raises(ConfigError, match="'picture=drop': kind 'picture' must be one of"):
        literalai_otel.init(api_key="key", url="http://127.0.0.1:9", content_policy="picture=drop")
    assert trace.get_tracer_provider() is before


def test_a_file_that_the_server_refuses_is_said_and_the_step_goes(run_program: Run, tmp_path: Path):
    with serving(tmp_path / "small", LITERAL_MAX_FILE_BYTES="1000") as server:
        ended = run_program(CONVERSATION.format(arguments=""), instrumented=False, **server.environment)
        steps = conversation(server, ended, media_dropped=4)
    assert ended.stderr.count("not uploaded") == 1, ended.stderr
    assert [len(parts_of(step, "image_url")) for step in steps] == [1, 2, 3, 4]
    mark = f"[dropped: image/png, {len(IMAGE)} bytes, not uploaded]"
    assert {part["image_url"]["url"] for step in steps for part in parts_of(step, "image_url")} == {mark}
    assert {(step.metadata or {})["content_dropped"] for step in steps} == {"upload_failed"}
    assert not any(step.attachments for step in steps)
