"""J3: code for the dead service runs on, with the published client and with ours, and history comes along."""

import json
import os
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from literalai_otel.testing import Chat, FakeProvider
from programs import BIN, Server, clean_environment, serving

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / ".lanes" / "published" / "bin" / "python"
COMPAT = ROOT / "compat" / "literalai" / "src"

OLD_CODE = """
    from literalai import LiteralClient
    from openai import OpenAI

    literalai_client = LiteralClient()
    literalai_client.instrument_openai()
    oai = OpenAI()
    TEMPLATE = [{"role": "user", "content": "{{question}} in {{city}}?"}]
    prompt = literalai_client.api.get_or_create_prompt(name="Guide", template_messages=TEMPLATE)

    @literalai_client.step(type="tool")
    def look_up(city):
        return {"degrees": 21}

    @literalai_client.run
    def agent(question, city):
        look_up(city)
        messages = prompt.format_messages(question=question, city=city)
        answer = oai.chat.completions.create(model="gpt-4o-mini", messages=messages)
        return answer.choices[0].message.content

    with literalai_client.thread(name="Old code", participant_id="ada@example.org") as thread:
        literalai_client.message("What shall I see?", type="user_message", name="ada")
        assert agent("What is there", "Lisbon") == "The castle."
    literalai_client.flush()

    dataset = literalai_client.api.create_dataset(name="Old questions")
    dataset.create_item(input={"question": "Where"}, expected_output={"content": "There"})
    experiment = dataset.create_experiment(name="Old experiment", params=[{"model": "gpt-4o-mini"}])

    @literalai_client.experiment_item_run
    def evaluate(item):
        said = agent(item.input["question"], "Porto")
        experiment.log({"datasetItemId": item.id, "input": item.input, "output": {"content": said},
                        "scores": [{"name": "short", "type": "CODE", "value": 1.0}]})

    for item in dataset.items:
        evaluate(item)
    literalai_client.flush_and_stop()
"""

FORMS_THAT_BROKE = """
    import openai
    from literalai import LiteralClient

    client = LiteralClient()
    client.instrument_openai()
    oai = openai.OpenAI()
    messages = [{"role": "user", "content": "Hi"}]
    with client.run(name="forms"):
        with oai.chat.completions.create(model="streamed", messages=messages, stream=True) as stream:
            assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
        raw = oai.chat.completions.with_raw_response.create(model="raw", messages=messages)
        assert raw.headers and raw.parse().choices[0].message.content
        response = oai.responses.create(model="responses", input="Hi")
        assert response.output_text
    assert client.flush_and_stop()
"""
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run_old(tmp_path: Path, server: Server, provider: FakeProvider) -> Run:
    """Runs old code, unchanged, with one of the two packages called `literalai`."""

    def run(package: str, source: str) -> Any:
        path = tmp_path / "old.py"
        path.write_text(textwrap.dedent(source), encoding="utf-8")
        settings = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": provider.base_url, **server.environment}
        if package == "ours":
            settings["PYTHONPATH"] = str(COMPAT)
        elif os.environ.get("LITERAL_SKIP_PUBLISHED") == "1":
            pytest.skip("LITERAL_SKIP_PUBLISHED=1: the environment with the published client is not to be built")
        else:
            subprocess.run([sys.executable, "tests/lanes.py", "published", "--build"], cwd=ROOT, check=True)
        python = sys.executable if package == "ours" else PUBLISHED
        done = subprocess.run(
            [python, path], env=clean_environment(**settings), capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done

    return run


def cli(server: Server, *arguments: str | Path) -> str:
    done = subprocess.run(
        [BIN / "literalai-otel", *arguments],
        env=clean_environment(**server.environment, NO_COLOR="1", COLUMNS="120"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(900)
@pytest.mark.feature("L-GEN-09", "L-PRM-15", "L-EXP-07")
@pytest.mark.parametrize("package", ["published", "ours"])
def test_old_code_behaves_as_documented(run_old: Run, server: Server, provider: FakeProvider, package: str) -> None:
    provider.script(Chat("The castle."), Chat("The bridge."))
    run_old(package, OLD_CODE)
    with server.api() as api:
        (thread,) = api.get_threads(first=10).data
        assert (thread.name, thread.participant_identifier) == ("Old code", "ada@example.org")
        stored = api.get_thread(id=thread.id)
        prompt = api.get_prompt(name="Guide")
        dataset = api.get_dataset(name="Old questions")
        scores = api.get_scores(first=10).data
        experiment = [{"field": "environment", "operator": "eq", "value": "experiment"}]
        evaluated = api.get_steps(first=20, filters=experiment).data
    assert stored is not None and dataset is not None
    assert Counter(step.type for step in stored.steps or ()) == Counter(["user_message", "run", "tool", "llm"])
    (run,) = [step for step in stored.steps or () if step.type == "run"]
    assert run.output == {"content": "The castle."}
    (call,) = [step for step in stored.steps or () if step.type == "llm"]
    assert (call.parent_id, call.generation.prompt_id) == (run.id, prompt.id)  # type: ignore[union-attr]
    assert call.generation.variables == {"question": "What is there", "city": "Lisbon"}  # type: ignore[union-attr]
    assert [message["templated"] for message in call.generation.messages] == [True]  # type: ignore[union-attr]
    assert Counter(step.name for step in evaluated)["Experiment Run"] == 1
    assert {step.type for step in evaluated} == {"run", "tool", "llm"}
    assert [(score.name, score.value) for score in scores] == [("short", 1)]
    assert len(dataset.items) == 1


def test_what_used_to_break_works_now(run_old: Run, server: Server) -> None:
    """Streams as context managers, raw responses and the Responses API."""
    run_old("ours", FORMS_THAT_BROKE)
    with server.api() as api:
        steps = api.get_steps(first=10).data
    (run,) = [step for step in steps if step.type == "run"]
    calls = {step.generation.settings["model"]: step for step in steps if step.generation is not None}  # type: ignore[index]
    assert set(calls) == {"streamed", "raw", "responses"}
    for step in calls.values():
        assert step.parent_id == run.id
        assert step.generation.message_completion["content"]  # type: ignore[union-attr]


HISTORY = {
    "data": [
        {
            "id": "saved thread",
            "createdAt": "2024-05-01T10:00:00.000Z",
            "name": "From the cloud",
            "metadata": {"k": 1},
            "tags": ["old"],
            "participant": {"id": "u1", "identifier": "ada@example.org", "metadata": {}},
            "steps": [
                {"id": "r1", "name": "agent", "type": "run", "threadId": "saved thread", "input": {"q": 1},
                 "output": {"a": 1}, "startTime": "2024-05-01T10:00:00.000Z", "endTime": "2024-05-01T10:00:02.000Z"},
                {"id": "l1", "name": "chat", "type": "llm", "parentId": "r1", "rootRunId": "r1",
                 "threadId": "saved thread", "startTime": "2024-05-01T10:00:01.000Z",
                 "generation": {"type": "CHAT", "provider": "openai", "model": "gpt-4", "tokenCount": 12,
                                "messages": [{"role": "user", "content": "Hi"}],
                                "messageCompletion": {"role": "assistant", "content": "Hello"}}},
            ],
        }
    ],
    "pageInfo": {"hasNextPage": False, "startCursor": None, "endCursor": None},
}  # fmt: skip


def test_saved_history_is_imported_once(server: Server, tmp_path: Path) -> None:
    """What `to_dict()` of a page gave; a second import changes nothing."""
    saved = tmp_path / "threads.json"
    saved.write_text(json.dumps(HISTORY), encoding="utf-8")
    seen = []
    for _ in range(2):
        cli(server, "import", saved)
        with server.api() as api:
            (thread,) = api.get_threads(first=10).data
            steps = api.get_steps(first=10).data
        seen.append((thread.to_dict(), sorted((step.to_dict() for step in steps), key=lambda step: step["id"])))
    assert seen[0] == seen[1]
    assert (thread.name, thread.created_at[:10], thread.participant_identifier) == (  # type: ignore[index]
        "From the cloud",
        "2024-05-01",
        "ada@example.org",
    )
    call, run = sorted(steps, key=lambda step: step.id)
    assert (run.output, call.parent_id) == ({"a": 1}, "r1")
    assert call.generation.message_completion["content"] == "Hello"  # type: ignore[union-attr]


def test_an_export_moves_to_another_server(
    run_old: Run, server: Server, provider: FakeProvider, tmp_path: Path
) -> None:
    provider.script(Chat("The castle."), Chat("The bridge."))
    run_old("ours", OLD_CODE)
    cli(server, "export", tmp_path / "project.jsonl")
    with serving(tmp_path / "other") as other:
        cli(other, "import", tmp_path / "project.jsonl")
        with server.api() as before, other.api() as after:
            threads = [api.get_threads(first=10).data[0] for api in (before, after)]
            assert threads[0].to_dict() == threads[1].to_dict()
            assert after.get_prompt(name="Guide").id == before.get_prompt(name="Guide").id
            assert len(after.get_dataset(name="Old questions").items) == 1  # type: ignore[union-attr]
