"""The Python samples of the documentation run unchanged, under both import names (`spec/features.md` §6, X-01)."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from literalai_otel.api import SyncApi
from literalai_otel.model import ChatGeneration
from literalai_otel.testing import FakeProvider
from printed import needs_documentation, printed
from programs import Server, clean_environment, serving

pytest.importorskip("llama_index.core")
pytestmark = needs_documentation

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SAMPLES = tomllib.loads((HERE / "samples.toml").read_text(encoding="utf-8"))
OBJECTS = [
    {"kind": "user", "id": "uuid", "identifier": "uuid"},
    {"kind": "dataset", "id": "MY_DATASET_ID", "name": "MY_DATASET", "type": "key_value"},
    *(
        {"kind": "dataset_item", "id": f"item {n}", "datasetId": "MY_DATASET_ID", "input": {"question": f"q{n}"}}
        for n in range(2)
    ),
]
"""Objects with the ids that the samples name; the API chooses ids itself, an import keeps them."""


class Session:
    """What the samples left behind."""

    def __init__(self, server: Server, api: SyncApi, said: dict[str, Any]) -> None:
        self.api = api
        self.server = server
        self.said = said
        self.steps = self._all_steps()

    def told(self, sample: str) -> Any:
        return self.said[sample]["told"]

    def named(self, name: str) -> list[Any]:
        return [step for step in self.steps if step.name == name]

    def below(self, step: Any) -> list[Any]:
        return [child for child in self.steps if child.parent_id == step.id]

    def chats(self, **facts: Any) -> list[Any]:
        """The chat generations of the steps with these facts."""
        steps = [step for step in self.steps if all(getattr(step, name) == value for name, value in facts.items())]
        return [step.generation for step in steps if isinstance(step.generation, ChatGeneration)]

    def _all_steps(self) -> list[Any]:
        experiments = {"field": "environment", "operator": "eq", "value": "experiment"}  # hidden unless asked for
        found: list[Any] = []
        for filters in (None, [experiments]):
            more, after = True, None
            while more:
                page = self.api.get_steps(first=100, after=after, filters=filters)
                found += page.data
                more, after = page.page_info.has_next_page, page.page_info.end_cursor
        return found


@pytest.fixture(scope="module", params=["literalai", "literalai_otel"])
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("session")
    with serving(folder / "data") as server, FakeProvider() as provider:
        imported = httpx.post(
            f"{server.url}/api/import", json={"records": OBJECTS}, headers={"x-api-key": server.key}
        ).json()
        assert all(result["ok"] for result in imported["results"]), imported
        texts = {name: printed(row["lines"]) for name, row in SAMPLES.items()}
        (folder / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, HERE / "session.py", request.param, folder / "texts.json", folder / "results.json"],
            env=clean_environment(
                **server.environment,
                OPENAI_API_KEY="sk-test",
                OPENAI_BASE_URL=provider.base_url,
                PYTHONPATH=str(ROOT / "compat" / "literalai" / "src"),
            ),
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=50,
        )
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        with server.api() as api:
            yield Session(server, api, json.loads((folder / "results.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_runs(session: Session, sample: str) -> None:
    assert "failed" not in session.said[sample], session.said[sample]["failed"]


@pytest.mark.feature("L-CLI-01", "L-CLI-02")
def test_the_client_knows_its_project(session: Session) -> None:
    assert session.told("01_client")


def test_datasets(session: Session) -> None:
    assert session.told("02_create_dataset") == ["Foo", "key_value", {"isDemo": True}]
    assert session.told("03_read_dataset") == 0


@pytest.mark.feature("L-EXP-05", "L-EXP-07", "L-EXP-10")
def test_experiments(session: Session) -> None:
    """4 and 5: an item for each evaluation, with its score, linked to a run in environment experiment."""
    runs = {run.id: run for run in session.named("Experiment Run")}
    assert {run.environment for run in runs.values()} == {"experiment"}
    assert len(runs) == 3
    for run in runs.values():
        (agent,) = session.below(run)
        assert (agent.name, agent.output, agent.environment) == ("my_agent", {"content": "answer"}, "experiment")
    scores = [
        score
        for score in session.api.get_scores(first=50).data
        if score.name == "context_relevancy" and score.dataset_experiment_item_id
    ]
    assert [(score.type, score.value) for score in scores] == [("AI", 0.6)] * 3


@pytest.mark.feature("I-OAI-01", "L-LOG-01")
def test_generations_and_runs(session: Session) -> None:
    """6, 7, 10: one generation that stands alone; runs with a model call and a tool."""
    alone = [chat for chat in session.chats(parent_id=None) if "Hello world" in str(chat.messages)]
    assert [call.settings["model"] for call in alone] == ["gpt-4o"]
    runs = [run for run in session.named("my_agent") if run.output == {"content": "Success"}]
    assert len(runs) == 4
    for run in runs:
        below = session.below(run)
        assert sorted(step.type for step in below) == ["llm", "tool"]
        assert {step.root_run_id for step in below} == {run.id}
        (tool,) = [step for step in below if step.type == "tool"]
        assert (tool.name, tool.input, tool.output) == ("get_temperature", {"city": "paris"}, {"content": "10C"})
    assert len([run for run in runs if run.thread_id == session.told("10_thread")]) == 2
    assert len([run for run in runs if run.thread_id is None]) == 1


@pytest.mark.feature("L-LOG-10")
def test_metadata_and_tags(session: Session) -> None:
    (step,) = [step for step in session.named("my_step") if step.output == {"content": "answer"}]
    assert (step.metadata["region"], step.tags) == ("europe", ["to_review"])
    found = session.api.get_steps(filters=[{"field": "tags", "operator": "in", "value": ["to_review"]}]).data
    assert [one.id for one in found] == [step.id]


@pytest.mark.feature("L-ATT-04", "L-LOG-07")
def test_an_attachment(session: Session) -> None:
    step = session.named("load_document")
    tool = next(one for one in step if one.type == "tool")
    assert [attachment.name for attachment in tool.attachments] == ["pdf_document"]
    assert httpx.get(tool.attachments[0].url).content == b"%PDF-1.4"
    around = next(one for one in step if one.type == "run")
    assert tool.parent_id == around.id, "a tool that stands alone gets a run (X-08)"


def test_a_user_is_bound_to_the_thread(session: Session) -> None:
    thread = session.api.get_thread(id="thread-of-john")
    assert thread is not None and thread.participant_identifier == "john.doe@example.com"
    user = session.api.get_user(identifier="john.doe@example.com")
    assert user is not None


@pytest.mark.feature("P-OVR-04")
def test_scores(session: Session) -> None:
    """12 and 14: what a user says of a run, and an AI's label."""
    scores = {score.name: score for score in session.api.get_scores(first=50).data}
    feedback = scores["user-feedback"]
    assert (feedback.type, feedback.value, feedback.comment) == ("HUMAN", 1, "thank you")
    assert feedback.step_id == session.told("12_feedback")
    sentiment = scores["Sentiment"]
    assert (sentiment.id, sentiment.type, sentiment.label) == (session.told("14_label"), "AI", "Positive")
    assert sentiment.step_id == "<STEP_UUID>"


def test_threads_of_a_user_are_printed(session: Session) -> None:
    assert len(session.told("13_list_threads")) == 5
    assert session.said["13_list_threads"]["out"].count("'id'") >= 5


@pytest.mark.feature("L-PRM-15")
def test_prompts(session: Session) -> None:
    """15 to 17: made once, pulled, formatted, split."""
    prompt_id, name, version = session.told("15_prompt")
    assert (name, version) == ("RAG prompt", 0)
    assert session.told("15_prompt_again") == [prompt_id, "RAG prompt", 0]
    assert session.told("16_pull") == [prompt_id, 0]
    text = session.told("16_format")
    assert "Literal AI is an LLM Ops platform" in text and "What are the features of Literal AI?" in text
    assert session.told("17_ab") == [[0, 0.5], [1, 0.5]]
    experiment_prompt, pulled = session.told("32_prompt_experiment")
    assert experiment_prompt == pulled


@pytest.mark.feature("I-LI-01")
def test_llama_index(session: Session) -> None:
    """18: a run outside of a thread gets one, runs inside share theirs."""
    runs = [step for step in session.steps if step.type == "run" and step.name == "RetrieverQueryEngine"]
    assert len(runs) == 4
    assert len({run.thread_id for run in runs}) == 3
    assert all(run.thread_id for run in runs)


def test_the_assistant(session: Session) -> None:
    """19: one thread, two runs, a generation in each."""
    runs = session.named("my_assistant")
    assert len(runs) == 2
    (thread_id,) = {run.thread_id for run in runs}
    assert session.api.get_thread(id=thread_id).name == "Example"  # type: ignore[union-attr]
    for run in runs:
        (call,) = session.below(run)
        assert (call.type, call.generation.settings["model"]) == ("llm", "gpt-4o-mini")


@pytest.mark.feature("L-LOG-15")
def test_all_threads_are_exported(session: Session) -> None:
    threads = session.told("20_export")
    assert len(threads) == len(set(threads)) >= 11
    assert {session.told("10_thread"), "thread-of-john"} <= set(threads)


@pytest.mark.feature("L-STEP-06", "L-STEP-10", "L-CLI-09")
def test_the_second_tier(session: Session) -> None:
    assert session.told("30_disabled") is True
    assert session.told("33_langchain_prompt") is True
    assert session.told("34_langchain_pull") == ["human"]
    assert session.told("40_start_step") == ["", "undefined"]
    step = session.api.get_step("my-step-id")
    assert step is not None
    assert (step.name, step.type) == ("My step", "run")
    assert (step.input, step.output) == ({"content": "test input"}, {"content": "Hello world"})


@pytest.mark.feature("L-CLI-24")
def test_labels_of_a_call(session: Session) -> None:
    (call,) = [step for step in session.steps if step.parent_id == session.told("42_labels")]
    assert (call.generation.tags, call.generation.metadata["key"]) == (["tag1", "tag2"], "value")


@pytest.mark.feature("L-CLI-15", "L-CLI-16", "I-OTL-01", "I-OTL-02")
def test_properties_mark_an_async_call(session: Session) -> None:
    (call,) = [step for step in session.steps if step.type == "llm" and set(step.tags or ()) == {"hello", "world"}]
    assert call.metadata["foo"] == 1
    assert call.thread_id
    assert call.generation.messages == [{"role": "user", "content": "Hello, how are you?"}]
    assert call.generation.message_completion["content"]
    assert (call.generation.input_token_count, call.generation.output_token_count) == (11, 7)


@pytest.mark.feature("L-THR-07")
def test_a_thread_made_over_the_api(session: Session) -> None:
    thread = session.api.get_thread(id=session.told("44_create_thread"))
    assert thread is not None
    assert (sorted(thread.tags or ()), thread.metadata) == (["tag1", "tag2"], {"key": "value"})


def test_repaired_samples(session: Session) -> None:
    """Texts with a comma, a colon or a key left out, or with imports of versions that are gone."""
    assert session.told("50_generation_item") == ["system", "user"]
    assert session.told("51_create_item") == [
        True,
        {"content": "What is Literal AI ?"},
        {"content": "Literal AI is an observability solution."},
    ]
    (around,) = session.named("Predict & Call")
    assert [step.type for step in session.below(around)] == ["llm"]
    generations = [one for one in session.api.get_generations(first=100).data if one.provider == "OpenAI"]
    assert [one.message_completion["content"][:5] for one in generations] == ["Sure,"]  # type: ignore[union-attr]
    by_id = {step.id: step for step in session.steps}
    assert [(by_id[name].name, by_id[name].type) for name in ("my-decorated-step", "my-step-block")] == [
        ("My step", "run")
    ] * 2
    assert session.api.get_thread(id=session.told("58_thread_block")).name == "block"  # type: ignore[union-attr]
    continued = session.api.get_thread(id="UUID")
    assert continued is not None and [step.type for step in continued.steps or ()] == ["assistant_message"]


@pytest.mark.feature("I-LC-01")
def test_langchain(session: Session) -> None:
    """60: a run named joke with prompt, model and parser below. 61: one handler serves two calls (X-48)."""
    (joke,) = session.named("joke")
    assert joke.type == "run" and joke.output == {"content": session.told("60_langchain_chain")}
    below = {step.name: step.type for step in session.below(joke)}
    assert sorted(below.values()).count("llm") == 1
    assert {"ChatPromptTemplate", "StrOutputParser"} <= set(below)
    asked = [chat.settings["model"] for chat in session.chats() if "what's your name" in str(chat.messages)]
    assert sorted(asked) == ["gpt-4o", "gpt-4o-mini"]


@pytest.mark.feature("I-OAI-01")
def test_other_servers_of_the_same_wire(session: Session) -> None:
    texts = [str(chat.messages) for chat in session.chats()]
    assert len([text for text in texts if "Always answer in rhymes." in text]) == 1
    assert len([text for text in texts if "Hola" in text]) == 1
