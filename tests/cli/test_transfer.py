"""`export`, `import` and `datasets` against a real server: what they write, what they say, how they go on."""

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from dirty_equals import IsPartialDict

from literalai_otel.api import AsyncApi, SyncApi
from literalai_otel.model import ChatGeneration, Score, Step

from .conftest import COMMAND, clean_environment

TIMES = {"start_time": "2026-11-21T08:00:00Z", "end_time": "2026-11-21T08:00:01Z"}


@pytest.fixture
def two(new_project: Any) -> Any:
    """Two projects of one server: where records come from and where they go."""
    return new_project(), new_project()


def fill(api: SyncApi) -> None:
    user = api.create_user("ada@example.com", {"team": "a"})
    api.upsert_thread("talk", name="A talk", participant_id=user.id, tags=["x"], metadata={"n": 1})
    generation = ChatGeneration(
        provider="openai",
        model="m",
        messages=[{"role": "user", "content": "Where is 東京?"}],
        message_completion={"role": "assistant", "content": "In Japan"},
        input_token_count=3,
        output_token_count=4,
        token_count=7,
    )
    api.send_steps(
        [
            Step(id="talk-run", name="run", type="run", thread_id="talk", input={"a": 1}, **TIMES),
            Step(id="talk-llm", name="m", type="llm", thread_id="talk", parent_id="talk-run", root_run_id="talk-run",
                 input={"content": generation.messages}, output=generation.message_completion,
                 generation=generation, scores=[Score(id="s", name="good", type="HUMAN", value=1)], **TIMES),
        ],
        environment="staging",
    )  # fmt: skip
    api.create_attachment(step_id="talk-run", name="a.bin", content=b"\x00\x01" * 3_000_000, mime="application/x-test")
    dataset = api.create_dataset("pairs", type="generation")
    api.add_generation_to_dataset(dataset.id, "talk-llm")
    api.get_or_create_prompt("hello", [{"role": "user", "content": "Hi {{name}}"}], {"provider": "p", "model": "m"})


def lines(path: Path) -> list[dict[str, Any]]:
    """The records of an export, without its head and what the server makes anew."""
    records = [json.loads(line) for line in path.read_text().splitlines()]
    assert records[0]["kind"] == "export"
    return [
        {name: value for name, value in one.items() if (one["kind"], name) != ("file", "createdAt")}
        for one in records[1:]
    ]


@pytest.mark.feature("P-XPT-01")
def test_a_project_moves_whole_and_a_second_import_changes_nothing(two: Any, tmp_path: Path):
    source, target = two
    fill(source.api)
    first, second, third = (tmp_path / f"{name}.jsonl" for name in ("first", "second", "third"))
    told = source("export", str(first))
    assert told.exit_code == 0, told.output
    assert "1 thread, 2 step" in told.stdout
    assert not list(tmp_path.glob("*.state"))
    for path in (second, third):
        done = target("import", str(first))
        assert done.exit_code == 0, done.output
        assert "1 user" in done.stdout
        assert target("export", str(path)).exit_code == 0
    assert lines(second) == lines(first)
    assert third.read_bytes().splitlines()[1:] == second.read_bytes().splitlines()[1:]
    assert not list(tmp_path.glob("*.imported"))
    (attachment,) = target.api.get_step("talk-run").attachments
    assert attachment.url
    assert {record["kind"] for record in lines(second)} >= {"file", "prompt_version", "score", "dataset_item"}


def test_an_export_that_was_cut_off_goes_on(two: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    source, _ = two
    for number in range(7):
        source.api.send_steps([Step(id=f"cut-{number}", type="run", name="n" * 100)])
    whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    assert source("export", str(whole)).exit_code == 0
    asked: list[int] = []
    original = SyncApi.export_records

    def two_at_a_time(api: SyncApi, kind: str, **options: Any) -> Any:
        if kind == "step":
            asked.append(options["after"])
            if len(asked) == 3:
                raise KeyboardInterrupt
        return original.__get__(api, SyncApi)(kind, first=2, **options)

    with monkeypatch.context() as patch:
        patch.setattr(SyncApi, "export_records", two_at_a_time)
        assert source("export", str(cut)).exit_code != 0
    assert cut.with_name("cut.jsonl.state").exists()
    with cut.open("ab") as half:
        half.write(b'{"kind": "st')
    assert source("export", str(cut)).exit_code == 0
    assert lines(cut) == lines(whole)
    assert not cut.with_name("cut.jsonl.state").exists()


def test_an_export_does_not_write_over_a_file(two: Any, tmp_path: Path):
    source, _ = two
    path = tmp_path / "there.jsonl"
    path.write_text("mine")
    done = source("export", str(path))
    assert done.exit_code == 2
    assert "exists" in done.stderr
    assert path.read_text() == "mine"
    assert source("export", str(path), "--force", "--only", "user,thread").exit_code == 0
    wrong = source("export", str(tmp_path / "x"), "--only", "llama")
    assert "there is no kind llama" in wrong.stderr
    assert "use some of user," in wrong.stderr


PAGES: dict[str, Any] = {
    "page of threads": {
        "pageInfo": {"hasNextPage": False},
        "data": [
            {
                "id": "old-thread", "name": "Old", "tags": ["a"], "metadata": {},
                "createdAt": "2024-01-02T03:04:05.678Z",
                "participant": {"id": "old-user", "identifier": "bob"},
                "steps": [
                    {"id": "old-step", "type": "run", "name": "r", "threadId": None,
                     "startTime": "2024-01-02T03:04:05Z",
                     "scores": [{"id": "old-score", "name": "n", "type": "HUMAN", "value": 1}], "attachments": [],
                     "generation": None, "parentId": None, "input": {"content": "q"}, "output": None},
                ],
            },
            {"id": "no-user", "participant": {}, "steps": []},
        ],
    },
    "generations": [
        {"id": "old-generation", "type": "CHAT", "model": "m", "messages": [{"role": "user", "content": "q"}],
         "messageCompletion": {"role": "assistant", "content": "a"}, "tokenCount": 3,
         "createdAt": "2024-01-02T03:04:05Z"},
    ],
    "dataset": {
        "id": "old-dataset", "name": "old", "type": "key_value", "createdAt": "2024-01-01T00:00:00Z", "metadata": {},
        "items": [{"id": "old-item", "datasetId": "old-dataset", "input": {"q": 1}, "expectedOutput": {"a": 2}}],
    },
    "experiment": {
        "id": "old-experiment", "name": "try", "datasetId": "old-dataset", "params": [{"t": 1}],
        "items": [{"id": "old-measure", "datasetExperimentId": "old-experiment", "datasetItemId": "old-item",
                   "input": {}, "output": {}, "scores": [{"id": "old-ai", "name": "n", "type": "AI", "value": 0.5}]}],
    },
}  # fmt: skip


@pytest.mark.parametrize("indent", [None, 2], ids=["one line", "a document"])
def test_what_was_saved_with_the_published_sdk_is_imported(new_project: Any, tmp_path: Path, indent: int | None):
    target = new_project()
    for _ in range(2):
        for name, content in PAGES.items():
            path = tmp_path / f"{name}.json"
            path.write_text(json.dumps(content, indent=indent))
            done = target("import", str(path))
            assert done.exit_code == 0, done.output
    api = target.api
    thread = api.get_thread("old-thread")
    assert thread.created_at == "2024-01-02T03:04:05.678Z"
    assert thread.participant.identifier == "bob"
    (step,) = thread.steps
    assert (step.id, step.input, [score.id for score in step.scores]) == ("old-step", {"content": "q"}, ["old-score"])
    (generation,) = api.get_generations().data
    assert (generation.id, generation.token_count, generation.message_completion["content"]) == (
        "old-generation",
        3,
        "a",
    )
    assert [item.id for item in api.get_dataset(name="old").items] == ["old-item"]
    assert {score.id for score in api.get_scores().data} == {"old-score", "old-ai"}


def saved_prompt(version: int, **members: Any) -> dict[str, Any]:
    """A version as `to_dict()` of the published Python client gives it."""
    return {
        "id": f"old-version-{version}", "type": "CHAT",
        "createdAt": "2024-01-02T03:04:05.678Z", "updatedAt": "2024-02-03T04:05:06.789Z",
        "name": "Old prompt", "version": version, "versionDesc": None,
        "url": f"https://example.com/projects/p/playground?name=Old%20prompt&version={version}",
        "templateMessages": [{"role": "user", "content": f"{version} {{{{city}}}}", "uuid": f"u-{version}"}],
        "tools": [], "provider": "openai", "settings": {"model": "m", "stop": []},
        "variables": [{"name": "city", "language": "plaintext"}], "variablesDefaultValues": {"city": "Rome"},
        **members,
    }  # fmt: skip


def test_prompts_that_were_saved_with_the_published_sdk_are_imported(new_project: Any, tmp_path: Path):
    target = new_project()
    answered = saved_prompt(1, lineage={"id": "l", "name": "Old prompt", "deletedAt": None}, tags=["a"], label="best")
    del answered["name"], answered["provider"]
    answered["settings"] = {"provider": "mistral", "model": "m"}
    path = tmp_path / "prompts.json"
    path.write_text(json.dumps({"pageInfo": {"hasNextPage": False}, "data": [saved_prompt(0), answered]}))
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    for export in (first, second):
        done = target("import", str(path))
        assert (done.exit_code, "stored 2 prompt_version" in done.stdout) == (0, True), done.output
        assert target("export", str(export)).exit_code == 0
    assert lines(second) == lines(first)
    api = target.api
    prompt = api.get_prompt(name="Old prompt")
    assert prompt.to_dict() == IsPartialDict(
        {name: value for name, value in saved_prompt(0).items() if name != "url"} | {"id": "old-version-0", "tags": []}
    )
    assert prompt.format_messages(city="Bari")[0]["content"] == "0 Bari"
    newer = api.get_prompt(id="old-version-1")
    assert (newer.name, newer.version, newer.provider, newer.label, newer.tags) == (
        "Old prompt", 1, "mistral", "best", ["a"],
    )  # fmt: skip
    assert api.get_prompt_ab_testing("Old prompt") == [{"version": 0, "rollout": 100.0}]
    assert api.get_or_create_prompt("Old prompt", prompt.template_messages, prompt.settings).id == "old-version-0"


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"name": ""}, "a prompt without a name"),
        ({"version": None}, "version is required in a prompt_version"),
        ({"version": "1"}, "version must be a whole number"),
        ({"templateMessages": [{"content": "x"}]}, "must be a list of messages"),
        ({"settings": 5, "provider": None}, "settings must be an object"),
        ({}, "another prompt_version of the project has the same"),
        ({"name": "New prompt", "templateMessages": [5]}, "must be a list of messages"),
    ],
)
def test_a_saved_prompt_that_cannot_be_stored_is_named_and_leaves_nothing(
    new_project: Any, tmp_path: Path, members: dict[str, Any], problem: str
):
    target = new_project()
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_text(json.dumps(saved_prompt(0)))
    assert target("import", str(good)).exit_code == 0
    bad.write_text(json.dumps(saved_prompt(0) | {"id": "bad"} | members))
    done = target("import", str(bad))
    assert (done.exit_code, problem in done.stderr) == (1, True), done.output
    assert target.api.get_prompt_by_id("bad") is None
    names = "{ promptLineages { edges { node { name } } } }"
    found = httpx.post(
        target.environment["LITERAL_API_URL"] + "/api/graphql",
        json={"query": names}, headers={"x-api-key": target.environment["LITERAL_API_KEY"]},
    )  # fmt: skip
    assert [edge["node"]["name"] for edge in found.json()["data"]["promptLineages"]["edges"]] == ["Old prompt"]


def test_problems_name_file_and_line_and_the_rest_is_stored(new_project: Any, tmp_path: Path):
    target = new_project()
    path = tmp_path / "mixed.jsonl"
    path.write_text(
        "\n".join(
            [
                '{"kind": "thread", "id": "good"}',
                "",
                "{broken",
                '{"kind": "thread", "id": "bad", "metadata": 5}',
                '{"surprise": 1}',
                "5",
                '{"kind": "step", "id": "s", "type": "llama"}',
                '{"id": "page", "participant": {}, "steps": [5]}',
                '{"kind": "thread", "id": "last"}',
            ]
        )
    )
    done = target("import", str(path))
    assert done.exit_code == 1
    assert "2 thread" in done.stdout
    found = dict(re.findall(rf"{re.escape(str(path))}:(\d+): (.*)", done.stderr))
    assert set(found) == {"3", "4", "5", "6", "7", "8"}
    assert "no JSON" in found["3"]
    assert "thread bad: metadata must be an object" in found["4"]
    assert "its members are surprise" in found["5"]
    assert "type must be one of" in found["7"]
    assert "6 records were not stored" in done.stderr
    assert {thread.id for thread in target.api.get_threads().data} == {"good", "last"}


def test_an_import_that_was_cut_off_goes_on(new_project: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from literalai_otel.cli import import_

    target = new_project()
    path = tmp_path / "long.jsonl"
    path.write_text("".join(json.dumps({"kind": "thread", "id": f"t{number}"}) + "\n" for number in range(10)))
    monkeypatch.setattr(import_, "BATCH", 3)
    sent: list[list[str]] = []
    original = SyncApi.import_records

    def flaky(api: SyncApi, records: list[dict[str, Any]], **options: Any) -> Any:
        sent.append([record["id"] for record in records])
        if len(sent) == 3:
            raise KeyboardInterrupt
        return original.__get__(api, SyncApi)(records, **options)

    monkeypatch.setattr(SyncApi, "import_records", flaky)
    assert target("import", str(path)).exit_code != 0
    done = target("import", str(path))
    assert done.exit_code == 0
    assert sent == [
        ["t0", "t1", "t2"], ["t3", "t4", "t5"], ["t6", "t7", "t8"], ["t6", "t7", "t8"], ["t9"],
    ]  # fmt: skip
    assert target.api.get_threads().total_count == 10


# --- datasets ----------------------------------------------------------------------------------

CSV = 'input.question,expectedOutput,metadata\n"Where, or when?","{""a"": 1}","{""row"": 1}"\n東京,plain,\n'


@pytest.mark.feature("P-DS-01", "P-DS-02")
def test_a_csv_becomes_items_and_again_adds_nothing(new_project: Any, tmp_path: Path):
    target = new_project()
    path = tmp_path / "pairs.csv"
    path.write_text(CSV, encoding="utf-8-sig")
    assert "2 items added" in target("datasets", "import", str(path), "--name", "csv").stdout
    again = target("datasets", "import", str(path), "--name", "csv")
    assert "0 items added, 2 were there" in again.stdout
    first, second = target.api.get_dataset(name="csv").items
    assert (first.input, first.expected_output, first.metadata) == (
        {"question": "Where, or when?"},
        {"a": 1},
        {"row": 1},
    )
    assert (second.input, second.expected_output) == ({"question": "東京"}, {"content": "plain"})
    other = tmp_path / "other.csv"
    other.write_text("q,a\n1,2\n")
    added = target("datasets", "import", str(other), "--name", "csv", "--input", "q", "--expected", "a")
    assert "1 items added" in added.stdout
    assert target.api.get_dataset(name="csv").items[2].input == {"q": "1"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the file is empty"),
        ("input\n", "has no rows"),
        ("input,other\n1,2\n", "column 'other' belongs nowhere"),
        ("input,metadata\na,\nb\n", "row 2 (line 3) has 1 cells, the header has 2"),
        ('input,metadata\na,\n"{""a"": }",\n', "row 2 (line 3), column 'input' begins like JSON but is none"),
        ("input,metadata\na,\n,x\n", "row 2 (line 3) has no input"),
        ('input\n"a\n', "unexpected end"),
        ("input,metadata\n" + "a,\n" * 3 + f'b,"{{""x"": ""{"y" * 1_100_000}""}}"\n', "row 4: metadata has"),
    ],
)
def test_a_bad_row_names_itself_and_nothing_is_imported(new_project: Any, tmp_path: Path, text: str, problem: str):
    target = new_project()
    path = tmp_path / "bad.csv"
    path.write_text(text)
    done = target("datasets", "import", str(path), "--name", "bad")
    assert done.exit_code == 1
    assert problem in done.stderr
    assert "nothing was imported" in done.stderr
    assert target.api.get_dataset(name="bad") is None


def test_a_bad_row_behind_many_takes_back_those_before(
    new_project: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from literalai_otel.cli import datasets

    monkeypatch.setattr(datasets, "BATCH", 2)
    target = new_project()
    path = tmp_path / "bad.csv"
    path.write_text("input,metadata\n" + "a,\n" * 5 + f'b,"{{""x"": ""{"y" * 1_100_000}""}}"\n')
    assert "row 6" in target("datasets", "import", str(path), "--name", "bad").stderr
    assert target.api.get_dataset(name="bad") is None
    target.api.create_dataset("bad")
    assert target("datasets", "import", str(path), "--name", "bad").exit_code == 1
    assert target.api.get_dataset(name="bad").items == []


def assert_fine_tuning(text: str) -> list[dict[str, Any]]:
    """What OpenAI's own format check demands of a chat training file."""
    examples = [json.loads(line) for line in text.splitlines()]
    for example in examples:
        assert set(example) <= {"messages", "tools"}
        for message in example["messages"]:
            assert set(message) <= {"role", "content", "name", "tool_calls", "tool_call_id", "weight"}
            assert message["role"] in ("system", "user", "assistant", "tool")
            assert message.get("content") or message.get("tool_calls")
        assert example["messages"][-1]["role"] == "assistant"
    return examples


@pytest.mark.feature("P-DS-01", "P-DS-06")
def test_a_generation_dataset_goes_out_as_training_examples_and_in_again(two: Any, tmp_path: Path):
    source, target = two
    fill(source.api)
    path = tmp_path / "train.jsonl"
    assert "1 items" in source("datasets", "export", "pairs", "--out", str(path)).stdout
    (example,) = assert_fine_tuning(path.read_text())
    assert [message["content"] for message in example["messages"]] == ["Where is 東京?", "In Japan"]
    assert target("datasets", "import", str(path), "--name", "again").exit_code == 0
    assert target.api.get_dataset(name="again").type == "generation"
    assert target("datasets", "export", "again").stdout == path.read_text()


def test_an_item_without_a_conversation_is_named(new_project: Any, tmp_path: Path):
    target = new_project()
    (tmp_path / "a.csv").write_text("input\nx\n")
    target("datasets", "import", str(tmp_path / "a.csv"), "--name", "plain")
    done = target("datasets", "export", "plain", "--out", str(tmp_path / "out.jsonl"))
    assert done.exit_code == 1
    assert "its input has no messages" in done.stderr
    assert not (tmp_path / "out.jsonl").exists()
    assert json.loads(target("datasets", "export", "plain", "--format", "items").stdout)["input"] == {"content": "x"}


# --- OTLP --------------------------------------------------------------------------------------


@pytest.mark.feature("P-XPT-02")
def test_steps_as_spans_through_a_real_collector_are_the_same_steps(two: Any, collector: Any):
    source, target = two
    fill(source.api)
    with collector(target) as address:
        sent = source("export", "--otlp", address)
        assert sent.exit_code == 0, sent.output
        assert "2 spans" in sent.stdout
        for _ in range(200):
            if target.api.get_steps().total_count == 2:
                break
            time.sleep(0.05)
    for step_id in ("talk-run", "talk-llm"):
        before, after = (project.api.get_step(step_id) for project in (source, target))
        for name in ("name", "type", "thread_id", "parent_id", "root_run_id", "environment", "input", "tags"):
            assert getattr(after, name) == getattr(before, name), (step_id, name)
        assert after.start_time[:19] == before.start_time[:19]
    before, after = (project.api.get_step("talk-llm").generation for project in (source, target))
    for name in ("type", "provider", "model", "messages", "message_completion", "token_count", "input_token_count"):
        assert getattr(after, name) == getattr(before, name), name


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ([], "say where to"),
        (["--otlp", "nowhere"], "nowhere is no address"),
        (["--otlp", "http://127.0.0.1:1", "--header", "x"], "'x' is no header"),
    ],
)
def test_an_export_that_makes_no_sense_is_refused(two: Any, words: list[str], problem: str):
    done = two[0]("export", *words)
    assert done.exit_code == 2
    assert problem in done.stderr


def test_a_collector_that_is_not_there_is_said(two: Any):
    source, _ = two
    source.api.send_steps([Step(id="one", type="run")])
    done = source("export", "--otlp", "http://127.0.0.1:1")
    assert done.exit_code == 1
    assert "the collector did not take the spans" in done.stderr


def test_export_and_import_need_nothing_of_the_server_extra(server: Any, new_project: Any, tmp_path: Path):
    project = new_project()
    program = (
        "import sys\n"
        "for name in ('starlette', 'uvicorn', 'graphql', 'sqlalchemy', 'alembic', 'platformdirs'):\n"
        "    sys.modules[name] = None\n"
        "from literalai_otel.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [str(Path(COMMAND).with_name("python")), "-c", program, "export", str(tmp_path / "a.jsonl")],
        env=clean_environment() | project.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("bounds", "count"), [(["--since", "2025-01-01"], 1), (["--until", "2025-01-01"], 2), ([], 3)])
def test_an_export_of_a_time(new_project: Any, tmp_path: Path, bounds: list[str], count: int):
    project = new_project()
    for number, made in enumerate(("2024-01-01T00:00:00Z", "2024-06-01T00:00:00Z", "2026-01-01T00:00:00Z")):
        project.api.import_records([{"kind": "thread", "id": f"t{number}", "createdAt": made}])
    assert project("export", str(tmp_path / "part.jsonl"), *bounds).exit_code == 0
    assert len(lines(tmp_path / "part.jsonl")) == count


async def test_the_async_api_moves_records_too(new_project: Any):
    project = new_project()
    async with AsyncApi(project.environment["LITERAL_API_URL"], project.environment["LITERAL_API_KEY"]) as api:
        stored, refused = await api.import_records([{"kind": "thread", "id": "t"}, {"kind": "thread"}])
        assert (stored.ok, refused.ok) == (True, False)
        page = await api.export_records("thread")
        assert ([record["id"] for record in page.records], page.after) == (["t"], None)
        assert (await api.count_records())["thread"] == 1
        assert await api.import_file("files/a", b"abc")
        assert not await api.import_file("files/a", b"other")
        assert await api.export_file("files/a", start=1) == b"bc"
        assert (await api.export_spans()).after is None
        assert await api.import_records([]) == []
